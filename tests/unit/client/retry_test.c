/* Further attempts: what is tried again, how often, and what is not. */
#include "client/backoff.h"
#include "common/foundation/clock.h"
#include "tests/unit/client/kit.h"

#include <string.h>

START_TEST(the_backoff_rule)
{
    struct backoff backoff = {0.5, 2, 1.5};
    double second = 1e9;
    /* The first wait is exactly the initial one, even above the maximum. */
    ck_assert_uint_eq(backoff_ns(&backoff, 1, 0.0), 500000000);
    ck_assert_uint_eq(backoff_ns(&(struct backoff){5, 2, 1.5}, 1, 0.9), 5000000000);
    /* Then uniform below initial * multiplier^(n-1), bounded. */
    ck_assert_double_eq_tol((double)backoff_ns(&backoff, 2, 0.5), 0.5 * 0.75 * second, 1);
    ck_assert_double_eq_tol((double)backoff_ns(&backoff, 3, 0.5), 0.5 * 1.125 * second, 1);
    ck_assert_double_eq_tol((double)backoff_ns(&backoff, 100, 0.5), 0.5 * 2 * second, 1);
    ck_assert_uint_eq(backoff_ns(&backoff, 2, 0), 0);
    ck_assert_uint_eq(backoff_ns(&(struct backoff){0, 0, 1}, 1, 0.5), 0);
    ck_assert_double_eq_tol((double)backoff_ns(&(struct backoff){1, 2, 0.5}, 3, 1), 0.25 * second, 1);
    for (int i = 0; i < 1000; i++) {
        double random = backoff_random();
        ck_assert(random >= 0 && random < 1);
    }
}
END_TEST

/* Stream or unary, failures at the server, their code, attempts, what is switched on; outcome, calls made. */
static const struct row {
    bool stream;
    unsigned failures;
    int code, attempts;
    bool timeout, internal;
    sluice_status status;
    size_t calls;
} rows[] = {
    {true,  1, 14, 2, false, false, SLUICE_OK,          2},
    {true,  2, 14, 3, false, false, SLUICE_OK,          3},
    {true,  2, 14, 2, false, false, SLUICE_UNAVAILABLE, 2},
    {true,  1, 14, 1, false, false, SLUICE_UNAVAILABLE, 1},
    {true,  1, 14, 0, false, false, SLUICE_UNAVAILABLE, 1},
    {true,  1, 4,  3, false, false, SLUICE_TIMEOUT,     1},
    {true,  1, 4,  3, true,  false, SLUICE_OK,          2},
    {true,  1, 13, 3, true,  false, SLUICE_INTERNAL,    1},
    {true,  1, 13, 3, false, true,  SLUICE_OK,          2},
    {true,  1, 2,  3, true,  true,  SLUICE_INTERNAL,    1},
    {true,  1, 5,  3, true,  true,  SLUICE_NOT_FOUND,   1},
    {false, 1, 14, 2, false, false, SLUICE_OK,          4},
    {false, 2, 14, 3, false, false, SLUICE_OK,          5},
    {false, 1, 4,  3, false, false, SLUICE_TIMEOUT,     1},
    {false, 1, 4,  3, true,  false, SLUICE_OK,          4},
    {false, 1, 13, 3, false, true,  SLUICE_OK,          4},
    {false, 1, 13, 3, true,  false, SLUICE_INTERNAL,    1},
};

START_TEST(attempts)
{
    const struct row *row = &rows[_i];
    struct server *server = server_start(
        &(struct server_script){.fail_calls = row->failures, .fail_code = row->code, .fail_text = "not yet"}, 0);
    sluice_client *client = kit_client(server);
    sluice_document_array *array = kit_documents(3);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results;
    sluice_error error = {0};
    options.stream = row->stream;
    options.request_size = 1;
    options.prefetch = 1; /* so that the calls can be counted */
    options.max_attempts = row->attempts;
    options.initial_backoff_seconds = 0.01;
    options.max_backoff_seconds = 0.02;
    options.retry_timeout = row->timeout;
    options.retry_internal = row->internal;
    sluice_status status = sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, &error);
    ck_assert_msg(status == row->status, "%s: %s", sluice_status_name(status), error.text);
    ck_assert_uint_eq(server_calls(server), row->calls);
    if (status == SLUICE_OK)
        ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 3);
    else
        ck_assert_ptr_nonnull(strstr(error.text, "not yet"));
    sluice_results_free(results);
    sluice_document_array_free(array);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(a_stream_that_has_brought_an_answer_is_not_tried_again)
{
    struct server *server = server_start(&(struct server_script){.end_after = 1, .fail_code = 14}, 0);
    sluice_client *client = kit_client(server);
    sluice_document_array *array = kit_documents(3);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error;
    options.request_size = 1;
    options.max_attempts = 5;
    options.initial_backoff_seconds = 0.01;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(array), &options, NULL, &error),
                     SLUICE_UNAVAILABLE);
    ck_assert_uint_eq(server_calls(server), 1);
    sluice_document_array_free(array);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(the_first_pause_is_kept)
{
    struct server *server = server_start(&(struct server_script){.fail_calls = 1, .fail_code = 14}, 0);
    sluice_client *client = kit_client(server);
    sluice_post_options options = sluice_post_options_default();
    options.max_attempts = 2;
    options.initial_backoff_seconds = 0.15;
    uint64_t started = clock_monotonic_ns();
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, NULL), SLUICE_OK);
    ck_assert_uint_ge(clock_monotonic_ns() - started, 150000000);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(no_pause_goes_beyond_the_timeout)
{
    struct server *server = server_start(&(struct server_script){.fail_calls = 9, .fail_code = 14}, 0);
    sluice_client *client = kit_client(server);
    for (int stream = 0; stream <= 1; stream++) {
        sluice_post_options options = sluice_post_options_default();
        options.stream = stream;
        options.max_attempts = 5;
        options.initial_backoff_seconds = 30;
        options.timeout_seconds = 20;
        ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, NULL),
                         SLUICE_UNAVAILABLE);
    }
    ck_assert_uint_eq(server_calls(server), 2);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

