#include "client/backoff.h"

#include "common/foundation/clock.h"

#include <sys/random.h>

/* Longer waits make no sense and would not fit into a uint64_t of nanoseconds for ever. */
#define BACKOFF_SECONDS_MAX (365.0 * 86400)

uint64_t backoff_ns(const struct backoff *backoff, unsigned failures, double random)
{
    double seconds = backoff->initial_seconds;
    if (failures >= 2) {
        for (unsigned i = 1; i < failures && seconds < backoff->max_seconds; i++)
            seconds *= backoff->multiplier;
        if (!(seconds < backoff->max_seconds))
            seconds = backoff->max_seconds;
        seconds *= random;
    }
    if (!(seconds > 0))
        return 0;
    if (seconds > BACKOFF_SECONDS_MAX)
        seconds = BACKOFF_SECONDS_MAX;
    return (uint64_t)(seconds * (double)CLOCK_NS_PER_SECOND);
}

double backoff_random(void)
{
    uint64_t bits = 0;
    if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) != (ssize_t)sizeof bits)
        bits = clock_monotonic_ns() * 0x9E3779B97F4A7C15u;
    return (double)(bits >> 11) * 0x1.0p-53;
}
