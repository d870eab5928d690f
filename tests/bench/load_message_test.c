/* The load driver's check finds what a broken server would send. */
#include "tests/bench/load_message.h"
#include "tests/unit/suite.h"

#include <sluice/document.h>

#include <check.h>
#include <grpc/grpc.h>
#include <stdlib.h>
#include <string.h>

static struct load_body body;

static void open_body(void)
{
    grpc_init();
    load_body_init(&body, 1024, 1, 0);
}

static void close_body(void)
{
    grpc_slice_unref(body.data);
    grpc_shutdown_blocking();
}

static grpc_byte_buffer *buffer_of(const void *bytes, size_t size)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

/* The request's bytes in one piece; the caller frees them. */
static uint8_t *flat(grpc_byte_buffer *message, size_t *ret_size)
{
    *ret_size = grpc_byte_buffer_length(message);
    uint8_t *bytes = malloc(*ret_size + 1), *at = bytes;
    ck_assert_ptr_nonnull(bytes);
    const grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
    for (size_t i = 0; i < slices->count; i++) {
        memcpy(at, GRPC_SLICE_START_PTR(slices->slices[i]), GRPC_SLICE_LENGTH(slices->slices[i]));
        at += GRPC_SLICE_LENGTH(slices->slices[i]);
    }
    grpc_byte_buffer_destroy(message);
    return bytes;
}

static const char *check_bytes(const void *bytes, size_t size, bool *ret_failed)
{
    uint32_t slot;
    uint64_t sequence;
    grpc_byte_buffer *buffer = buffer_of(bytes, size);
    const char *wrong = load_check(&body, buffer, &slot, &sequence, ret_failed);
    grpc_byte_buffer_destroy(buffer);
    return wrong;
}

/* Read by the product's own reader: what the driver writes by hand is what it is taken for. */
START_TEST(embeddings_are_arrays_of_floats)
{
    struct load_body floats;
    load_body_init(&floats, 0, 3, 4);
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    const uint8_t *data = GRPC_SLICE_START_PTR(floats.data) + floats.prefix_size, *docs = data + 1;
    while (*docs++ & 0x80) /* the array is field 1 of the content; its length goes to the end */
        ;
    size_t size = floats.content_size - (size_t)(docs - data);
    ck_assert_msg(sluice_document_array_read(docs, size, NULL, &array, &error) == SLUICE_OK, "%s", error.text);
    ck_assert_uint_eq(sluice_document_array_size(array), 3);
    for (size_t i = 0; i < 3; i++) {
        sluice_tensor embedding;
        ck_assert(sluice_document_embedding(sluice_document_array_at(array, i), &embedding));
        ck_assert_int_eq(embedding.dtype, SLUICE_DTYPE_FLOAT32);
        ck_assert_uint_eq(embedding.dimensions, 1);
        ck_assert_uint_eq(embedding.shape[0], 4);
    }
    grpc_slice_unref(floats.data);
    sluice_document_array_free(array);
}
END_TEST

START_TEST(echoed_request_is_right)
{
    grpc_byte_buffer *request = load_request(&body, "/", 7, 0x123456789abcu);
    uint32_t slot = 0;
    uint64_t sequence = 0;
    ck_assert_ptr_null(load_check(&body, request, &slot, &sequence, NULL));
    ck_assert_uint_eq(slot, 7);
    ck_assert_uint_eq(sequence, 0x123456789abcu);
    grpc_byte_buffer_destroy(request);
}
END_TEST

START_TEST(same_in_pieces_of_one_byte)
{
    size_t size;
    uint8_t *bytes = flat(load_request(&body, "/", 1, 2), &size);
    grpc_slice *slices = calloc(size, sizeof(*slices));
    ck_assert_ptr_nonnull(slices);
    for (size_t i = 0; i < size; i++)
        slices[i] = grpc_slice_from_copied_buffer((const char *)bytes + i, 1);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, size);
    uint32_t slot;
    uint64_t sequence;
    ck_assert_ptr_null(load_check(&body, buffer, &slot, &sequence, NULL));
    ck_assert_uint_eq(slot, 1);
    grpc_byte_buffer_destroy(buffer);
    for (size_t i = 0; i < size; i++)
        grpc_slice_unref(slices[i]);
    free(slices);
    free(bytes);
}
END_TEST

