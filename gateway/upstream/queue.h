/*
 * queue.h - requests that wait for one executor, served by client in turn.
 *
 * Each client has a first-in-first-out list of its own; the lists that are not empty stand in a ring. So a client with
 * a thousand requests delays another one's by one request. Under the lock of the upstream.
 */
#ifndef SLUICE_GATEWAY_QUEUE_H
#define SLUICE_GATEWAY_QUEUE_H

#include "gateway/upstream/upstream.h"

/* The waiting calls of one client for one executor. */
struct upstream_queue {
    struct upstream_queue *next, *previous; /* in the ring */
    struct upstream_queue **home;           /* where the client keeps the pointer */
    struct upstream_call *first, **last;
};

struct fair_queue {
    struct upstream_queue *turn; /* whose turn is next; NULL: nothing waits */
    size_t size;
};

/* Append, or put in front (a call that has already waited). SLUICE_NO_MEMORY. */
sluice_status fair_queue_add(struct fair_queue *queue, size_t executor, struct upstream_call *call, bool in_front);
struct upstream_call *fair_queue_peek(const struct fair_queue *queue);
struct upstream_call *fair_queue_take(struct fair_queue *queue); /* NULL: empty */
bool fair_queue_remove(struct fair_queue *queue, size_t executor, struct upstream_call *call);

#endif
