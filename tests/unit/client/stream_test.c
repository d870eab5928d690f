/* The asynchronous form: window, order of delivery, descriptor, ends. */
#include "client/stream.h"
#include "tests/unit/client/kit.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct server *server;
static sluice_client *client;
static sluice_stream *stream;
static sluice_error error;

static void begin(const struct server_script *script, const sluice_post_options *options)
{
    static const struct server_script echo;
    server = server_start(script != NULL ? script : &echo, 0);
    client = kit_client(server);
    memset(&error, 0, sizeof error);
    sluice_status status = sluice_stream_open(client, "/index", options, &stream, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
}

static void end(void)
{
    sluice_stream_free(stream);
    sluice_client_free(client);
    server_stop(server);
}

static sluice_post_options window_of(int prefetch, bool one_stream)
{
    sluice_post_options options = sluice_post_options_default();
    options.prefetch = prefetch;
    options.stream = one_stream;
    return options;
}

static bool readable(void)
{
    struct pollfd poll_fd = {.fd = sluice_stream_fd(stream), .events = POLLIN};
    ck_assert_int_ge(poll_fd.fd, 0);
    return poll(&poll_fd, 1, 0) == 1;
}

static void wait_readable(void)
{
    struct pollfd poll_fd = {.fd = sluice_stream_fd(stream), .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, 10000), 1);
}

static void push_ok(char id[SLUICE_REQUEST_ID_SIZE + 1])
{
    sluice_status status = sluice_stream_push(stream, NULL, 0, id, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
}

/* The next response has this id (NULL: any). */
static void pull_response(double timeout, const char *id)
{
    sluice_response *response;
    sluice_pulled pulled = sluice_stream_pull(stream, timeout, &response, &error);
    ck_assert_msg(pulled == SLUICE_PULLED_RESPONSE, "pulled %d: %s", (int)pulled, error.text);
    if (id != NULL)
        ck_assert(sluice_text_is(sluice_response_request_id(response), id));
    sluice_response_unref(response);
}

static sluice_pulled pull(double timeout)
{
    sluice_response *response;
    sluice_pulled pulled = sluice_stream_pull(stream, timeout, &response, &error);
    sluice_response_unref(response);
    return pulled;
}

START_TEST(push_pull_end)
{
    sluice_post_options options = window_of(0, _i != 0);
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    begin(NULL, &options);
    push_ok(id);
    ck_assert_uint_eq(strlen(id), 32);
    pull_response(10, id);
    ck_assert_int_eq(pull(0), SLUICE_PULLED_NOTHING);
    ck_assert_int_eq(sluice_stream_finish(stream, &error), SLUICE_OK);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_END);
    ck_assert_int_eq(pull(0), SLUICE_PULLED_END);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_CANCELLED);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 0);
    end();
}
END_TEST

START_TEST(the_window_holds_back_until_answers_are_pulled)
{
    sluice_post_options options = window_of(3, _i != 0);
    begin(NULL, &options);
    for (int i = 0; i < 3; i++)
        push_ok(NULL);
    ck_assert(!sluice_stream_has_room(stream));
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_LIMIT);
    ck_assert(server_wait_messages(server, 3));
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0.05, NULL, &error), SLUICE_LIMIT); /* answered is not pulled */
    pull_response(10, NULL);
    ck_assert(sluice_stream_has_room(stream));
    push_ok(NULL);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_LIMIT);
    end();
}
END_TEST

START_TEST(a_negative_prefetch_has_no_bound)
{
    sluice_post_options options = window_of(-1, true);
    begin(&(struct server_script){.hold = true}, &options);
    for (int i = 0; i < 3000; i++)
        push_ok(NULL);
    server_release(server);
    for (int i = 0; i < 3000; i++)
        pull_response(10, NULL);
    ck_assert_int_eq(sluice_stream_finish(stream, &error), SLUICE_OK);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_END);
    end();
}
END_TEST

START_TEST(the_descriptor_is_readable_while_a_pull_would_not_wait)
{
    sluice_post_options options = window_of(0, _i != 0);
    begin(&(struct server_script){.hold = true}, &options);
    ck_assert(!readable());
    push_ok(NULL);
    push_ok(NULL);
    ck_assert(server_wait_messages(server, 2));
    ck_assert(!readable());
    server_release(server);
    wait_readable();
    pull_response(0, NULL);
    wait_readable();
    pull_response(0, NULL);
    ck_assert(!readable());
    ck_assert_int_eq(pull(0), SLUICE_PULLED_NOTHING);
    sluice_stream_finish(stream, NULL);
    wait_readable();
    ck_assert_int_eq(pull(0), SLUICE_PULLED_END);
    ck_assert(readable()); /* and stays so */
    end();
}
END_TEST