/* A server whose timer is first cancels the call: within reach of the deadline that is the deadline, long before it is not. */
START_TEST(a_cancel_of_the_server_at_the_deadline_is_the_deadline)
{
    struct server *server = server_start(&(struct server_script){.fail_calls = 4, .fail_code = 1}, 0);
    sluice_client *client = kit_client(server);
    for (int i = 0; i < 4; i++) {
        bool at_deadline = i < 2;
        sluice_post_options options = sluice_post_options_default();
        sluice_error error;
        options.stream = i % 2 == 0;
        options.timeout_seconds = at_deadline ? 0.045 : 3600; /* the server ends the call at once */
        sluice_status status = sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error);
        ck_assert_msg(status == (at_deadline ? SLUICE_TIMEOUT : SLUICE_CANCELLED), "%s", error.text);
        ck_assert_ptr_nonnull(strstr(error.text, at_deadline ? "status 4" : "status 1"));
    }
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(cancel_ends_a_pause)
{
    struct server *server = server_start(&(struct server_script){.fail_calls = 9, .fail_code = 14}, 0);
    sluice_client *client = kit_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_stream *stream;
    sluice_response *response;
    sluice_error error;
    options.stream = _i != 0;
    options.max_attempts = 5;
    options.initial_backoff_seconds = 3600;
    ck_assert_int_eq(sluice_stream_open(client, "/", &options, &stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 0.1, &response, &error), SLUICE_PULLED_NOTHING);
    sluice_stream_cancel(stream);
    ck_assert_int_eq(sluice_stream_pull(stream, 10, &response, &error), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    sluice_stream_free(stream);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(a_gateway_that_comes_back)
{
    struct server *server = server_start(&(struct server_script){0}, 0);
    int port = server_port(server);
    sluice_client *client = kit_client(server);
    sluice_error error = {0};
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_OK);
    server_stop(server);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_UNAVAILABLE);
    server = server_start(&(struct server_script){0}, port);
    sluice_post_options options = sluice_post_options_default();
    options.max_attempts = 50;
    options.initial_backoff_seconds = 0.05;
    options.max_backoff_seconds = 0.2;
    sluice_status status = sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(a_client_may_wait_for_a_gateway)
{
    struct server *server = server_start(&(struct server_script){0}, 0);
    int port = server_port(server);
    server_stop(server);
    sluice_client_options client_options = sluice_client_options_default();
    sluice_client *client;
    sluice_stream *stream;
    sluice_response *response;
    client_options.port = port;
    client_options.wait_for_ready = true;
    ck_assert_int_eq(sluice_client_new(&client_options, &client, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 0.1, &response, NULL), SLUICE_PULLED_NOTHING);
    server = server_start(&(struct server_script){0}, port);
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, NULL), SLUICE_PULLED_RESPONSE);
    sluice_response_unref(response);
    sluice_stream_free(stream);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, the_backoff_rule);
    tcase_add_loop_test(test, attempts, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_test(test, a_stream_that_has_brought_an_answer_is_not_tried_again);
    tcase_add_test(test, the_first_pause_is_kept);
    tcase_add_test(test, no_pause_goes_beyond_the_timeout);
    tcase_add_test(test, a_cancel_of_the_server_at_the_deadline_is_the_deadline);
    tcase_add_loop_test(test, cancel_ends_a_pause, 0, 2);
    tcase_add_test(test, a_gateway_that_comes_back);
    tcase_add_test(test, a_client_may_wait_for_a_gateway);
}

int main(void)
{
    return kit_run("client.retry", add);
}
