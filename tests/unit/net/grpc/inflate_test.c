/* Compressed messages: however they are sliced, and at the edge of the bound. */
#include "common/net/grpc/inflate.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/slice_buffer.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

enum { PACKED_MAX = 4096, PLAIN = 100000 };

static sluice_error error;

/* `size` bytes, compressed, in slices of `step` bytes, less the last `cut` of them. */
static grpc_byte_buffer *packed(size_t size, int bits, size_t step, size_t cut)
{
    static uint8_t plain[PLAIN + 1], bytes[PACKED_MAX];
    ck_assert_uint_le(size, sizeof plain);
    for (size_t i = 0; i < size; i++)
        plain[i] = (uint8_t)(i / 1000);
    z_stream stream = {.next_in = plain, .avail_in = (uInt)size, .next_out = bytes, .avail_out = sizeof bytes};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t length = stream.total_out - cut;
    deflateEnd(&stream);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(NULL, 0);
    for (size_t at = 0; at < length; at += step)
        grpc_slice_buffer_add_indexed(
            &buffer->data.raw.slice_buffer,
            grpc_slice_from_copied_buffer((char *)bytes + at, length - at < step ? length - at : step));
    buffer->data.raw.compression = bits > 15 ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_DEFLATE;
    return buffer;
}

static const int all_bits[] = {15, 31};
static const size_t steps[] = {1, 7, PACKED_MAX};

START_TEST(what_fits_is_opened)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        grpc_byte_buffer *buffer = packed(PLAIN, all_bits[_i], steps[i], 0);
        ck_assert_int_eq(rpc_inflate(&buffer, PLAIN, &error), SLUICE_OK);
        ck_assert_uint_eq(grpc_byte_buffer_length(buffer), PLAIN);
        ck_assert_int_eq(buffer->data.raw.compression, GRPC_COMPRESS_NONE);
        grpc_byte_buffer_reader reader;
        ck_assert(grpc_byte_buffer_reader_init(&reader, buffer));
        grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
        for (size_t at = 0; at < PLAIN; at++)
            ck_assert_uint_eq(GRPC_SLICE_START_PTR(all)[at], (uint8_t)(at / 1000));
        grpc_slice_unref(all);
        grpc_byte_buffer_reader_destroy(&reader);
        grpc_byte_buffer_destroy(buffer);
    }
}
END_TEST

static void refused(grpc_byte_buffer *buffer, size_t size_max, sluice_status status)
{
    ck_assert_int_eq(rpc_inflate(&buffer, size_max, &error), status);
    grpc_byte_buffer_destroy(buffer);
}

START_TEST(what_does_not_is_refused)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        refused(packed(PLAIN + 1, all_bits[_i], steps[i], 0), PLAIN, SLUICE_LIMIT);
        refused(packed(PLAIN, all_bits[_i], steps[i], 0), 0, SLUICE_LIMIT);
        refused(packed(PLAIN, all_bits[_i], steps[i], 1), PLAIN, SLUICE_INVALID);
        grpc_byte_buffer *more = packed(PLAIN, all_bits[_i], steps[i], 0);
        grpc_slice_buffer_add_indexed(&more->data.raw.slice_buffer, grpc_slice_from_static_string("x"));
        refused(more, PLAIN, SLUICE_INVALID);
    }
}
END_TEST

START_TEST(nothing_is_the_least)
{
    grpc_byte_buffer *empty = packed(0, all_bits[_i], 1, 0);
    ck_assert_int_eq(rpc_inflate(&empty, 0, &error), SLUICE_OK);
    ck_assert_uint_eq(grpc_byte_buffer_length(empty), 0);
    grpc_byte_buffer_destroy(empty);
    grpc_byte_buffer *none = grpc_raw_byte_buffer_create(NULL, 0);
    none->data.raw.compression = GRPC_COMPRESS_GZIP;
    refused(none, 0, SLUICE_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.grpc.inflate");
    TCase *cases = tcase_create("all");
    tcase_set_timeout(cases, SUITE_TIMEOUT_SECONDS);
    tcase_add_loop_test(cases, what_fits_is_opened, 0, 2);
    tcase_add_loop_test(cases, what_does_not_is_refused, 0, 2);
    tcase_add_loop_test(cases, nothing_is_the_least, 0, 2);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
