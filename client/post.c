/*
 * post.c - the blocking call: push while there is room and input, pull what has come, hand it to the callbacks.
 *
 * Everything happens in the caller's thread, so callbacks never overlap. An error that is this thread's own (input,
 * callback, a failed handler that nobody takes) cancels the stream; what was on its way is not delivered any more.
 */
#include "client/inputs.h"
#include "client/options.h"
#include "client/progress.h"
#include "client/results.h"
#include "client/stream.h"
#include "common/foundation/log.h"
#include "common/foundation/text.h"

#include <stdlib.h>

struct post {
    const sluice_post_options *options;
    struct sluice_stream *stream;
    struct inputs_reader inputs;
    bool input_over;
    sluice_results *results; /* NULL: nobody wants them */
    struct progress progress;
    sluice_status status; /* SLUICE_OK: go on */
    sluice_error error;
};

/* The first error ends the post. */
static void fail(struct post *post, const sluice_error *error)
{
    if (post->status != SLUICE_OK)
        return;
    post->status = error->status;
    post->error = *error;
}

/* A callback returned `result`. */
static void check_callback(struct post *post, const char *name, int result, const sluice_response *response)
{
    sluice_error error;
    if (result == 0)
        return;
    sluice_text id = response != NULL ? response->request_id : sluice_text_of("none");
    sluice_fail(&error, SLUICE_CALLBACK, name, "the callback %s returned %d for request %.*s", name, result,
                (int)(id.size < 64 ? id.size : 64), id.data);
    if (post->options->continue_on_error)
        log_error_of(&error);
    else
        fail(post, &error);
}

static void call_always(struct post *post, sluice_response *response)
{
    const sluice_post_options *options = post->options;
    if (options->on_always != NULL)
        check_callback(post, "on_always", options->on_always(response, options->context), response);
}

static void keep(struct post *post, sluice_response *response)
{
    sluice_error error;
    if (post->results == NULL || results_add(post->results, response) == SLUICE_OK)
        return;
    sluice_fail(&error, SLUICE_NO_MEMORY, NULL, "no memory for the results");
    fail(post, &error);
}

static void handle_failed(struct post *post, sluice_response *response)
{
    const sluice_post_options *options = post->options;
    sluice_error error;
    response_failure(response, &error);
    if (options->on_error != NULL) {
        check_callback(post, "on_error", options->on_error(response, &error, options->context), response);
    } else if (options->continue_on_error) {
        log_error_of(&error);
    } else {
        if (post->results != NULL)
            results_fail(post->results, response);
        fail(post, &error);
    }
}

/* One response: callbacks, results, and no more use of it. */
static void handle(struct post *post, sluice_response *response)
{
    const sluice_post_options *options = post->options;
    bool failed = sluice_response_failed(response);
    bool ends = failed && options->on_error == NULL && !options->continue_on_error;
    if (failed)
        handle_failed(post, response);
    else if (options->on_done != NULL)
        check_callback(post, "on_done", options->on_done(response, options->context), response);
    call_always(post, response);
    if (!ends)
        keep(post, response);
    progress_step(&post->progress);
    sluice_response_unref(response);
}

static void handle_network(struct post *post, const sluice_error *error)
{
    const sluice_post_options *options = post->options;
    if (post->status != SLUICE_OK)
        return;
    fail(post, error);
    if (options->on_error != NULL)
        check_callback(post, "on_error", options->on_error(NULL, error, options->context), NULL);
    call_always(post, NULL);
}

/* The next request of the inputs as a message; *ret_more false at their end. */
static sluice_status write_next(struct inputs_reader *inputs, const struct request_template *request, sluice_text id,
                                struct rope *message, bool *ret_more, sluice_error *error)
{
    struct rope content;
    size_t documents;
    bool data;
    rope_init(&content);
    sluice_status status = inputs_next(inputs, &content, &documents, &data, ret_more, error);
    if (status == SLUICE_OK && *ret_more)
        status = request_write(request, id, data ? &content : NULL, message, error);
    rope_done(&content);
    return status;
}

static void push_next(struct post *post)
{
    char id[TEXT_ID_SIZE + 1];
    struct rope message;
    sluice_error error;
    bool more = false;
    text_random_id(id);
    rope_init(&message);
    sluice_status status =
        write_next(&post->inputs, &post->stream->request, sluice_text_of(id), &message, &more, &error);
    if (status != SLUICE_OK) {
        fail(post, &error);
    } else if (!more) {
        post->input_over = true;
        sluice_stream_finish(post->stream, NULL);
    } else {
        status = stream_push_message(post->stream, sluice_text_of(id), &message, &error);
        /* Room was there and only this thread pushes: so the stream is over, and pulling it says why. */
        post->input_over = status == SLUICE_CANCELLED;
        if (status != SLUICE_OK && status != SLUICE_CANCELLED)
            fail(post, &error);
    }
    rope_done(&message);
}

