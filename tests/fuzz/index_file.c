/*
 * The file of a vector_index, damaged in any way: it is refused with a sentence, or its documents can be searched, written and loaded
 * again. The first byte chooses: a whole database, or one row of a database that is well otherwise (its dimension, then the sizes of
 * id and vector, then id, vector and document).
 */
#include "executor/plugins/vector_index/index.h"
#include "executor/plugins/vector_index/kernel.h"
#include "executor/plugins/vector_index/search.h"
#include "tests/fuzz/require.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 5 };
#define PATH "damaged.sqlite"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void failed(sluice_status status, const sluice_error *error)
{
    require(error->status == status && strstr(error->text, PATH) != NULL);
}

/* A database of these bytes, in memory. */
static sqlite3 *database_of(const uint8_t *data, size_t size)
{
    sqlite3 *database = NULL;
    require(sqlite3_open(":memory:", &database) == SQLITE_OK);
    unsigned char *copy = sqlite3_malloc64(size + 1);
    require(copy != NULL);
    memcpy(copy, data, size);
    if (size > 19)
        copy[18] = copy[19] = 1; /* a log beside it cannot be had in memory */
    unsigned flags = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE;
    require(sqlite3_deserialize(database, "main", copy, (sqlite3_int64)size, (sqlite3_int64)size, flags) == SQLITE_OK);
    return database;
}

/* Put the one row into the tables that the store has made. */
static void put_row(sqlite3 *database, const uint8_t *data, size_t size)
{
    sqlite3_stmt *statement;
    size_t head = 3, id_size = data[1] < size - head ? data[1] : size - head;
    size_t vector_size = data[2] < size - head - id_size ? data[2] : size - head - id_size;
    const uint8_t *id = data + head, *vector = id + id_size, *document = vector + vector_size;
    require(sqlite3_prepare_v2(database, "INSERT INTO properties VALUES('dimension', ?)", -1, &statement, NULL) == SQLITE_OK);
    sqlite3_bind_int(statement, 1, data[0]);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    require(sqlite3_prepare_v2(database, "INSERT INTO documents VALUES(1, ?, ?, ?)", -1, &statement, NULL) == SQLITE_OK);
    sqlite3_bind_text(statement, 1, (const char *)id, (int)id_size, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, vector, (int)vector_size, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 3, document, (int)(size - head - id_size - vector_size), SQLITE_STATIC);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
}

/* A database with the one row, as the store made its tables. */
static sqlite3 *database_with(const uint8_t *data, size_t size)
{
    sqlite3 *empty = NULL;
    struct store *store = NULL;
    struct store_settings settings = {.path = PATH};
    sqlite3_int64 bytes_size = 0;
    require(sqlite3_open(":memory:", &empty) == SQLITE_OK);
    require(store_adopt(empty, &settings, &store, NULL) == SLUICE_OK);
    put_row(empty, data, size);
    unsigned char *bytes = sqlite3_serialize(empty, "main", &bytes_size, 0);
    require(bytes != NULL);
    store_close(store);
    sqlite3 *database = database_of(bytes, (size_t)bytes_size);
    sqlite3_free(bytes);
    return database;
}

/* Every score is a number, and the ids and documents can be touched. */
static void search_all(const struct table *table)
{
    struct scored items[LIMIT];
    for (enum metric metric = METRIC_COSINE; table->count > 0 && metric <= METRIC_EUCLIDEAN; metric++) {
        struct top top = {.items = items, .limit = LIMIT};
        struct search search = {.metric = metric};
        require(search_run(table, &search, table->vectors, 1, &top) == SLUICE_OK);
        require(top.count == (table->count < LIMIT ? table->count : LIMIT));
        for (size_t i = 0; i < top.count; i++)
            require(isfinite(top.items[i].score) && ids_find(&table->ids, top.items[i].entry) == top.items[i].entry);
    }
}

/* One more document; the damage may forbid that, with a sentence. */
static bool write_one(struct index *index)
{
    sluice_error error = {0};
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(array);
    void *bytes = NULL;
    size_t size = 0;
    struct entry *entry = NULL;
    sluice_document_set_id(document, "new, and of no other", 20);
    require(sluice_document_array_write(array, &bytes, &size, NULL) == SLUICE_OK);
    require(entry_new(sluice_text_of("new, and of no other"), bytes, size, NULL, &entry) == SLUICE_OK);
    for (size_t i = 0; i < index->table.count; i++)
        if (index->table.entries[i]->number >= entry->number)
            entry->number = index->table.entries[i]->number + 1;
    entry->number += entry->number == 0;
    float *vector = calloc(store_dimension(index->store) + 1, sizeof *vector);
    sluice_status status = store_begin(index->store, &error);
    if (status == SLUICE_OK && store_dimension(index->store) == 0)
        status = store_set_dimension(index->store, 1, &error);
    if (status == SLUICE_OK)
        status = store_put(index->store, entry, vector, &error);
    if (status == SLUICE_OK)
        status = store_commit(index->store, &error);
    if (status != SLUICE_OK) {
        failed(status, &error);
        store_rollback(index->store);
    }
    free(vector);
    free(entry);
    free(bytes);
    sluice_document_array_free(array);
    return status == SLUICE_OK;
}

/* What is in the store, into an index that was empty. The number of documents, or -1. */
static long load(struct index *index)
{
    sluice_error error = {0};
    require(table_init(&index->table) == SLUICE_OK);
    sluice_status status = index_load(index, &error);
    if (status != SLUICE_OK) {
        failed(status, &error);
        return -1;
    }
    search_all(&index->table);
    return (long)index->table.count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    struct store_settings settings = {.path = PATH};
    struct index index = {0};
    sluice_error error = {0};
    bool whole = data[0] % 2 == 0;
    sqlite3 *database = whole ? database_of(data + 1, size - 1) : database_with(data + 1, size - 1);
    sluice_status status = store_adopt(database, &settings, &index.store, &error);
    if (status != SLUICE_OK) {
        failed(status, &error);
        return 0;
    }
    long count = load(&index);
    if (count >= 0 && write_one(&index)) {
        struct index again = {.store = index.store};
        long later = load(&again);
        require(whole || later == count + 1); /* what is damaged may turn out so when it is written */
        table_done(&again.table);
    }
    table_done(&index.table);
    store_close(index.store);
    return 0;
}
