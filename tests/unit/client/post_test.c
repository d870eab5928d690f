/* The blocking call: what is sent, what comes back, callbacks and errors (client.md 3 to 7, design 4a). */
#include "tests/unit/client/kit.h"

#include <stdlib.h>
#include <string.h>

static struct server *server;
static sluice_client *client;
static sluice_error error;

static void begin(const struct server_script *script)
{
    static const struct server_script echo;
    server = server_start(script != NULL ? script : &echo, 0);
    client = kit_client(server);
    memset(&error, 0, sizeof error);
}

static void end(void)
{
    sluice_client_free(client);
    server_stop(server);
}

static sluice_results *post_ok(sluice_inputs inputs, const sluice_post_options *options)
{
    sluice_results *results = NULL;
    sluice_status status = sluice_client_post(client, "/index", inputs, options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    return results;
}

/* ---- inputs and batches ---- */

START_TEST(an_array_is_cut_into_requests_of_100)
{
    begin(NULL);
    sluice_document_array *array = kit_documents(250);
    sluice_results *results = post_ok(sluice_inputs_array(array), NULL);
    ck_assert_uint_eq(server_messages(server), 3);
    ck_assert_uint_eq(kit_sent_documents(server, 0), 100);
    ck_assert_uint_eq(kit_sent_documents(server, 1), 100);
    ck_assert_uint_eq(kit_sent_documents(server, 2), 50);
    sluice_document_array *documents = sluice_results_documents(results);
    ck_assert_uint_eq(sluice_document_array_size(documents), 250);
    for (size_t i = 0; i < 250; i++)
        ck_assert_uint_eq(kit_number(sluice_document_array_at(documents, i)), i);
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

/* request_size, documents, requests, size of the last. */
static const int64_t cuts[][4] = {
    {1,  3,   3, 1  },
    {3,  3,   1, 3  },
    {4,  3,   1, 3  },
    {2,  5,   3, 1  },
    {0,  250, 1, 250},
    {-1, 250, 1, 250}
};

START_TEST(request_size)
{
    begin(NULL);
    sluice_post_options options = sluice_post_options_default();
    sluice_document_array *array = kit_documents((size_t)cuts[_i][1]);
    options.request_size = cuts[_i][0];
    sluice_results_free(post_ok(sluice_inputs_array(array), &options));
    ck_assert_uint_eq(server_messages(server), (size_t)cuts[_i][2]);
    ck_assert_uint_eq(kit_sent_documents(server, (size_t)cuts[_i][2] - 1), (size_t)cuts[_i][3]);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(no_inputs_are_one_request_without_data)
{
    begin(NULL);
    sluice_results *results = post_ok(sluice_inputs_none(), NULL);
    ck_assert_uint_eq(server_messages(server), 1);
    ck_assert_uint_eq(kit_sent_documents(server, 0), SIZE_MAX);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 0);
    sluice_results_free(results);
    end();
}
END_TEST

START_TEST(empty_inputs_are_one_request_with_empty_docs)
{
    begin(NULL);
    sluice_document_array *empty = sluice_document_array_new();
    sluice_results_free(post_ok(sluice_inputs_array(empty), NULL));
    sluice_results_free(post_ok(sluice_inputs_list(NULL, 0), NULL));
    ck_assert_uint_eq(server_messages(server), 2);
    ck_assert_uint_eq(kit_sent_documents(server, 0), 0);
    ck_assert_uint_eq(kit_sent_documents(server, 1), 0);
    uint8_t bytes[256];
    size_t size = server_message(server, 0, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes + size - 4, "\x22\x02\x0a\x00", 4);
    sluice_document_array_free(empty);
    end();
}
END_TEST

START_TEST(one_document_and_a_list)
{
    begin(NULL);
    sluice_document_array *array = kit_documents(3);
    const sluice_document *list[] = {sluice_document_array_at(array, 2), sluice_document_array_at(array, 0)};
    sluice_results *results = post_ok(sluice_inputs_document(list[0]), NULL);
    ck_assert_uint_eq(kit_number(sluice_document_array_at(sluice_results_documents(results), 0)), 2);
    sluice_results_free(results);
    results = post_ok(sluice_inputs_list(list, 2), NULL);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 2);
    ck_assert_uint_eq(kit_number(sluice_document_array_at(sluice_results_documents(results), 1)), 0);
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

struct counting {
    sluice_document_array *array;
    size_t at, fail_at;
};

static sluice_status count_up(void *context, const sluice_document **ret_document, sluice_error *reterr)
{
    struct counting *counting = context;
    if (counting->at == counting->fail_at)
        return sluice_fail(reterr, SLUICE_NOT_FOUND, "shelf", "book %zu is lent out", counting->at);
    *ret_document = sluice_document_array_at(counting->array, counting->at++);
    return SLUICE_OK;
}

START_TEST(a_generator_is_read_in_groups)
{
    begin(NULL);
    sluice_post_options options = sluice_post_options_default();
    struct counting counting = {kit_documents(7), 0, SIZE_MAX};
    options.request_size = 3;
    sluice_results *results = post_ok(sluice_inputs_generator(count_up, &counting), &options);
    ck_assert_uint_eq(server_messages(server), 3);
    ck_assert_uint_eq(kit_sent_documents(server, 2), 1);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 7);
    sluice_results_free(results);
    sluice_document_array_free(counting.array);
    end();
}
END_TEST

START_TEST(an_empty_generator_sends_nothing)
{
    begin(NULL);
    struct counting counting = {kit_documents(0), 0, SIZE_MAX};
    sluice_results *results = post_ok(sluice_inputs_generator(count_up, &counting), NULL);
    ck_assert_uint_eq(server_messages(server), 0);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 0);
    sluice_results_free(results);
    sluice_document_array_free(counting.array);
    end();
}
END_TEST

