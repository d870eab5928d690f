/*
 * workers.h - a few threads for work that would hold up an event loop, such as the JSON of large messages.
 *
 * Jobs are taken in the order in which they came. The queue has no limit of its own: a front or a client puts a bounded number of
 * jobs into it (one per request in work). Signals stay with the program's own threads.
 */
#ifndef SLUICE_FOUNDATION_WORKERS_H
#define SLUICE_FOUNDATION_WORKERS_H

#include <sluice/error.h>

#include <stdbool.h>

/* A piece of work, embedded in what it is about. Whoever is given it owns it until `run` is called. */
struct job {
    struct job *next;
    void (*run)(struct job *job);
};

struct workers;

enum { WORKERS_MAX = 8 };

enum workers_start {
    WORKERS_AT_ONCE,    /* all of them; SLUICE_SYSTEM when that fails */
    WORKERS_WHEN_NEEDED /* one more whenever a job finds all others busy, as long as the system gives them */
};

/* Up to `most` threads, named `name` (at most 15 bytes; kept); 0: as many as processors, at most WORKERS_MAX. */
sluice_status workers_new(const char *name, unsigned most, enum workers_start start, struct workers **ret_workers,
                          sluice_error *error);
/* Any thread; does not block. False: there is no thread, and none could be started (never with WORKERS_AT_ONCE); the job is not
 * taken. */
bool workers_add(struct workers *workers, struct job *job);
/* Does what is left, then joins. NULL is fine; returns NULL. */
struct workers *workers_free(struct workers *workers);

#endif
