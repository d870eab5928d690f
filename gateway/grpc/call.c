#include "common/foundation/status.h"
#include "gateway/grpc/server.h"

#include <grpc/slice.h>
#include <grpc/support/alloc.h>

#include <stdlib.h>
#include <string.h>

/* Sorted by how often they are called. */
static const struct method *const methods[] = {
    &method_call,   &method_single,    &method_check,      &method_reflection, &method_dry_run,
    &method_status, &method_discovery, &method_stream_doc, &method_watch,
};

static void start_unknown(struct call *call)
{
    local_refuse(call, GRPC_STATUS_UNIMPLEMENTED, "Method not found!");
}

static const struct method method_unknown = LOCAL_METHOD("", start_unknown);

static const struct method *method_of(grpc_slice path)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (rpc_slice_is(path, methods[i]->path, strlen(methods[i]->path)))
            return methods[i];
    return &method_unknown;
}

static void start_with_long_headers(struct call *call)
{
    local_refuse(call, GRPC_STATUS_RESOURCE_EXHAUSTED,
                 "the metadata is larger than the gateway takes (max_header_bytes)");
}

static const struct method method_long_headers = LOCAL_METHOD("", start_with_long_headers);

/* As HTTP/2 counts, of the fields that are not gRPC's own (front.c says why core does not do it). */
static bool headers_fit(const struct call *call)
{
    enum { FIELD_BYTES = 32 }; /* what HTTP/2 counts for each field beside name and value */
    size_t size = 0;

    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *field = &call->metadata.metadata[i];
        size += GRPC_SLICE_LENGTH(field->key) + GRPC_SLICE_LENGTH(field->value) + FIELD_BYTES;
    }
    return size <= call->front->settings.limits.max_header_bytes;
}

/* ---- arrival ---- */

static void call_closed(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, closed);
    if ((!ok || call->close_cancelled != 0) && call->method->cancel != NULL)
        call->method->cancel(call);
    call_unref(call);
}

static void call_begin(struct call *call)
{
    grpc_op watch = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &call->close_cancelled};

    call_ref(call);
    if (!rpc_start_batch(call->rpc, &watch, 1, &call->closed))
        call_unref(call);
    call->method->start(call);
}

static void uncount_waiting(struct grpc_front *front)
{
    pthread_mutex_lock(&front->mutex);
    front->waiting--;
    pthread_cond_broadcast(&front->changed);
    pthread_mutex_unlock(&front->mutex);
}

static void call_discard(struct call *call)
{
    grpc_call_details_destroy(&call->details);
    grpc_metadata_array_destroy(&call->metadata);
    free(call->state);
    free(call);
}

static void call_arrived(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, arrived);
    struct grpc_front *front = call->front;

    if (!ok) { /* the server is stopping */
        call_discard(call);
        uncount_waiting(front);
        return;
    }
    call->method = headers_fit(call) ? method_of(call->details.method) : &method_long_headers;
    call->state = calloc(1, call->method->state_size);
    atomic_init(&call->references, 1);
    bool refilled = call_await(front);
    pthread_mutex_lock(&front->mutex);
    front->waiting--;
    front->open++;
    front->working += call->method->works ? 1 : 0;
    bool none_waits = front->waiting == 0 && !front->stopping;
    pthread_mutex_unlock(&front->mutex);
    if (call->state != NULL)
        call_begin(call);
    call_unref(call);
    if (!refilled && none_waits)
        call_await(front); /* memory was short: the call just freed makes room for one more */
}

bool call_await(struct grpc_front *front)
{
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return false;
    call->front = front;
    rpc_event_init(&call->arrived, call_arrived);
    rpc_event_init(&call->closed, call_closed);
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);

    pthread_mutex_lock(&front->mutex);
    bool serving = !front->stopping;
    front->waiting += serving ? 1 : 0;
    pthread_mutex_unlock(&front->mutex);
    if (!serving) {
        call_discard(call);
        return false;
    }
    grpc_completion_queue *queue = rpc_loop_queue(front->loop);
    if (grpc_server_request_call(front->server, &call->rpc, &call->details, &call->metadata, queue, queue,
                                 rpc_event_arm(&call->arrived)) == GRPC_CALL_OK)
        return true;
    rpc_event_disarm(&call->arrived);
    call_discard(call);
    uncount_waiting(front);
    return false;
}

