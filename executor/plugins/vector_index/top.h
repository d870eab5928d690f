/*
 * top.h - the best so many of a stream of scored rows, in a heap whose root is the worst that is kept.
 *
 * A smaller score is better (who wants the largest negates). Equal scores are ordered by the ids of the entries, so the outcome
 * does not depend on the order in which rows come.
 */
#ifndef VECTOR_INDEX_TOP_H
#define VECTOR_INDEX_TOP_H

#include "entry.h"

struct scored {
    float score;
    const struct entry *entry;
};

struct top {
    struct scored *items; /* the caller's, room for `limit` */
    size_t count, limit;  /* limit > 0 */
};

/* May this score get in? Asked for every row, so it is here. */
static inline bool top_wants(const struct top *top, float score)
{
    return top->count < top->limit || score <= top->items[0].score;
}

void top_add(struct top *top, float score, const struct entry *entry);
void top_sort(struct top *top); /* the best first; nothing may be added afterwards */

#endif
