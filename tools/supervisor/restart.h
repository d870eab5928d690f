/*
 * restart.h - when a process that died is started again.
 *
 * A death counts when the process died before it was ready or within RESTART_SETTLED_NS of it; any other death ends the
 * row. The first of a row is answered at once, the next ones after 100 ms, 200 ms, … up to 5 s; `limit` deaths in a row
 * are a crash loop. No clock, no process: plain arithmetic.
 */
#ifndef SLUICE_SUPERVISOR_RESTART_H
#define SLUICE_SUPERVISOR_RESTART_H

#include "common/foundation/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define RESTART_SETTLED_NS (100ull * CLOCK_NS_PER_MS)
#define RESTART_FIRST_NS   (100ull * CLOCK_NS_PER_MS)
#define RESTART_LONGEST_NS (5ull * CLOCK_NS_PER_SECOND)

struct restart {
    uint32_t row; /* deaths that count, in a row */
};

/*
 * A process died at `died_ns`; it had been ready since `ready_ns` (0: never). True: start it again after *ret_delay_ns.
 * False: a crash loop, `limit` deaths in a row; 0 means no limit.
 */
bool restart_after_death(struct restart *restart, uint64_t ready_ns, uint64_t died_ns, uint32_t limit,
                         uint64_t *ret_delay_ns);

#endif
