/*
 * router.h - what every front hands over and gets back; the walk of a request through the graph.
 *
 * A front makes a request from a received message (request_new() parses the envelope and keeps the documents as
 * slices), says who asks and where the answer goes, and submits it. The router has no thread: it runs on the front's
 * thread until the frame for the first executor is written, then on the upstream thread that reads the answer, and so
 * on. Exactly one call of `reply` comes, on any thread, possibly before router_submit() returns. It never blocks.
 *
 * The router knows no protocol: HTTP fronts transcode JSON to and from these bytes on their own worker threads.
 */
#ifndef SLUICE_GATEWAY_ROUTER_H
#define SLUICE_GATEWAY_ROUTER_H

#include "common/flow/flow.h"
#include "common/foundation/block.h"

#include <stdbool.h>

struct router;
struct upstream_set; /* gateway/upstream/upstream.h */
struct request;

/*
 * One connection of a client: the unit of fairness and of the per-client limits. Made by a front per connection (gRPC:
 * per peer address), counted by its requests.
 */
struct client;
struct client *client_new(struct router *router);
struct client *client_ref(struct client *client);
void client_unref(struct client *client);

/*
 * The answer. On SLUICE_OK `message` is a whole serialized DataRequestProto and `failed` tells whether its header has
 * an error status. Otherwise it is a failure of the third row of design 4a (time-out, unreachable) or a refusal (limit,
 * draining, unreadable regex never: that is a message): `text` goes to the client. All is valid until request_free().
 */
struct reply {
    sluice_status status;
    bool failed;
    bool executor_died; /* the failure is the second row of design 4a: HTTP answers 503 */
    const char *text;
    struct rope message;
};

typedef void reply_function(struct request *request, const struct reply *reply, void *context);

/*
 * Make a request from a serialized DataRequestProto. Takes references to the message's blocks. SLUICE_INVALID when the
 * envelope cannot be read (no protobuf, text that is no UTF-8), SLUICE_LIMIT when parameters nest too deep,
 * SLUICE_NO_MEMORY.
 */
sluice_status request_new(struct router *router, struct client *client, const struct rope *message,
                          struct request **ret_request, sluice_error *error);

/* The empty document for the dry run (design: `_jina_dry_run_`), answered like any request. */
sluice_status request_new_dry_run(struct router *router, struct client *client, struct request **ret_request,
                                  sluice_error *error);

/* The request's own id, for stubs; empty when it has none. Valid until request_free(). */
sluice_text request_id(const struct request *request);

/* Start the walk. `deadline_ns` 0: none. The front owns the request again when `reply` is called, and must then, at any
 * time and from any thread, call request_free() once. */
void router_submit(struct request *request, uint64_t deadline_ns, reply_function *reply, void *context);

/* The client went away or its deadline is past: the executors get the cancel. `reply` still comes, once, with
 * SLUICE_CANCELLED, at once or from another thread. Safe at any time between router_submit() and request_free(). */
void router_cancel(struct request *request);

void request_free(struct request *request);

/* A serialized DataRequestProto that holds only the request id (the stub of the third row of design 4a). */
sluice_status request_stub(const struct request *request, struct rope *ret_message);

/* ---- the router ---- */

sluice_status router_new(const struct flow *flow, struct upstream_set *upstreams, struct router **ret_router,
                         sluice_error *error);
struct router *router_free(struct router *router); /* after the fronts have stopped and every request is freed */

/*
 * Room for another message of `size` bytes (0: unknown)? On an open stream a front arms its next read only when this is
 * true; otherwise it asks to be called when this client may have room (once; on any thread), and looks again.
 */
bool router_has_room(struct router *router, struct client *client);
void router_when_room(struct router *router, struct client *client, void (*wake)(void *context), void *context);

/* New calls, unary calls and HTTP requests are refused rather than held back: SLUICE_LIMIT or SLUICE_DRAINING with the
 * text for the client. */
sluice_status router_admit(struct router *router, struct client *client, sluice_error *error);

void router_drain(struct router *router); /* from now on router_admit() says SLUICE_DRAINING */
bool router_draining(const struct router *router);
size_t router_in_flight(const struct router *router); /* requests submitted and not yet freed */

/* Endpoints bound by any executor, as far as known; sorted, without duplicates; malloc()ed array of texts in one piece
 * of memory, ended by NULL. NULL: no memory. */
char **router_endpoints(struct router *router);

#endif
