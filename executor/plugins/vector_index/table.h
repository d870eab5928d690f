/*
 * table.h - the index in memory: one aligned array of vectors, an entry and a length for each.
 *
 * Rows are dense: removing one moves the last one into its place. Readers hold `lock` for reading while they look at anything;
 * whoever changes the table holds it for writing (there is one such thread). table_reserve() is the only step that can fail, so
 * that what a transaction has made durable can always be taken over.
 */
#ifndef VECTOR_INDEX_TABLE_H
#define VECTOR_INDEX_TABLE_H

#include "entry.h"

#include <pthread.h>

struct table {
    pthread_rwlock_t lock;
    size_t dimension, stride;  /* floats of a vector, of a row (kernel.h); 0: not known yet */
    size_t count, capacity;    /* rows */
    float *vectors;            /* rows, pages of their own */
    float *inverse_lengths;    /* 1 / length; 0 for a zero vector */
    struct entry **entries;    /* owned */
    struct ids ids;
    size_t entry_bytes;        /* memory of all entries */
    uint64_t version;          /* another one after each change of what is in it */
};

sluice_status table_init(struct table *table);
void table_done(struct table *table);

/* The lock for reading or writing; readers do not keep a writer waiting for ever. */
void table_lock_shared(struct table *table);
void table_lock(struct table *table);
void table_unlock(struct table *table);

/* While there are no rows. */
void table_set_dimension(struct table *table, size_t dimension);

/* Is there room for `more` rows? The thread that writes may ask without the lock. */
bool table_has_room(const struct table *table, size_t more);

/* Room for `more` rows; the dimension is set. False: no memory, nothing has changed. */
bool table_reserve(struct table *table, size_t more);

/* Add the entry, which is the table's from now on, or put it in the place of the one with its id, which is freed. */
void table_put(struct table *table, struct entry *entry, const float *vector);
/* Remove the entry of this id; false: there is none. */
bool table_remove(struct table *table, const struct entry *like);

size_t table_bytes(const struct table *table); /* memory in use, about */

/*
 * Is it finite, and short enough that no product or squared distance of two such vectors leaves float32? (The square of a
 * difference is at most twice the sum of both squared lengths.)
 */
#define TABLE_SQUARED_LENGTH_MAX 8.5e37
bool table_takes(const float *vector, size_t dimension);

double table_squared_length(const float *vector, size_t dimension);
float table_inverse_length(const float *vector, size_t dimension); /* 0 for a zero vector; always finite */

#endif
