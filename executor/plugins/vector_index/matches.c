#include "matches.h"

#include <stdlib.h>

/* A copy of the kept document, with what makes it a match. */
static sluice_status add_match(const struct table *table, const struct settings *settings, sluice_document *query,
                               sluice_document_array *matches, const struct scored *scored)
{
    const struct entry *entry = scored->entry;
    sluice_document_array *kept = NULL;
    sluice_status status = sluice_document_array_read(entry->bytes, entry->document_size, &entry_limits, &kept, NULL);
    if (status != SLUICE_OK)
        return status;
    sluice_document *match = sluice_document_array_append_copy(matches, sluice_document_array_at(kept, 0));
    sluice_document_array_free(kept);
    if (match == NULL)
        return SLUICE_LIMIT;
    sluice_document_set_adjacency(match, sluice_document_adjacency(query) + 1);
    sluice_score score = {.value = search_score(settings->metric, scored->score)};
    status = sluice_document_set_score(match, settings_metric_name(settings->metric), &score);
    if (status == SLUICE_OK && settings->return_embeddings)
        status = sluice_document_set_embedding_floats(match, table->vectors + entry->row * table->stride, table->dimension);
    return status;
}

static sluice_status write_matches(const struct table *table, const struct settings *settings, sluice_document *query,
                                   const struct top *top)
{
    sluice_document_array *matches = sluice_document_edit_matches(query);
    if (matches == NULL)
        return SLUICE_LIMIT;
    sluice_document_array_clear(matches);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < top->count && status == SLUICE_OK; i++)
        status = add_match(table, settings, query, matches, &top->items[i]);
    return status;
}

/* Up to SEARCH_GROUP queries from `first` on. `items` has room for `limit` of each. */
static sluice_status find_group(const struct table *table, const struct settings *settings, const struct search *search,
                                const struct gathered *queries, size_t first, struct scored *items, size_t limit)
{
    struct top tops[SEARCH_GROUP];
    size_t count = queries->found.count - first < SEARCH_GROUP ? queries->found.count - first : SEARCH_GROUP;
    for (size_t i = 0; i < count; i++)
        tops[i] = (struct top){.items = items + i * limit, .limit = limit};
    sluice_status status = SLUICE_OK;
    if (limit > 0)
        status = search_run(table, search, queries->rows + first * queries->stride, count, tops);
    for (size_t i = 0; i < count && status == SLUICE_OK; i++)
        status = write_matches(table, settings, queries->found.documents[first + i], &tops[i]);
    return status;
}

static sluice_status find_all(const struct table *table, const struct settings *settings, struct search *search,
                              const struct gathered *queries, sluice_error *error)
{
    if (queries->found.count == 0)
        return SLUICE_OK;
    if (table->count > 0 && table->dimension != queries->dimension)
        return sluice_fail(error, SLUICE_INVALID, NULL, "the embeddings have %zu numbers, those of the index have %zu",
                           queries->dimension, table->dimension);
    size_t limit = settings->limit < table->count ? settings->limit : table->count;
    struct scored *items = reallocarray(NULL, SEARCH_GROUP * limit + 1, sizeof *items);
    sluice_status status = items == NULL ? SLUICE_NO_MEMORY : search_begin(search, table);
    for (size_t first = 0; first < queries->found.count && status == SLUICE_OK; first += SEARCH_GROUP)
        status = find_group(table, settings, search, queries, first, items, limit);
    search_end(search);
    free(items);
    if (status == SLUICE_NO_MEMORY || status == SLUICE_LIMIT)
        return sluice_fail(error, status, NULL, "the matches take more memory than a message may have; ask for fewer");
    return status;
}

sluice_status matches_find(struct table *table, const struct settings *settings, struct search *search,
                           const struct gathered *queries, sluice_error *error)
{
    table_lock_shared(table);
    sluice_status status = find_all(table, settings, search, queries, error);
    table_unlock(table);
    return status;
}