/* ---- references ---- */

struct call *call_ref(struct call *call)
{
    atomic_fetch_add_explicit(&call->references, 1, memory_order_relaxed);
    return call;
}

static void unlist(struct grpc_front *front, struct call *call)
{
    pthread_mutex_lock(&front->mutex);
    *(call->previous != NULL ? &call->previous->next : &front->listed) = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    pthread_mutex_unlock(&front->mutex);
}

static void call_free(struct call *call)
{
    struct grpc_front *front = call->front;
    bool works = call->method->works;

    if (call->listed)
        unlist(front, call);
    if (call->state != NULL && call->method->finish != NULL)
        call->method->finish(call);
    if (call->peer != NULL)
        peers_release(front->peers, call->peer);
    grpc_call_unref(call->rpc);
    call_discard(call);

    pthread_mutex_lock(&front->mutex);
    front->open--;
    front->working -= works ? 1 : 0;
    if (front->working == 0 || front->stopping)
        pthread_cond_broadcast(&front->changed);
    pthread_mutex_unlock(&front->mutex);
}

void call_unref(struct call *call)
{
    if (atomic_fetch_sub_explicit(&call->references, 1, memory_order_acq_rel) == 1)
        call_free(call);
}

void call_enlist(struct call *call)
{
    struct grpc_front *front = call->front;

    pthread_mutex_lock(&front->mutex);
    call->listed = true;
    call->next = front->listed;
    if (front->listed != NULL)
        front->listed->previous = call;
    front->listed = call;
    pthread_mutex_unlock(&front->mutex);
}

sluice_status call_admit(struct call *call, sluice_error *error)
{
    char *address = grpc_call_get_peer(call->rpc);
    call->peer = peers_use(call->front->peers, address != NULL ? address : "");
    gpr_free(address);
    if (call->peer == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for another client");
    call->client = peer_client(call->peer);
    return router_admit(call->front->router, call->client, error);
}

uint64_t call_deadline_ns(const struct call *call)
{
    return rpc_deadline_ns(call->details.deadline);
}

/* ---- batches ---- */

static void start(struct call *call, const grpc_op *operations, size_t count, struct rpc_event *event)
{
    call_ref(call);
    if (rpc_start_batch(call->rpc, operations, count, event))
        return;
    grpc_call_cancel(call->rpc, NULL); /* so that its end comes in any case */
    event->happened(event, false);
}

void call_read(struct call *call, grpc_byte_buffer **target, struct rpc_event *event)
{
    grpc_op read = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = target};
    start(call, &read, 1, event);
}

sluice_status call_receive(const struct call *call, grpc_byte_buffer *message, struct rope *rope, sluice_error *error)
{
    return rpc_bytes_receive_within(message, call->front->settings.limits.max_message_bytes, rope, error);
}

void call_send(struct call *call, grpc_byte_buffer *message, bool first, bool more, struct rpc_event *event)
{
    grpc_op operations[] = {
        {.op = GRPC_OP_SEND_MESSAGE,
         .flags = more ? GRPC_WRITE_BUFFER_HINT : 0,
         .data.send_message.send_message = message},
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
    };
    start(call, operations, first ? 2 : 1, event);
}

void call_end(struct call *call, grpc_byte_buffer *message, bool first, grpc_status_code code, grpc_slice *text,
              struct rpc_event *event)
{
    grpc_op operations[3] = {
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER,
         .data.send_status_from_server = {.status = code, .status_details = text}},
    };
    size_t count = 1;

    if (first)
        operations[count++] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    if (message != NULL)
        operations[count++] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = message};
    start(call, operations, count, event);
}

grpc_status_code grpc_code_of(sluice_status status)
{
    int code = status_codes_of(status)->grpc;
    return code == 0 ? GRPC_STATUS_UNKNOWN : (grpc_status_code)code;
}
