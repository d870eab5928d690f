/*
 * interop-client - our client on one case of the table below; prints what it got as one JSON object.
 *
 * usage: interop-client URI CASE [CA-FILE]
 *        interop-client --list
 *
 * tests/interop/clients.py runs it on a gateway of the original and on ours and compares the two. The executors there:
 * tests/interop/executors.py. What is asked is the same on every protocol; what cannot be is marked.
 */
#include "tests/interop/client_cases.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, THREAD_POSTS = 5, STREAM_REQUESTS = 40, BATCHED = 101 };
#define WAIT_SECONDS 60.0

struct client_case;
typedef void case_runner(sluice_client *client, const struct client_case *one, sluice_value *out);

enum { IN_ORDER = 1, UNARY = 2, CONTINUE = 4, NOT_OVER_JSON = 8, GRPC_ONLY = 16 };

struct client_case {
    const char *name;
    case_runner *run;
    sluice_document_array *(*documents)(void); /* NULL: three texts */
    const char *endpoint;                      /* NULL: /try */
    const char *target;                        /* NULL: plain; "*": all */
    const char *parameters;                    /* JSON */
    int64_t request_size;                      /* 0: the default */
    int prefetch;
    const char *compression;
    unsigned flags;
};

static sluice_document_array *documents_of(const struct client_case *one)
{
    return one->documents != NULL ? one->documents() : documents_texts(3);
}

static sluice_post_options options_of(const struct client_case *one, sluice_value **ret_parameters)
{
    sluice_post_options options = sluice_post_options_default();
    *ret_parameters = NULL;
    if (one->parameters != NULL &&
        sluice_value_from_json(one->parameters, strlen(one->parameters), ret_parameters, NULL) != SLUICE_OK)
        abort();
    options.parameters = *ret_parameters;
    options.target_executor = one->target == NULL ? "plain" : strcmp(one->target, "*") == 0 ? NULL : one->target;
    options.request_size = one->request_size != 0 ? one->request_size : options.request_size;
    options.results_in_order = (one->flags & IN_ORDER) != 0;
    options.stream = (one->flags & UNARY) == 0;
    options.prefetch = one->prefetch;
    options.continue_on_error = (one->flags & CONTINUE) != 0;
    options.compression = one->compression;
    options.timeout_seconds = WAIT_SECONDS;
    options.return_responses = true;
    return options;
}

static const char *endpoint_of(const struct client_case *one)
{
    return one->endpoint != NULL ? one->endpoint : "/try";
}

static void put_error(sluice_value *out, sluice_status status, const sluice_error *error)
{
    values_add_error(out, status);
    if (status != SLUICE_OK && status != SLUICE_EXECUTOR)
        sluice_value_set_string(out, "text", error->text); /* of an executor: it is in the response */
}

/* ---- posts that wait ---- */

static void post_inputs(sluice_client *client, const struct client_case *one, sluice_inputs inputs, sluice_value *out)
{
    sluice_value *parameters;
    sluice_post_options options = options_of(one, &parameters);
    sluice_results *results = NULL;
    sluice_error error = {.text = ""};
    put_error(out, sluice_client_post(client, endpoint_of(one), inputs, &options, &results, &error), &error);
    sluice_value *list = sluice_value_set_list(out, "responses");
    for (size_t i = 0; i < sluice_results_response_count(results); i++)
        values_add_response(list, sluice_results_response(results, i));
    sluice_results_free(results);
    sluice_value_free(parameters);
}

static void post_array(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_document_array *array = documents_of(one);
    post_inputs(client, one, sluice_inputs_array(array), out);
    sluice_document_array_free(array);
}

static void post_none(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    post_inputs(client, one, sluice_inputs_none(), out);
}

static void post_document(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_document_array *array = documents_texts(1);
    post_inputs(client, one, sluice_inputs_document(sluice_document_array_at(array, 0)), out);
    sluice_document_array_free(array);
}

static void post_list(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_document_array *array = documents_texts(3);
    const sluice_document *list[] = {sluice_document_array_at(array, 2), sluice_document_array_at(array, 0)};
    post_inputs(client, one, sluice_inputs_list(list, 2), out);
    sluice_document_array_free(array);
}

struct generating {
    const sluice_document_array *array;
    size_t next;
};

