/*
 * matches.h - /search: from the gathered queries to their matches.
 */
#ifndef VECTOR_INDEX_MATCHES_H
#define VECTOR_INDEX_MATCHES_H

#include "gather.h"
#include "search.h"

/*
 * Give each gathered document its matches, in place of those it has. Takes the table's lock for reading, anew for
 * each SEARCH_GROUP of them: the matches of a group are of one state of the table. SLUICE_INVALID: the queries have another
 * dimension than the table; SLUICE_CANCELLED; SLUICE_NO_MEMORY, SLUICE_LIMIT. After a failure some have their matches.
 */
sluice_status matches_find(struct table *table, const struct settings *settings, struct search *search,
                           const struct gathered *queries, sluice_error *error);

#endif
