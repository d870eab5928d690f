/*
 * store.h - the index's file: an SQLite database with one row for each document (docs/plugins/vector_index.md, "The file").
 *
 * One process and one connection has it, locked from opening to closing; ids are unique because whoever writes knows them all,
 * so the file needs no index of its own and new rows are appended. Write-ahead log; store_commit() returns when the
 * transaction is on the disk, unless `relaxed`.
 *
 * Every error is one sentence that names the file and says what to do. One thread at a time.
 */
#ifndef VECTOR_INDEX_STORE_H
#define VECTOR_INDEX_STORE_H

#include "entry.h"

enum { STORE_APPLICATION_ID = 0x536C7678, STORE_SCHEMA = 1, STORE_DIMENSION_MAX = 65536 };

struct sqlite3;
struct store;

struct store_settings {
    const char *path;
    bool relaxed;
    uint64_t max_bytes; /* of the file; 0: no bound */
    size_t dimension;   /* that must be; 0: any */
};

/* Open the file, or make it with its folders. SLUICE_INVALID, SLUICE_SYSTEM, SLUICE_UNAVAILABLE (another process has it),
 * SLUICE_NO_MEMORY. */
sluice_status store_open(const struct store_settings *settings, struct store **ret_store, sluice_error *error);

/* The same for a connection that is open, which becomes the store's, also when this fails. For tests. */
sluice_status store_adopt(struct sqlite3 *database, const struct store_settings *settings, struct store **ret_store,
                          sluice_error *error);
void store_close(struct store *store); /* NULL is fine; the log goes into the file */

const char *store_path(const struct store *store);
size_t store_dimension(const struct store *store); /* 0: no document was ever kept */
uint64_t store_bytes(const struct store *store);   /* file and log; any thread */

/* Give every row to `take`: a new entry, which is its own from then on, and its vector, valid during the call. It returns
 * SLUICE_OK, or fails with `error` set. A row that does not fit fails with a sentence that names it. */
typedef sluice_status store_take(void *context, struct entry *entry, const float *vector, sluice_error *error);
sluice_status store_load(struct store *store, store_take *take, void *context, sluice_error *error);

/* A transaction. After a failure, which is never SLUICE_INVALID, call store_rollback(); what was done since store_begin() is
 * then undone. */
sluice_status store_begin(struct store *store, sluice_error *error);
sluice_status store_set_dimension(struct store *store, size_t dimension, sluice_error *error);
/* Write the row entry->number, or replace it. */
sluice_status store_put(struct store *store, const struct entry *entry, const float *vector, sluice_error *error);
sluice_status store_remove(struct store *store, int64_t number, sluice_error *error);
sluice_status store_commit(struct store *store, sluice_error *error);
void store_rollback(struct store *store);

#endif
