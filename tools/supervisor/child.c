#include "tools/supervisor/child.h"
#include "common/foundation/file.h"
#include "common/foundation/log.h"
#include "common/foundation/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void child_init(struct child *child, const struct flow_executor *executor, uint32_t replica)
{
    *child = (struct child){
        .executor = executor, .replica = replica, .pidfd = -1, .control_fd = -1, .output_fd = -1, .listen_fd = -1};
    if (executor != NULL)
        snprintf(child->pod, sizeof child->pod, "%s/rep-%u", executor->name, replica);
    else
        snprintf(child->pod, sizeof child->pod, "gateway");
    output_init(&child->output, child->pod, STDERR_FILENO);
}

void child_done(struct child *child)
{
    output_done(&child->output);
    close_fd(&child->pidfd);
    close_fd(&child->control_fd);
    close_fd(&child->output_fd);
    close_fd(&child->listen_fd);
}

bool child_runs(const struct child *child)
{
    return child->state == CHILD_STARTING || child->state == CHILD_READY;
}

/* ---- starting ---- */

/* Descriptors of a process to be: our ends and its ends. All -1 at first. */
struct ends {
    int flow;
    int control, control_child;
    int output, output_child;
};

static void close_ends(struct ends *ends)
{
    close_fd(&ends->flow);
    close_fd(&ends->control);
    close_fd(&ends->control_child);
    close_fd(&ends->output);
    close_fd(&ends->output_child);
}

static sluice_status make_ends(struct ends *ends, const struct child *child, const struct buffer *yaml,
                               sluice_error *error)
{
    int pipe_fds[2];
    sluice_status status = control_pair(&ends->control, &ends->control_child, error);
    if (status != SLUICE_OK)
        return status;
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return sluice_fail(error, SLUICE_SYSTEM, child->pod, "cannot make a pipe: %s", strerror(errno));
    ends->output = pipe_fds[0];
    ends->output_child = pipe_fds[1];
    /* A memory file of its own for each process, because the reading position belongs to the file. */
    ends->flow = file_memory("flow", yaml->data, yaml->size);
    if (ends->flow < 0 || !file_set_close_on_exec(ends->flow, true))
        return sluice_fail(error, SLUICE_SYSTEM, child->pod, "cannot make a memory file: %s", strerror(errno));
    if (!file_set_nonblocking(ends->output, true) || !file_set_nonblocking(ends->control, true))
        return sluice_fail(error, SLUICE_SYSTEM, child->pod, "cannot set a descriptor up: %s", strerror(errno));
    return SLUICE_OK;
}

static sluice_status spawn_child(struct child *child, const struct child_setup *setup, struct ends *ends,
                                 sluice_error *error)
{
    bool gateway = child->executor == NULL;
    char program[PATH_MAX], replica[16];
    const char *name = gateway ? "bin/sluice-gateway" : "bin/sluice-executor";
    if (!file_installed((const void *)child_init, name, program, sizeof program))
        return sluice_fail(error, SLUICE_NOT_FOUND, name + 4, "this program is not installed beside sluice");
    snprintf(replica, sizeof replica, "%u", child->replica);

    const char *const gateway_arguments[] = {"sluice-gateway",  "--flow-fd",   "3", "--control-fd", "4",
                                             "--socket-folder", setup->folder, NULL};
    const char *const executor_arguments[] = {"sluice-executor",
                                              "--flow-fd",
                                              "3",
                                              "--control-fd",
                                              "4",
                                              "--listen-fd",
                                              "5",
                                              "--name",
                                              gateway ? "" : child->executor->name,
                                              "--replica",
                                              replica,
                                              NULL};
    const char *const *own_variables = gateway ? setup->flow->gateway.env : child->executor->env;
    struct arena *arena = arena_new(16 * 1024, ARENA_NO_LIMIT);
    const char *const *environment =
        arena == NULL ? NULL
                      : spawn_environment(arena, (const char *const *)environ,
                                          (const char *const *const[]){setup->flow->env, own_variables}, 2);
    sluice_status status;
    if (environment == NULL) {
        status = sluice_fail(error, SLUICE_NO_MEMORY, child->pod, "out of memory");
    } else {
        struct spawn spawn = {
            .program = program,
            .arguments = gateway ? gateway_arguments : executor_arguments,
            .environment = environment,
            .output = ends->output_child,
            .errors = ends->output_child,
            .descriptors = {ends->flow, ends->control_child, child->listen_fd},
            .descriptor_count = gateway ? 2 : 3,
            .own_group = true,
        };
        status = spawn_process(&spawn, &child->pid, &child->pidfd, error);
    }
    arena_free(arena);
    return status;
}

