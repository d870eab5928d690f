/*
 * index.h - finds a position by its key: entries of large maps, scores, documents by id.
 *
 * Open addressing over positions; the keys stay where they are and are asked for by a callback. A position whose key is
 * there already is not added, so the first one is found. Keys come from outside, hence
 * foundation/hash.h. Not thread-safe while it changes.
 */
#ifndef SLUICE_DOCUMENT_INDEX_H
#define SLUICE_DOCUMENT_INDEX_H

#include "common/foundation/arena.h"

#include <sluice/document.h>

/* Below this many keys a row is searched from its start. */
enum { TEXT_INDEX_FROM = 16 };

#define TEXT_INDEX_NONE SIZE_MAX

typedef sluice_text (*text_index_key)(const void *owner, size_t position);

struct text_index {
    uint32_t *slots; /* position + 1, 0: free; NULL: no index */
    size_t capacity; /* a power of two */
    size_t used;
};

/* TEXT_INDEX_NONE when there is none. */
size_t text_index_find(const struct text_index *index, sluice_text key, text_index_key key_at, const void *owner);

/* Makes the index hold the positions 0 to count-1. Memory is taken from `arena` when it has to grow. */
sluice_status text_index_build(struct text_index *index, struct arena *arena, size_t count, text_index_key key_at,
                               const void *owner);

/* Adds `position`, which is one more than any before. */
sluice_status text_index_add(struct text_index *index, struct arena *arena, size_t position, text_index_key key_at,
                             const void *owner);

#endif
