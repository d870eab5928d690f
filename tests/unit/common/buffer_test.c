#include "common/foundation/buffer.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(appends_grow_it_and_keep_a_nul_behind)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    ck_assert_str_eq(buffer_text(&buffer), "");
    buffer_append_text(&buffer, "one ");
    buffer_append(&buffer, "two", 3);
    buffer_append(&buffer, NULL, 0);
    buffer_append_byte(&buffer, ' ');
    buffer_printf(&buffer, "%d%s", 3, "!");
    ck_assert_str_eq(buffer_text(&buffer), "one two 3!");
    for (int i = 0; i < 10000; i++)
        buffer_append_byte(&buffer, 'x');
    ck_assert_uint_eq(buffer.size, 10 + 10000);
    ck_assert_int_eq(buffer.failed, SLUICE_OK);
    ck_assert_int_eq(buffer.data[buffer.size], 0);
    buffer_clear(&buffer);
    ck_assert_str_eq(buffer_text(&buffer), "");
    buffer_done(&buffer);
}
END_TEST

START_TEST(the_limit_is_exact_and_the_failure_stays)
{
    struct buffer buffer;
    buffer_init(&buffer, 4);
    buffer_append_text(&buffer, "abcd");
    ck_assert_int_eq(buffer.failed, SLUICE_OK);
    buffer_append_byte(&buffer, 'e');
    ck_assert_int_eq(buffer.failed, SLUICE_LIMIT);
    ck_assert_str_eq(buffer_text(&buffer), "abcd");
    ck_assert_ptr_null(buffer_reserve(&buffer, 0));
    buffer_printf(&buffer, "x");
    ck_assert_uint_eq(buffer.size, 4);
    buffer_clear(&buffer);
    ck_assert_int_eq(buffer.failed, SLUICE_OK);
    ck_assert_ptr_null(buffer_reserve(&buffer, SIZE_MAX));
    buffer_done(&buffer);
}
END_TEST

START_TEST(taken_memory_belongs_to_the_taker)
{
    struct buffer buffer;
    size_t size = 7;
    buffer_init(&buffer, 100);
    ck_assert_ptr_null(buffer_take(&buffer, &size));
    ck_assert_uint_eq(size, 0);
    uint8_t *room = buffer_reserve(&buffer, 3);
    memcpy(room, "xyz", 3);
    buffer.size += 3;
    uint8_t *taken = buffer_take(&buffer, &size);
    ck_assert_mem_eq(taken, "xyz", 3);
    ck_assert_uint_eq(size, 3);
    ck_assert_uint_eq(buffer.size, 0);
    ck_assert_uint_eq(buffer.limit, 100);
    free(taken);
    buffer_done(&buffer);
}
END_TEST

SUITE_MAIN("common.buffer", appends_grow_it_and_keep_a_nul_behind, the_limit_is_exact_and_the_failure_stays,
           taken_memory_belongs_to_the_taker)
