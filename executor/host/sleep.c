/*
 * sleep.c - sluice_call_sleep(): the one way to wait in a handler that a cancel ends.
 *
 * A cancel is a flag that another thread sets, so the sleep looks at it in steps. A step is short against the time that a
 * person notices and long against the cost of waking up.
 */
#include "common/foundation/clock.h"

#include <sluice/executor.h>

#define SLEEP_STEP_NS (5 * (uint64_t)CLOCK_NS_PER_MS)

bool sluice_call_sleep(const sluice_call *call, uint64_t duration_ns)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t end = duration_ns > UINT64_MAX - now ? UINT64_MAX : now + duration_ns;

    for (; !sluice_call_cancelled(call); now = clock_monotonic_ns()) {
        if (now >= end)
            return true;
        uint64_t step = end - now < SLEEP_STEP_NS ? end - now : SLEEP_STEP_NS;
        struct timespec pause = {.tv_sec = 0, .tv_nsec = (long)step};
        nanosleep(&pause, NULL);
    }
    return false;
}
