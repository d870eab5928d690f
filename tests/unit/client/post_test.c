/* The blocking call: the message that is sent, order, metadata, options and sizes (client.md 3 to 7, design 4a). */
#include "tests/unit/client/post_fixture.h"

#include <stdlib.h>

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
        ck_assert_int_eq(sluice_client_check_inputs(client, "/index", sluice_inputs_texts(&item, 1), NULL, &error),
                         less == 0 ? SLUICE_OK : SLUICE_TOO_LARGE);
    }
    ck_assert_ptr_nonnull(strstr(error.text, "max_request_size"));
    ck_assert_uint_eq(server_messages(server), 2);
    end();
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, without_parameters_the_results_key_is_sent);
    tcase_add_test(test, parameters_and_target_are_sent_as_given);
    tcase_add_test(test, a_results_key_that_is_no_map_becomes_one);
    tcase_add_test(test, the_four_endpoints);
    tcase_add_test(test, a_response_tells_everything);
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
