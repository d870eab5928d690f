/*
 * progress.h - a progress bar for a post: one step per response.
 *
 * On a terminal it redraws one line, at most ten times a second; elsewhere it prints the last state only. One thread.
 */
#ifndef SLUICE_CLIENT_PROGRESS_H
#define SLUICE_CLIENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *file; /* NULL: nothing is shown */
    bool redraws;
    uint64_t total; /* steps; 0: unknown */
    uint64_t steps;
    uint64_t started_ns, drawn_ns;
};

/* `file` NULL: show nothing. `documents` 0: unknown; `request_size` SIZE_MAX: all in one. */
void progress_start(struct progress *progress, FILE *file, uint64_t documents, uint64_t request_size);
void progress_step(struct progress *progress);
void progress_finish(struct progress *progress, bool success);

#endif