START_TEST(the_error_of_a_generator_is_that_of_the_post)
{
    begin(NULL);
    struct counting counting = {kit_documents(7), 0, 4};
    sluice_results *results;
    ck_assert_int_eq(
        sluice_client_post(client, "/", sluice_inputs_generator(count_up, &counting), NULL, &results, &error),
        SLUICE_NOT_FOUND);
    ck_assert_str_eq(error.where, "shelf");
    ck_assert_str_eq(error.text, "book 4 is lent out");
    sluice_results_free(results);
    sluice_document_array_free(counting.array);
    end();
}
END_TEST

START_TEST(content_becomes_documents)
{
    begin(NULL);
    sluice_text texts[] = {
        sluice_text_of("one"), {"t\0wo", 4}
    };
    float numbers[6] = {1, 2, 3, 4, 5, 6};
    uint32_t shape[] = {3, 2};
    sluice_tensor tensor = {
        .dtype = SLUICE_DTYPE_FLOAT32, .shape = shape, .dimensions = 2, .data = numbers, .size = sizeof numbers};
    sluice_tensor got;

    sluice_results *results = post_ok(sluice_inputs_texts(texts, 2), NULL);
    sluice_document *second = sluice_document_array_at(sluice_results_documents(results), 1);
    ck_assert_uint_eq(sluice_document_text(second).size, 4);
    ck_assert_mem_eq(sluice_document_text(second).data, "t\0wo", 4);
    ck_assert_uint_eq(sluice_document_id(second).size, 32);
    sluice_results_free(results);

    results = post_ok(sluice_inputs_blobs(texts, 2), NULL);
    ck_assert_int_eq(sluice_document_content(sluice_document_array_at(sluice_results_documents(results), 0)),
                     SLUICE_CONTENT_BLOB);
    sluice_results_free(results);

    results = post_ok(sluice_inputs_tensors(&tensor, 1), NULL);
    ck_assert(sluice_document_tensor(sluice_document_array_at(sluice_results_documents(results), 0), &got));
    ck_assert_uint_eq(got.dimensions, 2);
    sluice_results_free(results);

    results = post_ok(sluice_inputs_rows(&tensor), NULL);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 3);
    ck_assert(sluice_document_tensor(sluice_document_array_at(sluice_results_documents(results), 2), &got));
    ck_assert_uint_eq(got.dimensions, 1);
    ck_assert_double_eq(sluice_tensor_number(&got, 0), 5);
    sluice_results_free(results);
    end();
}
END_TEST

START_TEST(inputs_that_cannot_be_sent)
{
    begin(NULL);
    sluice_text bad = {"\xC3\x28", 2};
    const sluice_document *nothing[] = {NULL};
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_texts(&bad, 1), NULL, NULL, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "UTF-8"));
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_list(nothing, 1), NULL, NULL, &error),
                     SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(NULL), NULL, NULL, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_generator(NULL, NULL), NULL, NULL, &error),
                     SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_post(client, NULL, sluice_inputs_none(), NULL, NULL, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_check_inputs(client, "/", sluice_inputs_texts(&bad, 1), NULL, &error),
                     SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_check_inputs(client, "/", sluice_inputs_none(), NULL, &error), SLUICE_OK);
    end();
}
END_TEST

