/*
 * connection.h - private to gateway/upstream: the state of one executor's connection.
 *
 * `lock` guards everything marked so. Only the upstream thread reads the socket, completes calls and changes `state`;
 * sending threads take the lock, give calls their slots and, one at a time (`writing`), write.
 *
 * The way of a call: upstream_send() -> WAITING in the fair queue -> READY (credit taken, slot given) -> SENT (its
 * frame is in the writer) -> done. Lost connection: calls whose frame was wholly written are inside the executor and
 * wait for the death notice; all others go back to the queue. A call that is given up while SENT leaves its slot
 * behind, so that the late answer is recognised and its credit comes back; this is also what `stuck` looks at.
 */
#ifndef SLUICE_GATEWAY_CONNECTION_H
#define SLUICE_GATEWAY_CONNECTION_H

#include "common/net/local.h"
#include "gateway/upstream/queue.h"

#include <stdatomic.h>

enum {
    RECONNECT_NS = 20 * 1000000,      /* between two tries to connect */
    DEATH_NOTICE_NS = 250 * 1000000,  /* how long the word of the supervisor is waited for */
    RUN_TIME_TARGET_NS = 4 * 1000000, /* work sent ahead to an executor, per worker */
    WINDOW_FLOOR_PER_WORKER = 2,
};

struct slot {
    struct upstream_call *call; /* NULL: free, or its call was given up */
    uint32_t generation;
    uint32_t next_free;
    bool used;
    uint64_t number; /* of its frame, frame_writer_written() */
    uint64_t bytes;
    uint64_t stuck_at_ns; /* given up for its deadline: when to report; 0: not watched */
};

enum connection_state { CONNECTION_CLOSED, CONNECTION_GREETING, CONNECTION_OPEN, CONNECTION_GONE };

struct endpoint_list;

struct upstream {
    struct upstream_set *set;
    const struct flow_executor *executor;
    size_t index;
    char pod[64 + 16];
    char where[96]; /* in errors: executor "encoder" */
    char path[LOCAL_PATH_MAX];

    pthread_mutex_t lock;
    pthread_cond_t written;      /* `writing` became false */
    enum connection_state state; /* lock */
    int fd;
    struct frame_reader *reader; /* upstream thread */
    struct frame_writer *writer; /* the writing thread; under the lock when nobody writes */
    bool writing;                /* lock: a thread is in write_out() */
    bool blocked;                /* lock: the socket is full, EPOLLOUT is armed */
    bool broken;                 /* lock: a write failed; the upstream thread closes */

    struct fair_queue waiting;                 /* lock */
    struct upstream_call *ready, **ready_last; /* lock */
    struct slot *slots;                        /* lock */
    uint32_t slot_count, first_free;
    uint32_t in_flight, window; /* lock: requests inside; what HELLO allows */
    uint64_t bytes_in_flight, window_bytes;
    uint32_t workers;
    uint64_t run_ns;   /* lock: running mean of the time in the handler */
    uint64_t *cancels; /* lock: ids (slots may be used again) whose CANCEL is to be sent */
    size_t cancel_count, cancel_capacity;

    struct timer reconnect, death_wait, stuck; /* upstream thread */
    struct upstream_call *inside;              /* upstream thread: waiting for the death notice */
    unsigned losses, notices;                  /* connections lost; deaths told */
    char death[192];                           /* the last notice in words */
    bool given_up;
    char gone[512];
    _Atomic(struct endpoint_list *) endpoints; /* of the last HELLO; NULL: none yet */
    struct endpoint_list *endpoint_lists;      /* upstream thread: each that was ever said */
    bool hello_seen; /* set->ready_lock */
    bool gone_seen; /* given up; under ready_lock, for upstream_set_wait() */
};

struct upstream_set {
    const struct flow *flow;
    int control_fd, epoll_fd, wake_fd;
    pthread_t thread;
    bool started; /* the thread runs; main thread */
    bool opened;  /* the connections were opened for the first time */
    _Atomic bool stopping;
    struct timers timers;
    pthread_mutex_t task_lock;
    struct upstream_task *tasks, **tasks_last;
    pthread_mutex_t ready_lock;
    pthread_cond_t ready_changed;
    size_t count;
    struct upstream *upstreams;
};

/* connection.c */
sluice_status connection_init(struct upstream *upstream, struct upstream_set *set, size_t index, const char *folder,
                              sluice_error *error);
void connection_done(struct upstream *upstream);
void connection_open(struct upstream *upstream);                   /* try to connect, again later when it fails */
void connection_event(struct upstream *upstream, uint32_t events); /* epoll */
void connection_died(struct upstream *upstream, int signal, int exit_status);
void connection_gone(struct upstream *upstream, const char *text);
void connection_give_up(struct upstream_call *call, enum upstream_outcome outcome);

/* endpoints.c: upstream thread. What an executor says again when it comes back is not kept again. */
void endpoints_publish(struct upstream *upstream, const struct frame_hello_view *hello);
void endpoints_done(struct upstream *upstream);

/* sending.c: under the lock unless said otherwise */
void sending_admit(struct upstream *upstream);     /* waiting -> ready, as far as the window allows */
void sending_write_out(struct upstream *upstream); /* ready -> the socket; drops and takes the lock; returns with it */
void sending_write_or_hold(struct upstream *upstream); /* the same, or noted until upstream_release() of this thread */
uint32_t sending_give_slot(struct upstream *upstream, struct upstream_call *call);
void sending_free_slot(struct upstream *upstream, uint32_t index);
void sending_cancel_frame(struct upstream *upstream, uint32_t index); /* of the request that has the slot now */
/* May the executor answer this id? Not before its frame is in the writer. */
bool sending_was_sent(const struct upstream *upstream, uint64_t id);

#endif
