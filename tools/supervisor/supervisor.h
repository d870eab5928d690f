/*
 * supervisor.h - runs a Flow: starts its processes, watches and restarts them, drains and ends them.
 *
 * One thread, one poll() loop over signals, the processes' ends, their control sockets and their output. Nothing is
 * left behind when it returns: no process, no socket, no folder; when the supervisor itself is killed, its children see
 * the end of their control sockets and end too (the folder is cleared by the next start, see folder.h).
 */
#ifndef SLUICE_SUPERVISOR_SUPERVISOR_H
#define SLUICE_SUPERVISOR_SUPERVISOR_H

#include "common/flow/flow.h"
#include "tools/supervisor/child.h" /* CHILD_TIMEOUT_OF_FLOW */

struct supervisor_options {
    uint64_t start_ns; /* CLOCK_MONOTONIC: when the command began, for "ready in" */
    int ready_fd;      /* gets one line of JSON when the Flow is ready or could not start; is closed; -1: nowhere */
    int stop_fd;       /* its end of file stops the Flow like SIGTERM; -1: none */
    uint64_t timeout_ready_ns; /* for every process, instead of the Flow's; CHILD_TIMEOUT_OF_FLOW: the Flow's */
};

/*
 * Run the Flow until it has ended. Changes the front ports in `flow` to those the gateway has opened. Blocks SIGINT,
 * SIGTERM and SIGHUP for the process (the first one drains, the second ends quickly) and ignores SIGPIPE.
 *
 * SLUICE_OK: stopped as asked. A start that failed: the cause, already written to ready_fd. SLUICE_EXECUTOR: a crash
 * loop ended the Flow (`on_crash_loop: stop`, or the gateway's own).
 */
sluice_status supervisor_run(struct flow *flow, const struct supervisor_options *options, sluice_error *error);

#endif
