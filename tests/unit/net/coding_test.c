#include "common/net/coding.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const enum coding codings[] = {CODING_GZIP, CODING_DEFLATE};
/* Around the step in which output is taken. */
static const size_t sizes[] = {1, 1000, 65535, 65536, 65537, 300000};

enum { SIZES = sizeof sizes / sizeof *sizes };

/* Bytes that do not shrink, or bytes that do. */
static void fill(struct buffer *body, size_t size, bool random)
{
    buffer_init(body, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(body, random ? (uint8_t)rand() : (uint8_t)(i / 1000));
    ck_assert_int_eq(body->failed, SLUICE_OK);
}

static void check_reads(const struct buffer *coded, enum coding coding, const struct buffer *plain)
{
    z_stream stream = {.next_in = coded->data, .avail_in = (uInt)coded->size};
    uint8_t *back = malloc(plain->size + 1);
    ck_assert_int_eq(inflateInit2(&stream, coding == CODING_GZIP ? 15 + 16 : 15), Z_OK);
    stream.next_out = back;
    stream.avail_out = (uInt)plain->size + 1;
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_uint_eq(stream.avail_in, 0);
    ck_assert_uint_eq(stream.total_out, plain->size);
    ck_assert_mem_eq(back, plain->data, plain->size);
    inflateEnd(&stream);
    free(back);
}

START_TEST(what_is_written_can_be_read)
{
    for (size_t i = 0; i < SIZES; i++) {
        for (int random = 0; random < 2; random++) {
            struct buffer plain, body;
            fill(&plain, sizes[i], random);
            buffer_init(&body, BUFFER_NO_LIMIT);
            buffer_append(&body, plain.data, plain.size);
            ck_assert_int_eq(coding_write(codings[_i], &body), SLUICE_OK);
            check_reads(&body, codings[_i], &plain);
            buffer_done(&body);
            buffer_done(&plain);
        }
    }
}
END_TEST

/* Exactly at the limit, and one byte above it: then the bytes are as before. */
START_TEST(the_limit_holds_for_the_coded_bytes)
{
    struct buffer plain, body;
    fill(&plain, 5000, true);
    buffer_init(&body, BUFFER_NO_LIMIT);
    buffer_append(&body, plain.data, plain.size);
    ck_assert_int_eq(coding_write(codings[_i], &body), SLUICE_OK);
    size_t coded = body.size;
    ck_assert_uint_gt(coded, plain.size);
    for (int less = 0; less < 2; less++) {
        buffer_done(&body);
        buffer_init(&body, coded - (size_t)less);
        buffer_append(&body, plain.data, plain.size);
        ck_assert_int_eq(coding_write(codings[_i], &body), less ? SLUICE_TOO_LARGE : SLUICE_OK);
        ck_assert_uint_eq(body.size, less ? plain.size : coded);
        ck_assert_uint_eq(body.limit, coded - (size_t)less);
    }
    ck_assert_mem_eq(body.data, plain.data, plain.size);
    buffer_done(&body);
    buffer_done(&plain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.coding");
    TCase *test = tcase_create("coding");
    tcase_add_loop_test(test, what_is_written_can_be_read, 0, 2);
    tcase_add_loop_test(test, the_limit_holds_for_the_coded_bytes, 0, 2);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
