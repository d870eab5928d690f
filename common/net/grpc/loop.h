/*
 * loop.h - a gRPC completion queue and the threads that serve it.
 *
 * Whatever is started on the queue carries a struct rpc_event; when it is done, a thread of the loop calls the event's
 * function. An event lives inside the struct that it is about, stays in place while it is armed, and may be armed again
 * afterwards (also from inside its function). One thread per process is best on few cores (docs/benchmarks.md).
 *
 * Each loop holds one reference to the gRPC library (grpc_init()). Linking this target loads gRPC; programs that must
 * not, do not link it.
 */
#ifndef SLUICE_NET_GRPC_LOOP_H
#define SLUICE_NET_GRPC_LOOP_H

#include <sluice/error.h>

#include <grpc/grpc.h>

#include <stdatomic.h>
#include <stdbool.h>

struct rpc_event;
typedef void rpc_event_function(struct rpc_event *event, bool ok);

struct rpc_event {
    rpc_event_function *happened;
    atomic_bool armed; /* hands the memory over between the threads, and catches a second start */
};

/* The struct that holds an event, for use inside the event's function. */
#define RPC_EVENT_OWNER(event, type, member) ((type *)(void *)((char *)(event)-offsetof(type, member)))

void rpc_event_init(struct rpc_event *event, rpc_event_function *happened);

/* Mark the event as pending and return the tag to give to gRPC. Disarm it when the start failed. Arming a pending event
 * is a bug and ends the process. */
void *rpc_event_arm(struct rpc_event *event);
void rpc_event_disarm(struct rpc_event *event);

/* grpc_call_start_batch() with an event. False: refused, and nothing will happen. */
bool rpc_start_batch(grpc_call *call, const grpc_op *ops, size_t count, struct rpc_event *event);

#define RPC_LOOP_THREADS_MAX 64

/*
 * Called on a thread of the loop around a burst of events: `begin` before the first, `end` when nothing more is to be
 * had at once, before the thread blocks. What the events cause elsewhere (frames to executors) can so be collected and
 * go out with one system call. Both NULL: none.
 */
struct rpc_burst {
    void (*begin)(void);
    void (*end)(void);
};

/* A burst ends after this many events in any case, so that what was collected first does not wait for ever. */
#define RPC_BURST_EVENTS_MAX 256

struct rpc_loop;

/* `threads` 1..RPC_LOOP_THREADS_MAX, named `name` (15 bytes at most). All signals are blocked in them. */
sluice_status rpc_loop_new(unsigned threads, const char *name, struct rpc_loop **ret_loop, sluice_error *error);
sluice_status rpc_loop_new_with(unsigned threads, const char *name, struct rpc_burst burst, struct rpc_loop **ret_loop,
                                sluice_error *error);

/* For server registration and for new calls. Valid until rpc_loop_free(). */
grpc_completion_queue *rpc_loop_queue(struct rpc_loop *loop);

/* Shuts the queue down, lets the threads drain it, joins them and gives gRPC back. Nothing new may be started by then;
 * a server must have been destroyed before. Not from a thread of the loop. NULL is fine; returns NULL. */
struct rpc_loop *rpc_loop_free(struct rpc_loop *loop);

#endif
