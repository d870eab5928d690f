/*
 * child.h - one process of a Flow as its supervisor sees it: the gateway, or a replica of an executor.
 *
 * A child is a place that outlives its processes: the name, the listening socket and the restart count stay when a
 * process dies and another takes over. The functions start, read and bury processes; what to do about it is decided in
 * supervisor.c. Single-threaded.
 */
#ifndef SLUICE_SUPERVISOR_CHILD_H
#define SLUICE_SUPERVISOR_CHILD_H

#include "common/flow/flow.h"
#include "common/net/control.h"
#include "tools/supervisor/output.h"
#include "tools/supervisor/restart.h"

#include <sys/types.h>

enum child_state {
    CHILD_DOWN,     /* no process */
    CHILD_STARTING, /* a process that is not ready yet */
    CHILD_READY,
    CHILD_WAITING, /* died; to be started again at due_ns */
    CHILD_GONE     /* given up: a crash loop */
};

struct child {
    const struct flow_executor *executor; /* NULL: the gateway */
    uint32_t replica;
    char pod[256]; /* "encoder/rep-0", "gateway" */
    enum child_state state;
    pid_t pid;                        /* of the process, while state is STARTING or READY */
    int pidfd, control_fd, output_fd; /* -1: none */
    int listen_fd;                    /* of an executor, for all its processes; -1: the gateway */
    uint64_t started_ns, ready_ns;    /* ready_ns 0: not ready yet */
    uint64_t due_ns;                  /* STARTING: must be ready by then (0: no limit); WAITING: start again then */
    struct restart restart;
    struct output output;
    char failure[736]; /* what it said with `failed`, or "" */
};

/* What all children of a Flow are started with. */
struct child_setup {
    const struct flow *flow;
    const char *folder;        /* of the sockets */
    const struct buffer *yaml; /* the resolved Flow */
    uint64_t timeout_ready_ns; /* instead of the Flow's; CHILD_TIMEOUT_OF_FLOW: the Flow's; 0: none */
};
#define CHILD_TIMEOUT_OF_FLOW UINT64_MAX

void child_init(struct child *child, const struct flow_executor *executor, uint32_t replica);
void child_done(struct child *child); /* closes everything; the process must have ended */

bool child_runs(const struct child *child); /* STARTING or READY */

/* Start a process: DOWN or WAITING becomes STARTING. On failure the state stays. */
sluice_status child_start(struct child *child, const struct child_setup *setup, sluice_error *error);

/* Read all output and control messages that are there; `handle` gets each message. */
typedef void child_message(struct child *child, const struct control_message *message, void *context);
void child_read(struct child *child, child_message *handle, void *context);

/* Has the process ended? Then what a plugin started from it is killed, it is reaped, its last words are read, its descriptors
 * closed: state DOWN, true. */
bool child_bury(struct child *child, int *ret_wait_status, child_message *handle, void *context);

/* Tell the process something; false when there is none or it does not listen. */
bool child_tell(struct child *child, const char *word, const char *const *pairs);
#define CHILD_TELL(child, word, ...) child_tell(child, word, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* End of the control stream: a process ends at once, as when its parent dies. */
void child_abandon(struct child *child);
void child_kill(struct child *child); /* SIGKILL, if there is a process */

#endif