/* ---- the message ---- */

START_TEST(without_parameters_the_results_key_is_sent)
{
    begin(NULL);
    static const char parameters[] = "\x12\x13\x0a\x11\x0a\x0b__results__\x12\x02\x2a\x00";
    uint8_t bytes[256];
    sluice_results_free(post_ok(sluice_inputs_none(), NULL));
    size_t size = server_message(server, 0, bytes, sizeof bytes);
    ck_assert_uint_eq(size, 2 + 34 + 8 + sizeof parameters - 1);
    ck_assert_mem_eq(bytes, "\x0a\x2a\x0a\x20", 4);    /* header, id of 32 bytes */
    ck_assert_mem_eq(bytes + 36, "\x1a\x06/index", 8); /* endpoint, no target */
    ck_assert_mem_eq(bytes + 44, parameters, sizeof parameters - 1);
    end();
}
END_TEST

START_TEST(parameters_and_target_are_sent_as_given)
{
    begin(NULL);
    sluice_post_options options = sluice_post_options_default();
    sluice_value *parameters = sluice_value_new_map();
    uint8_t bytes[256];
    sluice_value_set_number(parameters, "a", 1);
    options.parameters = parameters;
    options.target_executor = "enc.*";
    options.return_responses = true;
    sluice_results *results = post_ok(sluice_inputs_none(), &options);
    size_t size = server_message(server, 0, bytes, sizeof bytes);
    ck_assert_mem_eq(bytes + size - 18, "\x12\x10\x0a\x0e\x0a\x01\x61\x12\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x3f", 18);
    sluice_response *response = sluice_results_response(results, 0);
    ck_assert(sluice_text_is(sluice_response_target_executor(response), "enc.*"));
    ck_assert_double_eq(sluice_value_number(sluice_value_get(sluice_response_parameters(response), "a"), 0), 1);
    ck_assert_ptr_null(sluice_response_results(response));
    sluice_results_free(results);
    sluice_value_free(parameters);
    end();
}
END_TEST

START_TEST(a_results_key_that_is_no_map_becomes_one)
{
    begin(NULL);
    sluice_post_options options = sluice_post_options_default();
    sluice_value *parameters = sluice_value_new_map();
    sluice_value_set_number(parameters, "__results__", 1);
    sluice_value_set_number(parameters, "k", 2);
    options.parameters = parameters;
    options.return_responses = true;
    sluice_results *results = post_ok(sluice_inputs_none(), &options);
    const sluice_value *got = sluice_response_results(sluice_results_response(results, 0));
    ck_assert_int_eq(sluice_value_kind_of(got), SLUICE_VALUE_MAP);
    ck_assert_uint_eq(sluice_value_size(got), 0);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(parameters, "__results__"), 0), 1);
    sluice_results_free(results);
    sluice_value_free(parameters);
    end();
}
END_TEST

START_TEST(the_four_endpoints)
{
    begin(NULL);
    static const char *const names[] = {"/index", "/search", "/update", "/delete"};
    sluice_status (*const posts[])(sluice_client *, sluice_inputs, const sluice_post_options *, sluice_results **,
                                   sluice_error *) = {sluice_client_index, sluice_client_search, sluice_client_update,
                                                      sluice_client_delete};
    sluice_post_options options = sluice_post_options_default();
    options.return_responses = true;
    for (size_t i = 0; i < 4; i++) {
        sluice_results *results;
        ck_assert_int_eq(posts[i](client, sluice_inputs_none(), &options, &results, &error), SLUICE_OK);
        ck_assert(sluice_text_is(sluice_response_endpoint(sluice_results_response(results, 0)), names[i]));
        sluice_results_free(results);
    }
    end();
}
END_TEST

