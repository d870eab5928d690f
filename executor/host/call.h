/*
 * call.h - one request in a handler: what the plugin sees as sluice_call, and the answer that becomes of it.
 *
 * A worker has one struct sluice_call for its whole life and uses it for one request after another, so a call that
 * touches nothing allocates nothing. Documents and parameters are read when the handler first asks for them; documents
 * that were never opened go back as they came.
 *
 * One thread: the worker's. Only `cancelled` is set by others. A call that its handler deferred leaves the worker, which
 * gets another in its place; it belongs to the plugin until sluice_call_complete(), which hands it to `completed`.
 */
#ifndef SLUICE_HOST_CALL_H
#define SLUICE_HOST_CALL_H

#include "common/foundation/block.h"
#include "common/foundation/buffer.h"
#include "executor/host/instance.h"

#include <stdatomic.h>
#include <stdbool.h>

/* A request as received; everything it points to stays valid until it is answered. */
struct call_request {
    sluice_text endpoint, request_id;
    uint64_t deadline_ns;
    const uint8_t *parameters; /* a serialized Struct */
    size_t parameters_size;
    const struct rope *body; /* DataContentProto; NULL: no data field */
    atomic_bool *cancelled;

    /* The answer of a deferred call can be had: call_take_answer(), then call_free(). In whatever thread completed it, with no
     * lock of the host. */
    void (*completed)(sluice_call *call, void *context);
    void *context;
};

enum call_outcome {
    CALL_UNCHANGED, /* the documents are those of the request */
    CALL_ANSWERED,  /* `body` holds them */
    CALL_FAILED,    /* `failure` says why; the documents are those of the request */
    CALL_DEFERRED,  /* no answer yet: `completed` is called, perhaps already. The call and the request are out of reach */
};

/* Valid until the next call_run() of the same call, except the body, whose reference is the caller's. */
struct call_answer {
    enum call_outcome outcome;
    bool has_endpoint; /* the endpoint or /default is bound, or it was the dry run */
    bool has_results;
    struct block *body;
    const struct buffer *results; /* a serialized Struct */
    const struct buffer *failure; /* a serialized StatusProto */
    sluice_call *successor;       /* CALL_DEFERRED: the worker's call from now on */
    uint64_t deferred_ns;         /* when the handler deferred; CLOCK_MONOTONIC */
};

/* What call_run() is doing, for the report of a crash; pointers into the request. */
struct call_place {
    const char *where, *pod;
    sluice_text endpoint, request_id;
};

/* NULL: no memory. `worker` is what worker_open() gave. */
sluice_call *call_new(const struct instance *instance, void *worker);
void call_free(sluice_call *call); /* NULL is fine */

void call_run(sluice_call *call, const struct call_request *request, struct call_answer *ret_answer);

/* The answer of a deferred call that is completed; once. */
void call_take_answer(sluice_call *call, struct call_answer *ret_answer);

#endif
