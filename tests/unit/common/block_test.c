#include "common/foundation/block.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <string.h>

static int released;

static void count_release(struct block *block)
{
    (void)block;
    released++;
}

START_TEST(the_last_reference_releases)
{
    struct block block;
    block_init(&block, "bytes", 5, count_release);
    ck_assert_ptr_eq(block_ref(&block), &block);
    block_unref(&block);
    ck_assert_int_eq(released, 0);
    block_unref(&block);
    ck_assert_int_eq(released, 1);
    ck_assert_ptr_null(block_ref(NULL));
    block_unref(NULL);
    ck_assert_ptr_null(block_new(SIZE_MAX));
}
END_TEST

enum { THREADS = 4, TURNS = 20000 };

static void *take_and_drop(void *argument)
{
    for (int i = 0; i < TURNS; i++)
        block_unref(block_ref(argument));
    return NULL;
}

START_TEST(threads_may_share_a_block)
{
    struct block block;
    pthread_t threads[THREADS];
    block_init(&block, NULL, 0, count_release);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_drop, &block), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(released, 0);
    block_unref(&block);
    ck_assert_int_eq(released, 1);
}
END_TEST

START_TEST(a_rope_is_its_slices_one_after_the_other)
{
    struct block *block = block_new(26);
    memcpy(block->data, "abcdefghijklmnopqrstuvwxyz", 26);
    struct rope rope, more;
    rope_init(&rope);
    rope_init(&more);
    for (size_t i = 0; i < 26; i++) { /* more than fit inline */
        ck_assert_int_eq(rope_append(&rope, block, block->data + i, 1), SLUICE_OK);
        ck_assert_int_eq(rope_append(&rope, block, block->data, 0), SLUICE_OK);
    }
    ck_assert_uint_eq(rope.count, 26);
    ck_assert_uint_eq(rope.size, 26);
    ck_assert_uint_eq(atomic_load(&block->references), 27);
    ck_assert_int_eq(rope_append(&more, NULL, "01", 2), SLUICE_OK);
    ck_assert_int_eq(rope_append_rope(&more, &rope), SLUICE_OK);
    char text[29] = "";
    rope_copy_out(&more, text);
    ck_assert_str_eq(text, "01abcdefghijklmnopqrstuvwxyz");
    char part[5] = "";
    rope_copy_part(&more, 1, part, 4); /* from within a slice on */
    ck_assert_str_eq(part, "1abc");
    rope_copy_part(&more, 24, part, 4); /* to the end */
    ck_assert_str_eq(part, "wxyz");
    rope_copy_part(&more, 28, part, 0);
    ck_assert_str_eq(part, "wxyz");
    rope_done(&rope);
    ck_assert_uint_eq(atomic_load(&block->references), 27);
    rope_move(&rope, &more);
    ck_assert_uint_eq(more.size, 0);
    ck_assert_uint_eq(rope.size, 28);
    rope_done(&rope);
    rope_done(&more);
    ck_assert_uint_eq(atomic_load(&block->references), 1);
    block_unref(block);
}
END_TEST

START_TEST(a_short_rope_moves_too)
{
    struct rope from, to;
    rope_init(&from);
    rope_init(&to);
    rope_append(&from, NULL, "ab", 2);
    rope_move(&to, &from);
    ck_assert_ptr_eq(to.slices, to.local);
    ck_assert_uint_eq(to.size, 2);
    ck_assert_mem_eq(to.slices[0].data, "ab", 2);
    rope_done(&to);
    rope_done(&from);
}
END_TEST

SUITE_MAIN("common.block", the_last_reference_releases, threads_may_share_a_block,
           a_rope_is_its_slices_one_after_the_other, a_short_rope_moves_too)
