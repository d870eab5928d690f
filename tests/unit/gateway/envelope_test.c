/* The envelope of a request, read from one slice and from many, and the answer written from it. */
#include "common/wire/wire.h"
#include "gateway/envelope/answer.h"
#include "gateway/envelope/parameters.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(1024, ARENA_NO_LIMIT);
}

static void tear_down(void)
{
    arena_free(arena);
}

/* header {id "ab", endpoint "/f", target "t", timeout 7} parameters {} routes {} data {docs {docs {id "d"}}} field 31
 */
static void build(struct buffer *buffer)
{
    size_t header = wire_begin_message(buffer, REQUEST_HEADER);
    wire_append_text(buffer, HEADER_REQUEST_ID, "ab");
    wire_append_text(buffer, HEADER_ENDPOINT, "/f");
    wire_append_text(buffer, HEADER_TARGET, "t");
    wire_append_uint(buffer, HEADER_TIMEOUT, 7);
    wire_end_message(buffer, header);
    wire_append_bytes(buffer, REQUEST_PARAMETERS, "", 0);
    wire_append_bytes(buffer, REQUEST_ROUTES, "\x0a\x01x", 3);
    wire_append_bytes(buffer, REQUEST_DATA,
                      "\x0a\x05\x0a\x03\x0a\x01"
                      "d",
                      7);
    wire_append_text(buffer, 31, "unknown");
    wire_append_uint(buffer, 32, 300);
}

/* The bytes as a rope of slices of `step` bytes. */
static void slice_up(struct rope *rope, const uint8_t *data, size_t size, size_t step)
{
    rope_init(rope);
    for (size_t at = 0; at < size; at += step)
        ck_assert_int_eq(rope_append(rope, NULL, data + at, size - at < step ? size - at : step), SLUICE_OK);
}

static void check_span(struct span span, const char *text)
{
    ck_assert_uint_eq(span.size, strlen(text));
    ck_assert_int_eq(memcmp(span.data, text, span.size), 0);
}

START_TEST(fields_are_found_however_the_message_is_sliced)
{
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    build(&bytes);
    struct rope message;
    slice_up(&message, bytes.data, bytes.size, (size_t)_i);
    struct envelope envelope;
    ck_assert_int_eq(envelope_read(&message, 8, arena, &envelope, NULL), SLUICE_OK);
    check_span(envelope.request_id, "ab");
    check_span(envelope.endpoint, "/f");
    check_span(envelope.target, "t");
    ck_assert(envelope.has_endpoint && envelope.has_data);
    uint8_t data[7];
    ck_assert_uint_eq(envelope.data.size, sizeof data);
    rope_copy_out(&envelope.data, data);
    ck_assert_int_eq(memcmp(data,
                            "\x0a\x05\x0a\x03\x0a\x01"
                            "d",
                            7),
                     0);
    check_span(envelope.unknown, "\xfa\x01\x07unknown\x80\x02\xac\x02");
    envelope_done(&envelope);
    rope_done(&message);
    buffer_done(&bytes);
}
END_TEST

START_TEST(two_occurrences_are_merged)
{
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    build(&bytes);
    build(&bytes);
    struct rope message;
    slice_up(&message, bytes.data, bytes.size, 5);
    struct envelope envelope;
    ck_assert_int_eq(envelope_read(&message, 8, arena, &envelope, NULL), SLUICE_OK);
    ck_assert_uint_eq(envelope.data.size, 14);
    check_span(envelope.request_id, "ab");
    envelope_done(&envelope);
    rope_done(&message);
    buffer_done(&bytes);
}
END_TEST

START_TEST(every_cut_is_refused_or_shorter)
{
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    build(&bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        struct rope message;
        slice_up(&message, bytes.data, size, 3);
        struct envelope envelope;
        sluice_error error = {0};
        sluice_status status = envelope_read(&message, 8, arena, &envelope, &error);
        ck_assert(status == SLUICE_OK || status == SLUICE_INVALID);
        if (status == SLUICE_INVALID)
            ck_assert_ptr_nonnull(strstr(error.text, "protobuf"));
        envelope_done(&envelope);
        rope_done(&message);
    }
    buffer_done(&bytes);
}
END_TEST