static sluice_status generate(void *context, const sluice_document **ret_document, sluice_error *error)
{
    struct generating *generating = context;
    (void)error;
    *ret_document = sluice_document_array_at(generating->array, generating->next++);
    return SLUICE_OK;
}

static void post_generator(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_document_array *array = documents_of(one);
    struct generating generating = {.array = array};
    post_inputs(client, one, sluice_inputs_generator(generate, &generating), out);
    sluice_document_array_free(array);
}

static void post_texts(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    const sluice_text texts[] = {
        sluice_text_of("one"), sluice_text_of("zwei \xC3\xBC"), {"nul\0", 4}
    };
    post_inputs(client, one, sluice_inputs_texts(texts, 3), out);
}

static void post_blobs(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    const sluice_text blobs[] = {
        {"\0\1\2",   3},
        {"\xFF\xFE", 2}
    };
    post_inputs(client, one, sluice_inputs_blobs(blobs, 2), out);
}

static void post_rows(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    static const double numbers[] = {0, 1, 2, 3, 4, 5.5, 6, 7};
    static const uint32_t shape[] = {4, 2};
    const sluice_tensor tensor = {
        .dtype = SLUICE_DTYPE_FLOAT64, .shape = shape, .dimensions = 2, .data = numbers, .size = sizeof numbers};
    post_inputs(client, one, sluice_inputs_rows(&tensor), out);
}

static void post_tensors(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    static const double numbers[] = {0.5, 1, 2, 3};
    static const uint32_t two[] = {2};
    const sluice_tensor tensors[] = {
        {.dtype = SLUICE_DTYPE_FLOAT64, .shape = two, .dimensions = 1, .data = numbers,     .size = 16},
        {.dtype = SLUICE_DTYPE_FLOAT64, .shape = two, .dimensions = 1, .data = numbers + 2, .size = 16}
    };
    post_inputs(client, one, sluice_inputs_tensors(tensors, 2), out);
}

static sluice_document_array *no_documents(void)
{
    return documents_texts(0);
}

static sluice_document_array *many_documents(void)
{
    return documents_texts(BATCHED);
}

/* ---- callbacks ---- */

struct called {
    sluice_value *done, *error, *always;
};

static int on_done(sluice_response *response, void *context)
{
    values_add_response(((struct called *)context)->done, response);
    return 0;
}

static int on_error(sluice_response *response, const sluice_error *error, void *context)
{
    sluice_value *list = ((struct called *)context)->error;
    if (response != NULL)
        values_add_response(list, response);
    else
        sluice_value_append_text(list, sluice_text_of(error->text));
    return 0;
}

static int on_always(sluice_response *response, void *context)
{
    sluice_value *list = ((struct called *)context)->always;
    if (response != NULL)
        values_add_response(list, response);
    else
        sluice_value_append_null(list);
    return 0;
}

static void post_callbacks(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_value *parameters;
    sluice_post_options options = options_of(one, &parameters);
    sluice_document_array *array = documents_with_a_bad_one();
    struct called called = {.done = sluice_value_set_list(out, "done"),
                            .error = sluice_value_set_list(out, "error"),
                            .always = sluice_value_set_list(out, "always")};
    sluice_error error = {.text = ""};
    options.on_done = on_done;
    options.on_error = (one->flags & CONTINUE) != 0 ? NULL : on_error;
    options.on_always = on_always;
    options.context = &called;
    options.request_size = 1;
    options.results_in_order = true;
    put_error(out, sluice_client_post(client, "/try", sluice_inputs_array(array), &options, NULL, &error), &error);
    sluice_document_array_free(array);
    sluice_value_free(parameters);
}

/* ---- the asynchronous form ---- */

static void pull(sluice_stream *stream, sluice_value *list, double seconds, size_t *pulled, sluice_pulled *ret_last)
{
    sluice_response *response;
    sluice_error error;
    while ((*ret_last = sluice_stream_pull(stream, seconds, &response, &error)) == SLUICE_PULLED_RESPONSE) {
        values_add_response(list, response);
        sluice_response_unref(response);
        ++*pulled;
    }
}

