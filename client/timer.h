/*
 * timer.h - functions that run at a given time, on a thread of their own.
 *
 * For the pauses between attempts. The thread starts with the first timer. A timer lies inside the struct that it is
 * about; its function runs without any lock held here.
 */
#ifndef SLUICE_CLIENT_TIMER_H
#define SLUICE_CLIENT_TIMER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct timer {
    struct timer *next;
    uint64_t due_ns; /* clock.h */
    void (*due)(struct timer *timer);
};

struct timers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct timer *first; /* by due_ns */
    pthread_t thread;
    bool running, stopping;
};

void timers_init(struct timers *timers);
void timers_done(struct timers *timers); /* no timer may be left; waits for the thread. Not on that thread */

/* False: the thread cannot be started, and nothing will happen. */
bool timers_add(struct timers *timers, struct timer *timer);

/* True: it will not run. False: it ran, runs, or is about to. */
bool timers_remove(struct timers *timers, struct timer *timer);

#endif
