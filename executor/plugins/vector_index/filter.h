/*
 * filter.h - a condition on the tags of a document, in the style of docarray's query language (docs/plugins/vector_index.md
 * has the grammar).
 *
 * A filter points into the map it was made from, which must stay unchanged. Not changed once made: any thread may ask it.
 */
#ifndef VECTOR_INDEX_FILTER_H
#define VECTOR_INDEX_FILTER_H

#include <sluice/document.h>

enum { FILTER_NODES_MAX = 256, FILTER_DEPTH_MAX = 16, FILTER_VALUES_MAX = 10000 };

struct filter;

/* SLUICE_INVALID: the text says which key, operator or value is wrong and what would be right. SLUICE_NO_MEMORY. */
sluice_status filter_new(const sluice_value *source, struct filter **ret_filter, sluice_error *error);
void filter_free(struct filter *filter); /* NULL is fine */

/* Do these tags (flat.h; NULL: none) pass? */
bool filter_passes(const struct filter *filter, const uint8_t *tags);

#endif
