/*
 * response.h - an answer, read once: everything but the documents, which are read when they are asked for.
 *
 * Its bytes stay in one block, and all text points into it. Format: jina.DataRequestProto (wire-grpc 1.3). A response
 * belongs to one thread at a time; references may be dropped on any.
 */
#ifndef SLUICE_CLIENT_RESPONSE_H
#define SLUICE_CLIENT_RESPONSE_H

#include "common/foundation/arena.h"
#include "common/foundation/block.h"

#include <sluice/client.h>

#include <stdatomic.h>

/* A jina.StatusProto. */
struct response_status {
    bool present;
    int code;
    sluice_text description;
    bool has_exception;
    sluice_exception exception;
};

struct response_route {
    sluice_text executor;
    bool started, ended;
    int64_t start_ns, end_ns;
    struct response_status status;
};

struct sluice_response {
    atomic_uint references;
    struct block *block; /* keeps the bytes */
    const uint8_t *data;
    size_t size;
    struct arena *arena;
    sluice_text request_id, endpoint, target_executor;
    bool has_endpoint;
    struct response_status status;
    sluice_value *parameters; /* NULL: none; in the arena */
    struct response_route *routes;
    size_t route_count;
    bool has_data;
    struct rope content;              /* slices of the block: a DataContentProto */
    sluice_document_array *documents; /* NULL: not read yet */
};

/* Read a message. Takes nothing of the rope but references. SLUICE_INVALID, SLUICE_LIMIT, SLUICE_NO_MEMORY. */
sluice_status response_read(const struct rope *message, sluice_response **ret_response, sluice_error *error);

/* The id that the request was sent with, whatever the answer says. Copied; when there is no memory nothing happens. */
void response_set_request_id(sluice_response *response, sluice_text id);

/*
 * Only a request id, nothing else: what a gateway sends before it ends the stream with an error, in the place of the
 * answer that it could not get (design, 4a). Every real answer has at least its endpoint.
 */
bool response_is_stub(const sluice_response *response);

/* A jina.StatusProto alone, as the dry run answers. The texts point into `data`; arrays are in the arena. */
sluice_status response_read_status(struct arena *arena, const void *data, size_t size, struct response_status *status,
                                   sluice_error *error);

/* Fill `error` with SLUICE_EXECUTOR for a failed response and return that. */
sluice_status response_failure(const sluice_response *response, sluice_error *error);

#endif
