/*
 * entry.h - what the index knows of a document beside its vector, and a map from ids to such entries.
 *
 * An entry is one block of memory: the struct, then id, document and tags. A map holds pointers and owns nothing. Not
 * thread-safe.
 */
#ifndef VECTOR_INDEX_ENTRY_H
#define VECTOR_INDEX_ENTRY_H

#include <sluice/document.h>

struct entry {
    size_t row;     /* of the table, while it is there */
    int64_t number; /* of the file */
    uint64_t hash;  /* of the id */
    bool removed;   /* stands for a removal; no document */
    uint32_t tags_size;
    size_t id_size, document_size;
    uint8_t bytes[]; /* document, then tags (flat.h), then id */
};

#define ENTRY_DOCUMENT_MAX ((size_t)900 << 20) /* bytes of a document that is kept; a row of SQLite has 10^9 at most */

extern const sluice_limits entry_limits; /* of a kept document, read or copied: as deep as a host may be told to take */

/* `tags` are made flat here. SLUICE_NO_MEMORY, SLUICE_LIMIT. free() it. */
sluice_status entry_new(sluice_text id, const void *document, size_t document_size, const sluice_value *tags,
                        struct entry **ret_entry);
struct entry *entry_new_removal(sluice_text id); /* NULL: no memory */

sluice_text entry_id(const struct entry *entry);
const uint8_t *entry_tags(const struct entry *entry); /* NULL: none */
int entry_compare_ids(const struct entry *a, const struct entry *b); /* bytewise, as memcmp() tells */

struct ids {
    struct entry **slots; /* a power of two, at least a third of them free */
    size_t capacity, count;
};

bool ids_has_room(const struct ids *ids, size_t count); /* for so many entries in all */
/* Make that room; false: no memory, and nothing has changed. */
bool ids_reserve(struct ids *ids, size_t count);
void ids_clear(struct ids *ids); /* keeps the room, unless next to none of it was used */
void ids_done(struct ids *ids);

struct entry *ids_find(const struct ids *ids, const struct entry *like); /* the entry with the same id, or NULL */
/* Put it in, in place of the one with the same id, which is returned (NULL: none). There must be room. */
struct entry *ids_put(struct ids *ids, struct entry *entry);
struct entry *ids_remove(struct ids *ids, const struct entry *like); /* the one that was there, or NULL */

#endif
