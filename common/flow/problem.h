/*
 * problem.h - collects the problems of one load, to be told all at once and in the order of the source.
 *
 * One collector belongs to one load. Texts are kept in its arena, which becomes the caller's report arena. Above
 * PROBLEMS_MAX problems only the count goes on. Not thread-safe.
 */
#ifndef SLUICE_FLOW_PROBLEM_H
#define SLUICE_FLOW_PROBLEM_H

#include "common/flow/flow.h"

enum { PROBLEMS_MAX = 1000, PROBLEM_TEXT_MAX = 1000 /* bytes; longer ones are cut */ };

struct problem_item;

struct problems {
    struct arena *arena;
    struct problem_item *items;
    size_t count, capacity, left_out;
    size_t error_count;       /* all errors, the ones left out too */
    struct flow_place anchor; /* while an included file is read: where the main file names it */
    bool no_memory;
};

void problems_init(struct problems *problems, struct arena *arena);
void problems_done(struct problems *problems); /* keeps the arena */

void problem_error(struct problems *problems, struct flow_place place, const char *format, ...) SLUICE_PRINTF(3, 4);
void problem_warning(struct problems *problems, struct flow_place place, const char *format, ...) SLUICE_PRINTF(3, 4);

/* The report, sorted; lives in the collector's arena. SLUICE_NO_MEMORY if that or any call above had none. */
sluice_status problems_report(struct problems *problems, struct flow_report *ret_report);

/* `, did you mean "X"?` for the nearest of `candidates` (ended by NULL), or "". Lives in the collector's arena. */
const char *problem_suggestion(struct problems *problems, const char *word, const char *const *candidates);

#endif