/* Pushes requests while it pulls answers, waiting on the descriptor; the window is smaller than their number. */
static void push_and_pull(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_value *parameters, *list = sluice_value_set_list(out, "responses");
    sluice_post_options options = options_of(one, &parameters);
    sluice_document_array *documents = documents_texts(2);
    sluice_stream *stream = NULL;
    sluice_error error = {.text = ""};
    size_t pushed = 0, pulled = 0;
    sluice_pulled last = SLUICE_PULLED_NOTHING;
    sluice_status status = sluice_stream_open(client, endpoint_of(one), &options, &stream, &error);
    while (status == SLUICE_OK && last == SLUICE_PULLED_NOTHING) {
        const sluice_request request = {.documents = documents};
        while (pushed < STREAM_REQUESTS && sluice_stream_push(stream, &request, 0, NULL, NULL) == SLUICE_OK)
            if (++pushed == STREAM_REQUESTS)
                sluice_stream_finish(stream, NULL);
        struct pollfd ready = {.fd = sluice_stream_fd(stream), .events = POLLIN};
        if (poll(&ready, 1, (int)(WAIT_SECONDS * 1000)) != 1)
            break;
        pull(stream, list, 0, &pulled, &last);
    }
    put_error(out, status, &error);
    sluice_value_set_bool(out, "ended well", last == SLUICE_PULLED_END);
    sluice_value_set_number(out, "pushed", (double)pushed);
    sluice_value_set_number(out, "pulled", (double)pulled);
    sluice_stream_free(stream);
    sluice_document_array_free(documents);
    sluice_value_free(parameters);
}

static void push_documents(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_value *parameters, *list = sluice_value_set_list(out, "responses");
    sluice_post_options options = options_of(one, &parameters);
    sluice_document_array *documents = documents_texts(20);
    sluice_stream *stream = NULL;
    sluice_error error = {.text = ""};
    size_t pulled = 0;
    sluice_pulled last = SLUICE_PULLED_NOTHING;
    sluice_status status = sluice_stream_open(client, endpoint_of(one), &options, &stream, &error);
    for (size_t i = 0; i < 20 && status == SLUICE_OK; i++)
        status = sluice_stream_push_document(stream, sluice_document_array_at(documents, i), WAIT_SECONDS, &error);
    if (status == SLUICE_OK)
        status = sluice_stream_finish(stream, &error);
    if (status == SLUICE_OK)
        pull(stream, list, WAIT_SECONDS, &pulled, &last);
    put_error(out, status, &error);
    sluice_value_set_bool(out, "ended well", last == SLUICE_PULLED_END);
    sluice_stream_free(stream);
    sluice_document_array_free(documents);
    sluice_value_free(parameters);
}

/* ---- several at once ---- */

struct poster {
    pthread_t thread;
    sluice_client *client;
    size_t documents;
    sluice_status status;
};

static void *post_often(void *argument)
{
    struct poster *poster = argument;
    sluice_document_array *array = documents_texts(20);
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 3;
    options.target_executor = "tagger";
    options.timeout_seconds = WAIT_SECONDS;
    for (int i = 0; i < THREAD_POSTS && poster->status == SLUICE_OK; i++) {
        sluice_results *results = NULL;
        poster->status =
            sluice_client_post(poster->client, "/try", sluice_inputs_array(array), &options, &results, NULL);
        poster->documents += sluice_document_array_size(sluice_results_documents(results));
        sluice_results_free(results);
    }
    sluice_document_array_free(array);
    return NULL;
}

