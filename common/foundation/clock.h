/* clock.h - time. Deadlines are absolute CLOCK_MONOTONIC nanoseconds, 0 meaning none. Any thread. */
#ifndef SLUICE_FOUNDATION_CLOCK_H
#define SLUICE_FOUNDATION_CLOCK_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_SECOND 1000000000u
#define CLOCK_NS_PER_MS     1000000u

static inline uint64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static inline struct timespec clock_utc(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

/* The earlier of two deadlines, 0 meaning none. */
static inline uint64_t clock_earlier(uint64_t a, uint64_t b)
{
    return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

/* Milliseconds for poll() until `deadline_ns`, rounded up: -1 for none, 0 when past. */
static inline int clock_poll_timeout(uint64_t deadline_ns)
{
    if (deadline_ns == 0)
        return -1;
    uint64_t now = clock_monotonic_ns();
    if (deadline_ns <= now)
        return 0;
    uint64_t left = (deadline_ns - now + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
    return left > 0x7FFFFFFF ? 0x7FFFFFFF : (int)left;
}

/* A condition variable whose pthread_cond_timedwait() takes times of CLOCK_MONOTONIC, which nobody sets back. */
static inline void clock_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Wait on such a condition variable, until `deadline_ns` (0: for ever). False when that came; otherwise the caller looks
 * whether it is what it waits for. Under the mutex. */
static inline bool clock_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t deadline_ns)
{
    if (deadline_ns == 0) {
        pthread_cond_wait(condition, mutex);
        return true;
    }
    struct timespec until = {.tv_sec = (time_t)(deadline_ns / CLOCK_NS_PER_SECOND),
                             .tv_nsec = (long)(deadline_ns % CLOCK_NS_PER_SECOND)};
    return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}

#endif