START_TEST(a_descriptor_asked_for_late_knows)
{
    begin(NULL, NULL);
    push_ok(NULL);
    sluice_response *response;
    ck_assert(server_wait_messages(server, 1));
    ck_assert_int_eq(sluice_stream_pull(stream, 10, &response, &error), SLUICE_PULLED_RESPONSE);
    sluice_response_unref(response);
    ck_assert(!readable());
    sluice_stream_cancel(stream);
    wait_readable();
    end();
}
END_TEST

START_TEST(requests_may_differ)
{
    begin(NULL, NULL);
    sluice_value *parameters = sluice_value_new_map();
    sluice_value_set_bool(parameters, "own", true);
    sluice_request request = {.on = "/search", .target_executor = "x", .parameters = parameters, .id = "mine"};
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    ck_assert_int_eq(sluice_stream_push(stream, &request, 0, id, &error), SLUICE_OK);
    ck_assert_str_eq(id, "mine");
    sluice_response *response;
    ck_assert_int_eq(sluice_stream_pull(stream, 10, &response, &error), SLUICE_PULLED_RESPONSE);
    ck_assert(sluice_text_is(sluice_response_request_id(response), "mine"));
    ck_assert(sluice_text_is(sluice_response_endpoint(response), "/search"));
    ck_assert(sluice_text_is(sluice_response_target_executor(response), "x"));
    ck_assert(sluice_value_bool(sluice_value_get(sluice_response_parameters(response), "own"), false));
    sluice_response_unref(response);
    sluice_value_free(parameters);
    end();
}
END_TEST

START_TEST(equal_ids_are_answered_one_by_one)
{
    begin(NULL, NULL);
    sluice_request request = {.id = "twin"};
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sluice_stream_push(stream, &request, 0, NULL, &error), SLUICE_OK);
    sluice_stream_finish(stream, NULL);
    for (int i = 0; i < 3; i++)
        pull_response(10, "twin");
    ck_assert_int_eq(pull(10), SLUICE_PULLED_END);
    end();
}
END_TEST

START_TEST(ids_that_cannot_be)
{
    begin(NULL, NULL);
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    sluice_request request = {.id = "123456789012345678901234567890123"};
    ck_assert_int_eq(sluice_stream_push(stream, &request, 0, id, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_stream_push(stream, &request, 0, NULL, &error), SLUICE_OK);
    request.id = "\xFF";
    ck_assert_int_eq(sluice_stream_push(stream, &request, 0, NULL, &error), SLUICE_INVALID);
    end();
}
END_TEST

START_TEST(documents_one_by_one)
{
    sluice_post_options options = window_of(1, true);
    options.request_size = 2;
    begin(NULL, &options);
    sluice_document_array *array = kit_documents(5);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, i), 0, &error), SLUICE_OK);
    /* The fourth would fill a request, and the window is full: it is not taken. */
    ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 3), 0, &error), SLUICE_LIMIT);
    pull_response(10, NULL);
    ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 3), 0, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 4), 0, &error), SLUICE_OK);
    /* The last one waits for room. */
    ck_assert_int_eq(sluice_stream_flush(stream, 0, &error), SLUICE_LIMIT);
    ck_assert_int_eq(sluice_stream_finish(stream, &error), SLUICE_OK);
    pull_response(10, NULL);
    pull_response(10, NULL);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_END);
    ck_assert_uint_eq(kit_sent_documents(server, 0), 2);
    ck_assert_uint_eq(kit_sent_documents(server, 1), 2);
    ck_assert_uint_eq(kit_sent_documents(server, 2), 1);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(flush_sends_what_is_held)
{
    begin(NULL, NULL);
    sluice_document_array *array = kit_documents(1);
    ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 0), 0, &error), SLUICE_OK);
    ck_assert_int_eq(pull(0), SLUICE_PULLED_NOTHING);
    ck_assert_int_eq(sluice_stream_flush(stream, 0, &error), SLUICE_OK);
    pull_response(10, NULL);
    ck_assert_int_eq(sluice_stream_push_document(stream, NULL, 0, &error), SLUICE_INVALID);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(in_order_even_when_the_end_is_a_failure)
{
    sluice_post_options options = window_of(0, true);
    char ids[3][SLUICE_REQUEST_ID_SIZE + 1];
    options.results_in_order = true;
    /* The third is answered, then the stream fails: the third comes all the same, the others are listed. */
    begin(&(struct server_script){.reverse = 3, .end_after = 1, .fail_code = 14}, &options);
    for (int i = 0; i < 3; i++)
        push_ok(ids[i]);
    pull_response(10, ids[2]);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_UNAVAILABLE);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 2);
    ck_assert(sluice_text_is(sluice_stream_unanswered(stream, 0), ids[0]));
    ck_assert(sluice_text_is(sluice_stream_unanswered(stream, 1), ids[1]));
    ck_assert_uint_eq(sluice_stream_unanswered(stream, 2).size, 0);
    ck_assert_ptr_nonnull(strstr(error.text, ids[0]));
    end();
}
END_TEST