START_TEST(a_response_tells_everything)
{
    begin(&(struct server_script){.error_every = 1});
    sluice_post_options options = sluice_post_options_default();
    options.return_responses = true;
    options.continue_on_error = true;
    sluice_document_array *array = kit_documents(2);
    sluice_results *results = post_ok(sluice_inputs_array(array), &options);
    ck_assert_uint_eq(sluice_results_response_count(results), 1);
    ck_assert_ptr_null(sluice_results_response(results, 1));
    sluice_response *response = sluice_results_response(results, 0);
    ck_assert(sluice_response_failed(response));
    ck_assert_int_eq(sluice_response_code(response), 1);
    ck_assert(sluice_text_is(sluice_response_description(response), "ValueError('bad')"));
    const sluice_exception *exception = sluice_response_exception(response);
    ck_assert(sluice_text_is(exception->name, "ValueError"));
    ck_assert(sluice_text_is(exception->executor, "Encoder"));
    ck_assert_uint_eq(exception->arg_count, 1);
    ck_assert(sluice_text_is(exception->args[0], "bad"));
    ck_assert_uint_eq(exception->stack_count, 1);
    ck_assert_uint_eq(sluice_response_route_count(response), 2);
    sluice_route route = sluice_response_route(response, 1);
    ck_assert(sluice_text_is(route.executor, "encoder"));
    ck_assert(route.started && route.ended);
    ck_assert_int_eq(route.end_ns - route.start_ns, 7000000);
    ck_assert_int_eq(route.start_ns, 1700000000002000000);
    ck_assert_uint_eq(sluice_document_array_size(sluice_response_documents(response, NULL)), 2);
    sluice_response *kept = sluice_response_ref(response);
    sluice_results_free(results);
    ck_assert_uint_eq(sluice_response_request_id(kept).size, 32);
    sluice_response_unref(kept);
    sluice_document_array_free(array);
    end();
}
END_TEST

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

/* ---- order, unary calls, metadata ---- */

/* stream, in order */
static const bool orders[][2] = {
    {true,  false},
    {true,  true },
    {false, true }
};

START_TEST(order_of_results)
{
    bool stream = orders[_i][0], in_order = orders[_i][1];
    begin(&(struct server_script){.reverse = 5});
    sluice_document_array *array = kit_documents(5);
    sluice_post_options options = sluice_post_options_default();
    char value[32];
    options.request_size = 1;
    options.stream = stream;
    options.results_in_order = in_order;
    sluice_results *results = post_ok(sluice_inputs_array(array), &options);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(kit_number(sluice_document_array_at(sluice_results_documents(results), i)),
                          in_order ? i : 4 - i);
    bool asked = server_metadata(server, 0, "__results_in_order__", value, sizeof value);
    ck_assert_int_eq(asked, stream && in_order);
    if (asked)
        ck_assert_str_eq(value, "true");
    ck_assert_uint_eq(server_calls(server), stream ? 1 : 5);
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(unary_calls)
{
    begin(NULL);
    sluice_document_array *array = kit_documents(40);
    sluice_post_options options = sluice_post_options_default();
    char method[96];
    options.request_size = 1;
    options.stream = false;
    options.prefetch = 4;
    sluice_results *results = post_ok(sluice_inputs_array(array), &options);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 40);
    ck_assert_uint_eq(server_calls(server), 40);
    server_method(server, 39, method, sizeof method);
    ck_assert_str_eq(method, "/jina.JinaSingleDataRequestRPC/process_single_data");
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(metadata_and_prefetch)
{
    begin(NULL);
    sluice_metadata metadata[] = {
        {"authorization", "Bearer x", 0},
        {"key-bin",       "\0\1",     2}
    };
    sluice_post_options options = sluice_post_options_default();
    char value[128], method[96];
    options.metadata = metadata;
    options.metadata_count = 2;
    options.prefetch = 7;
    sluice_results_free(post_ok(sluice_inputs_none(), &options));
    ck_assert(server_metadata(server, 0, "authorization", value, sizeof value));
    ck_assert_str_eq(value, "Bearer x");
    ck_assert(server_metadata(server, 0, "key-bin", value, sizeof value));
    ck_assert(server_metadata(server, 0, "__prefetch__", value, sizeof value));
    ck_assert_str_eq(value, "7");
    ck_assert(!server_metadata(server, 0, "__results_in_order__", value, sizeof value));
    ck_assert(!server_has_deadline(server, 0));
    server_method(server, 0, method, sizeof method);
    ck_assert_str_eq(method, "/jina.JinaRPC/Call");
    end();
}
END_TEST

START_TEST(bad_metadata_and_options)
{
    begin(NULL);
    sluice_metadata upper = {"Upper", "x", 0}, control = {"key", "a\nb", 0}, empty = {"key", NULL, 0};
    const sluice_metadata *all[] = {&upper, &control, &empty};
    for (size_t i = 0; i < 3; i++) {
        sluice_post_options options = sluice_post_options_default();
        options.metadata = all[i];
        options.metadata_count = 1;
        for (int stream = 0; stream <= 1; stream++) {
            options.stream = stream;
            ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error),
                             SLUICE_INVALID);
        }
    }
    sluice_post_options options = sluice_post_options_default();
    options.compression = "Gzp";
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "did you mean Gzip?"));
    options = sluice_post_options_default();
    options.timeout_seconds = -1;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error), SLUICE_INVALID);
    memset(&options, 0, sizeof options);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, NULL, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "sluice_post_options_default"));
    ck_assert_uint_eq(server_calls(server), 0);
    end();
}
END_TEST

