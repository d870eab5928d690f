/*
 * call.h - one request in a handler: what the plugin sees as sluice_call, and the answer that becomes of it.
 *
 * A worker has one struct sluice_call for its whole life and uses it for one request after another, so a call that
 * touches nothing allocates nothing. Documents and parameters are read when the handler first asks for them; documents
 * that were never opened go back as they came.
 *
 * One thread: the worker's. Only `cancelled` is set by others.
 */
#ifndef SLUICE_HOST_CALL_H
#define SLUICE_HOST_CALL_H

#include "common/foundation/block.h"
#include "common/foundation/buffer.h"
#include "executor/host/instance.h"

#include <stdatomic.h>
#include <stdbool.h>

/* A request as received; everything stays valid until call_run() has returned. */
struct call_request {
    sluice_text endpoint, request_id;
    uint64_t deadline_ns;
    const uint8_t *parameters; /* a serialized Struct */
    size_t parameters_size;
    const struct rope *body; /* DataContentProto; NULL: no data field */
    atomic_bool *cancelled;
};

enum call_outcome {
    CALL_UNCHANGED, /* the documents are those of the request */
    CALL_ANSWERED,  /* `body` holds them */
    CALL_FAILED,    /* `failure` says why; the documents are those of the request */
};

/* Valid until the next call_run() of the same call, except the body, whose reference is the caller's. */
struct call_answer {
    enum call_outcome outcome;
    bool has_endpoint; /* the endpoint or /default is bound, or it was the dry run */
    bool has_results;
    struct block *body;
    const struct buffer *results; /* a serialized Struct */
    const struct buffer *failure; /* a serialized StatusProto */
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

#endif
