#include "index.h"

#include <stdlib.h>

/* Rows of the file into the table. */
static sluice_status take_row(void *context, struct entry *entry, const float *vector, sluice_error *error)
{
    struct index *index = context;
    struct table *table = &index->table;
    if (table->dimension == 0)
        table_set_dimension(table, store_dimension(index->store));
    sluice_status status = SLUICE_OK;
    if (ids_find(&table->ids, entry) != NULL)
        status = sluice_fail(error, SLUICE_INVALID, NULL,
                             "%s is damaged: document %lld has the id of another; put a copy in its place, or index anew",
                             store_path(index->store), (long long)entry->number);
    else if (!table_has_room(table, 1) && !table_reserve(table, 1))
        status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the documents of %s", store_path(index->store));
    if (status == SLUICE_OK)
        table_put(table, entry, vector);
    else
        free(entry);
    return status;
}

sluice_status index_load(struct index *index, sluice_error *error)
{
    sluice_status status = store_load(index->store, take_row, index, error);
    size_t dimension = store_dimension(index->store);
    atomic_store(&index->dimension, dimension > 0 ? dimension : index->settings.dimension);
    return status;
}
