/*
 * Design notes
 *
 * The phases follow one another: STARTING (everything comes up; the first failure ends the start), RUNNING (deaths are
 * answered by restarts), DRAINING_GATEWAY (the gateway finishes what is inside it, executors still work for it),
 * DRAINING_EXECUTORS, ENDING (nobody is waited for long). A phase has a deadline, after which the next one begins;
 * ENDING starts with the end of the control sockets and goes over to SIGKILL after ENDING_GRACE_NS. The loop ends when
 * no process is left.
 *
 * In each turn of the loop control messages are read before deaths are looked at, so `failed` and `stuck` reach us
 * before the end of the process they are about.
 */
#include "tools/supervisor/supervisor.h"
#include "common/foundation/log.h"
#include "common/foundation/status.h"
#include "common/net/local.h"
#include "common/foundation/spawn.h"
#include "tools/supervisor/child.h"
#include "tools/supervisor/folder.h"
#include "tools/supervisor/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAIN_MARGIN_NS (5ull * CLOCK_NS_PER_SECOND) /* on top of the gateway's own drain_timeout, and for executors   \
                                                      */
#define ENDING_GRACE_NS (300ull * CLOCK_NS_PER_MS)
#define NO_DEADLINE     0u

enum phase { STARTING, RUNNING, DRAINING_GATEWAY, DRAINING_EXECUTORS, ENDING, KILLING };

/* The gateway is the first child. */
enum { GATEWAY = 0 };

struct supervisor {
    struct flow *flow;
    const struct supervisor_options *options;
    struct child_setup setup;
    struct buffer yaml;
    struct folder folder;
    struct child *children;
    size_t child_count;
    enum phase phase;
    uint64_t phase_deadline_ns;
    int signal_fd, stop_fd, ready_fd;
    struct report report;
    size_t fronts_announced; /* by the gateway's present process */
    sluice_error error;      /* why it ends; status SLUICE_OK: because it was asked to */
};

static void enter(struct supervisor *supervisor, enum phase phase);

/* ---- failures ---- */

/* End everything because of `status`; the first reason stays. */
static void __attribute__((format(printf, 4, 5)))
give_up(struct supervisor *supervisor, sluice_status status, const char *where, const char *format, ...)
{
    if (supervisor->error.status == SLUICE_OK && supervisor->phase < ENDING) {
        va_list arguments;
        va_start(arguments, format);
        sluice_fail_va(&supervisor->error, status, where, format, arguments);
        va_end(arguments);
    }
    if (supervisor->phase < ENDING)
        enter(supervisor, ENDING);
}

/* Where a child's trouble belongs: the place of its executor in the Flow file. */
static void place_of(const struct supervisor *supervisor, const struct child *child, char *text, size_t capacity)
{
    const struct flow_place *place =
        child->executor != NULL ? &child->executor->place : &supervisor->flow->gateway.place;
    if (place->line > 0 && place->file != NULL)
        snprintf(text, capacity, "%s:%u:%u", place->file, place->line, place->column);
    else
        snprintf(text, capacity, "%s", supervisor->flow->file != NULL ? supervisor->flow->file : "");
}

static const char *kind_of(const struct child *child)
{
    return child->executor != NULL ? "executor " : "";
}

static const char *name_of(const struct child *child)
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
    place_of(supervisor, child, place, sizeof place);
    spawn_describe_end(wait_status, end, sizeof end);
    if (child->failure[0] != '\0')
        give_up(supervisor, status_of_exit(wait_status), place, "%s%s did not start: %s", kind_of(child),
                name_of(child), child->failure);
    else
        give_up(supervisor, status_of_exit(wait_status), place, "%s%s did not start: its process %s", kind_of(child),
                name_of(child), end);
}

/* ---- talking to the gateway ---- */

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
    snprintf(text, sizeof text, "executor %.200s ended %u times in a row before it was ready and is given up%s%s",
             child->executor->name, child->restart.row, child->failure[0] != '\0' ? ": " : "", child->failure);
    CHILD_TELL(&supervisor->children[GATEWAY], "gone", "pod", child->pod, "text", text);
}

/* ---- starting ---- */

static void died(struct supervisor *supervisor, struct child *child, const char *end, int wait_status);