/* The last documents, for which finish() found no room, are a request like any other: without an answer when the stream is over. */
START_TEST(documents_that_finish_keeps_are_listed)
{
    sluice_post_options options = window_of(1, _i != 0);
    sluice_document_array *array = kit_documents(1);
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    begin(&(struct server_script){.hold = true}, &options);
    push_ok(id);
    ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 0), 0, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_finish(stream, &error), SLUICE_OK);
    sluice_stream_cancel(stream);
    ck_assert_int_eq(pull(30), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 2);
    ck_assert(sluice_text_is(sluice_stream_unanswered(stream, 0), id));
    ck_assert_uint_eq(sluice_stream_unanswered(stream, 1).size, SLUICE_REQUEST_ID_SIZE);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(documents_that_finish_cannot_send_are_listed)
{
    sluice_post_options options = window_of(0, _i != 0);
    sluice_document_array *array = kit_documents(1);
    begin(NULL, &options);
    client->max_request_size = 1;
    ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 0), 0, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_finish(stream, &error), SLUICE_OK);
    ck_assert_int_eq(pull(30), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_TOO_LARGE);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 1);
    ck_assert_uint_eq(sluice_stream_unanswered(stream, 0).size, SLUICE_REQUEST_ID_SIZE);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(one_failed_call_lets_the_others_finish)
{
    sluice_post_options options = window_of(0, false);
    begin(&(struct server_script){.fail_calls = 1, .fail_code = 14}, &options);
    char first[SLUICE_REQUEST_ID_SIZE + 1], second[SLUICE_REQUEST_ID_SIZE + 1];
    push_ok(first);
    sluice_status status = sluice_stream_push(stream, NULL, 0, second, &error);
    if (status == SLUICE_OK)
        pull_response(10, NULL); /* one of the two was let through */
    ck_assert_int_eq(pull(10), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_UNAVAILABLE);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 1);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_CANCELLED);
    end();
}
END_TEST

START_TEST(cancel_ends_everything)
{
    sluice_post_options options = window_of(0, _i != 0);
    begin(&(struct server_script){.hold = true}, &options);
    push_ok(NULL);
    push_ok(NULL);
    ck_assert(server_wait_messages(server, 2));
    sluice_stream_cancel(stream);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 2);
    ck_assert(server_wait_cancelled(server, _i != 0 ? 1 : 2));
    end();
}
END_TEST

/* Whatever a stream is doing: what has come is still delivered, then the cancel; nothing more goes in. */
enum cancel_state { CANCEL_FRESH, CANCEL_HELD, CANCEL_READY, CANCEL_FINISHED, CANCEL_TWICE, CANCEL_COLLECTING, CANCEL_STATES };

START_TEST(cancel_in_every_state)
{
    enum cancel_state state = (enum cancel_state)(_i / 2);
    sluice_post_options options = window_of(0, _i % 2 != 0);
    begin(&(struct server_script){.hold = state != CANCEL_READY}, &options);
    sluice_document_array *array = kit_documents(1);
    if (state == CANCEL_COLLECTING)
        ck_assert_int_eq(sluice_stream_push_document(stream, sluice_document_array_at(array, 0), 0, &error), SLUICE_OK);
    else if (state != CANCEL_FRESH)
        push_ok(NULL);
    if (state == CANCEL_READY)
        wait_readable();
    if (state == CANCEL_FINISHED)
        sluice_stream_finish(stream, NULL);
    sluice_stream_cancel(stream);
    if (state == CANCEL_TWICE)
        sluice_stream_cancel(stream);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, -1, NULL, &error), SLUICE_CANCELLED);
    wait_readable();
    if (state == CANCEL_READY)
        pull_response(10, NULL);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    ck_assert_int_eq(pull(0), SLUICE_PULLED_FAILED);
    ck_assert(readable());
    bool sent = state != CANCEL_FRESH && state != CANCEL_READY && state != CANCEL_COLLECTING;
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), sent ? 1 : 0);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(a_cancel_after_the_end_changes_nothing)
{
    sluice_post_options options = window_of(0, _i != 0);
    begin(NULL, &options);
    push_ok(NULL);
    sluice_stream_finish(stream, NULL);
    pull_response(10, NULL);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_END);
    sluice_stream_cancel(stream);
    ck_assert_int_eq(pull(0), SLUICE_PULLED_END);
    end();
}
END_TEST

