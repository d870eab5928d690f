#include "entry.h"
#include "common/foundation/hash.h"
#include "flat.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64, SPARSE = 64 /* slots for each entry, above which a map is not worth clearing */ };

/* ---- entries ---- */

const sluice_limits entry_limits = {.depth = 1000};

static struct entry *new_entry(sluice_text id, sluice_text document, sluice_text tags)
{
    struct entry *entry = malloc(sizeof *entry + document.size + tags.size + id.size);
    if (entry == NULL)
        return NULL;
    *entry = (struct entry){
        .hash = hash_bytes(id.data, id.size),
        .id_size = id.size,
        .document_size = document.size,
        .tags_size = (uint32_t)tags.size,
    };
    memcpy(entry->bytes, document.data, document.size);
    memcpy(entry->bytes + document.size, tags.data, tags.size);
    memcpy(entry->bytes + document.size + tags.size, id.data, id.size);
    return entry;
}

sluice_status entry_new(sluice_text id, const void *document, size_t document_size, const sluice_value *tags,
                        struct entry **ret_entry)
{
    if (document_size > ENTRY_DOCUMENT_MAX)
        return SLUICE_LIMIT;
    uint8_t *flat = NULL;
    size_t flat_size = 0;
    sluice_status status = sluice_value_size(tags) > 0 ? flat_write(tags, &flat, &flat_size) : SLUICE_OK;
    if (status != SLUICE_OK)
        return status;
    sluice_text flat_text = {flat != NULL ? (const char *)flat : "", flat_size};
    *ret_entry = new_entry(id, (sluice_text){document, document_size}, flat_text);
    free(flat);
    return *ret_entry != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
}

struct entry *entry_new_removal(sluice_text id)
{
    struct entry *entry = new_entry(id, sluice_text_of(""), sluice_text_of(""));
    if (entry != NULL)
        entry->removed = true;
    return entry;
}

sluice_text entry_id(const struct entry *entry)
{
    return (sluice_text){(const char *)entry->bytes + entry->document_size + entry->tags_size, entry->id_size};
}

const uint8_t *entry_tags(const struct entry *entry)
{
    return entry->tags_size > 0 ? entry->bytes + entry->document_size : NULL;
}

int entry_compare_ids(const struct entry *a, const struct entry *b)
{
    sluice_text first = entry_id(a), second = entry_id(b);
    int order = memcmp(first.data, second.data, first.size < second.size ? first.size : second.size);
    return order != 0 ? order : (first.size > second.size) - (first.size < second.size);
}

/* ---- the map: open addressing, steps of one ---- */

static bool same_id(const struct entry *a, const struct entry *b)
{
    return a->hash == b->hash && entry_compare_ids(a, b) == 0;
}

/* Where the entry is, or the free slot where it would be. */
static size_t place_of(const struct ids *ids, const struct entry *like)
{
    size_t mask = ids->capacity - 1, place = like->hash & mask;
    while (ids->slots[place] != NULL && !same_id(ids->slots[place], like))
        place = (place + 1) & mask;
    return place;
}

bool ids_has_room(const struct ids *ids, size_t count)
{
    return count <= ids->capacity / 3 * 2;
}

bool ids_reserve(struct ids *ids, size_t count)
{
    if (ids_has_room(ids, count))
        return true;
    struct ids grown = {.capacity = ids->capacity > 0 ? ids->capacity : CAPACITY_FIRST};
    while (!ids_has_room(&grown, count))
        grown.capacity *= 2;
    grown.slots = calloc(grown.capacity, sizeof *grown.slots);
    if (grown.slots == NULL)
        return false;
    for (size_t i = 0; i < ids->capacity; i++)
        if (ids->slots[i] != NULL)
            grown.slots[place_of(&grown, ids->slots[i])] = ids->slots[i];
    grown.count = ids->count;
    free(ids->slots);
    *ids = grown;
    return true;
}

void ids_done(struct ids *ids)
{
    free(ids->slots);
    *ids = (struct ids){0};
}

void ids_clear(struct ids *ids)
{
    if (ids->count == 0)
        return;
    if (ids->count < ids->capacity / SPARSE) {
        ids_done(ids);
        return;
    }
    memset(ids->slots, 0, ids->capacity * sizeof *ids->slots);
    ids->count = 0;
}

struct entry *ids_find(const struct ids *ids, const struct entry *like)
{
    return ids->capacity == 0 ? NULL : ids->slots[place_of(ids, like)];
}

struct entry *ids_put(struct ids *ids, struct entry *entry)
{
    size_t place = place_of(ids, entry);
    struct entry *before = ids->slots[place];
    ids->slots[place] = entry;
    ids->count += before == NULL;
    return before;
}

struct entry *ids_remove(struct ids *ids, const struct entry *like)
{
    if (ids->capacity == 0)
        return NULL;
    size_t mask = ids->capacity - 1, hole = place_of(ids, like);
    struct entry *removed = ids->slots[hole];
    if (removed == NULL)
        return NULL;
    /* Whatever stands behind and could not be found across the hole moves into it. */
    for (size_t next = (hole + 1) & mask; ids->slots[next] != NULL; next = (next + 1) & mask) {
        size_t home = ids->slots[next]->hash & mask;
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            ids->slots[hole] = ids->slots[next];
            hole = next;
        }
    }
    ids->slots[hole] = NULL;
    ids->count--;
    return removed;
}