START_TEST(nothing_and_empty_are_wrong)
{
    uint32_t slot;
    uint64_t sequence;
    ck_assert_ptr_nonnull(load_check(&body, NULL, &slot, &sequence, NULL));
    ck_assert_ptr_nonnull(check_bytes("", 0, NULL)); /* what a send buffer gives that is used twice */
}
END_TEST

START_TEST(every_cut_is_found)
{
    size_t size;
    uint8_t *bytes = flat(load_request(&body, "/", 1, 2), &size);
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_msg(check_bytes(bytes, cut, NULL) != NULL, "an answer of %zu of %zu bytes passed", cut, size);
    free(bytes);
}
END_TEST

START_TEST(other_id_and_other_documents_are_found)
{
    size_t size;
    uint8_t *bytes = flat(load_request(&body, "/", 1, 2), &size);
    bytes[4] = 'z'; /* in the request id */
    ck_assert_ptr_nonnull(check_bytes(bytes, size, NULL));
    bytes[4] = '0';
    ck_assert_ptr_null(check_bytes(bytes, size, NULL));
    size_t document = size - body.content_size + 8; /* in the first document's id */
    bytes[document] = 'z';
    ck_assert_ptr_nonnull(check_bytes(bytes, size, NULL));
    free(bytes);
}
END_TEST

START_TEST(error_status_is_told)
{
    size_t size;
    uint8_t *bytes = flat(load_request(&body, "/", 1, 2), &size);
    /* The header grows by a status with code 1. */
    static const uint8_t status[] = {2 << 3 | 2, 2, 1 << 3, 1};
    uint8_t *with = malloc(size + sizeof(status));
    ck_assert_ptr_nonnull(with);
    memcpy(with, bytes, 2);
    with[1] = (uint8_t)(bytes[1] + sizeof(status));
    memcpy(with + 2, status, sizeof(status));
    memcpy(with + 2 + sizeof(status), bytes + 2, size - 2);
    ck_assert_ptr_nonnull(check_bytes(with, size + sizeof(status), NULL));
    bool failed = false;
    ck_assert_ptr_null(check_bytes(with, size + sizeof(status), &failed));
    ck_assert(failed);
    ck_assert_ptr_null(check_bytes(bytes, size, &failed));
    ck_assert(!failed);
    free(with);
    free(bytes);
}
END_TEST

START_TEST(changed_documents_are_right_only_when_expected)
{
    size_t size;
    uint8_t *bytes = flat(load_request(&body, "/", 1, 2), &size);
    bytes[size - 1] ^= 1;
    body.content_size--; /* the answer is longer by a byte */
    ck_assert_ptr_nonnull(check_bytes(bytes, size, NULL));
    body.may_grow = true;
    ck_assert_ptr_null(check_bytes(bytes, size, NULL));
    body.content_size += 2;
    ck_assert_ptr_nonnull(check_bytes(bytes, size, NULL));
    body.content_size--;
    body.may_grow = false;
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bench.load_message");
    TCase *tests = tcase_create("check");
    tcase_add_checked_fixture(tests, open_body, close_body);
    tcase_add_test(tests, echoed_request_is_right);
    tcase_add_test(tests, embeddings_are_arrays_of_floats);
    tcase_add_test(tests, same_in_pieces_of_one_byte);
    tcase_add_test(tests, nothing_and_empty_are_wrong);
    tcase_add_test(tests, every_cut_is_found);
    tcase_add_test(tests, other_id_and_other_documents_are_found);
    tcase_add_test(tests, error_status_is_told);
    tcase_add_test(tests, changed_documents_are_right_only_when_expected);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
