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
#include "common/foundation/log.h"
#include "common/net/local.h"
#include "tools/supervisor/state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ---- starting ---- */

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
        supervisor_give_up(supervisor, SLUICE_SYSTEM, "signalfd", "%s", strerror(errno));
}

static void all_ready(struct supervisor *supervisor)
{
    double ready_ms = (double)(clock_monotonic_ns() - supervisor->options->start_ns) / CLOCK_NS_PER_MS;
    if (write_yaml(supervisor) != SLUICE_OK) {
        supervisor_enter(supervisor, ENDING);
        return;
    }
    supervisor_enter(supervisor, RUNNING);
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
    const char *tls = control_value(message, "tls");
    if (index >= FLOW_FRONTS_MAX)
        return;
    struct report_front *front = &supervisor->report.fronts[index];
    snprintf(front->protocol, sizeof front->protocol, "%s", control_value(message, "protocol"));
    snprintf(front->host, sizeof front->host, "%s", host != NULL ? host : supervisor->flow->gateway.host);
    front->port = port != NULL ? (unsigned)strtoul(port, NULL, 10) : 0;
    front->tls = tls != NULL && strcmp(tls, "1") == 0;
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

static bool any_runs(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++)
        if (child_runs(&supervisor->children[i]))
            return true;
    return false;
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
            supervisor_start_child(supervisor, child);
        } else if (child->state == CHILD_STARTING && supervisor->phase == STARTING) {
            char place[160];
            supervisor_place_of(supervisor, child, place, sizeof place);
            supervisor_give_up(supervisor, SLUICE_TIMEOUT, place, "%s%s was not ready within %.1f s (timeout_ready)",
                               supervisor_kind_of(child), supervisor_name_of(child),
                               (double)(child->due_ns - child->started_ns) / CLOCK_NS_PER_SECOND);
        } else if (child->state == CHILD_STARTING) {
            child->due_ns = 0;
            snprintf(child->failure, sizeof child->failure, "it was not ready within timeout_ready");
            child_kill(child);
        }
    }
    if (supervisor->phase_deadline_ns != NO_DEADLINE && supervisor->phase_deadline_ns <= now)
        supervisor_phase_timed_out(supervisor);
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
        supervisor_stop_wanted(supervisor, info.ssi_signo == SIGINT   ? "SIGINT"
                                           : info.ssi_signo == SIGHUP ? "SIGHUP"
                                                                      : "SIGTERM");
}

static void handle_stop_fd(struct supervisor *supervisor)
{
    char bytes[64];
    ssize_t got = read(supervisor->stop_fd, bytes, sizeof bytes);
    if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    close(supervisor->stop_fd);
    supervisor->stop_fd = -1;
    supervisor_stop_wanted(supervisor, "the program that started this Flow closed it");
}

static void handle_children(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->child_count; i++)
        child_read(&supervisor->children[i], on_message, supervisor);
    for (size_t i = 0; i < supervisor->child_count; i++) {
        int wait_status;
        if (child_bury(&supervisor->children[i], &wait_status, on_message, supervisor))
            supervisor_on_death(supervisor, &supervisor->children[i], wait_status);
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
        supervisor_give_up(supervisor, SLUICE_NO_MEMORY, NULL, "out of memory");
        supervisor_enter(supervisor, KILLING);
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
    watch_signals(&supervisor); /* from here on nothing is left behind */
    if (supervisor.error.status == SLUICE_OK && prepare(&supervisor) == SLUICE_OK) {
        for (size_t i = 0; i < supervisor.child_count && supervisor.phase == STARTING; i++)
            supervisor_start_child(&supervisor, &supervisor.children[i]);
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
