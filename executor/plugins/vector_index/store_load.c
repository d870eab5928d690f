/*
 * store_load.c - reading the file. Nothing in it is believed: it may be another program's, cut off, or made to do harm. Its
 * tables must be written as ours are, letter by letter, before anything is asked of them.
 */
#include "store_impl.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTIES "CREATE TABLE properties(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID"
#define DOCUMENTS                                                                                                      \
    "CREATE TABLE documents(number INTEGER PRIMARY KEY, id TEXT NOT NULL, vector BLOB NOT NULL, document BLOB NOT NULL)"

/* ---- is it ours? ---- */

static sluice_status ask_number(struct store *store, const char *sql, int64_t *ret_number, sluice_error *error)
{
    sqlite3_stmt *statement;
    sluice_status status = store_prepare(store, sql, &statement, error);
    if (status != SLUICE_OK)
        return status;
    int code = sqlite3_step(statement);
    *ret_number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = store_explain(store, code, "cannot be read", error);
    sqlite3_finalize(statement);
    return status;
}

static sluice_status make_tables(struct store *store, sluice_error *error)
{
    char sql[1024];
    snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; " PROPERTIES "; " DOCUMENTS "; PRAGMA application_id = %d; "
                              "PRAGMA user_version = %d; COMMIT",
             STORE_APPLICATION_ID, STORE_SCHEMA);
    int code = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? SLUICE_OK : store_explain(store, code, "cannot be written", error);
}

static sluice_status check_tables(struct store *store, sluice_error *error)
{
    sqlite3_stmt *statement;
    sluice_status status = store_prepare(store, "SELECT sql FROM sqlite_schema ORDER BY name", &statement, error);
    if (status != SLUICE_OK)
        return status;
    const char *const expected[] = {DOCUMENTS, PROPERTIES};
    size_t rows = 0;
    bool same = true;
    int code = SQLITE_DONE;
    while (same && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(statement, 0);
        same = rows < 2 && sql != NULL && strcmp(sql, expected[rows]) == 0;
        rows++;
    }
    if (!same || rows != 2)
        status = sluice_fail(error, SLUICE_INVALID, NULL,
                             "%s does not have the tables of an index; name another path, or move the file away", store->path);
    if (same && code != SQLITE_DONE)
        status = store_explain(store, code, "cannot be read", error);
    sqlite3_finalize(statement);
    return status;
}

static sluice_status read_dimension(struct store *store, sluice_error *error)
{
    int64_t dimension;
    sluice_status status = ask_number(store, "SELECT value FROM properties WHERE name = 'dimension'", &dimension, error);
    if (status != SLUICE_OK)
        return status;
    if (dimension < 0 || dimension > STORE_DIMENSION_MAX)
        return sluice_fail(error, SLUICE_INVALID, NULL,
                           "%s is damaged: its dimension is %lld; put a copy in its place, or index anew", store->path,
                           (long long)dimension);
    store->dimension = store->saved_dimension = (size_t)dimension;
    return SLUICE_OK;
}

sluice_status store_check(struct store *store, sluice_error *error)
{
    int64_t application, schema, objects;
    sluice_status status = ask_number(store, "PRAGMA application_id", &application, error);
    if (status == SLUICE_OK)
        status = ask_number(store, "PRAGMA user_version", &schema, error);
    if (status == SLUICE_OK)
        status = ask_number(store, "SELECT count(*) FROM sqlite_schema", &objects, error);
    if (status != SLUICE_OK)
        return status;
    if (application == 0 && schema == 0 && objects == 0)
        return make_tables(store, error);
    if (application != STORE_APPLICATION_ID)
        return sluice_fail(error, SLUICE_INVALID, NULL,
                           "%s is a database of another program (application id %#x); name another path", store->path,
                           (unsigned)application);
    if (schema > STORE_SCHEMA)
        return sluice_fail(error, SLUICE_INVALID, NULL,
                           "%s has schema %lld, this version reads up to %d; use the version of Sluice that wrote it, or a "
                           "later one",
                           store->path, (long long)schema, STORE_SCHEMA);
    status = check_tables(store, error);
    return status == SLUICE_OK ? read_dimension(store, error) : status;
}

