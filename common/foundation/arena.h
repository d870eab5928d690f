/*
 * arena.h - memory that lives and goes together.
 *
 * A request, a document array or a Flow owns one arena; what belongs to it is taken from there and nothing is freed
 * one by one. Allocation fails (NULL) above the arena's limit or when the system has no memory; callers report
 * SLUICE_LIMIT or SLUICE_NO_MEMORY as arena_failure() says. Memory is 16-byte aligned. Not thread-safe.
 */
#ifndef SLUICE_FOUNDATION_ARENA_H
#define SLUICE_FOUNDATION_ARENA_H

#include <sluice/error.h>

#include <stddef.h>

struct arena;
struct block;

#define ARENA_NO_LIMIT ((size_t)1 << 47)

/* `first_size`: bytes of the first chunk, made together with the arena. `limit`: bytes in all. NULL: no memory. */
struct arena *arena_new(size_t first_size, size_t limit);

/*
 * An arena in the caller's memory, on the stack for one: nothing is allocated until its `size` bytes are used up. It is
 * 16-byte aligned and has ARENA_AT_LEAST bytes; the arena's own struct takes some of them. arena_free() is due as ever,
 * before the memory goes.
 */
enum { ARENA_AT_LEAST = 128 };
struct arena *arena_at(void *memory, size_t size, size_t limit);

struct arena *arena_free(struct arena *arena); /* NULL is fine; returns NULL; drops the references it keeps */

/* Forget everything but the first chunk, for reuse. Drops the references it keeps. */
void arena_reset(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);      /* uninitialised; size 0 gives a valid pointer */
void *arena_zalloc(struct arena *arena, size_t size);     /* zeroed */
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_text(struct arena *arena, const char *text);  /* a copy with its NUL */
char *arena_text_of(struct arena *arena, const void *data, size_t size); /* a copy, NUL added */
char *arena_printf(struct arena *arena, const char *format, ...) SLUICE_PRINTF(2, 3);

/* Keep a reference to `block` (block.h) until the arena is reset or freed, because memory here points into it. */
sluice_status arena_keep(struct arena *arena, struct block *block);

sluice_status arena_failure(const struct arena *arena); /* why the last allocation failed */
size_t arena_size(const struct arena *arena);           /* bytes taken from the system */

#endif
