/*
 * batch.h - the cases of an index that belong to one Flow, replayed against it.
 *
 * Most of a case's time is waiting: for a ping, or to see that nothing comes. So several are replayed at a time, each on a
 * connection of its own; only the results are counted in the order of the index.
 */
#ifndef SLUICE_GOLDEN_BATCH_H
#define SLUICE_GOLDEN_BATCH_H

#include "cases.h"

#include <sluice/flow.h>

struct batch {
    const char *folder, *flow; /* of tests/golden; the Flow as the index names it */
    const char *yaml;          /* for running_flow_start_with() */
    bool alone;                /* one case at a time: they end an executor or the Flow, or measure time */
    /* Replays a case, which is `one` of the index; writes how it differs, or "". Any thread, several at once. */
    void (*replay)(const struct batch *batch, sluice_flow *flow, const sluice_value *one, const char *name,
                   char *difference, size_t capacity);
};

/* Starts the Flow if one of the index's `cases` belongs to it and is wanted, and replays them. `only`: a case or a Flow;
 * NULL: all. */
void batch_run(const struct batch *batch, const sluice_value *cases, const char *only, struct tally *tally);

/* Counts as unexplained what the index lists and `tally` has not counted: a case of a Flow that no batch has. */
void batch_all_counted(const char *folder, const sluice_value *cases, struct tally *tally);

#endif
