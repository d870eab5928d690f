#include "common/foundation/arena.h"
#include "common/foundation/block.h"
#include "tests/unit/suite.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

START_TEST(memory_is_aligned_and_apart)
{
    struct arena *arena = arena_new(100, ARENA_NO_LIMIT);
    uint8_t *last = NULL;
    for (size_t size = 1; size < 300; size++) {
        uint8_t *memory = arena_alloc(arena, size);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % 16, 0);
        ck_assert_ptr_ne(memory, last);
        memset(memory, 0xAB, size);
        last = memory;
    }
    uint8_t *zeroed = arena_zalloc(arena, 50);
    for (size_t i = 0; i < 50; i++)
        ck_assert_uint_eq(zeroed[i], 0);
    ck_assert_ptr_nonnull(arena_alloc(arena, 0));
    arena_free(arena);
    ck_assert_ptr_null(arena_free(NULL));
}
END_TEST

START_TEST(it_lies_in_the_callers_memory)
{
    alignas(16) uint8_t memory[ARENA_AT_LEAST + 1000];
    for (size_t size = ARENA_AT_LEAST; size <= sizeof memory; size++) {
        struct arena *arena = arena_at(memory, size, 4096 + 1200);
        size_t inside = arena_size(arena);
        ck_assert_ptr_eq(arena, memory);
        ck_assert_uint_le(inside, size);
        uint8_t *first = arena_alloc(arena, inside);
        ck_assert(first > memory && first + inside <= memory + size);
        memset(first, 0xAB, inside);
        uint8_t *second = arena_alloc(arena, 4096);
        ck_assert(second + 4096 <= memory || second >= memory + size);
        memset(second, 0xCD, 4096);
        ck_assert_ptr_null(arena_alloc(arena, 1201));
        ck_assert_int_eq(arena_failure(arena), SLUICE_LIMIT);
        arena_reset(arena);
        ck_assert_ptr_eq(arena_alloc(arena, inside), first);
        arena_free(arena);
    }
}
END_TEST

START_TEST(copies_keep_every_byte)
{
    struct arena *arena = arena_new(0, ARENA_NO_LIMIT);
    ck_assert_mem_eq(arena_copy(arena, "a\0b", 3), "a\0b", 3);
    ck_assert_ptr_nonnull(arena_copy(arena, NULL, 0));
    ck_assert_mem_eq(arena_text_of(arena, "a\0b", 3), "a\0b\0", 4);
    ck_assert_str_eq(arena_text(arena, "text"), "text");
    ck_assert_str_eq(arena_printf(arena, "%s-%d", "x", 7), "x-7");
    arena_free(arena);
}
END_TEST

START_TEST(the_limit_holds_exactly)
{
    struct arena *arena = arena_new(64, 64 + 4096);
    ck_assert_ptr_nonnull(arena_alloc(arena, 64));
    ck_assert_ptr_nonnull(arena_alloc(arena, 4096));
    ck_assert_uint_eq(arena_size(arena), 64 + 4096);
    ck_assert_ptr_null(arena_alloc(arena, 1));
    ck_assert_int_eq(arena_failure(arena), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(arena_alloc(arena, 0));
    arena_reset(arena);
    ck_assert_int_eq(arena_failure(arena), SLUICE_OK);
    ck_assert_ptr_null(arena_alloc(arena, 4097 + 64));
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX / 2 + 1));
    ck_assert_ptr_nonnull(arena_alloc(arena, 4096));
    arena_free(arena);
    arena = arena_new(100, 50); /* the first chunk is larger than the limit */
    ck_assert_ptr_nonnull(arena_alloc(arena, 112));
    ck_assert_ptr_null(arena_alloc(arena, 1));
    arena_free(arena);
}
END_TEST

/* A large request has a chunk of its own: the small ones after it still share theirs. */
START_TEST(large_requests_do_not_waste_the_rest_of_a_chunk)
{
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    uint8_t *before = arena_alloc(arena, 16);
    arena_alloc(arena, 1 << 20);
    uint8_t *after = arena_alloc(arena, 16);
    ck_assert_ptr_eq(after, before + 16);
    arena_free(arena);
}
END_TEST

START_TEST(kept_blocks_live_until_reset)
{
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    struct block *block = block_new(8);
    ck_assert_int_eq(arena_keep(arena, block), SLUICE_OK);
    ck_assert_int_eq(arena_keep(arena, block), SLUICE_OK);
    ck_assert_uint_eq(atomic_load(&block->references), 3);
    arena_reset(arena);
    ck_assert_uint_eq(atomic_load(&block->references), 1);
    ck_assert_int_eq(arena_keep(arena, block), SLUICE_OK);
    arena_free(arena);
    ck_assert_uint_eq(atomic_load(&block->references), 1);
    block_unref(block);
}
END_TEST

SUITE_MAIN("common.arena", memory_is_aligned_and_apart, it_lies_in_the_callers_memory, copies_keep_every_byte,
           the_limit_holds_exactly,
           large_requests_do_not_waste_the_rest_of_a_chunk, kept_blocks_live_until_reset)
