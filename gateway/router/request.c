/* request.c - making, counting and freeing requests; clients. */
#include "gateway/router/request.h"
#include "common/foundation/clock.h"
#include "gateway/router/private.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

/* The first chunk and the arena's own struct fit what malloc keeps per thread, see arena.c. */
enum { ARENA_FIRST = 944 };

struct client *client_new(struct router *router)
{
    struct client *client = calloc(1, sizeof *client + router->flow->executor_count * sizeof client->queues[0]);
    if (client == NULL)
        return NULL;
    client->router = router;
    atomic_init(&client->references, 1);
    return client;
}

struct client *client_ref(struct client *client)
{
    atomic_fetch_add_explicit(&client->references, 1, memory_order_relaxed);
    return client;
}

void client_unref(struct client *client)
{
    if (client != NULL && atomic_fetch_sub(&client->references, 1) == 1)
        free(client);
}

/* Counts the request as in flight, once. */
static void count(struct request *request)
{
    request->bytes = request->message.size;
    request->counted = true;
    atomic_fetch_add(&request->router->in_flight, 1);
    atomic_fetch_add(&request->router->bytes_in_flight, request->bytes);
    atomic_fetch_add(&request->client->in_flight, 1);
}

void request_count_bytes(struct request *request, size_t bytes)
{
    request->bytes += bytes;
    atomic_fetch_add(&request->router->bytes_in_flight, bytes);
}

static struct request *allocate(struct router *router, struct client *client)
{
    /* No limit of its own: what goes in is bounded by max_message_bytes and, for results, by FRAME_META_MAX. */
    struct arena *arena = arena_new(ARENA_FIRST, ARENA_NO_LIMIT);
    if (arena == NULL)
        return NULL;
    size_t executors = router->flow->executor_count;
    struct request *request = arena_zalloc(arena, sizeof *request);
    struct answer_route *routes = arena_alloc(arena, (executors + 1) * sizeof *routes);
    struct parameters_result *results = arena_alloc(arena, executors * sizeof *results);
    if (request == NULL || routes == NULL || results == NULL) {
        arena_free(arena);
        return NULL;
    }
    atomic_init(&request->references, 1);
    request->router = router;
    request->client = client_ref(client);
    request->arena = arena;
    request->routes = routes;
    request->results = results;
    rope_init(&request->message);
    rope_init(&request->envelope.data);
    rope_init(&request->data);
    rope_init(&request->answer.message);
    return request;
}

sluice_status request_new(struct router *router, struct client *client, const struct rope *message,
                          struct request **ret_request, sluice_error *error)
{
    struct request *request = allocate(router, client);
    if (request == NULL || rope_append_rope(&request->message, message) != SLUICE_OK) {
        if (request != NULL)
            request_free(request);
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for a request");
    }
    sluice_status status = envelope_read(&request->message, router->flow->gateway.limits.max_depth, request->arena,
                                         &request->envelope, error);
    if (status != SLUICE_OK) {
        request_free(request);
        return status;
    }
    count(request);
    *ret_request = request;
    return SLUICE_OK;
}

sluice_status request_new_dry_run(struct router *router, struct client *client, struct request **ret_request,
                                  sluice_error *error)
{
    /* header { exec_endpoint: "_jina_dry_run_" } data { docs { docs { } } } */
    static const uint8_t bytes[] = {0x0A, 0x10, 0x1A, 0x0E, '_', 'j', 'i',  'n',  'a',  '_',  'd',  'r',
                                    'y',  '_',  'r',  'u',  'n', '_', 0x22, 0x04, 0x0A, 0x02, 0x0A, 0x00};
    struct rope message;
    rope_init(&message);
    rope_append(&message, NULL, bytes, sizeof bytes);
    sluice_status status = request_new(router, client, &message, ret_request, error);
    rope_done(&message);
    return status;
}

sluice_text request_id(const struct request *request)
{
    return (sluice_text){(const char *)request->envelope.request_id.data, request->envelope.request_id.size};
}

sluice_status request_stub(const struct request *request, struct rope *ret_message)
{
    struct span id = request->envelope.request_id;
    struct block *block = block_new(id.size + 4 * WIRE_VARINT_MAX);
    if (block == NULL)
        return SLUICE_NO_MEMORY;
    uint8_t *at = wire_put_varint(block->data, wire_tag(REQUEST_HEADER, WIRE_BYTES));
    at = wire_put_varint(at, id.size > 0 ? wire_bytes_size(HEADER_REQUEST_ID, id.size) : 0);
    if (id.size > 0) {
        at = wire_put_varint(at, wire_tag(HEADER_REQUEST_ID, WIRE_BYTES));
        at = wire_put_varint(at, id.size);
        memcpy(at, id.data, id.size);
        at += id.size;
    }
    sluice_status status = rope_append(ret_message, block, block->data, (size_t)(at - block->data));
    block_unref(block);
    return status;
}

void request_unref(struct request *request)
{
    if (atomic_fetch_sub(&request->references, 1) != 1)
        return;
    client_unref(request->client);
    arena_free(request->arena);
}

void request_free(struct request *request)
{
    struct router *router = request->router;
    envelope_done(&request->envelope);
    rope_done(&request->data);
    rope_done(&request->answer.message);
    rope_done(&request->message);
    pattern_unref(request->target);
    request->target = NULL;
    bool counted = request->counted;
    if (counted) {
        atomic_fetch_sub(&request->client->in_flight, 1);
        atomic_fetch_sub(&router->bytes_in_flight, request->bytes);
        atomic_fetch_sub(&router->in_flight, 1);
    }
    request_unref(request);
    if (counted && atomic_load(&router->waker_count) > 0)
        router_wake(router);
}
