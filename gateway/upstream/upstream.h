/*
 * upstream.h - the gateway's connections to its executors, over the local transport.
 *
 * One thread, the upstream thread, reads the answers of all executors and keeps the timers. Any thread may send: it
 * writes to the socket itself unless somebody is writing there already. A request that is not wholly written waits,
 * bounded, for a restart; one that is inside an executor that dies is answered with what the supervisor says of the
 * death. Later issues add a gRPC upstream behind the same calls.
 *
 * Every call that upstream_send() accepted is answered exactly once, by its `done`, on the upstream thread.
 */
#ifndef SLUICE_GATEWAY_UPSTREAM_H
#define SLUICE_GATEWAY_UPSTREAM_H

#include "common/flow/flow.h"
#include "common/foundation/block.h"
#include "common/net/frame.h"
#include "gateway/upstream/timers.h"

struct upstream_set;
struct upstream;
struct upstream_queue;

/* ---- life ---- */

/*
 * Connections to every executor of the Flow, whose sockets are FOLDER/NAME-REPLICA.sock. Starts the thread; connecting
 * goes on in the background until it works. `control_fd`: where stuck and lost executors are reported, -1: nowhere.
 */
sluice_status upstream_set_new(const struct flow *flow, const char *folder, int control_fd,
                               struct upstream_set **ret_set, sluice_error *error);
struct upstream_set *upstream_set_free(struct upstream_set *set); /* stops the thread; nothing may be in flight */

/*
 * The set's thread lent to an event loop: answers then reach that loop without a hand-over. From upstream_set_borrow()
 * on the caller's loop is the upstream thread: it watches the descriptor, sleeps no longer than the timeout (-1: for
 * ever), and calls upstream_set_run(), which does not wait, when the descriptor is readable or the timeout is over. The
 * loop's thread must not run any more when upstream_set_give_back() is called. Borrowing and giving back: the main
 * thread, or the loop's thread before and after it runs.
 */
int upstream_set_borrow(struct upstream_set *set);
int upstream_set_timeout_ms(struct upstream_set *set);
void upstream_set_run(struct upstream_set *set);
void upstream_set_give_back(struct upstream_set *set);

/* All executors have said HELLO or were given up. Blocks until then or until `deadline_ns`: SLUICE_OK or SLUICE_TIMEOUT
 * naming who is missing. */
sluice_status upstream_set_wait(struct upstream_set *set, uint64_t deadline_ns, sluice_error *error);

/* What the supervisor says of an executor (control.h: died, gone). Any thread. */
void upstream_set_died(struct upstream_set *set, const char *pod, int signal, int exit_status, bool restarts);
void upstream_set_gone(struct upstream_set *set, const char *pod, const char *text);

struct upstream *upstream_of(struct upstream_set *set, size_t executor);
const char *upstream_pod(const struct upstream *upstream);        /* "encoder/rep-0" */
const char *upstream_class_name(const struct upstream *upstream); /* as the Flow says */

/* True when the executor binds `endpoint` or /default, or is not known yet. Any thread. */
bool upstream_binds(struct upstream *upstream, const char *endpoint, size_t endpoint_size);
/* Calls `visit` for each endpoint that the executor announced. Any thread. */
void upstream_each_endpoint(struct upstream *upstream, void (*visit)(const char *endpoint, size_t size, void *context),
                            void *context);

/* ---- calls ---- */

enum upstream_outcome {
    UPSTREAM_ANSWERED,  /* `message` and `view` hold an ANSWER */
    UPSTREAM_DIED,      /* the process ended under the call; `text` says how */
    UPSTREAM_TIMED_OUT, /* deadline_ns is past */
    UPSTREAM_CANCELLED  /* upstream_cancel() */
};

struct upstream_answer {
    enum upstream_outcome outcome;
    struct frame_message *message; /* valid during `done`; its blocks are counted */
    struct frame_answer_view view;
    const char *text; /* UPSTREAM_DIED: one sentence */
};

/* Work for the upstream thread. */
struct upstream_task {
    struct upstream_task *next;
    void (*run)(struct upstream_task *task);
};

/* One request to one executor; embedded in what asks. The caller fills the first part and keeps all of it valid until
 * `done`. */
struct upstream_call {
    const void *client;                    /* whose turn it is when requests wait; any pointer */
    struct upstream_queue **client_queues; /* the client's array, one entry per executor, NULLs at first; see queue.h */
    const char *endpoint;
    size_t endpoint_size;
    const char *request_id;
    size_t request_id_size;
    const uint8_t *parameters;
    size_t parameters_size;
    const struct rope *body;
    bool has_data;
    uint64_t deadline_ns; /* 0: none */
    void (*done)(struct upstream_call *call, const struct upstream_answer *answer);

    /* Private to upstream/. */
    struct upstream *upstream;
    struct upstream_call *next;
    struct timer timer;
    uint32_t slot;
    enum { UPSTREAM_CALL_IDLE, UPSTREAM_CALL_WAITING, UPSTREAM_CALL_READY, UPSTREAM_CALL_SENT } state;
};

/* SLUICE_OK: `done` comes, perhaps before this returns. Else it does not: SLUICE_LIMIT (the queue is full),
 * SLUICE_UNAVAILABLE (given up by the supervisor), SLUICE_NO_MEMORY; `error` says which executor. Any thread; never
 * blocks. */
sluice_status upstream_send(struct upstream *upstream, struct upstream_call *call, sluice_error *error);

/*
 * Between these two the calling thread's upstream_send() only queues; letting go writes everything, many frames per
 * system call. For a thread that handles a batch of events. Nestable; do not wait in between.
 */
void upstream_hold(void);
void upstream_release(void);

/* Give the call up: its `done` comes with UPSTREAM_CANCELLED unless it is being answered. Upstream thread only: other
 * threads post a task. */
void upstream_cancel(struct upstream_call *call);

/* Run `task` on the upstream thread, soon. Any thread. */
void upstream_set_post(struct upstream_set *set, struct upstream_task *task);

#endif
