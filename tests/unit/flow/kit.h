/*
 * kit.h - what the tests of common/flow share: loading a text with a make-believe world around it, and looking at
 * problems.
 */
#ifndef SLUICE_TESTS_FLOW_KIT_H
#define SLUICE_TESTS_FLOW_KIT_H

#include "common/flow/flow.h"

#include <check.h>

/* One load. Zero-initialise, fill the upper part as needed, kit_load(), look, kit_done(). */
struct kit {
    struct flow_options options;
    struct flow_source source; /* all callbacks NULL: no files, no plugins */

    struct flow *flow; /* NULL when the load failed */
    sluice_status status;
    struct flow_report report;
    struct arena *arena;
};

void kit_load(struct kit *kit, const char *text);
void kit_load_bytes(struct kit *kit, const void *text, size_t size);
void kit_done(struct kit *kit);

/*
 * A source that knows the files of `kit_files` and finds any plugin "NAME" or "NAME.so" whose NAME has a description in
 * `kit_plugins`, as "/plugins/NAME.so". Both end with a NULL name.
 */
struct kit_text {
    const char *name, *text;
};
extern const struct kit_text *kit_files, *kit_plugins;
struct flow_source kit_source(void);

/* The lines that `sluice check` prints; valid until the next call. */
const char *kit_lines(const struct kit *kit);

/* Load `text` and compare the report's lines; "" means that it must load without a word. */
void kit_expect(const char *text, const char *lines);
/* The same with the make-believe source. */
void kit_expect_with_plugins(const char *text, const char *lines);

/* Writes the flow, loads that as resolved, and fails the test unless the models are equal. */
void kit_expect_round_trip(const struct flow *flow);

/* The whole of a file below the source folder; fails the test when it cannot be read. free(). */
char *kit_read(const char *path);

/* main() of a test program: runs one suite with these tests. */
int kit_run(const char *name, const TTest *const *tests);

#endif
