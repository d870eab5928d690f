/*
 * backoff.h - how long to wait before a request is sent again (the actual rule of Jina's Client).
 *
 * After the first failure exactly `initial`; after the n-th, n >= 2, uniform in (0, min(initial * multiplier^(n-1),
 * max)). Pure, but for the random number; any thread.
 */
#ifndef SLUICE_CLIENT_BACKOFF_H
#define SLUICE_CLIENT_BACKOFF_H

#include <stdint.h>

/* A gateway may ask for a longer pause (Retry-After), up to this; beyond it there is no further attempt. */
enum { BACKOFF_ASKED_SECONDS_MAX = 60 };

struct backoff {
    double initial_seconds, max_seconds, multiplier;
};

/* `failures` counts from 1; `random` is uniform in [0, 1). */
uint64_t backoff_ns(const struct backoff *backoff, unsigned failures, double random);

/* A random number for backoff_ns(). */
double backoff_random(void);

#endif