START_TEST(free_cancels)
{
    sluice_post_options options = window_of(0, _i != 0);
    begin(&(struct server_script){.hold = true}, &options);
    push_ok(NULL);
    ck_assert(server_wait_messages(server, 1));
    sluice_stream_free(stream);
    stream = NULL;
    ck_assert(server_wait_cancelled(server, 1));
    end();
}
END_TEST

START_TEST(a_stream_outlives_its_client)
{
    begin(NULL, NULL);
    sluice_client_free(client);
    client = NULL;
    push_ok(NULL);
    pull_response(10, NULL);
    end();
}
END_TEST

START_TEST(a_server_that_goes_away)
{
    sluice_post_options options = window_of(0, _i != 0);
    begin(&(struct server_script){.hold = true}, &options);
    push_ok(NULL);
    ck_assert(server_wait_messages(server, 1));
    server_stop(server);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_FAILED);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 1);
    sluice_stream_free(stream);
    sluice_client_free(client);
}
END_TEST

START_TEST(reading_stops_while_much_waits_to_be_pulled)
{
    enum { REQUESTS = 160 };
    size_t size = (size_t)1 << 20;
    sluice_post_options options = window_of(-1, true);
    begin(&(struct server_script){.hold = true}, &options);
    sluice_document_array *array = sluice_document_array_new();
    char *blob = malloc(size);
    memset(blob, 'x', size);
    ck_assert_int_eq(sluice_document_set_blob(sluice_document_array_append(array), blob, size), SLUICE_OK);
    sluice_request request = {.documents = array};
    for (int i = 0; i < REQUESTS; i++)
        ck_assert_int_eq(sluice_stream_push(stream, &request, 0, NULL, &error), SLUICE_OK);
    sluice_stream_finish(stream, NULL);
    ck_assert(server_wait_messages(server, REQUESTS));
    server_release(server);
    pthread_mutex_lock(&stream->lock);
    while (stream->ready_bytes < STREAM_READ_BYTES || stream->reading)
        pthread_cond_wait(&stream->changed, &stream->lock);
    ck_assert_uint_lt(stream->ready_bytes, STREAM_READ_BYTES + 2 * size);
    pthread_mutex_unlock(&stream->lock);
    for (int i = 0; i < REQUESTS; i++)
        pull_response(10, NULL);
    ck_assert_int_eq(pull(10), SLUICE_PULLED_END);
    sluice_document_array_free(array);
    free(blob);
    end();
}
END_TEST

static void *pull_later(void *context)
{
    (void)context;
    ck_assert(server_wait_messages(server, 1));
    pull_response(10, NULL);
    return NULL;
}

START_TEST(a_push_may_wait_for_another_threads_pull)
{
    sluice_post_options options = window_of(1, true);
    begin(NULL, &options);
    pthread_t thread;
    push_ok(NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, pull_later, NULL), 0);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, -1, NULL, &error), SLUICE_OK);
    pthread_join(thread, NULL);
    pull_response(10, NULL);
    end();
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, push_pull_end, 0, 2);
    tcase_add_loop_test(test, the_window_holds_back_until_answers_are_pulled, 0, 2);
    tcase_add_test(test, a_negative_prefetch_has_no_bound);
    tcase_add_loop_test(test, the_descriptor_is_readable_while_a_pull_would_not_wait, 0, 2);
    tcase_add_test(test, a_descriptor_asked_for_late_knows);
    tcase_add_test(test, requests_may_differ);
    tcase_add_test(test, equal_ids_are_answered_one_by_one);
    tcase_add_test(test, ids_that_cannot_be);
    tcase_add_test(test, documents_one_by_one);
    tcase_add_test(test, flush_sends_what_is_held);
    tcase_add_test(test, in_order_even_when_the_end_is_a_failure);
    tcase_add_loop_test(test, documents_that_finish_keeps_are_listed, 0, 2);
    tcase_add_loop_test(test, documents_that_finish_cannot_send_are_listed, 0, 2);
    tcase_add_test(test, one_failed_call_lets_the_others_finish);
    tcase_add_loop_test(test, cancel_ends_everything, 0, 2);
    tcase_add_loop_test(test, cancel_in_every_state, 0, 2 * CANCEL_STATES);
    tcase_add_loop_test(test, a_cancel_after_the_end_changes_nothing, 0, 2);
    tcase_add_loop_test(test, free_cancels, 0, 2);
    tcase_add_test(test, a_stream_outlives_its_client);
    tcase_add_loop_test(test, a_server_that_goes_away, 0, 2);
    tcase_add_test(test, reading_stops_while_much_waits_to_be_pulled);
    tcase_add_test(test, a_push_may_wait_for_another_threads_pull);
}

int main(void)
{
    return kit_run("client.stream", add);
}
