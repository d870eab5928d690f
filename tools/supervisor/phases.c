/* The way of a Flow from its start to its end: what each phase means for the processes. */
#include "common/foundation/log.h"
#include "tools/supervisor/state.h"

/* On top of the gateway's own drain_timeout; and for the executors after it. */
#define DRAIN_MARGIN_NS (5ull * CLOCK_NS_PER_SECOND)
#define ENDING_GRACE_NS (300ull * CLOCK_NS_PER_MS)

/* End everything because of `status`; the first reason stays. */
void supervisor_give_up(struct supervisor *supervisor, sluice_status status, const char *where, const char *format, ...)
{
    if (supervisor->error.status == SLUICE_OK && supervisor->phase < ENDING) {
        va_list arguments;
        va_start(arguments, format);
        sluice_fail_va(&supervisor->error, status, where, format, arguments);
        va_end(arguments);
    }
    if (supervisor->phase < ENDING)
        supervisor_enter(supervisor, ENDING);
}

static void tell_all_executors(struct supervisor *supervisor, const char *word)
{
    for (size_t i = 1; i < supervisor->child_count; i++)
        child_tell(&supervisor->children[i], word, (const char *const[]){NULL});
}

void supervisor_enter(struct supervisor *supervisor, enum phase phase)
{
    uint64_t now = clock_monotonic_ns();
    supervisor->phase = phase;
    supervisor->phase_deadline_ns = NO_DEADLINE;
    switch (phase) {
    case STARTING:
    case RUNNING: break;
    case DRAINING_GATEWAY:
        supervisor->phase_deadline_ns = now + supervisor->flow->gateway.drain_timeout_ns + DRAIN_MARGIN_NS;
        if (!CHILD_TELL(&supervisor->children[GATEWAY], "drain"))
            supervisor_enter(supervisor, DRAINING_EXECUTORS);
        break;
    case DRAINING_EXECUTORS:
        supervisor->phase_deadline_ns = now + DRAIN_MARGIN_NS;
        tell_all_executors(supervisor, "drain");
        break;
    case ENDING:
        supervisor->phase_deadline_ns = now + ENDING_GRACE_NS;
        for (size_t i = 0; i < supervisor->child_count; i++)
            child_abandon(&supervisor->children[i]);
        break;
    case KILLING:
        for (size_t i = 0; i < supervisor->child_count; i++)
            child_kill(&supervisor->children[i]);
        break;
    }
}

void supervisor_phase_timed_out(struct supervisor *supervisor)
{
    if (supervisor->phase == DRAINING_GATEWAY) {
        log_warning("the gateway did not drain in time; ending it");
        child_kill(&supervisor->children[GATEWAY]);
        supervisor->phase_deadline_ns = NO_DEADLINE; /* its death leads on */
    } else if (supervisor->phase == DRAINING_EXECUTORS) {
        log_warning("not all executors drained in time; ending them");
        supervisor_enter(supervisor, ENDING);
    } else {
        supervisor_enter(supervisor, KILLING);
    }
}

/* Somebody asked for the end: the first time drain, the second time hurry. */
void supervisor_stop_wanted(struct supervisor *supervisor, const char *why)
{
    switch (supervisor->phase) {
    case STARTING:
        log_info("%s before the Flow was ready: ending", why);
        sluice_fail(&supervisor->error, SLUICE_CANCELLED, NULL, "stopped before it was ready (%s)", why);
        supervisor_enter(supervisor, ENDING);
        break;
    case RUNNING:
        log_info("%s: draining", why);
        supervisor_enter(supervisor, DRAINING_GATEWAY);
        break;
    case DRAINING_GATEWAY:
    case DRAINING_EXECUTORS:
        log_info("%s again: ending now", why);
        supervisor_enter(supervisor, ENDING);
        break;
    case ENDING:
    case KILLING: break;
    }
}