/* One client, used by several threads. */
static void post_from_threads(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    (void)one;
    struct poster posters[THREADS] = {0};
    sluice_value *list = sluice_value_set_list(out, "threads");
    for (size_t i = 0; i < THREADS; i++) {
        posters[i].client = client;
        if (pthread_create(&posters[i].thread, NULL, post_often, &posters[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(posters[i].thread, NULL);
        sluice_value *map = sluice_value_append_map(list);
        values_add_error(map, posters[i].status);
        sluice_value_set_number(map, "documents", (double)posters[i].documents);
    }
    values_add_error(out, SLUICE_OK);
}

/* ---- questions ---- */

static void ask_ready(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_error error = {.text = ""};
    (void)one;
    put_error(out, sluice_client_is_flow_ready(client, WAIT_SECONDS, &error), &error);
}

static void ask_profile(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_profile profile = {0};
    sluice_error error = {.text = ""};
    (void)one;
    sluice_status status = sluice_client_profile(client, NULL, &profile, &error);
    put_error(out, status, &error);
    sluice_value *list = sluice_value_set_list(out, "executors");
    for (size_t i = 0; i < profile.executor_count; i++)
        sluice_value_append_text(list, sluice_text_of(profile.executors[i].name));
    sluice_value_set_bool(out, "took time", status == SLUICE_OK && profile.roundtrip_ms > 0);
    sluice_profile_done(&profile);
}

static void ask_info(sluice_client *client, const struct client_case *one, sluice_value *out)
{
    sluice_value *info = NULL;
    sluice_error error = {.text = ""};
    (void)one;
    put_error(out, sluice_client_info(client, WAIT_SECONDS, &info, &error), &error);
    sluice_value_set_bool(out, "jina", sluice_value_size(sluice_value_get(info, "jina")) > 0);
    sluice_value_set_bool(out, "envs", sluice_value_get(info, "envs") != NULL);
    sluice_value_free(info);
}

/* ---- the table ---- */

#define ALL_PARAMETERS "{\"a\": 5, \"b\": {\"c\": [1, \"\xC3\xBC\", null, true]}, \"d\": 0.1}"

/* clang-format off */
static const struct client_case cases[] = {
    /* name, run, documents, endpoint, target, parameters, request_size, prefetch, compression, flags */
    {"inputs-none",             post_none,          NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-document",         post_document,      NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-array",            post_array,         NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-list",             post_list,          NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-generator",        post_generator,     NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-empty-array",      post_array,         no_documents,              NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-empty-generator",  post_generator,     no_documents,              NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-texts",            post_texts,         NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-blobs",            post_blobs,         NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-rows",             post_rows,          NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"inputs-tensors",          post_tensors,       NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"batch-array-1",           post_array,         many_documents,            NULL, NULL, NULL, 1, 0, NULL, 0},
    {"batch-array-7",           post_array,         many_documents,            NULL, NULL, NULL, 7, 0, NULL, 0},
    {"batch-array-100",         post_array,         many_documents,            NULL, NULL, NULL, 100, 0, NULL, 0},
    {"batch-generator-1",       post_generator,     many_documents,            NULL, NULL, NULL, 1, 0, NULL, 0},
    {"batch-generator-7",       post_generator,     many_documents,            NULL, NULL, NULL, 7, 0, NULL, 0},
    {"batch-generator-100",     post_generator,     many_documents,            NULL, NULL, NULL, 100, 0, NULL, 0},
    {"batch-all",               post_array,         many_documents,            NULL, NULL, NULL, -1, 0, NULL, 0},
    {"documents-every-kind",    post_array,         documents_every_kind,      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"documents-every-dtype",   post_array,         documents_every_dtype,     NULL, NULL, NULL, 0, 0, NULL, NOT_OVER_JSON},
    {"documents-numbers",       post_array,         documents_for_json,        NULL, NULL, NULL, 0, 0, NULL, 0},
    {"documents-large-text",    post_array,         documents_large_text,      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"endpoint-umlauts",        post_array,         NULL,                      "/gr\xC3\xB6\xC3\x9F" "e/\xE4\xB8\x96\xE7\x95\x8C", NULL, NULL, 0, 0, NULL, 0},
    {"endpoint-no-slash",       post_array,         NULL,                      "noslash", NULL, NULL, 0, 0, NULL, 0},
    {"endpoint-empty",          post_array,         NULL,                      "", NULL, NULL, 0, 0, NULL, 0},
    {"target",                  post_array,         NULL,                      NULL, "tag.*", NULL, 0, 0, NULL, 0},
    {"target-two",              post_array,         NULL,                      NULL, "(tagger|seen)", NULL, 0, 0, NULL, 0},
    {"target-nobody",           post_array,         NULL,                      NULL, "nobody", NULL, 0, 0, NULL, 0},
    {"whole-chain",             post_array,         NULL,                      NULL, "*", NULL, 0, 0, NULL, 0},
    {"parameters",              post_array,         NULL,                      NULL, "seen", ALL_PARAMETERS, 0, 0, NULL, 0},
    {"parameters-for-one",      post_array,         NULL,                      NULL, "seen", "{\"k\": 1, \"seen__k\": 2, \"tagger__k\": 3, \"seen\": {\"m\": 4}}", 0, 0, NULL, 0},
    {"parameters-alone",        post_none,          NULL,                      NULL, "results", "{\"only\": [1, 2]}", 0, 0, NULL, 0},
    {"parameters-empty",        post_array,         NULL,                      NULL, "seen", "{}", 0, 0, NULL, 0},
    {"results-map",             post_array,         NULL,                      NULL, "results", NULL, 2, 0, NULL, 0},
    {"error",                   post_array,         documents_with_a_bad_one,  NULL, "tagger", NULL, 0, 0, NULL, 0},
    {"error-continue",          post_array,         documents_with_a_bad_one,  NULL, "tagger", NULL, 1, 0, NULL, IN_ORDER | CONTINUE},
    {"callbacks",               post_callbacks,     NULL,                      NULL, "tagger", NULL, 0, 0, NULL, 0},
    {"callbacks-continue",      post_callbacks,     NULL,                      NULL, "tagger", NULL, 0, 0, NULL, CONTINUE},
    {"order",                   post_array,         many_documents,            NULL, "tagger", NULL, 1, 0, NULL, IN_ORDER},
    {"prefetch",                post_array,         many_documents,            NULL, NULL, NULL, 1, 3, NULL, 0},
    {"unary",                   post_array,         many_documents,            NULL, NULL, NULL, 10, 0, NULL, UNARY},
    {"unary-order",             post_array,         many_documents,            NULL, NULL, NULL, 5, 0, NULL, IN_ORDER | UNARY},
    {"gzip",                    post_array,         many_documents,            NULL, NULL, NULL, 0, 0, "Gzip", GRPC_ONLY},
    {"deflate",                 post_array,         many_documents,            NULL, NULL, NULL, 0, 0, "Deflate", GRPC_ONLY},
    {"stream",                  push_and_pull,      NULL,                      NULL, "tagger", NULL, 0, 7, NULL, 0},
    {"stream-order",            push_and_pull,      NULL,                      NULL, "tagger", NULL, 0, 7, NULL, IN_ORDER},
    {"stream-documents",        push_documents,     NULL,                      NULL, "tagger", NULL, 3, 0, NULL, 0},
    {"threads",                 post_from_threads,  NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"ready",                   ask_ready,          NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"profile",                 ask_profile,        NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
    {"info",                    ask_info,           NULL,                      NULL, NULL, NULL, 0, 0, NULL, 0},
};
/* clang-format on */

static int run_case(const char *uri, const struct client_case *one, const char *ca_file)
{
    sluice_client_options options = sluice_client_options_default();
    sluice_client *client = NULL;
    sluice_error error = {.text = ""};
    options.host = uri;
    options.tls_ca_file = ca_file;
    if (sluice_client_new(&options, &client, &error) != SLUICE_OK)
        return fprintf(stderr, "%s: %s\n", error.where, error.text), EXIT_FAILURE;
    sluice_value *out = sluice_value_new_map();
    char *text = NULL;
    one->run(client, one, out);
    sluice_client_free(client);
    if (sluice_value_to_json(out, &text, &error) != SLUICE_OK)
        return fprintf(stderr, "%s\n", error.text), EXIT_FAILURE;
    puts(text);
    free(text);
    sluice_value_free(out);
    return EXIT_SUCCESS;
}

int main(int count, char **arguments)
{
    size_t size = sizeof cases / sizeof cases[0];
    if (count == 2 && strcmp(arguments[1], "--list") == 0) {
        for (size_t i = 0; i < size; i++)
            printf("%s%s%s\n", cases[i].name, (cases[i].flags & NOT_OVER_JSON) != 0 ? " not-over-json" : "",
                   (cases[i].flags & GRPC_ONLY) != 0 ? " grpc-only" : "");
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < size && count >= 3; i++)
        if (strcmp(cases[i].name, arguments[2]) == 0)
            return run_case(arguments[1], &cases[i], count > 3 ? arguments[3] : NULL);
    return fprintf(stderr, "usage: interop-client URI CASE [CA-FILE]\n       interop-client --list\n"), 2;
}
