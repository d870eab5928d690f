#include "gateway/graphql/names.h"

#include <string.h>

static sluice_text key_at(const void *owner, size_t position)
{
    return ((const struct names *)owner)->entries[position].key;
}

static size_t find(const struct names *names, sluice_text key)
{
    if (names->count >= TEXT_INDEX_FROM)
        return text_index_find(&names->index, key, key_at, names);
    for (size_t i = 0; i < names->count; i++)
        if (names->entries[i].key.size == key.size && memcmp(names->entries[i].key.data, key.data, key.size) == 0)
            return i;
    return TEXT_INDEX_NONE;
}

void *names_get(const struct names *names, sluice_text key)
{
    size_t position = find(names, key);
    return position != TEXT_INDEX_NONE ? names->entries[position].value : NULL;
}

static bool grow(struct names *names, struct arena *arena)
{
    size_t capacity = names->capacity == 0 ? 4 : names->capacity * 2;
    struct name_entry *entries = arena_alloc(arena, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    if (names->count > 0)
        memcpy(entries, names->entries, names->count * sizeof *entries);
    names->entries = entries;
    names->capacity = capacity;
    return true;
}

void **names_slot(struct names *names, struct arena *arena, sluice_text key)
{
    size_t position = find(names, key);
    if (position != TEXT_INDEX_NONE)
        return &names->entries[position].value;
    if (names->count == names->capacity && !grow(names, arena))
        return NULL;
    names->entries[names->count++] = (struct name_entry){key, NULL};
    sluice_status status = SLUICE_OK;
    if (names->count == TEXT_INDEX_FROM)
        status = text_index_build(&names->index, arena, names->count, key_at, names);
    else if (names->count > TEXT_INDEX_FROM)
        status = text_index_add(&names->index, arena, names->count - 1, key_at, names);
    return status == SLUICE_OK ? &names->entries[names->count - 1].value : NULL;
}
