/*
 * answer.h - the answer of a request: a serialized DataRequestProto made of the request's own bytes.
 *
 * header: as it came, with target_executor present and empty and, after a failure, the failure's status;
 * parameters: always present; routes: `gateway` first, then one per node that was started; then the documents as
 * slices, then the unknown fields. Only the part in front of the documents is written, into one block of the caller.
 */
#ifndef SLUICE_GATEWAY_ANSWER_H
#define SLUICE_GATEWAY_ANSWER_H

#include "gateway/envelope/envelope.h"

#include <time.h>

struct answer_route {
    const char *executor;
    struct timespec start, end; /* UTC */
    bool ended;                 /* a node that was skipped has a start and no end */
    struct span status;         /* a StatusProto when it failed, else empty */
};

struct answer {
    const struct envelope *envelope;
    struct span status;     /* replaces header.status when not empty */
    struct span parameters; /* contents of the Struct */
    const struct answer_route *routes;
    size_t route_count;
    const struct rope *data; /* contents of DataContentProto */
    bool has_data;
};

/* How many bytes answer_write() needs at `head->data`, at most. */
size_t answer_head_size(const struct answer *answer);

/* Appends the message to `ret_message` (initialised, empty): what stands in front of the documents is written to `head`,
 * a block that has room for answer_head_size(). SLUICE_OK or SLUICE_NO_MEMORY. */
sluice_status answer_write(const struct answer *answer, struct block *head, struct rope *ret_message);

/* A StatusProto with one exception, contents only, in the arena. `code`: 1, or 3 for clients of 3.5 and before.
 * The description is NAME('text'). An empty span: no memory. */
struct span answer_status(struct arena *arena, unsigned code, const char *exception, const char *text,
                          const char *executor);

/* The same StatusProto with another code. */
struct span answer_status_with_code(struct arena *arena, struct span status, unsigned code);

#endif
