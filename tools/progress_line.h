/*
 * progress_line.h - one line that says how far a call is, in any width; and rates over the last seconds.
 *
 * Pure functions: the time is an argument. The line is ASCII, so its bytes are its columns. Any thread.
 */
#ifndef SLUICE_TOOLS_PROGRESS_LINE_H
#define SLUICE_TOOLS_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What has been answered at some moments of the last seconds. */
enum { RATE_SAMPLES = 16, RATE_SAMPLE_MS = 250 }; /* a window of 4 s */

struct rate_window {
    struct rate_sample {
        uint64_t at_ns, documents, bytes;
    } samples[RATE_SAMPLES];
    size_t count, next;
};

/* Remember this moment, unless the last one is younger than RATE_SAMPLE_MS. */
void rate_window_add(struct rate_window *window, uint64_t now_ns, uint64_t documents, uint64_t bytes);

/* Per second since the oldest moment that is remembered; 0 when there is none before `now_ns`. */
void rate_window_read(const struct rate_window *window, uint64_t now_ns, uint64_t documents, uint64_t bytes,
                      double *ret_documents_rate, double *ret_bytes_rate);

struct progress_state {
    const char *unit;                      /* what is counted: "docs" */
    uint64_t documents, bytes;             /* of the input, answered; bytes without any are not mentioned */
    uint64_t total_documents, total_bytes; /* 0: unknown. One that was exceeded counts as unknown */
    double seconds;                        /* since the start */
    double documents_rate, bytes_rate;     /* per second */
    bool over;                             /* the last line: how long it took, instead of how long it will */
};

/* How much is done, 0 to 1; negative when no total is known. Bytes tell before documents do. */
double progress_fraction(const struct progress_state *state);

/* Seconds until the end; negative when nobody knows: no total, or nothing was answered lately. */
double progress_seconds_left(const struct progress_state *state);

enum { PROGRESS_LINE_MAX = 256 };

/*
 * The line, at most `width` columns: "[######......]  42 %  1200/3000 docs  5.2/12.3 MB  812 docs/s  3.5 MB/s  0:05 left".
 * What does not fit is left out, the least important first; the bar takes the room that is left. Returns its length.
 */
size_t progress_line(const struct progress_state *state, size_t width, char line[PROGRESS_LINE_MAX]);

#endif