static void start_child(struct supervisor *supervisor, struct child *child)
{
    sluice_error error;
    if (child_start(child, &supervisor->setup, &error) != SLUICE_OK) {
        if (supervisor->phase == STARTING) {
            give_up(supervisor, error.status, error.where, "%s", error.text);
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

static sluice_status listen_for(struct supervisor *supervisor, struct child *child)
{
    char path[LOCAL_PATH_MAX];
    sluice_status status =
        local_socket_path(supervisor->folder.path, child->executor->name, child->replica, path, &supervisor->error);
    return status == SLUICE_OK ? local_listen(path, &child->listen_fd, &supervisor->error) : status;
}

static sluice_status make_children(struct supervisor *supervisor)
{
    struct flow *flow = supervisor->flow;
    size_t count = 1;
    for (size_t i = 0; i < flow->executor_count; i++)
        count += flow->executors[i].external ? 0 : flow->executors[i].replicas;
    supervisor->children = calloc(count, sizeof *supervisor->children);
    if (supervisor->children == NULL)
        return sluice_fail(&supervisor->error, SLUICE_NO_MEMORY, NULL, "no memory for %zu processes", count);
    child_init(&supervisor->children[supervisor->child_count++], NULL, 0);
    for (size_t i = 0; i < flow->executor_count; i++)
        for (uint32_t replica = 0; !flow->executors[i].external && replica < flow->executors[i].replicas; replica++) {
            struct child *child = &supervisor->children[supervisor->child_count++];
            child_init(child, &flow->executors[i], replica);
            sluice_status status = listen_for(supervisor, child);
            if (status != SLUICE_OK)
                return status;
        }
    return SLUICE_OK;
}

/* The Flow as the children get it; again when the ports are known, so that a new gateway opens the same. */
static sluice_status write_yaml(struct supervisor *supervisor)
{
    buffer_clear(&supervisor->yaml);
    sluice_status status = flow_write(supervisor->flow, &supervisor->yaml);
    return status == SLUICE_OK
               ? SLUICE_OK
               : sluice_fail(&supervisor->error, status, NULL, "cannot write the Flow for its processes");
}

static void watch_signals(struct supervisor *supervisor)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    supervisor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->signal_fd < 0)
        give_up(supervisor, SLUICE_SYSTEM, "signalfd", "%s", strerror(errno));
}

static void all_ready(struct supervisor *supervisor)
{
    double ready_ms = (double)(clock_monotonic_ns() - supervisor->options->start_ns) / CLOCK_NS_PER_MS;
    if (write_yaml(supervisor) != SLUICE_OK) {
        enter(supervisor, ENDING);
        return;
    }
    enter(supervisor, RUNNING);
    report_print(&supervisor->report, ready_ms);
    report_ready(&supervisor->report, ready_ms, supervisor->ready_fd);
    supervisor->ready_fd = -1;
}

/* ---- messages of the children ---- */

/* A front is open: `ready protocol=grpc host=… port=…`. */
static void note_front(struct supervisor *supervisor, const struct control_message *message)
{
    size_t index = supervisor->fronts_announced++;
    const char *host = control_value(message, "host"), *port = control_value(message, "port");
    if (index >= REPORT_FRONTS_MAX)
        return;
    struct report_front *front = &supervisor->report.fronts[index];
    snprintf(front->protocol, sizeof front->protocol, "%s", control_value(message, "protocol"));
    snprintf(front->host, sizeof front->host, "%s", host != NULL ? host : supervisor->flow->gateway.host);
    front->port = port != NULL ? (unsigned)strtoul(port, NULL, 10) : 0;
    if (index >= supervisor->report.front_count)
        supervisor->report.front_count = index + 1;
    if (index < supervisor->flow->gateway.front_count)
        supervisor->flow->gateway.fronts[index].port = (uint16_t)front->port;
}

static void note_ready(struct supervisor *supervisor, struct child *child)
{
    child->state = CHILD_READY;
    child->ready_ns = clock_monotonic_ns();
    if (supervisor->phase == RUNNING) {
        log_info("%s is ready again", child->pod);
        if (child->executor != NULL)
            CHILD_TELL(&supervisor->children[GATEWAY], "up", "pod", child->pod);
        return;
    }
    for (size_t i = 0; i < supervisor->child_count; i++)
        if (supervisor->children[i].state != CHILD_READY)
            return;
    if (supervisor->phase == STARTING)
        all_ready(supervisor);
}

/*
 * A request in this executor is past its deadline by stuck_timeout. Several reports may come for one process, the last
 * of them after its successor has started; no process can be stuck that is younger than stuck_timeout.
 */
static void note_stuck(struct supervisor *supervisor, const char *pod)
{
    for (size_t i = 1; i < supervisor->child_count; i++) {
        struct child *child = &supervisor->children[i];
        if (pod == NULL || strcmp(child->pod, pod) != 0 || !child_runs(child))
            continue;
        if (clock_monotonic_ns() - child->started_ns < child->executor->stuck_timeout_ns)
            return;
        log_error("%s is stuck: a request is past its deadline by stuck_timeout (%.1f s); ending process %d",
                  child->pod, (double)child->executor->stuck_timeout_ns / CLOCK_NS_PER_SECOND, (int)child->pid);
        child_kill(child);
    }
}

static void on_message(struct child *child, const struct control_message *message, void *context)
{
    struct supervisor *supervisor = context;
    if (strcmp(message->word, "ready") == 0 && control_value(message, "protocol") != NULL)
        note_front(supervisor, message);
    else if (strcmp(message->word, "ready") == 0 && child->state == CHILD_STARTING)
        note_ready(supervisor, child);
    else if (strcmp(message->word, "stuck") == 0)
        note_stuck(supervisor, control_value(message, "pod"));
    else
        log_debug("%s says %s", child->pod, message->word);
}

/* ---- deaths ---- */

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
    place_of(supervisor, child, place, sizeof place);
    give_up(supervisor, SLUICE_EXECUTOR, place, "%s%s %s %u times in a row before it was ready%s%s", kind_of(child),
            name_of(child), end, child->restart.row, child->failure[0] != '\0' ? ": " : "", child->failure);
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
        start_child(supervisor, child);
}

