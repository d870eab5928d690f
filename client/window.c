#include "client/window.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64 };

static size_t hash_of(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a; the ids are our own, nobody attacks with them */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return (size_t)(hash ^ hash >> 29);
}

void window_init(struct window *window)
{
    *window = (struct window){0};
}

/* At the end of its bucket: within a bucket the oldest comes first. */
static void bucket_add(struct window *window, struct entry *entry)
{
    struct entry **head = &window->buckets[entry->hash & (window->bucket_count - 1)];
    entry->bucket_next = NULL;
    if (*head == NULL) {
        *head = entry;
        entry->bucket_previous = entry; /* of the first: the last */
        return;
    }
    struct entry *last = (*head)->bucket_previous;
    last->bucket_next = entry;
    entry->bucket_previous = last;
    (*head)->bucket_previous = entry;
}

static void bucket_remove(struct window *window, struct entry *entry)
{
    struct entry **head = &window->buckets[entry->hash & (window->bucket_count - 1)];
    if (*head == entry) {
        *head = entry->bucket_next;
        if (*head != NULL)
            (*head)->bucket_previous = entry->bucket_previous;
        return;
    }
    entry->bucket_previous->bucket_next = entry->bucket_next;
    if (entry->bucket_next != NULL)
        entry->bucket_next->bucket_previous = entry->bucket_previous;
    else
        (*head)->bucket_previous = entry->bucket_previous;
}

static bool make_room(struct window *window)
{
    if (window->pending < window->bucket_count)
        return true;
    size_t count = window->bucket_count == 0 ? BUCKETS_FIRST : window->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof *buckets);
    if (buckets == NULL)
        return window->bucket_count > 0; /* slower, but right */
    free(window->buckets);
    window->buckets = buckets;
    window->bucket_count = count;
    for (struct entry *entry = window->first; entry != NULL; entry = entry->next)
        if (entry->state == ENTRY_PENDING)
            bucket_add(window, entry);
    return true;
}

struct entry *window_add(struct window *window, sluice_text id)
{
    if (!make_room(window))
        return NULL;
    struct entry *entry = calloc(1, sizeof *entry + id.size + 1);
    if (entry == NULL)
        return NULL;
    rope_init(&entry->message);
    entry->id = (char *)(entry + 1);
    entry->id_size = id.size;
    memcpy(entry->id, id.data, id.size);
    entry->hash = hash_of(id.data, id.size);
    entry->previous = window->last;
    if (window->last != NULL)
        window->last->next = entry;
    else
        window->first = entry;
    window->last = entry;
    window->count++;
    window->pending++;
    bucket_add(window, entry);
    return entry;
}

struct entry *window_find(const struct window *window, sluice_text id)
{
    if (window->bucket_count == 0)
        return NULL;
    struct entry *entry = window->buckets[hash_of(id.data, id.size) & (window->bucket_count - 1)];
    while (entry != NULL && (entry->id_size != id.size || memcmp(entry->id, id.data, id.size) != 0))
        entry = entry->bucket_next;
    return entry;
}

void window_set(struct window *window, struct entry *entry, enum entry_state state)
{
    if (entry->state == state)
        return;
    if (entry->state == ENTRY_PENDING) {
        bucket_remove(window, entry);
        window->pending--;
    } else if (state == ENTRY_PENDING) {
        bucket_add(window, entry);
        window->pending++;
    }
    entry->state = state;
}

void window_remove(struct window *window, struct entry *entry)
{
    window_set(window, entry, ENTRY_FAILED);
    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        window->first = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    else
        window->last = entry->previous;
    window->count--;
    rope_done(&entry->message);
    sluice_response_unref(entry->response);
    free(entry);
}

void window_done(struct window *window)
{
    while (window->first != NULL)
        window_remove(window, window->first);
    free(window->buckets);
    window->buckets = NULL;
}
