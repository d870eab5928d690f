#include "client/timer.h"

#include "common/foundation/clock.h"

#include <signal.h>

static void wait_until(struct timers *timers, uint64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / CLOCK_NS_PER_SECOND),
                           .tv_nsec = (long)(due_ns % CLOCK_NS_PER_SECOND)};
    pthread_cond_timedwait(&timers->changed, &timers->lock, &due);
}

static void *run(void *context)
{
    struct timers *timers = context;
    pthread_mutex_lock(&timers->lock);
    while (!timers->stopping) {
        struct timer *timer = timers->first;
        if (timer == NULL) {
            pthread_cond_wait(&timers->changed, &timers->lock);
        } else if (timer->due_ns > clock_monotonic_ns()) {
            wait_until(timers, timer->due_ns);
        } else {
            timers->first = timer->next;
            pthread_mutex_unlock(&timers->lock);
            timer->due(timer);
            pthread_mutex_lock(&timers->lock);
        }
    }
    pthread_mutex_unlock(&timers->lock);
    return NULL;
}

/* Signals stay with the program's own threads. */
static bool start_thread(struct timers *timers)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&timers->thread, NULL, run, timers) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void timers_init(struct timers *timers)
{
    *timers = (struct timers){0};
    pthread_mutex_init(&timers->lock, NULL);
    clock_condition_init(&timers->changed);
}

void timers_done(struct timers *timers)
{
    pthread_mutex_lock(&timers->lock);
    timers->stopping = true;
    bool running = timers->running;
    pthread_cond_signal(&timers->changed);
    pthread_mutex_unlock(&timers->lock);
    if (running)
        pthread_join(timers->thread, NULL);
    pthread_cond_destroy(&timers->changed);
    pthread_mutex_destroy(&timers->lock);
}

bool timers_add(struct timers *timers, struct timer *timer)
{
    pthread_mutex_lock(&timers->lock);
    if (!timers->running)
        timers->running = start_thread(timers);
    bool added = timers->running;
    if (added) {
        struct timer **place = &timers->first;
        while (*place != NULL && (*place)->due_ns <= timer->due_ns)
            place = &(*place)->next;
        timer->next = *place;
        *place = timer;
        pthread_cond_signal(&timers->changed);
    }
    pthread_mutex_unlock(&timers->lock);
    return added;
}

bool timers_remove(struct timers *timers, struct timer *timer)
{
    pthread_mutex_lock(&timers->lock);
    struct timer **place = &timers->first;
    while (*place != NULL && *place != timer)
        place = &(*place)->next;
    bool found = *place != NULL;
    if (found)
        *place = timer->next;
    pthread_mutex_unlock(&timers->lock);
    return found;
}