/* Push and pull until the stream is over or an error ends it. */
static void run(struct post *post)
{
    for (;;) {
        bool pushing = !post->input_over && sluice_stream_has_room(post->stream);
        if (pushing)
            push_next(post);
        if (post->status != SLUICE_OK)
            return;
        sluice_response *response;
        sluice_error error;
        sluice_pulled pulled =
            sluice_stream_pull(post->stream, pushing && !post->input_over ? 0 : -1, &response, &error);
        if (pulled == SLUICE_PULLED_RESPONSE)
            handle(post, response);
        else if (pulled == SLUICE_PULLED_FAILED)
            handle_network(post, &error);
        if (pulled == SLUICE_PULLED_END || post->status != SLUICE_OK)
            return;
    }
}

static void start_progress(struct post *post)
{
    uint64_t total = post->inputs.total != SIZE_MAX ? post->inputs.total : post->options->total_docs;
    progress_start(&post->progress, post->options->show_progress ? stderr : NULL, total == 0 ? 1 : total,
                   post->inputs.request_size);
    if (post->inputs.total == SIZE_MAX && post->options->total_docs == 0)
        post->progress.total = 0;
}

static sluice_status finish(struct post *post, sluice_results **ret_results, sluice_error *error)
{
    sluice_error unreadable;
    progress_finish(&post->progress, post->status == SLUICE_OK);
    if (post->results != NULL && results_read(post->results, &unreadable) != SLUICE_OK)
        fail(post, &unreadable);
    if (ret_results != NULL)
        *ret_results = post->results;
    if (post->status != SLUICE_OK && error != NULL)
        *error = post->error;
    return post->status;
}

sluice_status sluice_client_post(sluice_client *client, const char *on, sluice_inputs inputs,
                                 const sluice_post_options *given, sluice_results **ret_results, sluice_error *error)
{
    sluice_post_options options;
    struct post post = {.options = &options};
    if (ret_results != NULL)
        *ret_results = NULL;
    sluice_status status = options_post(given, &options, error);
    if (status == SLUICE_OK)
        status = inputs_open(&post.inputs, &inputs, options.request_size, error);
    if (status == SLUICE_OK)
        status = sluice_stream_open(client, on, &options, &post.stream, error);
    if (status != SLUICE_OK) {
        inputs_done(&post.inputs);
        return status;
    }
    if (ret_results != NULL && options.on_done == NULL && options.on_always == NULL) {
        post.results = results_new(options.return_responses);
        if (post.results == NULL)
            post.status = sluice_fail(&post.error, SLUICE_NO_MEMORY, NULL, "no memory for the results");
    }
    start_progress(&post);
    if (post.status == SLUICE_OK)
        run(&post);
    sluice_stream_free(post.stream);
    inputs_done(&post.inputs);
    return finish(&post, ret_results, error);
}

sluice_status sluice_client_index(sluice_client *client, sluice_inputs inputs, const sluice_post_options *options,
                                  sluice_results **ret_results, sluice_error *error)
{
    return sluice_client_post(client, "/index", inputs, options, ret_results, error);
}

sluice_status sluice_client_search(sluice_client *client, sluice_inputs inputs, const sluice_post_options *options,
                                   sluice_results **ret_results, sluice_error *error)
{
    return sluice_client_post(client, "/search", inputs, options, ret_results, error);
}

sluice_status sluice_client_update(sluice_client *client, sluice_inputs inputs, const sluice_post_options *options,
                                   sluice_results **ret_results, sluice_error *error)
{
    return sluice_client_post(client, "/update", inputs, options, ret_results, error);
}

sluice_status sluice_client_delete(sluice_client *client, sluice_inputs inputs, const sluice_post_options *options,
                                   sluice_results **ret_results, sluice_error *error)
{
    return sluice_client_post(client, "/delete", inputs, options, ret_results, error);
}

sluice_status sluice_client_check_inputs(sluice_client *client, const char *on, sluice_inputs inputs,
                                         const sluice_post_options *given, sluice_error *error)
{
    sluice_post_options options;
    struct inputs_reader reader = {0};
    struct request_template request = {0};
    enum transport_compression compression;
    struct transport_metadata *metadata = NULL;
    size_t metadata_count;
    char id[TEXT_ID_SIZE + 1];
    struct rope message;
    bool more;
    text_random_id(id);
    rope_init(&message);
    sluice_status status = options_post(given, &options, error);
    if (status == SLUICE_OK)
        status = options_compression(options.compression, &compression, error);
    if (status == SLUICE_OK)
        status = options_metadata(&options, false, &metadata, &metadata_count, error);
    free(metadata);
    if (status == SLUICE_OK)
        status = inputs_open(&reader, &inputs, options.request_size, error);
    if (status == SLUICE_OK)
        status = request_template_init(&request, on, options.target_executor, options.parameters, error);
    if (status == SLUICE_OK) {
        status = write_next(&reader, &request, sluice_text_of(id), &message, &more, error);
        if (status == SLUICE_OK)
            status = client_check_size(client, sluice_text_of(id), &message, error);
        request_template_done(&request);
    }
    inputs_done(&reader);
    rope_done(&message);
    return status;
}