static bool any_runs(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++)
        if (child_runs(&supervisor->children[i]))
            return true;
    return false;
}

static void on_death(struct supervisor *supervisor, struct child *child, int wait_status)
{
    char end[128];
    spawn_describe_end(wait_status, end, sizeof end);
    switch (supervisor->phase) {
    case STARTING: start_failed(supervisor, child, wait_status); break;
    case RUNNING: died(supervisor, child, end, wait_status); break;
    case DRAINING_GATEWAY:
        if (child->executor == NULL) {
            enter(supervisor, DRAINING_EXECUTORS);
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

/* ---- phases ---- */

static void tell_all_executors(struct supervisor *supervisor, const char *word)
{
    for (size_t i = 1; i < supervisor->child_count; i++)
        child_tell(&supervisor->children[i], word, (const char *const[]){NULL});
}

static void enter(struct supervisor *supervisor, enum phase phase)
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
            enter(supervisor, DRAINING_EXECUTORS);
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

static void phase_timed_out(struct supervisor *supervisor)
{
    if (supervisor->phase == DRAINING_GATEWAY) {
        log_warning("the gateway did not drain in time; ending it");
        child_kill(&supervisor->children[GATEWAY]);
        supervisor->phase_deadline_ns = NO_DEADLINE; /* its death leads on */
    } else if (supervisor->phase == DRAINING_EXECUTORS) {
        log_warning("not all executors drained in time; ending them");
        enter(supervisor, ENDING);
    } else {
        enter(supervisor, KILLING);
    }
}

/* Somebody asked for the end: the first time drain, the second time hurry. */
static void stop_wanted(struct supervisor *supervisor, const char *why)
{
    switch (supervisor->phase) {
    case STARTING:
        log_info("%s before the Flow was ready: ending", why);
        sluice_fail(&supervisor->error, SLUICE_CANCELLED, NULL, "stopped before it was ready (%s)", why);
        enter(supervisor, ENDING);
        break;
    case RUNNING:
        log_info("%s: draining", why);
        enter(supervisor, DRAINING_GATEWAY);
        break;
    case DRAINING_GATEWAY:
    case DRAINING_EXECUTORS:
        log_info("%s again: ending now", why);
        enter(supervisor, ENDING);
        break;
    case ENDING:
    case KILLING: break;
    }
}

/* ---- the loop ---- */

/* What is due: starts that took too long, restarts, the phase. */
static void handle_deadlines(struct supervisor *supervisor)
{
    uint64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < supervisor->child_count; i++) {
        struct child *child = &supervisor->children[i];
        if (child->due_ns == 0 || child->due_ns > now)
            continue;
        if (child->state == CHILD_WAITING && supervisor->phase == RUNNING) {
            start_child(supervisor, child);
        } else if (child->state == CHILD_STARTING && supervisor->phase == STARTING) {
            char place[160];
            place_of(supervisor, child, place, sizeof place);
            give_up(supervisor, SLUICE_TIMEOUT, place, "%s%s was not ready within %.1f s (timeout_ready)",
                    kind_of(child), name_of(child), (double)(child->due_ns - child->started_ns) / CLOCK_NS_PER_SECOND);
        } else if (child->state == CHILD_STARTING) {
            child->due_ns = 0;
            snprintf(child->failure, sizeof child->failure, "it was not ready within timeout_ready");
            child_kill(child);
        }
    }
    if (supervisor->phase_deadline_ns != NO_DEADLINE && supervisor->phase_deadline_ns <= now)
        phase_timed_out(supervisor);
}

static uint64_t next_deadline(const struct supervisor *supervisor)
{
    uint64_t deadline = supervisor->phase_deadline_ns;
    for (size_t i = 0; i < supervisor->child_count && supervisor->phase <= RUNNING; i++) {
        const struct child *child = &supervisor->children[i];
        if (child->state == CHILD_WAITING || child->state == CHILD_STARTING)
            deadline = clock_earlier(deadline, child->due_ns);
    }
    return deadline;
}

static void handle_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        stop_wanted(supervisor, info.ssi_signo == SIGINT ? "SIGINT" : info.ssi_signo == SIGHUP ? "SIGHUP" : "SIGTERM");
}

static void handle_stop_fd(struct supervisor *supervisor)
{
    char bytes[64];
    ssize_t got = read(supervisor->stop_fd, bytes, sizeof bytes);
    if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    close(supervisor->stop_fd);
    supervisor->stop_fd = -1;
    stop_wanted(supervisor, "the program that started this Flow closed it");
}

static void handle_children(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++)
        child_read(&supervisor->children[i], on_message, supervisor);
    for (size_t i = 0; i < supervisor->child_count; i++) {
        int wait_status;
        if (child_bury(&supervisor->children[i], &wait_status, on_message, supervisor))
            on_death(supervisor, &supervisor->children[i], wait_status);
    }
}

