/*
 * progress.h - the progress bar of a long call on a terminal.
 *
 * A thread of its own redraws one line on stderr, at most REDRAWS_PER_SECOND times a second, while another blocks in the
 * call; so the line also tells when nothing comes. The terminal's modes are never changed. Signals that end or stop the
 * program (Ctrl-C, Ctrl-Z, SIGTERM, SIGHUP, SIGQUIT) are taken by that thread, which removes the line first and then lets
 * them do what they do. So start it before anything that makes threads; they inherit which signals are held back.
 *
 * What is counted is the input of the requests that were answered, not what was merely read: answers are matched with
 * requests in order, which is exact at the end and off by what is in flight at most.
 *
 * One thread calls these functions.
 */
#ifndef SLUICE_TOOLS_PROGRESS_H
#define SLUICE_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDRAWS_PER_SECOND = 10, PROGRESS_DELAY_MS = 500 };

struct progress_options {
    const char *unit; /* what is counted, short; NULL: "docs" */
    bool asked_for; /* show it from the start, leave the last state there, and print that where there is no terminal */
    uint64_t total_documents, total_bytes; /* 0: unknown */
    uint64_t request_size;                 /* documents per request; 0: all in one */
};

struct progress;

/* NULL: nothing is to be shown, because stderr is no terminal (or a dumb one), or there is no memory for it. NULL is fine
 * for all functions below. Unless asked for, the line comes only when the call takes longer than PROGRESS_DELAY_MS. */
struct progress *progress_start(const struct progress_options *options);

/* Sums of what has been read: after each document. */
void progress_given(struct progress *progress, uint64_t documents, uint64_t bytes);

/* One more request was answered. */
void progress_answered(struct progress *progress);

/* Around anything that is printed on stderr, or on stdout when that is the terminal: the line gives way. */
void progress_hide(struct progress *progress);
void progress_show(struct progress *progress);

/* The end: removes the line, or leaves its last state when it was asked for. Gives the signals back. Returns NULL. */
struct progress *progress_finish(struct progress *progress);

#endif