static sluice_status read_bytes(const char *data, size_t size, sluice_error *error)
{
    struct rope message;
    slice_up(&message, (const uint8_t *)data, size, 64);
    struct envelope envelope;
    sluice_status status = envelope_read(&message, 2, arena, &envelope, error);
    envelope_done(&envelope);
    rope_done(&message);
    return status;
}

START_TEST(a_message_of_no_bytes_is_an_empty_request)
{
    ck_assert_int_eq(read_bytes("", 0, NULL), SLUICE_OK);
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused)
{
    sluice_error error;
    ck_assert_int_eq(read_bytes("\x0a\x03\x0a\x01\xff", 5, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "UTF-8"));
    /* parameters {"\xff": null} */
    ck_assert_int_eq(read_bytes("\x12\x05\x0a\x03\x0a\x01\xff", 7, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "parameters"));
}
END_TEST

START_TEST(answer_keeps_the_order_of_field_numbers)
{
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    build(&bytes);
    struct rope message, written;
    slice_up(&message, bytes.data, bytes.size, 1000);
    rope_init(&written);
    struct envelope envelope;
    ck_assert_int_eq(envelope_read(&message, 8, arena, &envelope, NULL), SLUICE_OK);
    struct answer_route route = {
        .executor = "gateway", .start = {5, 0},
             .end = {5, 7},
             .ended = true
    };
    struct answer answer = {.envelope = &envelope,
                            .status = answer_status(arena, 1, "ValueError", "it's bad", "Tool"),
                            .parameters = envelope.parameters,
                            .routes = &route,
                            .route_count = 1,
                            .data = &envelope.data,
                            .has_data = true};
    struct block *head = block_new(answer_head_size(&answer));
    ck_assert_int_eq(answer_write(&answer, head, &written), SLUICE_OK);
    block_unref(head);
    uint8_t out[512];
    ck_assert_uint_le(written.size, sizeof out);
    rope_copy_out(&written, out);
    struct wire_reader reader = wire_read(out, written.size);
    struct wire_field field;
    static const uint32_t order[] = {1, 2, 3, 4, 31, 32};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        ck_assert(wire_next(&reader, &field));
        ck_assert_uint_eq(field.number, order[i]);
        if (i == 0) {
            static const uint32_t header[] = {1, 2, 3, 4, 5};
            struct wire_reader inner = wire_read(field.data, field.size);
            struct wire_field part;
            for (size_t j = 0; j < 5; j++) {
                ck_assert(wire_next(&inner, &part));
                ck_assert_uint_eq(part.number, header[j]);
                if (part.number == HEADER_TARGET)
                    ck_assert_uint_eq(part.size, 0);
            }
            ck_assert(!wire_next(&inner, &part));
        }
    }
    ck_assert(!wire_next(&reader, &field) && !reader.malformed);
    rope_done(&written);
    envelope_done(&envelope);
    rope_done(&message);
    buffer_done(&bytes);
}
END_TEST

START_TEST(status_code_can_be_that_of_old_clients)
{
    struct span status = answer_status(arena, 1, "KeyError", "k", "");
    struct span changed = answer_status_with_code(arena, status, 3);
    ck_assert_uint_eq(changed.size, status.size);
    ck_assert_uint_eq(changed.data[1], 3);
    ck_assert_int_eq(memcmp(changed.data + 2, status.data + 2, status.size - 2), 0);
    ck_assert_ptr_nonnull(memmem(changed.data, changed.size, "KeyError('k')", 13));
}
END_TEST

int main(void)
{
    TCase *envelope = tcase_create("envelope");
    tcase_add_checked_fixture(envelope, set_up, tear_down);
    tcase_add_loop_test(envelope, fields_are_found_however_the_message_is_sliced, 1, 70);
    tcase_add_test(envelope, two_occurrences_are_merged);
    tcase_add_test(envelope, every_cut_is_refused_or_shorter);
    tcase_add_test(envelope, a_message_of_no_bytes_is_an_empty_request);
    tcase_add_test(envelope, text_that_is_not_utf8_is_refused);
    tcase_add_test(envelope, answer_keeps_the_order_of_field_numbers);
    tcase_add_test(envelope, status_code_can_be_that_of_old_clients);
    Suite *suite = suite_create("gateway.envelope");
    suite_add_tcase(suite, envelope);
    return suite_run(suite);
}
