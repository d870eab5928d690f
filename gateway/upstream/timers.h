/*
 * timers.h - the deadlines of one thread: a binary heap that any thread may change.
 *
 * The owner waits no longer than timers_next() says and then calls timers_run(). A timer that becomes the earliest
 * wakes the owner through its event descriptor. A timer is embedded in what it is for and is not on the heap when its
 * callback runs. timers_cancel() returning true promises that the callback neither runs nor will run.
 */
#ifndef SLUICE_GATEWAY_TIMERS_H
#define SLUICE_GATEWAY_TIMERS_H

#include <sluice/error.h>

#include <pthread.h>
#include <stdbool.h>

struct timer {
    uint64_t due_ns; /* CLOCK_MONOTONIC */
    size_t place;    /* in the heap, from 1; 0: not set */
    void (*run)(struct timer *timer);
};

struct timers {
    pthread_mutex_t lock;
    struct timer **heap; /* heap[1] is the earliest */
    size_t count, capacity;
    int wake_fd; /* eventfd of the owner */
};

void timers_init(struct timers *timers, int wake_fd);
void timers_done(struct timers *timers); /* forgets what is set */

/* Set (or move) a timer; its owner keeps it alive until it ran or was cancelled. SLUICE_NO_MEMORY leaves it unset. */
sluice_status timers_set(struct timers *timers, struct timer *timer, uint64_t due_ns);
bool timers_cancel(struct timers *timers, struct timer *timer); /* was it set? */

uint64_t timers_next(struct timers *timers); /* 0: none */
void timers_run(struct timers *timers);      /* everything that is due, on the calling thread, without the lock */

#endif