/* ---- rows ---- */

static sluice_status damaged(const struct store *store, int64_t number, const char *what, sluice_error *error)
{
    return sluice_fail(error, SLUICE_INVALID, NULL, "%s is damaged: document %lld %s; put a copy in its place, or index anew",
                       store->path, (long long)number, what);
}

/* The document must be one, of this id. */
static sluice_status read_document(const struct store *store, int64_t number, sluice_text id, sluice_text bytes,
                                   struct entry **ret_entry, sluice_error *error)
{
    sluice_document_array *array = NULL;
    if (sluice_document_array_read(bytes.data, bytes.size, &entry_limits, &array, NULL) != SLUICE_OK)
        return damaged(store, number, "cannot be read", error);
    sluice_status status;
    const sluice_document *document = sluice_document_array_at(array, 0);
    sluice_text own = document != NULL ? sluice_document_id(document) : sluice_text_of("");
    if (sluice_document_array_size(array) != 1 || own.size != id.size || memcmp(own.data, id.data, id.size) != 0)
        status = damaged(store, number, "has another id than its row", error);
    else if (entry_new(id, bytes.data, bytes.size, sluice_document_tags(document), ret_entry) != SLUICE_OK)
        status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the documents of %s", store->path);
    else
        status = SLUICE_OK;
    sluice_document_array_free(array);
    return status;
}

/* `vector` has room for one. */
static sluice_status read_row(const struct store *store, sqlite3_stmt *row, float *vector, struct entry **ret_entry,
                              sluice_error *error)
{
    int64_t number = sqlite3_column_int64(row, 0);
    if (number < 1 || number > STORE_NUMBER_MAX)
        return damaged(store, number, "has a number that was never given", error);
    for (int column = 1; column <= 3; column++)
        if (sqlite3_column_type(row, column) != (column == 1 ? SQLITE_TEXT : SQLITE_BLOB))
            return damaged(store, number, "has a value of a wrong type", error);
    size_t vector_size = (size_t)sqlite3_column_bytes(row, 2);
    if (store->dimension == 0 || vector_size != store->dimension * sizeof *vector)
        return damaged(store, number, "has a vector of another dimension", error);
    const char *id_data = (const char *)sqlite3_column_text(row, 1);
    sluice_text id = {id_data != NULL ? id_data : "", (size_t)sqlite3_column_bytes(row, 1)};
    const void *vector_data = sqlite3_column_blob(row, 2), *document = sqlite3_column_blob(row, 3);
    if (id_data == NULL || vector_data == NULL)
        return store_explain(store, SQLITE_NOMEM, "cannot be read", error);
    memcpy(vector, vector_data, vector_size);
    if (!table_takes(vector, store->dimension))
        return damaged(store, number, "has a vector that is not finite or too long", error);
    sluice_text bytes = {document != NULL ? document : "", (size_t)sqlite3_column_bytes(row, 3)};
    sluice_status status = read_document(store, number, id, bytes, ret_entry, error);
    if (status == SLUICE_OK)
        (*ret_entry)->number = number;
    return status;
}

sluice_status store_load(struct store *store, store_take *take, void *context, sluice_error *error)
{
    sqlite3_stmt *rows;
    sluice_status status =
        store_prepare(store, "SELECT number, id, vector, document FROM documents ORDER BY number", &rows, error);
    if (status != SLUICE_OK)
        return status;
    float *vector = malloc((store->dimension + 1) * sizeof *vector);
    if (vector == NULL)
        status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the documents of %s", store->path);
    int code = SQLITE_DONE;
    while (status == SLUICE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        struct entry *entry;
        status = read_row(store, rows, vector, &entry, error);
        if (status == SLUICE_OK)
            status = take(context, entry, vector, error);
    }
    if (status == SLUICE_OK && code != SQLITE_DONE)
        status = store_explain(store, code, "cannot be read", error);
    free(vector);
    sqlite3_finalize(rows);
    return status;
}
