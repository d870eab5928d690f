/*
 * state.h - what the files of the supervisor share: its state, and the steps from one phase to the next. Private to
 * this folder; the contract is supervisor.h, the design notes are in supervisor.c.
 */
#ifndef SLUICE_SUPERVISOR_STATE_H
#define SLUICE_SUPERVISOR_STATE_H

#include "tools/supervisor/folder.h"
#include "tools/supervisor/report.h"
#include "tools/supervisor/supervisor.h"

#define NO_DEADLINE 0u

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

/* ---- phases.c ---- */

/* Go over to `phase`, with all that this means for the processes. */
void supervisor_enter(struct supervisor *supervisor, enum phase phase);

/* The deadline of the present phase is past. */
void supervisor_phase_timed_out(struct supervisor *supervisor);

/* Somebody asked for the end: the first time drain, the second time hurry. `why` is for the log. */
void supervisor_stop_wanted(struct supervisor *supervisor, const char *why);

/* End everything because of `status`; the first reason stays. */
void supervisor_give_up(struct supervisor *supervisor, sluice_status status, const char *where, const char *format, ...)
    SLUICE_PRINTF(4, 5);

/* ---- lives.c ---- */

/* Start a process of `child`. What happens when that fails depends on the phase. */
void supervisor_start_child(struct supervisor *supervisor, struct child *child);

/* A process has ended; `wait_status` as waitpid() gave it. */
void supervisor_on_death(struct supervisor *supervisor, struct child *child, int wait_status);

/* For messages: the place of the child in the Flow file; "executor " or ""; its name or "the gateway". */
void supervisor_place_of(const struct supervisor *supervisor, const struct child *child, char *text, size_t capacity);
const char *supervisor_kind_of(const struct child *child);
const char *supervisor_name_of(const struct child *child);

#endif
