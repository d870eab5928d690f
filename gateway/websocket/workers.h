/*
 * workers.h - a few threads that do work in the order in which it came. Nothing here waits but the threads themselves.
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_WORKERS_H
#define SLUICE_GATEWAY_WEBSOCKET_WORKERS_H

#include <sluice/error.h>

struct workers;

/* A piece of work, embedded in what it is about. Belongs to the workers from workers_add() until `run` is called. */
struct job {
    struct job *next;
    void (*run)(struct job *job);
};

enum { WORKERS_MAX = 8 };

/* `count` threads; 0: as many as cores, at most WORKERS_MAX. */
sluice_status workers_new(unsigned count, struct workers **ret_workers, sluice_error *error);
void workers_add(struct workers *workers, struct job *job); /* any thread; does not block */
struct workers *workers_free(struct workers *workers);      /* does what is left first; NULL is fine; returns NULL */

#endif
