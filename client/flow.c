/*
 * A Flow as a child of this program: `sluice run`, whose readiness is read from one pipe and which stops when another
 * pipe, whose writing end only we hold, comes to its end.
 */
#include "client/options.h"
#include "common/foundation/arena.h"
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/foundation/number.h"
#include "common/foundation/spawn.h"
#include "common/foundation/status.h"

#include <sluice/flow.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_LINE_MAX       ((size_t)1 << 20)
#define STOP_TIMEOUT_SECONDS 30.0
#define HURRY_TIMEOUT_NS     (3ull * CLOCK_NS_PER_SECOND)

struct sluice_flow {
    struct arena *arena; /* of the texts below */
    pid_t pid;
    int pidfd, stop_fd;
    double timeout_stop_seconds;
    sluice_flow_front *fronts; /* at least one */
    size_t front_count;
    sluice_flow_process *processes;
    size_t process_count;
    pthread_mutex_t lock; /* of client */
    sluice_client *client;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- starting ---- */

/* The ends of the pipes, and the Flow's text. -1: none. */
struct ends {
    int ready, ready_child;
    int stop, stop_child;
    int yaml;
    int log;
};

static void close_ends(struct ends *ends)
{
    close_fd(&ends->ready);
    close_fd(&ends->ready_child);
    close_fd(&ends->stop);
    close_fd(&ends->stop_child);
    close_fd(&ends->yaml);
    close_fd(&ends->log);
}

static sluice_status open_ends(struct ends *ends, const char *yaml, size_t size, const sluice_flow_options *options,
                               sluice_error *error)
{
    int ready[2], stop[2];
    if (pipe2(ready, O_CLOEXEC) != 0)
        return sluice_fail(error, SLUICE_SYSTEM, "pipe", "%s", strerror(errno));
    ends->ready = ready[0];
    ends->ready_child = ready[1];
    if (pipe2(stop, O_CLOEXEC) != 0)
        return sluice_fail(error, SLUICE_SYSTEM, "pipe", "%s", strerror(errno));
    ends->stop_child = stop[0];
    ends->stop = stop[1];
    if (options->log_file != NULL)
        ends->log = open(options->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    else
        ends->log = fcntl(options->log_fd > 0 ? options->log_fd : STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (ends->log < 0)
        return sluice_fail(error, SLUICE_SYSTEM, options->log_file, "cannot open the log: %s", strerror(errno));
    if (yaml != NULL) {
        ends->yaml = file_memory("flow", yaml, size);
        if (ends->yaml < 0 || !file_set_close_on_exec(ends->yaml, true))
            return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot make a memory file: %s", strerror(errno));
    }
    return SLUICE_OK;
}

/* `sluice run` with its options; the descriptors are 3 (ready), 4 (stop), 5 (the text, if there is one). */
static const char *const *arguments_of(struct arena *arena, const char *path, const sluice_flow_options *options)
{
    size_t overrides = 0, count = 0;
    while (options->overrides != NULL && options->overrides[overrides] != NULL)
        overrides++;
    const char **arguments = arena_alloc(arena, (12 + 2 * overrides) * sizeof *arguments);
    if (arguments == NULL)
        return NULL;
    static const char *const first[] = {"sluice", "run", "--ready-fd", "3", "--stop-fd", "4"};
    for (; count < sizeof first / sizeof first[0]; count++)
        arguments[count] = first[count];
    if (options->timeout_ready_seconds > 0) {
        char seconds[NUMBER_EXACT_SIZE];
        arguments[count++] = "--timeout-ready";
        arguments[count++] = arena_printf(arena, "%s", number_exact(options->timeout_ready_seconds, seconds));
        if (arguments[count - 1] == NULL)
            return NULL;
    }
    for (size_t i = 0; i < overrides; i++) {
        arguments[count++] = "--set";
        arguments[count++] = options->overrides[i];
    }
    arguments[count++] = path != NULL ? "--" : "--flow-fd";
    arguments[count++] = path != NULL ? path : "5";
    arguments[count] = NULL;
    return arguments;
}

static sluice_status spawn_run(sluice_flow *flow, const char *path, struct ends *ends,
                               const sluice_flow_options *options, sluice_error *error)
{
    char program[PATH_MAX];
    if (!file_installed((const void *)sluice_flow_stop, "bin/sluice", program, sizeof program))
        return sluice_fail(error, SLUICE_NOT_FOUND, "sluice", "this program is not installed beside the library");
    const char *const *arguments = arguments_of(flow->arena, path, options);
    if (arguments == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    struct spawn spawn = {
        .program = program,
        .arguments = arguments,
        .output = ends->log,
        .errors = ends->log,
        .descriptors = {ends->ready_child, ends->stop_child, ends->yaml},
        .descriptor_count = ends->yaml >= 0 ? 3 : 2,
        .own_group = true,
    };
    sluice_status status = spawn_process(&spawn, &flow->pid, &flow->pidfd, error);
    if (status == SLUICE_OK) {
        flow->stop_fd = ends->stop;
        ends->stop = -1;
    }
    return status;
}

/* A client cannot connect to "any address". */
static const char *reachable(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1" : strcmp(host, "::") == 0 ? "::1" : host;
}

static sluice_status keep_processes(sluice_flow *flow, const sluice_value *processes)
{
    flow->process_count = sluice_value_size(processes);
    flow->processes = arena_zalloc(flow->arena, (flow->process_count + 1) * sizeof *flow->processes);
    for (size_t i = 0; flow->processes != NULL && i < flow->process_count; i++) {
        const sluice_value *process = sluice_value_at(processes, i);
        sluice_text name = sluice_value_string(sluice_value_get(process, "name"));
        flow->processes[i] = (sluice_flow_process){
            .name = arena_text_of(flow->arena, name.data, name.size),
            .replica = (int)sluice_value_integer(sluice_value_get(process, "replica"), 0),
            .pid = (pid_t)sluice_value_integer(sluice_value_get(process, "pid"), 0),
        };
        if (flow->processes[i].name == NULL)
            return SLUICE_NO_MEMORY;
    }
    return flow->processes != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
}

static const char *scheme_of(const char *protocol, bool tls)
{
    static const char *const schemes[][2] = {
        {"grpc", "grpcs"},
        {"http", "https"},
        {"ws",   "wss"  }
    };
    size_t row = strcmp(protocol, "http") == 0 ? 1 : strcmp(protocol, "websocket") == 0 ? 2 : 0;
    return schemes[row][tls];
}

static sluice_status keep_front(sluice_flow *flow, const sluice_value *front, sluice_flow_front *kept)
{
    sluice_text protocol = sluice_value_string(sluice_value_get(front, "protocol"));
    sluice_text host = sluice_value_string(sluice_value_get(front, "host"));
    kept->port = (int)sluice_value_integer(sluice_value_get(front, "port"), 0);
    kept->tls = sluice_value_bool(sluice_value_get(front, "tls"), false);
    kept->protocol = arena_text_of(flow->arena, protocol.data, protocol.size);
    kept->host = arena_text_of(flow->arena, host.data, host.size);
    if (kept->host == NULL || kept->protocol == NULL)
        return SLUICE_NO_MEMORY;
    kept->host = reachable(kept->host);
    bool brackets = strchr(kept->host, ':') != NULL;
    kept->uri = arena_printf(flow->arena, "%s://%s%s%s:%d", scheme_of(kept->protocol, kept->tls), brackets ? "[" : "",
                             kept->host, brackets ? "]" : "", kept->port);
    return kept->uri != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
}

static sluice_status keep_fronts(sluice_flow *flow, const sluice_value *fronts)
{
    size_t count = sluice_value_size(fronts);
    flow->fronts = arena_zalloc(flow->arena, (count + 1) * sizeof *flow->fronts);
    if (flow->fronts == NULL)
        return SLUICE_NO_MEMORY;
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < count && status == SLUICE_OK; i++)
        status = keep_front(flow, sluice_value_at(fronts, i), &flow->fronts[i]);
    flow->front_count = count;
    return status;
}

/* The status that `sluice run` ended with, after it failed to start. */
static sluice_status status_of_end(sluice_flow *flow)
{
    int wait_status;
    pid_t ended;
    while ((ended = waitpid(flow->pid, &wait_status, 0)) < 0 && errno == EINTR)
        continue;
    flow->pid = -1;
    for (int status = SLUICE_INVALID; ended > 0 && WIFEXITED(wait_status) && status < SLUICE_STATUS_COUNT; status++)
        if (status_codes_of((sluice_status)status)->exit_code == WEXITSTATUS(wait_status))
            return (sluice_status)status;
    return SLUICE_INTERNAL;
}

/* What the line of JSON from --ready-fd says. */
static sluice_status understand(sluice_flow *flow, const struct buffer *line, sluice_error *error)
{
    sluice_value *report = NULL;
    if (line->size == 0 || sluice_value_from_json(buffer_text(line), line->size, &report, NULL) != SLUICE_OK) {
        kill(flow->pid, SIGKILL);
        status_of_end(flow);
        return sluice_fail(error, SLUICE_INTERNAL, "sluice run", "ended without saying why; its log may");
    }
    sluice_status status = SLUICE_OK;
    if (sluice_value_bool(sluice_value_get(report, "ready"), false)) {
        status = keep_fronts(flow, sluice_value_get(report, "gateway"));
        if (status == SLUICE_OK)
            status = keep_processes(flow, sluice_value_get(report, "processes"));
        if (status != SLUICE_OK)
            sluice_fail(error, status, NULL, "out of memory");
    } else {
        sluice_text text = sluice_value_string(sluice_value_get(report, "error"));
        status = sluice_fail(error, status_of_end(flow), NULL, "%.*s", (int)text.size, text.data);
    }
    sluice_value_free(report);
    return status;
}

/* A program that was built with older headers has a shorter struct. */
static sluice_status read_options(const sluice_flow_options *given, sluice_flow_options *ret_options, sluice_error *error)
{
    *ret_options = sluice_flow_options_default();
    if (given == NULL)
        return SLUICE_OK;
    size_t size = given->struct_size == 0 ? sizeof *given : given->struct_size;
    if (size > sizeof *given)
        return options_bad_size(size, "sluice_flow_options_default", error);
    memcpy(ret_options, given, size);
    return SLUICE_OK;
}

static sluice_status start(const char *path, const char *yaml, size_t size, const sluice_flow_options *given,
                           sluice_flow **ret_flow, sluice_error *error)
{
    sluice_flow_options options;
    struct ends ends = {-1, -1, -1, -1, -1, -1};
    sluice_flow *flow = calloc(1, sizeof *flow);
    if (flow == NULL || (flow->arena = arena_new(4096, ARENA_NO_LIMIT)) == NULL) {
        free(flow);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    }
    flow->pid = flow->pidfd = flow->stop_fd = -1;
    flow->timeout_stop_seconds = STOP_TIMEOUT_SECONDS;
    pthread_mutex_init(&flow->lock, NULL);
    sluice_status status = read_options(given, &options, error);
    if (options.timeout_stop_seconds > 0)
        flow->timeout_stop_seconds = options.timeout_stop_seconds;
    if (status == SLUICE_OK)
        status = open_ends(&ends, yaml, size, &options, error);
    if (status == SLUICE_OK)
        status = spawn_run(flow, path, &ends, &options, error);
    close_fd(&ends.ready_child); /* or its end would never come */
    if (status == SLUICE_OK) {
        struct buffer line;
        buffer_init(&line, READY_LINE_MAX);
        status = file_read_all(ends.ready, "sluice run", &line, error);
        if (status == SLUICE_OK)
            status = understand(flow, &line, error);
        buffer_done(&line);
    }
    close_ends(&ends);
    if (status == SLUICE_OK)
        *ret_flow = flow;
    else
        sluice_flow_stop(flow, NULL);
    return status;
}

sluice_status sluice_flow_start_file(const char *path, const sluice_flow_options *options, sluice_flow **ret_flow,
                                     sluice_error *error)
{
    if (path == NULL)
        return sluice_fail(error, SLUICE_INVALID, "path", "the path is NULL; give the path of a Flow file");
    return start(path, NULL, 0, options, ret_flow, error);
}

sluice_status sluice_flow_start_text(const char *yaml, size_t size, const sluice_flow_options *options,
                                     sluice_flow **ret_flow, sluice_error *error)
{
    if (yaml == NULL)
        return sluice_fail(error, SLUICE_INVALID, "yaml", "the text of the Flow is NULL");
    return start(NULL, yaml, size, options, ret_flow, error);
}

/* ---- stopping ---- */

static bool wait_for_end(const sluice_flow *flow, uint64_t timeout_ns)
{
    uint64_t deadline = clock_monotonic_ns() + timeout_ns;
    struct pollfd fd = {.fd = flow->pidfd, .events = POLLIN};
    int ready;
    while ((ready = poll(&fd, 1, clock_poll_timeout(deadline))) < 0 && errno == EINTR)
        continue;
    return ready > 0;
}

static sluice_status end_process(sluice_flow *flow, sluice_error *error)
{
    bool ended_before = wait_for_end(flow, 0);
    bool in_time = true;
    if (!ended_before) {
        kill(flow->pid, SIGTERM);
        in_time = wait_for_end(flow, (uint64_t)(flow->timeout_stop_seconds * CLOCK_NS_PER_SECOND));
    }
    if (!in_time) {
        kill(flow->pid, SIGTERM);
        if (!wait_for_end(flow, HURRY_TIMEOUT_NS))
            kill(flow->pid, SIGKILL);
    }
    int wait_status = 0;
    while (waitpid(flow->pid, &wait_status, 0) < 0 && errno == EINTR)
        continue;
    char end[128];
    spawn_describe_end(wait_status, end, sizeof end);
    if (!in_time)
        return sluice_fail(error, SLUICE_TIMEOUT, "sluice run", "did not stop within %g s and was ended",
                           flow->timeout_stop_seconds);
    if (ended_before || wait_status != 0)
        return sluice_fail(error, SLUICE_EXECUTOR, "sluice run", "%s%s", ended_before ? "had stopped before: it " : "",
                           end);
    return SLUICE_OK;
}

sluice_status sluice_flow_stop(sluice_flow *flow, sluice_error *error)
{
    if (flow == NULL)
        return SLUICE_OK;
    sluice_client_free(flow->client);
    sluice_status status = flow->pid > 0 ? end_process(flow, error) : SLUICE_OK;
    close_fd(&flow->pidfd);
    close_fd(&flow->stop_fd);
    pthread_mutex_destroy(&flow->lock);
    arena_free(flow->arena);
    free(flow);
    return status;
}

/* ---- what is known of it ---- */

size_t sluice_flow_front_count(const sluice_flow *flow)
{
    return flow->front_count;
}

sluice_flow_front sluice_flow_front_at(const sluice_flow *flow, size_t index)
{
    return index < flow->front_count ? flow->fronts[index] : (sluice_flow_front){0};
}

static const sluice_flow_front *front_of(const sluice_flow *flow, const char *protocol)
{
    for (size_t i = 0; i < flow->front_count; i++)
        if (strcasecmp(flow->fronts[i].protocol, protocol) == 0)
            return &flow->fronts[i];
    return NULL;
}

int sluice_flow_port_of(const sluice_flow *flow, const char *protocol)
{
    const sluice_flow_front *front = front_of(flow, protocol);
    return front != NULL ? front->port : 0;
}

const char *sluice_flow_uri_of(const sluice_flow *flow, const char *protocol)
{
    const sluice_flow_front *front = front_of(flow, protocol);
    return front != NULL ? front->uri : NULL;
}

int sluice_flow_port(const sluice_flow *flow)
{
    return sluice_flow_front_at(flow, 0).port;
}

const char *sluice_flow_host(const sluice_flow *flow)
{
    return sluice_flow_front_at(flow, 0).host;
}

const char *sluice_flow_uri(const sluice_flow *flow)
{
    return sluice_flow_front_at(flow, 0).uri;
}

size_t sluice_flow_process_count(const sluice_flow *flow)
{
    return flow->process_count;
}

sluice_flow_process sluice_flow_process_at(const sluice_flow *flow, size_t index)
{
    return index < flow->process_count ? flow->processes[index] : (sluice_flow_process){0};
}

pid_t sluice_flow_pid(const sluice_flow *flow)
{
    return flow->pid;
}

/* ---- talking to it ---- */

sluice_status sluice_flow_client(sluice_flow *flow, sluice_client **ret_client, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    pthread_mutex_lock(&flow->lock);
    if (flow->client == NULL)
        status = sluice_client_open(sluice_flow_uri(flow), &flow->client, error);
    if (status == SLUICE_OK)
        *ret_client = flow->client;
    pthread_mutex_unlock(&flow->lock);
    return status;
}

sluice_status sluice_flow_post(sluice_flow *flow, const char *on, sluice_inputs inputs,
                               const sluice_post_options *options, sluice_results **ret_results, sluice_error *error)
{
    sluice_client *client = NULL;
    if (ret_results != NULL)
        *ret_results = NULL;
    sluice_status status = sluice_flow_client(flow, &client, error);
    return status == SLUICE_OK ? sluice_client_post(client, on, inputs, options, ret_results, error) : status;
}
