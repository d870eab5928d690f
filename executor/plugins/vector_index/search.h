/*
 * search.h - the nearest rows of the table to some queries, exactly.
 *
 * Rows are read in blocks that stay in the processor's cache while every query of a group is compared with them, so the memory
 * is read once for SEARCH_GROUP queries. The caller holds the table's lock for reading and keeps it while it uses the entries;
 * what search_begin() has made holds for the table as it was.
 */
#ifndef VECTOR_INDEX_SEARCH_H
#define VECTOR_INDEX_SEARCH_H

#include "filter.h"
#include "settings.h"
#include "table.h"
#include "top.h"

enum { SEARCH_GROUP = 64 };

struct search {
    enum metric metric;
    const struct filter *filter; /* NULL: all rows */
    bool (*cancelled)(const void *context); /* asked now and then; NULL: never */
    const void *context;
    uint8_t *passing; /* search_begin()'s: 1 or 0 for each row; NULL: all rows */
};

/* Ask the filter, if there is one, once for all queries. SLUICE_CANCELLED, SLUICE_NO_MEMORY; search_end() in any case. */
sluice_status search_begin(struct search *search, const struct table *table);
void search_end(struct search *search);

bool search_is_cancelled(const struct search *search);

/* `queries`: up to SEARCH_GROUP rows of the table's stride (kernel.h); `tops`: one for each, empty. SLUICE_CANCELLED,
 * SLUICE_NO_MEMORY. Scores are as search_score() takes them; the tops are sorted. */
sluice_status search_run(const struct table *table, const struct search *search, const float *queries, size_t count,
                         struct top *tops);

/* The score as documents carry it, from the one by which tops are ordered (where smaller is better). */
float search_score(enum metric metric, float ordered);

#endif
