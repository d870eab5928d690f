#include "tools/supervisor/restart.h"

bool restart_after_death(struct restart *restart, uint64_t ready_ns, uint64_t died_ns, uint32_t limit,
                         uint64_t *ret_delay_ns)
{
    bool counts = ready_ns == 0 || died_ns - ready_ns <= RESTART_SETTLED_NS;
    if (!counts) {
        restart->row = 0;
        *ret_delay_ns = 0;
        return true;
    }
    restart->row++;
    if (limit > 0 && restart->row >= limit)
        return false;
    uint64_t delay = 0;
    for (uint32_t death = 2; death <= restart->row && delay < RESTART_LONGEST_NS; death++)
        delay = delay == 0 ? RESTART_FIRST_NS : delay * 2;
    *ret_delay_ns = delay < RESTART_LONGEST_NS ? delay : RESTART_LONGEST_NS;
    return true;
}
