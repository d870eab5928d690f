#include "matches.h"

#include <stdlib.h>

enum { MATCHES_BETWEEN_LOOKS = 64 /* at the cancel */ };

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

static sluice_status write_matches(const struct table *table, const struct settings *settings, const struct search *search,
                                   sluice_document *query, const struct top *top)
{
    sluice_document_array *matches = sluice_document_edit_matches(query);
    if (matches == NULL)
        return SLUICE_LIMIT;
    sluice_document_array_clear(matches);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < top->count && status == SLUICE_OK; i++) {
        if (i % MATCHES_BETWEEN_LOOKS == 0 && search_is_cancelled(search))
            return SLUICE_CANCELLED;
        status = add_match(table, settings, query, matches, &top->items[i]);
    }
    return status;
}

/* A search over several groups of queries. */
struct finding {
    const struct settings *settings;
    const struct gathered *queries;
    struct search *search;
    /* Made for the table at this version: */
    uint64_t version;
    size_t limit;         /* matches of a query */
    struct scored *items; /* room for `limit` of each query of a group; NULL: nothing is made yet */
};

/* The table may be another one than at the last group; what was made for that one is made anew. */
static sluice_status prepare(struct finding *finding, const struct table *table, sluice_error *error)
{
    const struct gathered *queries = finding->queries;
    if (finding->items != NULL && finding->version == table->version)
        return SLUICE_OK;
    if (table->count > 0 && table->dimension != queries->dimension)
        return sluice_fail(error, SLUICE_INVALID, NULL, "the embeddings have %zu numbers, those of the index have %zu",
                           queries->dimension, table->dimension);
    size_t limit = finding->settings->limit < table->count ? finding->settings->limit : table->count;
    struct scored *items = reallocarray(finding->items, SEARCH_GROUP * limit + 1, sizeof *items);
    if (items == NULL)
        return SLUICE_NO_MEMORY;
    finding->items = items;
    finding->limit = limit;
    finding->version = table->version;
    search_end(finding->search);
    return search_begin(finding->search, table);
}

/* Up to SEARCH_GROUP queries from `first` on. */
static sluice_status find_group(const struct finding *finding, const struct table *table, size_t first)
{
    struct top tops[SEARCH_GROUP];
    const struct gathered *queries = finding->queries;
    size_t count = queries->found.count - first < SEARCH_GROUP ? queries->found.count - first : SEARCH_GROUP;
    size_t limit = finding->limit;
    for (size_t i = 0; i < count; i++)
        tops[i] = (struct top){.items = finding->items + i * limit, .limit = limit};
    sluice_status status = SLUICE_OK;
    if (limit > 0)
        status = search_run(table, finding->search, queries->rows + first * queries->stride, count, tops);
    for (size_t i = 0; i < count && status == SLUICE_OK; i++)
        status = write_matches(table, finding->settings, finding->search, queries->found.documents[first + i], &tops[i]);
    return status;
}

/*
 * The lock is given up between groups: whoever writes waits for one group of each search, and so do the searches that come
 * behind it, however many queries a request has.
 */
sluice_status matches_find(struct table *table, const struct settings *settings, struct search *search,
                           const struct gathered *queries, sluice_error *error)
{
    struct finding finding = {.settings = settings, .queries = queries, .search = search};
    sluice_status status = SLUICE_OK;
    for (size_t first = 0; first < queries->found.count && status == SLUICE_OK; first += SEARCH_GROUP) {
        table_lock_shared(table);
        status = prepare(&finding, table, error);
        if (status == SLUICE_OK)
            status = find_group(&finding, table, first);
        table_unlock(table);
    }
    search_end(search);
    free(finding.items);
    if (status == SLUICE_NO_MEMORY || status == SLUICE_LIMIT)
        return sluice_fail(error, status, NULL, "the matches take more memory than a message may have; ask for fewer");
    return status;
}
