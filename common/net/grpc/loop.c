#include "common/net/grpc/loop.h"

#include "common/net/grpc/core.h"

#include <grpc/support/time.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* gRPC hands an event from the thread that started it to ours, but is built without ThreadSanitizer, which so does not
 * see it and has to be told. */
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define HAND_OVER(event) __tsan_release(event)
#define TAKE_OVER(event) __tsan_acquire(event)
#else
#define HAND_OVER(event) ((void)0)
#define TAKE_OVER(event) ((void)0)
#endif

struct rpc_loop {
    grpc_completion_queue *queue;
    char name[16];
    struct rpc_burst burst;
    unsigned thread_count;
    pthread_t threads[RPC_LOOP_THREADS_MAX];
};

void rpc_event_init(struct rpc_event *event, rpc_event_function *happened)
{
    event->happened = happened;
    atomic_init(&event->armed, false);
}

void *rpc_event_arm(struct rpc_event *event)
{
    if (atomic_exchange_explicit(&event->armed, true, memory_order_release)) {
        fprintf(stderr, "sluice: a gRPC event was started twice\n");
        abort();
    }
    HAND_OVER(event);
    return event;
}

void rpc_event_disarm(struct rpc_event *event)
{
    atomic_store_explicit(&event->armed, false, memory_order_release);
}

bool rpc_start_batch(grpc_call *call, const grpc_op *ops, size_t count, struct rpc_event *event)
{
    void *tag = rpc_event_arm(event);
    if (grpc_call_start_batch(call, ops, count, tag, NULL) == GRPC_CALL_OK)
        return true;
    rpc_event_disarm(event);
    return false;
}

static void dispatch(struct rpc_event *event, bool ok)
{
    TAKE_OVER(event);
    atomic_exchange_explicit(&event->armed, false, memory_order_acq_rel);
    event->happened(event, ok);
}

static void *serve(void *context)
{
    struct rpc_loop *loop = context;
    const bool bursts = loop->burst.begin != NULL;
    const gpr_timespec forever = gpr_inf_future(GPR_CLOCK_MONOTONIC), at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
    unsigned in_burst = 0; /* events */

    pthread_setname_np(pthread_self(), loop->name);
    for (;;) {
        grpc_event done = grpc_completion_queue_next(loop->queue, in_burst > 0 ? at_once : forever, NULL);
        if (in_burst > 0 && (done.type != GRPC_OP_COMPLETE || in_burst == RPC_BURST_EVENTS_MAX)) {
            loop->burst.end();
            in_burst = 0;
        }
        if (done.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (done.type != GRPC_OP_COMPLETE)
            continue;
        if (bursts && in_burst++ == 0)
            loop->burst.begin();
        dispatch(done.tag, done.success != 0);
    }
}

/* Threads inherit the mask of their maker: signals stay with the program's main thread. */
static unsigned start_threads(struct rpc_loop *loop, unsigned count)
{
    sigset_t all, before;
    unsigned started = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < count && pthread_create(&loop->threads[started], NULL, serve, loop) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

sluice_status rpc_loop_new(unsigned threads, const char *name, struct rpc_loop **ret_loop, sluice_error *error)
{
    return rpc_loop_new_with(threads, name, (struct rpc_burst){NULL, NULL}, ret_loop, error);
}

sluice_status rpc_loop_new_with(unsigned threads, const char *name, struct rpc_burst burst, struct rpc_loop **ret_loop,
                                sluice_error *error)
{
    if (threads < 1 || threads > RPC_LOOP_THREADS_MAX)
        return sluice_fail(error, SLUICE_INVALID, name, "%u gRPC threads asked for, 1 to %d are possible", threads,
                           RPC_LOOP_THREADS_MAX);
    struct rpc_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, name, "no memory for a gRPC queue");
    snprintf(loop->name, sizeof loop->name, "%s", name);
    loop->burst = burst;
    rpc_core_init();
    loop->queue = grpc_completion_queue_create_for_next(NULL);
    loop->thread_count = start_threads(loop, threads);
    if (loop->thread_count < threads) {
        rpc_loop_free(loop);
        return sluice_fail(error, SLUICE_SYSTEM, name, "cannot start %u threads", threads);
    }
    *ret_loop = loop;
    return SLUICE_OK;
}

grpc_completion_queue *rpc_loop_queue(struct rpc_loop *loop)
{
    return loop->queue;
}

struct rpc_loop *rpc_loop_free(struct rpc_loop *loop)
{
    if (loop == NULL)
        return NULL;
    grpc_completion_queue_shutdown(loop->queue);
    if (loop->thread_count == 0)
        while (grpc_completion_queue_next(loop->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
               GRPC_QUEUE_SHUTDOWN)
            ;
    for (unsigned i = 0; i < loop->thread_count; i++)
        pthread_join(loop->threads[i], NULL);
    grpc_completion_queue_destroy(loop->queue);
    rpc_core_done();
    free(loop);
    return NULL;
}
