/*
 * request.h - private to gateway/router: one request on its way.
 *
 * Everything is in the request's arena. It belongs to one thread at a time: the front's until the first frame is
 * queued, then the upstream thread's, then the front's again from `reply` on. Only `references` and `cancelled` are
 * touched by others.
 */
#ifndef SLUICE_GATEWAY_REQUEST_H
#define SLUICE_GATEWAY_REQUEST_H

#include "gateway/envelope/answer.h"
#include "gateway/envelope/parameters.h"
#include "gateway/router/pattern.h"
#include "gateway/router/router.h"
#include "gateway/upstream/upstream.h"

#include <stdatomic.h>

struct client {
    struct router *router;
    atomic_uint references;
    atomic_uint in_flight;
    struct upstream_queue *queues[]; /* one per executor, under the lock of its upstream */
};

struct waker {
    struct waker *next;
    struct client *client;
    void (*wake)(void *context);
    void *context;
};

struct router {
    const struct flow *flow;
    struct upstream_set *upstreams;
    struct pattern_cache *patterns;
    unsigned error_code; /* StatusCode of a failure: 1, or 3 for clients of 3.5 */
    atomic_uint in_flight;
    _Atomic uint64_t bytes_in_flight;
    _Atomic bool draining;
    pthread_mutex_t waker_lock;
    struct waker *wakers, **wakers_last; /* who waits for room, in order of arrival */
    atomic_uint waker_count;
};

struct request {
    atomic_uint references; /* the front's, one of a cancel on its way, one of `head` while slices of it are on the way */
    _Atomic bool cancelled;
    struct router *router;
    struct client *client;
    struct arena *arena;
    struct rope message; /* keeps the received blocks */
    size_t bytes;        /* what it counts for in bytes_in_flight */
    struct envelope envelope;
    struct pattern *target;

    uint64_t deadline_ns; /* the client's */
    reply_function *reply;
    void *reply_context;

    struct rope data;      /* the documents as the last executor left them */
    bool has_data, called; /* called: some executor had the documents in hand */
    struct span failure;   /* StatusProto */
    size_t node;           /* the executor that has it */
    bool counted;

    struct answer_route *routes; /* [0] is the gateway's */
    size_t route_count;
    struct parameters_result *results;
    size_t result_count;
    struct upstream_call call;
    struct upstream_task cancel;
    struct reply answer;
    struct block head; /* the part of the answer in front of the documents, in the arena; holds a reference */
};

#endif
