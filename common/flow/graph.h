/*
 * graph.h - from the executors' `needs` to the graph, with every mistake reported.
 *
 * The rules are those of the reference, 2.1: without `needs` a node follows the last non-floating one; the last
 * non-floating node alone is connected to the end. Refused: unknown and later names, cycles, a node that needs itself,
 * duplicates in one list, nodes that nothing leads to. Names of items must be distinct.
 */
#ifndef SLUICE_FLOW_GRAPH_H
#define SLUICE_FLOW_GRAPH_H

#include "common/flow/problem.h"

struct graph_need {
    const char *name;
    struct flow_place place;
};

struct graph_item {
    const char *name;
    struct flow_place place;
    bool floating;
    bool join;                      /* `method: needs`: at least two needs */
    bool join_all;                  /* `method: needs_all`: every open end before it */
    const struct graph_need *needs; /* none: the default */
    size_t needs_count;
};

/*
 * Fill *ret_graph and, per item, the predecessors sorted by name (needs[i], needs_count[i]; arrays of `count`).
 * Everything lives in `arena`. SLUICE_INVALID when something was reported as an error, SLUICE_NO_MEMORY.
 */
sluice_status graph_build(struct arena *arena, const struct graph_item *items, size_t count, struct problems *problems,
                          struct flow_graph *ret_graph, size_t **needs, size_t *needs_count);

#endif
