/* Processes start, die and start again; the gateway is told what it must know of it. */
#include "common/foundation/log.h"
#include "common/foundation/spawn.h"
#include "common/foundation/status.h"
#include "tools/supervisor/state.h"

#include <stdio.h>
#include <sys/wait.h>

/* Where a child's trouble belongs: the place of its executor in the Flow file. */
void supervisor_place_of(const struct supervisor *supervisor, const struct child *child, char *text, size_t capacity)
{
    const struct flow_place *place =
        child->executor != NULL ? &child->executor->place : &supervisor->flow->gateway.place;
    if (place->line > 0 && place->file != NULL)
        snprintf(text, capacity, "%s:%u:%u", place->file, place->line, place->column);
    else
        snprintf(text, capacity, "%s", supervisor->flow->file != NULL ? supervisor->flow->file : "");
}

const char *supervisor_kind_of(const struct child *child)
{
    return child->executor != NULL ? "executor " : "";
}

const char *supervisor_name_of(const struct child *child)
{
    return child->executor != NULL ? child->executor->name : "the gateway";
}

/* The status whose exit code a child of ours ended with. */
static sluice_status status_of_exit(int wait_status)
{
    for (int status = SLUICE_INVALID; WIFEXITED(wait_status) && status < SLUICE_STATUS_COUNT; status++)
        if (status_codes_of((sluice_status)status)->exit_code == WEXITSTATUS(wait_status))
            return (sluice_status)status;
    return SLUICE_EXECUTOR;
}

static void start_failed(struct supervisor *supervisor, const struct child *child, int wait_status)
{
    char place[160], end[128];
    supervisor_place_of(supervisor, child, place, sizeof place);
    spawn_describe_end(wait_status, end, sizeof end);
    if (child->failure[0] != '\0')
        supervisor_give_up(supervisor, status_of_exit(wait_status), place, "%s%s did not start: %s",
                           supervisor_kind_of(child), supervisor_name_of(child), child->failure);
    else
        supervisor_give_up(supervisor, status_of_exit(wait_status), place, "%s%s did not start: its process %s",
                           supervisor_kind_of(child), supervisor_name_of(child), end);
}

static void tell_gateway_death(struct supervisor *supervisor, const struct child *child, int wait_status, bool restarts)
{
    char signal[16], status[16];
    snprintf(signal, sizeof signal, "%d", WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
    snprintf(status, sizeof status, "%d", WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0);
    CHILD_TELL(&supervisor->children[GATEWAY], "died", "pod", child->pod, "signal", signal, "status", status, "restart",
               restarts ? "1" : "0");
}

static void tell_gateway_gone(struct supervisor *supervisor, const struct child *child)
{
    char text[1024];
    snprintf(text, sizeof text, "it ended %u times in a row before it was ready%s%s", child->restart.row,
             child->failure[0] != '\0' ? ": " : "", child->failure);
    CHILD_TELL(&supervisor->children[GATEWAY], "gone", "pod", child->pod, "text", text);
}

static void died(struct supervisor *supervisor, struct child *child, const char *end, int wait_status);

void supervisor_start_child(struct supervisor *supervisor, struct child *child)
{
    sluice_error error;
    if (child_start(child, &supervisor->setup, &error) != SLUICE_OK) {
        if (supervisor->phase == STARTING) {
            supervisor_give_up(supervisor, error.status, error.where, "%s", error.text);
        } else {
            child->ready_ns = 0;
            snprintf(child->failure, sizeof child->failure, "%s", error.text);
            died(supervisor, child, "could not be started", 0);
        }
        return;
    }
    if (child->executor != NULL)
        return;
    supervisor->fronts_announced = 0;
    for (size_t i = 0; i < supervisor->child_count; i++)
        if (supervisor->children[i].state == CHILD_GONE)
            tell_gateway_gone(supervisor, &supervisor->children[i]);
}

static void crash_loop(struct supervisor *supervisor, struct child *child, const char *end)
{
    child->state = CHILD_GONE;
    bool stops = child->executor == NULL || supervisor->flow->on_crash_loop == FLOW_ON_CRASH_LOOP_STOP;
    if (!stops) {
        log_error("%s %s; that was death %u in a row before it was ready%s%s; given up, the rest of the Flow goes on "
                  "(on_crash_loop: keep)",
                  child->pod, end, child->restart.row, child->failure[0] != '\0' ? ": " : "", child->failure);
        tell_gateway_gone(supervisor, child);
        return;
    }
    char place[160];
    supervisor_place_of(supervisor, child, place, sizeof place);
    supervisor_give_up(supervisor, SLUICE_EXECUTOR, place, "%s%s %s %u times in a row before it was ready%s%s",
                       supervisor_kind_of(child), supervisor_name_of(child), end, child->restart.row,
                       child->failure[0] != '\0' ? ": " : "", child->failure);
}

/* The process of `child` is no more, as `end` says: start another, now or later, or give up. */
static void died(struct supervisor *supervisor, struct child *child, const char *end, int wait_status)
{
    uint64_t delay = 0, now = clock_monotonic_ns();
    bool again = restart_after_death(&child->restart, child->ready_ns, now, supervisor->flow->crash_loop_limit, &delay);
    if (child->executor != NULL)
        tell_gateway_death(supervisor, child, wait_status, again);
    if (!again) {
        crash_loop(supervisor, child, end);
        return;
    }
    char when[32] = "";
    if (delay > 0)
        snprintf(when, sizeof when, " in %.1f s", (double)delay / CLOCK_NS_PER_SECOND);
    log_error("%s %s%s%s; starting it again%s", child->pod, end, child->failure[0] != '\0' ? ": " : "", child->failure,
              when);
    child->state = CHILD_WAITING;
    child->due_ns = now + delay;
    if (delay == 0)
        supervisor_start_child(supervisor, child);
}

void supervisor_on_death(struct supervisor *supervisor, struct child *child, int wait_status)
{
    char end[128];
    spawn_describe_end(wait_status, end, sizeof end);
    switch (supervisor->phase) {
    case STARTING: start_failed(supervisor, child, wait_status); break;
    case RUNNING: died(supervisor, child, end, wait_status); break;
    case DRAINING_GATEWAY:
        if (child->executor == NULL) {
            supervisor_enter(supervisor, DRAINING_EXECUTORS);
        } else {
            log_error("%s %s while the Flow was draining", child->pod, end);
            tell_gateway_death(supervisor, child, wait_status, false);
        }
        break;
    case DRAINING_EXECUTORS:
        if (wait_status != 0)
            log_warning("%s %s while it was draining", child->pod, end);
        break;
    case ENDING:
    case KILLING: break;
    }
}
