/* The blocking call: what is made of inputs, and how they are cut into requests. */
#include "tests/unit/client/post_fixture.h"

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
    sluice_metadata nameless = {NULL, "value", 0};
    sluice_post_options options = sluice_post_options_default();
    options.metadata = &nameless;
    options.metadata_count = 1;
    ck_assert_int_eq(sluice_client_check_inputs(client, "/", sluice_inputs_none(), &options, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "metadata");
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
}

int main(void)
{
    return kit_run("client.post_inputs", add);
}
