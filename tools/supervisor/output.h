/*
 * output.h - what a child writes on its stdout and stderr, passed on line by line with its name.
 *
 * Lines of our own log go out as they are, they name the component themselves; any other line gets the child's name in
 * front (or becomes a JSON object under SLUICE_LOG_FORMAT=json). A line longer than OUTPUT_LINE_MAX goes out in pieces.
 */
#ifndef SLUICE_SUPERVISOR_OUTPUT_H
#define SLUICE_SUPERVISOR_OUTPUT_H

#include "common/foundation/buffer.h"

#include <stdbool.h>

enum { OUTPUT_LINE_MAX = 64 * 1024 };

struct output {
    const char *name; /* of the child; not owned */
    int target;       /* where to write, such as STDERR_FILENO */
    struct buffer line;
};

void output_init(struct output *output, const char *name, int target);
void output_done(struct output *output); /* writes a line that has no newline yet */

/* Pass on what `fd` (not blocking) has now, up to a bound, so that a chatty child cannot keep the caller. False at its
 * end. */
bool output_take(struct output *output, int fd);

#endif
