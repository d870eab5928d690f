#include "common/foundation/arena.h"
#include "common/foundation/block.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The smallest chunk is what glibc keeps per thread (1032 bytes with its header): getting it back is a matter of a few
 * instructions, which counts where an arena is made for every request. */
enum { ALIGNMENT = 16, CHUNK_MIN = 1008, CHUNK_MAX = 1 << 20 };

struct chunk {
    struct chunk *next;
    size_t size;
};

struct kept {
    struct kept *next;
    struct block *block;
};

struct arena {
    uint8_t *at, *end;
    struct chunk *chunks; /* all but the first, which follows this struct */
    struct kept *kept;
    size_t first_size, next_size, total, limit;
    sluice_status failure;
    bool lent; /* the struct and the first chunk are the caller's */
};

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static uint8_t *first_chunk(struct arena *arena)
{
    return (uint8_t *)arena + aligned(sizeof *arena);
}

static struct arena *begin(struct arena *arena, size_t first_size, size_t limit, bool lent)
{
    /* The first chunk is there, whatever the limit: what is left of the limit never goes below zero. */
    *arena = (struct arena){
        .first_size = first_size, .limit = limit > first_size ? limit : first_size, .lent = lent};
    arena_reset(arena);
    return arena;
}

struct arena *arena_new(size_t first_size, size_t limit)
{
    first_size = aligned(first_size);
    struct arena *arena = malloc(aligned(sizeof *arena) + first_size);
    return arena != NULL ? begin(arena, first_size, limit, false) : NULL;
}

struct arena *arena_at(void *memory, size_t size, size_t limit)
{
    static_assert(ARENA_AT_LEAST >= sizeof(struct arena), "the struct fits");
    size_t own = aligned(sizeof(struct arena));
    size_t first_size = size > own ? (size - own) & ~(size_t)(ALIGNMENT - 1) : 0;
    return begin(memory, first_size, limit, true);
}

void arena_reset(struct arena *arena)
{
    for (struct kept *kept = arena->kept; kept != NULL; kept = kept->next)
        block_unref(kept->block);
    for (struct chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    arena->kept = NULL;
    arena->chunks = NULL;
    arena->at = first_chunk(arena);
    arena->end = arena->at + arena->first_size;
    arena->next_size = arena->first_size < CHUNK_MIN ? CHUNK_MIN : arena->first_size;
    arena->total = arena->first_size;
    arena->failure = SLUICE_OK;
}

struct arena *arena_free(struct arena *arena)
{
    if (arena != NULL) {
        arena_reset(arena);
        if (!arena->lent)
            free(arena);
    }
    return NULL;
}

static void *fail(struct arena *arena, sluice_status status)
{
    arena->failure = status;
    return NULL;
}

/* A new chunk; one large request gets its own and the current chunk stays in use. */
static void *alloc_from_new_chunk(struct arena *arena, size_t size)
{
    size_t chunk_size = size;
    if (size <= arena->next_size / 2) {
        chunk_size = arena->next_size;
        if (chunk_size > arena->limit - arena->total)
            chunk_size = size;
    }
    if (chunk_size > arena->limit - arena->total)
        return fail(arena, SLUICE_LIMIT);
    struct chunk *chunk = malloc(aligned(sizeof *chunk) + chunk_size);
    if (chunk == NULL)
        return fail(arena, SLUICE_NO_MEMORY);
    chunk->next = arena->chunks;
    chunk->size = chunk_size;
    arena->chunks = chunk;
    arena->total += chunk_size;
    uint8_t *data = (uint8_t *)chunk + aligned(sizeof *chunk);
    if (chunk_size > size) {
        arena->at = data + size;
        arena->end = data + chunk_size;
        if (arena->next_size < CHUNK_MAX)
            arena->next_size *= 2;
    }
    return data;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return fail(arena, SLUICE_LIMIT);
    size = aligned(size);
    if (size <= (size_t)(arena->end - arena->at)) {
        void *result = arena->at;
        arena->at += size;
        return result;
    }
    return alloc_from_new_chunk(arena, size);
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *result = arena_alloc(arena, size);
    if (result != NULL)
        memset(result, 0, size);
    return result;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *result = arena_alloc(arena, size);
    if (result != NULL && size > 0)
        memcpy(result, data, size);
    return result;
}

char *arena_text_of(struct arena *arena, const void *data, size_t size)
{
    char *result = size < SIZE_MAX ? arena_alloc(arena, size + 1) : fail(arena, SLUICE_LIMIT);
    if (result != NULL) {
        if (size > 0)
            memcpy(result, data, size);
        result[size] = '\0';
    }
    return result;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_text_of(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *result = size >= 0 ? arena_alloc(arena, (size_t)size + 1) : NULL;
    if (result != NULL)
        vsnprintf(result, (size_t)size + 1, format, again);
    va_end(again);
    return result;
}

sluice_status arena_keep(struct arena *arena, struct block *block)
{
    struct kept *kept = arena_alloc(arena, sizeof *kept);
    if (kept == NULL)
        return arena->failure;
    *kept = (struct kept){.next = arena->kept, .block = block_ref(block)};
    arena->kept = kept;
    return SLUICE_OK;
}

sluice_status arena_failure(const struct arena *arena)
{
    return arena->failure;
}

size_t arena_size(const struct arena *arena)
{
    return arena->total;
}
