/*
 * overlap.h - fields of a selection set by response name, as OverlappingFieldsCanBeMerged compares them. Private to
 * overlap.c and overlap_fields.c.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_OVERLAP_H
#define SLUICE_GATEWAY_GRAPHQL_OVERLAP_H

#include "gateway/graphql/validate.h"

/* One field of a selection set. */
struct detail {
    const struct type *parent;
    const struct node *node;
    const struct field *field; /* NULL: unknown */
    struct detail *next;       /* of the same response name */
};

/* The fields of a selection set, those of inline fragments among them, and the names of the fragments that it spreads.
 */
struct collected {
    struct names fields; /* response name -> struct detail */
    struct names spreads;
    struct names compared; /* fragment name -> how it was compared: COMPARED_… */
};

enum { COMPARED_OVERLAPPING = 1, COMPARED_EXCLUSIVE = 2 };

struct overlap {
    struct names collected; /* type and selection set -> struct collected */
    struct names pairs;     /* of fragments -> how they were compared */
    long work;
};

/* NULL: stopped. */
struct collected *overlap_collect(struct validation *v, const struct type *parent, const struct node *set);
struct collected *overlap_collect_fragment(struct validation *v, const struct node *fragment);

/* The value that belongs to a pair of pointers. NULL: no memory, stopped. */
void **overlap_pair(struct validation *v, struct names *names, const void *a, const void *b);

bool overlap_spend(struct validation *v, size_t cost); /* false: too much work, aborted */

bool overlap_same_arguments(struct validation *v, const struct node *a, const struct node *b);
bool overlap_types_conflict(const struct type *a, const struct type *b);

#endif
