/* The blocking call: which callbacks are called, and what comes of failures of executors and of the network. */
#include "tests/unit/client/post_fixture.h"

/* ---- callbacks ---- */

struct calls {
    char log[256]; /* d, e, a for a response; E, A without one */
    size_t count;
    int done_result, error_result, always_result;
    sluice_status error_status;
};

static void note(struct calls *calls, char letter)
{
    calls->log[calls->count++] = letter;
    calls->log[calls->count] = '\0';
}

static int on_done(sluice_response *response, void *context)
{
    struct calls *calls = context;
    ck_assert(!sluice_response_failed(response));
    note(calls, 'd');
    return calls->done_result;
}

static int on_error(sluice_response *response, const sluice_error *reason, void *context)
{
    struct calls *calls = context;
    calls->error_status = reason->status;
    note(calls, response != NULL ? 'e' : 'E');
    return calls->error_result;
}

static int on_always(sluice_response *response, void *context)
{
    struct calls *calls = context;
    note(calls, response != NULL ? 'a' : 'A');
    return calls->always_result;
}

/* Which callbacks are given: d, e, a; c: continue_on_error. Every second of four answers fails. */
static const struct callback_case {
    const char *given;
    int done_result, error_result, always_result;
    sluice_status status;
    const char *log;
    size_t results; /* documents; SIZE_MAX: NULL results */
} callback_cases[] = {
    {"dea",  0, 0, 0, SLUICE_OK,       "daeadaea", SIZE_MAX},
    {"d",    0, 0, 0, SLUICE_EXECUTOR, "d",        SIZE_MAX},
    {"dc",   0, 0, 0, SLUICE_OK,       "dd",       SIZE_MAX},
    {"e",    0, 0, 0, SLUICE_OK,       "ee",       4       },
    {"a",    0, 0, 0, SLUICE_EXECUTOR, "aa",       SIZE_MAX},
    {"ac",   0, 0, 0, SLUICE_OK,       "aaaa",     SIZE_MAX},
    {"",     0, 0, 0, SLUICE_EXECUTOR, "",         1       },
    {"c",    0, 0, 0, SLUICE_OK,       "",         4       },
    {"dea",  1, 0, 0, SLUICE_CALLBACK, "da",       SIZE_MAX},
    {"dea",  0, 2, 0, SLUICE_CALLBACK, "daea",     SIZE_MAX},
    {"dea",  0, 0, 3, SLUICE_CALLBACK, "da",       SIZE_MAX},
    {"deac", 1, 2, 3, SLUICE_OK,       "daeadaea", SIZE_MAX},
    {"e",    0, 2, 0, SLUICE_CALLBACK, "e",        2       },
};

START_TEST(callbacks)
{
    const struct callback_case *row = &callback_cases[_i];
    begin(&(struct server_script){.error_every = 2});
    struct calls calls = {
        .done_result = row->done_result, .error_result = row->error_result, .always_result = row->always_result};
    sluice_document_array *array = kit_documents(4);
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    options.on_done = strchr(row->given, 'd') != NULL ? on_done : NULL;
    options.on_error = strchr(row->given, 'e') != NULL ? on_error : NULL;
    options.on_always = strchr(row->given, 'a') != NULL ? on_always : NULL;
    options.continue_on_error = strchr(row->given, 'c') != NULL;
    options.context = &calls;
    sluice_results *results;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, &error),
                     row->status);
    ck_assert_str_eq(calls.log, row->log);
    if (strchr(row->log, 'e') != NULL)
        ck_assert_int_eq(calls.error_status, SLUICE_EXECUTOR);
    if (row->results == SIZE_MAX)
        ck_assert_ptr_null(results);
    else
        ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), row->results);
    if (row->status == SLUICE_CALLBACK)
        ck_assert_ptr_nonnull(strstr(error.text, row->done_result    ? "on_done"
                                                 : row->error_result ? "on_error"
                                                                     : "on_always"));
    if (row->status == SLUICE_EXECUTOR) {
        ck_assert_ptr_nonnull(strstr(error.text, "ValueError('bad')"));
        if (results != NULL)
            ck_assert(sluice_response_failed(sluice_results_failure(results)));
    }
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