static void wait_for_events(struct supervisor *supervisor, struct pollfd *fds)
{
    nfds_t count = 0;
    fds[count++] = (struct pollfd){.fd = supervisor->signal_fd, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = supervisor->stop_fd, .events = POLLIN};
    for (size_t i = 0; i < supervisor->child_count; i++) {
        const struct child *child = &supervisor->children[i];
        fds[count++] = (struct pollfd){.fd = child->pidfd, .events = POLLIN};
        fds[count++] = (struct pollfd){.fd = child->control_fd, .events = POLLIN};
        fds[count++] = (struct pollfd){.fd = child->output_fd, .events = POLLIN};
    }
    if (poll(fds, count, clock_poll_timeout(next_deadline(supervisor))) <= 0)
        return;
    handle_children(supervisor);
    if (fds[0].revents != 0)
        handle_signals(supervisor);
    if (supervisor->stop_fd >= 0 && fds[1].revents != 0)
        handle_stop_fd(supervisor);
}

static void loop(struct supervisor *supervisor)
{
    struct pollfd *fds = calloc(2 + 3 * supervisor->child_count, sizeof *fds);
    if (fds == NULL) {
        give_up(supervisor, SLUICE_NO_MEMORY, NULL, "out of memory");
        enter(supervisor, KILLING);
    }
    while (any_runs(supervisor) || supervisor->phase == RUNNING) {
        if (fds != NULL)
            wait_for_events(supervisor, fds);
        else
            handle_children(supervisor);
        handle_deadlines(supervisor);
    }
    free(fds);
}

static sluice_status prepare(struct supervisor *supervisor)
{
    sluice_status status = write_yaml(supervisor);
    if (status == SLUICE_OK)
        status = folder_make(&supervisor->folder, supervisor->flow, &supervisor->error);
    supervisor->setup = (struct child_setup){
        .flow = supervisor->flow,
        .folder = supervisor->folder.path,
        .yaml = &supervisor->yaml,
        .timeout_ready_ns = supervisor->options->timeout_ready_ns,
    };
    if (status == SLUICE_OK)
        status = make_children(supervisor);
    supervisor->report = (struct report){
        .flow = supervisor->flow, .children = supervisor->children, .child_count = supervisor->child_count};
    return status;
}

static void done(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++)
        child_done(&supervisor->children[i]);
    free(supervisor->children);
    folder_remove(&supervisor->folder);
    buffer_done(&supervisor->yaml);
    if (supervisor->signal_fd >= 0)
        close(supervisor->signal_fd);
    if (supervisor->stop_fd >= 0)
        close(supervisor->stop_fd);
}

sluice_status supervisor_run(struct flow *flow, const struct supervisor_options *options, sluice_error *error)
{
    struct supervisor supervisor = {
        .flow = flow,
        .options = options,
        .folder = {.lock_fd = -1},
        .signal_fd = -1,
        .stop_fd = options->stop_fd,
        .ready_fd = options->ready_fd,
    };
    buffer_init(&supervisor.yaml, BUFFER_NO_LIMIT);
    if (prepare(&supervisor) == SLUICE_OK) {
        watch_signals(&supervisor);
        for (size_t i = 0; i < supervisor.child_count && supervisor.phase == STARTING; i++)
            start_child(&supervisor, &supervisor.children[i]);
        loop(&supervisor);
    }
    done(&supervisor);
    if (supervisor.error.status != SLUICE_OK) {
        report_failure(&supervisor.error, supervisor.ready_fd);
        if (error != NULL)
            *error = supervisor.error;
    }
    return supervisor.error.status;
}
