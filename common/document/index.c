#include "common/document/index.h"
#include "common/foundation/hash.h"

#include <string.h>

static bool same(sluice_text a, sluice_text b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* The slot that holds `key`, or the free one where it would go. */
static size_t slot_of(const struct text_index *index, sluice_text key, text_index_key key_at, const void *owner)
{
    size_t slot = hash_bytes(key.data, key.size) & (index->capacity - 1);
    while (index->slots[slot] != 0 && !same(key_at(owner, index->slots[slot] - 1), key))
        slot = (slot + 1) & (index->capacity - 1);
    return slot;
}

size_t text_index_find(const struct text_index *index, sluice_text key, text_index_key key_at, const void *owner)
{
    uint32_t found = index->slots[slot_of(index, key, key_at, owner)];
    return found > 0 ? found - 1 : TEXT_INDEX_NONE;
}

static void put(struct text_index *index, size_t position, text_index_key key_at, const void *owner)
{
    size_t slot = slot_of(index, key_at(owner, position), key_at, owner);
    if (index->slots[slot] == 0) {
        index->slots[slot] = (uint32_t)position + 1;
        index->used++;
    }
}

sluice_status text_index_build(struct text_index *index, struct arena *arena, size_t count, text_index_key key_at,
                               const void *owner)
{
    if (count >= UINT32_MAX / 2)
        return SLUICE_LIMIT;
    size_t capacity = index->capacity > 0 ? index->capacity : 4 * TEXT_INDEX_FROM;
    while (capacity < 2 * count)
        capacity *= 2;
    if (capacity > index->capacity) {
        uint32_t *slots = arena_alloc(arena, capacity * sizeof *slots);
        if (slots == NULL)
            return arena_failure(arena);
        index->slots = slots;
        index->capacity = capacity;
    }
    memset(index->slots, 0, index->capacity * sizeof *index->slots);
    index->used = 0;
    for (size_t i = 0; i < count; i++)
        put(index, i, key_at, owner);
    return SLUICE_OK;
}

sluice_status text_index_add(struct text_index *index, struct arena *arena, size_t position, text_index_key key_at,
                             const void *owner)
{
    if (index->slots == NULL || 2 * (index->used + 1) > index->capacity)
        return text_index_build(index, arena, position + 1, key_at, owner);
    put(index, position, key_at, owner);
    return SLUICE_OK;
}