/* ---- the network ---- */

START_TEST(nobody_listens)
{
    begin(NULL);
    int port = server_port(server);
    end();
    sluice_client_options client_options = sluice_client_options_default();
    client_options.port = port;
    ck_assert_int_eq(sluice_client_new(&client_options, &client, &error), SLUICE_OK);
    for (int stream = 0; stream <= 1; stream++) {
        struct calls calls = {0};
        sluice_post_options options = sluice_post_options_default();
        options.on_error = on_error;
        options.on_always = on_always;
        options.on_done = on_done;
        options.context = &calls;
        options.stream = stream;
        options.continue_on_error = true; /* does not cover the network */
        ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error),
                         SLUICE_UNAVAILABLE);
        ck_assert_str_eq(calls.log, "EA");
        if (!stream) /* a stream may have failed before the request was pushed */
            ck_assert_ptr_nonnull(strstr(error.text, "without an answer"));
        ck_assert_ptr_nonnull(strstr(error.where, "grpc://"));
    }
    sluice_client_free(client);
}
END_TEST

START_TEST(what_was_answered_comes_before_the_failure)
{
    begin(
        &(struct server_script){.end_after = 2, .stub = true, .fail_code = 14, .fail_text = "lost |Gateway: encoder"});
    struct calls calls = {0};
    sluice_document_array *array = kit_documents(5);
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    options.on_done = on_done;
    options.on_error = on_error;
    options.on_always = on_always;
    options.context = &calls;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(array), &options, NULL, &error),
                     SLUICE_UNAVAILABLE);
    ck_assert_str_eq(calls.log, "dadaEA"); /* the stub is no answer */
    ck_assert_ptr_nonnull(strstr(error.text, "lost |Gateway: encoder"));
    ck_assert_int_eq(calls.error_status, SLUICE_UNAVAILABLE);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(answers_before_a_failure_stay_in_the_results)
{
    begin(&(struct server_script){.end_after = 2, .fail_code = 4});
    sluice_document_array *array = kit_documents(5);
    sluice_results *results;
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, &error),
                     SLUICE_TIMEOUT);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 2);
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(a_stream_that_ends_without_answers_is_a_failure)
{
    begin(&(struct server_script){.silent = true});
    for (int stream = 0; stream <= 1; stream++) {
        sluice_post_options options = sluice_post_options_default();
        options.stream = stream;
        ck_assert_int_ne(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error), SLUICE_OK);
        ck_assert_ptr_nonnull(strstr(error.text, "without an answer"));
    }
    end();
}
END_TEST

START_TEST(an_answer_that_cannot_be_read)
{
    begin(&(struct server_script){.garbage_at = 2});
    sluice_document_array *array = kit_documents(3);
    sluice_results *results;
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    options.prefetch = 1;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, &error),
                     SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "DataRequestProto"));
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 1);
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(an_answer_to_nobody_is_dropped)
{
    begin(&(struct server_script){.unknown_first = true});
    sluice_post_options options = sluice_post_options_default();
    options.return_responses = true;
    sluice_results *results = post_ok(sluice_inputs_none(), &options);
    ck_assert_uint_eq(sluice_results_response_count(results), 1);
    sluice_results_free(results);
    end();
}
END_TEST

START_TEST(the_timeout_ends_a_post)
{
    begin(&(struct server_script){.hold = true});
    for (int stream = 0; stream <= 1; stream++) {
        sluice_post_options options = sluice_post_options_default();
        options.timeout_seconds = 0.5; /* long enough to connect on a busy machine: the server has to see the call */
        options.stream = stream;
        ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error), SLUICE_TIMEOUT);
        ck_assert(server_has_deadline(server, (size_t)stream));
    }
    end();
}
END_TEST

/* ---- what a callback may do ---- */

struct doings {
    bool posts, frees, keeps;
    int responses;
    sluice_response *kept;
};

