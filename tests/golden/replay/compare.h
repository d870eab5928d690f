/*
 * compare.h - is our answer the recorded one? If not, is the difference written down?
 *
 * tests/golden/deviations has a line per case that differs on purpose: NAME | DIFFERENCE | REASON. The difference is
 * the one printed here, so a case that begins to differ in another way is unexplained, and so is a line that no longer
 * applies.
 */
#ifndef SLUICE_GOLDEN_COMPARE_H
#define SLUICE_GOLDEN_COMPARE_H

#include <sluice/document.h>

struct tally {
    unsigned equal, deviations, unexplained;
};

/* Where and how two values differ first, as "path: ours … recorded …"; empty when they are equal. */
void compare_values(const sluice_value *ours, const sluice_value *recorded, char *difference, size_t capacity);

/* Count a case. `difference` empty: equal. Prints what is unexplained. */
void compare_count(struct tally *tally, const char *name, const char *difference);

/* Ends the program when a line is not of this form. */
void compare_load_deviations(const char *path);

/* Prints and counts lines of the list that named a case which was run and did not differ so; and, when the `whole` kind of
 * recordings ("http", say) was run, lines of that kind that name no case. */
void compare_report_unused(struct tally *tally, const char *kind, bool whole);

#endif
