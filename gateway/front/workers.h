/*
 * workers.h - a few threads of a front for work that would hold up its event loop, such as the JSON of large messages.
 *
 * Jobs are taken in the order in which they came. The queue has no limit of its own: a front puts a bounded number of jobs
 * into it (one per request in work).
 */
#ifndef SLUICE_GATEWAY_FRONT_WORKERS_H
#define SLUICE_GATEWAY_FRONT_WORKERS_H

#include <sluice/error.h>

/* A piece of work, embedded in what it is about. Whoever is given it owns it until `run` is called. */
struct front_job {
    struct front_job *next;
    void (*run)(struct front_job *job);
};

struct front_workers;

enum { FRONT_WORKERS_MAX = 8 };

/* `count` threads, named `name` (at most 15 bytes); 0: as many as processors, at most FRONT_WORKERS_MAX. */
sluice_status front_workers_new(const char *name, unsigned count, struct front_workers **ret_workers,
                                sluice_error *error);
/* Any thread; does not block. */
void front_workers_add(struct front_workers *workers, struct front_job *job);
/* Does what is left, then joins. NULL is fine; returns NULL. */
struct front_workers *front_workers_free(struct front_workers *workers);

#endif