/* ---- size ---- */

START_TEST(large_messages_pass_and_a_bound_holds)
{
    begin(NULL);
    size_t size = (size_t)24 << 20;
    char *blob = malloc(size);
    memset(blob, 'x', size);
    sluice_text item = {blob, size};
    sluice_results *results = post_ok(sluice_inputs_blobs(&item, 1), NULL);
    ck_assert_uint_eq(sluice_document_blob(sluice_document_array_at(sluice_results_documents(results), 0)).size, size);
    sluice_results_free(results);
    sluice_client_free(client);

    sluice_client_options options = sluice_client_options_default();
    options.port = server_port(server);
    options.max_message_size = 1 << 20;
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_blobs(&item, 1), NULL, NULL, &error), SLUICE_LIMIT);
    item.size = 1 << 19;
    sluice_results_free(post_ok(sluice_inputs_blobs(&item, 1), NULL));
    free(blob);
    end();
}
END_TEST

/* At its edge: the size is that of the message as it is sent; of one that is too large nothing is sent. */
START_TEST(too_large_requests_are_not_sent)
{
    begin(NULL);
    sluice_text item = sluice_text_of("some text");
    sluice_results_free(post_ok(sluice_inputs_texts(&item, 1), NULL));
    uint8_t message[1024];
    size_t size = server_message(server, 0, message, sizeof message);
    for (size_t less = 0; less < 2; less++) {
        sluice_client_free(client);
        sluice_client_options options = sluice_client_options_default();
        options.port = server_port(server);
        options.max_request_size = size - less;
        ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_OK);
        ck_assert_int_eq(sluice_client_post(client, "/index", sluice_inputs_texts(&item, 1), NULL, NULL, &error),
                         less == 0 ? SLUICE_OK : SLUICE_TOO_LARGE);
    }
    ck_assert_ptr_nonnull(strstr(error.text, "max_request_size"));
    ck_assert_uint_eq(server_messages(server), 2);
    end();
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, an_array_is_cut_into_requests_of_100);
    tcase_add_loop_test(test, request_size, 0, (int)(sizeof cuts / sizeof *cuts));
    tcase_add_test(test, no_inputs_are_one_request_without_data);
    tcase_add_test(test, empty_inputs_are_one_request_with_empty_docs);
    tcase_add_test(test, one_document_and_a_list);
    tcase_add_test(test, a_generator_is_read_in_groups);
    tcase_add_test(test, an_empty_generator_sends_nothing);
    tcase_add_test(test, the_error_of_a_generator_is_that_of_the_post);
    tcase_add_test(test, content_becomes_documents);
    tcase_add_test(test, inputs_that_cannot_be_sent);
    tcase_add_test(test, without_parameters_the_results_key_is_sent);
    tcase_add_test(test, parameters_and_target_are_sent_as_given);
    tcase_add_test(test, a_results_key_that_is_no_map_becomes_one);
    tcase_add_test(test, the_four_endpoints);
    tcase_add_test(test, a_response_tells_everything);
    tcase_add_loop_test(test, callbacks, 0, (int)(sizeof callback_cases / sizeof *callback_cases));
    tcase_add_test(test, nobody_listens);
    tcase_add_test(test, what_was_answered_comes_before_the_failure);
    tcase_add_test(test, answers_before_a_failure_stay_in_the_results);
    tcase_add_test(test, a_stream_that_ends_without_answers_is_a_failure);
    tcase_add_test(test, an_answer_that_cannot_be_read);
    tcase_add_test(test, an_answer_to_nobody_is_dropped);
    tcase_add_test(test, the_timeout_ends_a_post);
    tcase_add_loop_test(test, order_of_results, 0, (int)(sizeof orders / sizeof *orders));
    tcase_add_test(test, unary_calls);
    tcase_add_test(test, metadata_and_prefetch);
    tcase_add_test(test, bad_metadata_and_options);
    tcase_add_test(test, large_messages_pass_and_a_bound_holds);
    tcase_add_test(test, too_large_requests_are_not_sent);
}

int main(void)
{
    return kit_run("client.post", add);
}