sluice_status child_start(struct child *child, const struct child_setup *setup, sluice_error *error)
{
    struct ends ends = {-1, -1, -1, -1, -1};
    sluice_status status = make_ends(&ends, child, setup->yaml, error);
    if (status == SLUICE_OK)
        status = spawn_child(child, setup, &ends, error);
    if (status != SLUICE_OK) {
        close_ends(&ends);
        return status;
    }
    child->control_fd = ends.control;
    child->output_fd = ends.output;
    ends.control = ends.output = -1;
    close_ends(&ends);

    uint64_t timeout = setup->timeout_ready_ns;
    if (timeout == CHILD_TIMEOUT_OF_FLOW)
        timeout = child->executor != NULL ? child->executor->timeout_ready_ns : setup->flow->gateway.timeout_ready_ns;
    child->state = CHILD_STARTING;
    child->started_ns = clock_monotonic_ns();
    child->ready_ns = 0;
    child->due_ns = timeout > 0 ? child->started_ns + timeout : 0;
    child->failure[0] = '\0';
    return SLUICE_OK;
}

/* ---- listening to it ---- */

static void read_control(struct child *child, child_message *handle, void *context)
{
    while (child->control_fd >= 0) {
        struct control_message message;
        sluice_status status = control_receive(child->control_fd, &message);
        if (status == SLUICE_TIMEOUT)
            return;
        if (status == SLUICE_INVALID) {
            log_warning("%s sent something on its control socket that is no message", child->pod);
            continue;
        }
        if (status != SLUICE_OK) {
            close_fd(&child->control_fd);
            return;
        }
        if (strcmp(message.word, "failed") == 0) {
            const char *text = control_value(&message, "text");
            snprintf(child->failure, sizeof child->failure, "%s", text != NULL ? text : "no reason given");
        }
        handle(child, &message, context);
    }
}

void child_read(struct child *child, child_message *handle, void *context)
{
    if (child->output_fd >= 0 && !output_take(&child->output, child->output_fd))
        close_fd(&child->output_fd);
    read_control(child, handle, context);
}

bool child_bury(struct child *child, int *ret_wait_status, child_message *handle, void *context)
{
    siginfo_t ended = {0};
    if (!child_runs(child) || waitid(P_PID, (id_t)child->pid, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        ended.si_pid != child->pid)
        return false;
    kill(-child->pid, SIGKILL); /* before it is reaped, so that the group is still this one */
    if (waitpid(child->pid, ret_wait_status, 0) != child->pid)
        return false;
    child_read(child, handle, context);
    output_done(&child->output);
    output_init(&child->output, child->pod, STDERR_FILENO);
    close_fd(&child->control_fd);
    close_fd(&child->output_fd);
    close_fd(&child->pidfd);
    child->state = CHILD_DOWN;
    child->pid = 0;
    return true;
}

/* ---- talking to it ---- */

bool child_tell(struct child *child, const char *word, const char *const *pairs)
{
    return child->control_fd >= 0 && control_send(child->control_fd, word, pairs) == SLUICE_OK;
}

void child_abandon(struct child *child)
{
    close_fd(&child->control_fd);
}

void child_kill(struct child *child)
{
    if (child_runs(child))
        kill(child->pid, SIGKILL);
}
