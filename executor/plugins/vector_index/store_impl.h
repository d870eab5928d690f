/* store_impl.h - what store.c (opening, writing) and store_load.c (reading) share. */
#ifndef VECTOR_INDEX_STORE_IMPL_H
#define VECTOR_INDEX_STORE_IMPL_H

#include "store.h"

#include <sqlite3.h>

enum { STORE_PATH_MAX = 4096 };
#define STORE_NUMBER_MAX ((int64_t)1 << 62) /* rows are numbered from 1 */

struct store {
    sqlite3 *database;
    char path[STORE_PATH_MAX];
    size_t dimension, saved_dimension; /* saved: as committed */
    uint64_t max_bytes;
    sqlite3_stmt *begin, *commit, *rollback, *put, *remove, *set_dimension;
};

/* The sentence for what SQLite says; `doing` such as "cannot be written". */
sluice_status store_explain(const struct store *store, int code, const char *doing, sluice_error *error);

/* Prepare one statement; it is finalized by its owner. */
sluice_status store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_statement, sluice_error *error);

/* Is this an index of a schema that is known? An empty database becomes one. */
sluice_status store_check(struct store *store, sluice_error *error);

#endif