static int do_things(sluice_response *response, void *context)
{
    struct doings *doings = context;
    doings->responses++;
    if (doings->posts)
        ck_assert_int_eq(sluice_client_post(client, "/other", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_OK);
    if (doings->keeps && doings->kept == NULL)
        doings->kept = sluice_response_ref(response);
    if (doings->frees) {
        sluice_client_free(client);
        client = NULL;
        doings->frees = false;
    }
    return 0;
}

/* Post with the same client, free it, keep the response: in a stream, and with a call for each request. */
START_TEST(a_callback_may_use_and_free_its_client)
{
    struct doings doings = {.posts = _i / 2 == 0, .frees = _i / 2 == 1, .keeps = true};
    sluice_document_array *array = kit_documents(5);
    sluice_post_options options = sluice_post_options_default();
    begin(NULL);
    options.request_size = 1;
    options.prefetch = 2;
    options.stream = _i % 2 == 0;
    options.on_done = do_things;
    options.context = &doings;
    sluice_status status = sluice_client_post(client, "/index", sluice_inputs_array(array), &options, NULL, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    ck_assert_int_eq(doings.responses, 5);
    end();
    ck_assert(sluice_text_is(sluice_response_endpoint(doings.kept), "/index"));
    ck_assert_uint_eq(sluice_document_array_size(sluice_response_documents(doings.kept, NULL)), 1);
    sluice_response_unref(doings.kept);
    sluice_document_array_free(array);
}
END_TEST

/* The callbacks of a network failure have no response; asking it is no mistake. */
static int ask_everything(sluice_response *response, void *context)
{
    sluice_error why = {0};
    ck_assert_ptr_null(response);
    (*(int *)context)++;
    ck_assert(!sluice_response_failed(response));
    ck_assert_int_eq(sluice_response_code(response), 0);
    ck_assert_str_eq(sluice_response_request_id(response).data, "");
    ck_assert_str_eq(sluice_response_endpoint(response).data, "");
    ck_assert_str_eq(sluice_response_target_executor(response).data, "");
    ck_assert_str_eq(sluice_response_description(response).data, "");
    ck_assert_str_eq(sluice_response_bytes(response).data, "");
    ck_assert_ptr_null(sluice_response_exception(response));
    ck_assert_ptr_null(sluice_response_parameters(response));
    ck_assert_ptr_null(sluice_response_results(response));
    ck_assert_ptr_null(sluice_response_result(response, "a/rep-0"));
    ck_assert_uint_eq(sluice_response_route_count(response), 0);
    ck_assert_str_eq(sluice_response_route(response, 0).executor.data, "");
    ck_assert_ptr_null(sluice_response_documents(response, &why));
    ck_assert_int_eq(why.status, SLUICE_INVALID);
    ck_assert_ptr_null(sluice_response_ref(response));
    return 0;
}

START_TEST(no_response_can_be_asked)
{
    int calls = 0;
    sluice_post_options options = sluice_post_options_default();
    begin(&(struct server_script){.fail_calls = 1, .fail_code = 14});
    options.on_always = ask_everything;
    options.context = &calls;
    ck_assert_int_eq(sluice_client_post(client, "/index", sluice_inputs_none(), &options, NULL, &error),
                     SLUICE_UNAVAILABLE);
    ck_assert_int_eq(calls, 1);
    end();
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, callbacks, 0, (int)(sizeof callback_cases / sizeof *callback_cases));
    tcase_add_test(test, nobody_listens);
    tcase_add_loop_test(test, a_callback_may_use_and_free_its_client, 0, 4);
    tcase_add_test(test, no_response_can_be_asked);
    tcase_add_test(test, what_was_answered_comes_before_the_failure);
    tcase_add_test(test, answers_before_a_failure_stay_in_the_results);
    tcase_add_test(test, a_stream_that_ends_without_answers_is_a_failure);
    tcase_add_test(test, an_answer_that_cannot_be_read);
    tcase_add_test(test, an_answer_to_nobody_is_dropped);
    tcase_add_test(test, the_timeout_ends_a_post);
}

int main(void)
{
    return kit_run("client.post_callbacks", add);
}
