/*
 * transport.c - client/transport.h over gRPC's C core.
 *
 * Design notes. A call starts with two batches: one that sends and receives the initial metadata, one that receives the
 * status. Without the first the second would not complete on a broken connection (dependency-notes, G2). `outstanding`
 * counts batches; the one that brings it to 0 is the last thing that happens to the call, and is reported as `ended`.
 * A function that comes later finds `over` set and does nothing.
 */
#include "client/grpc/channel.h"
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "common/net/grpc/bytes.h"
#include "common/net/grpc/loop.h"

#include <grpc/compression.h>
#include <grpc/support/alloc.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { EXPLANATION_MAX = 1024 };

/* gRPC takes the compression of a call from this pseudo header and does not send it. */
#define COMPRESSION_KEY "grpc-internal-encoding-request"

/* How much earlier than ours the timer of the other side may go off: timeouts are rounded on their way. */
enum { DEADLINE_SLACK_MS = 50 };

struct transport_call {
    const struct transport_channel *channel;
    grpc_call *call;
    const struct transport_events *events;
    void *context;

    pthread_mutex_t lock; /* outstanding, over, cancelled */
    unsigned outstanding;
    bool over, cancelled;
    uint64_t deadline_ns; /* 0: none */

    struct rpc_event started, sent, finished, received, status_received;
    grpc_metadata *metadata; /* sent, until the call is released */
    size_t metadata_count;
    grpc_metadata_array initial, trailing; /* received */
    grpc_byte_buffer *outgoing, *incoming;
    grpc_status_code code;
    grpc_slice details;
};

static const char *const method_paths[TRANSPORT_METHOD_COUNT] = {
    [TRANSPORT_STREAM] = "/jina.JinaRPC/Call",
    [TRANSPORT_SINGLE] = "/jina.JinaSingleDataRequestRPC/process_single_data",
    [TRANSPORT_DRY_RUN] = "/jina.JinaGatewayDryRunRPC/dry_run",
    [TRANSPORT_INFO] = "/jina.JinaInfoRPC/_status",
    [TRANSPORT_HEALTH] = "/grpc.health.v1.Health/Check",
};

/* ---- batches ---- */

/*
 * The deadline travels with the call, and whose timer is first is a matter of luck: a server that finds it past before we do
 * cancels the call, which arrives as CANCELLED. Nobody here has cancelled, so it is the deadline.
 */
static bool is_late_cancel(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool cancelled = call->cancelled;
    pthread_mutex_unlock(&call->lock);
    return call->code == GRPC_STATUS_CANCELLED && !cancelled && call->deadline_ns != 0 &&
           clock_monotonic_ns() + (uint64_t)DEADLINE_SLACK_MS * CLOCK_NS_PER_MS >= call->deadline_ns;
}

static void report_end(struct transport_call *call)
{
    if (is_late_cancel(call))
        call->code = GRPC_STATUS_DEADLINE_EXCEEDED;
    char *text = grpc_slice_to_c_string(call->details);
    char words[EXPLANATION_MAX];
    sluice_status status = status_from_grpc(call->code);
    struct transport_end end = {.status = status,
                                .code = (int)call->code,
                                .text = credentials_explain(call->channel, text, words, sizeof words)};
    call->events->ended(call->context, &end);
    gpr_free(text);
}

static void settle(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->over = --call->outstanding == 0;
    bool last = call->over;
    pthread_mutex_unlock(&call->lock);
    if (last)
        report_end(call);
}

/* Starts a batch unless the call is over. A batch that gRPC refuses breaks the call: it is cancelled. */
static bool start(struct transport_call *call, const grpc_op *ops, size_t count, struct rpc_event *event)
{
    pthread_mutex_lock(&call->lock);
    bool started = !call->over && rpc_start_batch(call->call, ops, count, event);
    if (started)
        call->outstanding++;
    bool refused = !started && !call->over;
    pthread_mutex_unlock(&call->lock);
    if (refused)
        grpc_call_cancel_with_status(call->call, GRPC_STATUS_INTERNAL, "the gRPC library refused an operation", NULL);
    return started;
}

static void on_started(struct rpc_event *event, bool ok)
{
    (void)ok;
    settle(RPC_EVENT_OWNER(event, struct transport_call, started));
}

static void on_status(struct rpc_event *event, bool ok)
{
    (void)ok;
    settle(RPC_EVENT_OWNER(event, struct transport_call, status_received));
}

static void on_finished(struct rpc_event *event, bool ok)
{
    (void)ok;
    settle(RPC_EVENT_OWNER(event, struct transport_call, finished));
}

static void on_sent(struct rpc_event *event, bool ok)
{
    struct transport_call *call = RPC_EVENT_OWNER(event, struct transport_call, sent);
    grpc_byte_buffer_destroy(call->outgoing);
    call->outgoing = NULL;
    if (ok)
        call->events->sent(call->context);
    settle(call);
}

static void on_received(struct rpc_event *event, bool ok)
{
    struct transport_call *call = RPC_EVENT_OWNER(event, struct transport_call, received);
    grpc_byte_buffer *buffer = call->incoming;
    call->incoming = NULL;
    if (ok && buffer != NULL) {
        struct rope message;
        rope_init(&message);
        if (rpc_bytes_receive(buffer, &message) == SLUICE_OK)
            call->events->received(call->context, &message);
        else
            grpc_call_cancel_with_status(call->call, GRPC_STATUS_INTERNAL, "a message cannot be unpacked", NULL);
        rope_done(&message);
    } else if (buffer != NULL) {
        grpc_byte_buffer_destroy(buffer);
    }
    settle(call);
}

/* ---- the transport's functions ---- */

static sluice_status add_metadata(struct transport_call *call, const char *key, const void *value, size_t size,
                                  sluice_error *error)
{
    grpc_metadata *entry = &call->metadata[call->metadata_count];
    grpc_slice key_slice = grpc_slice_from_copied_string(key);
    grpc_slice value_slice = grpc_slice_from_copied_buffer(value, size);
    bool legal = grpc_header_key_is_legal(key_slice) != 0;
    bool legal_value = legal && (grpc_is_binary_header(key_slice) || grpc_header_nonbin_value_is_legal(value_slice));
    if (!legal_value) {
        grpc_slice_unref(key_slice);
        grpc_slice_unref(value_slice);
        return legal
                   ? sluice_fail(
                         error, SLUICE_INVALID, key,
                         "the value of this metadata key is not printable ASCII; end the key in \"-bin\" to send bytes")
                   : sluice_fail(error, SLUICE_INVALID, key,
                                 "a metadata key has lower-case letters, digits, \"-\", \"_\" and \".\" only");
    }
    entry->key = key_slice;
    entry->value = value_slice;
    call->metadata_count++;
    return SLUICE_OK;
}

static sluice_status set_metadata(struct transport_call *call, const struct transport_call_settings *settings,
                                  sluice_error *error)
{
    call->metadata = calloc(settings->metadata_count + 1, sizeof *call->metadata);
    if (call->metadata == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the metadata of a call");
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < settings->metadata_count && status == SLUICE_OK; i++)
        status = add_metadata(call, settings->metadata[i].key, settings->metadata[i].value,
                              settings->metadata[i].value_size, error);
    if (status == SLUICE_OK && settings->compression != TRANSPORT_PLAIN) {
        const char *name = settings->compression == TRANSPORT_GZIP ? "gzip" : "deflate";
        status = add_metadata(call, COMPRESSION_KEY, name, strlen(name), error);
    }
    return status;
}

static void call_release(struct transport_call *call)
{
    for (size_t i = 0; i < call->metadata_count; i++) {
        grpc_slice_unref(call->metadata[i].key);
        grpc_slice_unref(call->metadata[i].value);
    }
    free(call->metadata);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_slice_unref(call->details);
    if (call->call != NULL)
        grpc_call_unref(call->call);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

static struct transport_call *call_new(const struct transport_events *events, void *context)
{
    struct transport_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->events = events;
    call->context = context;
    pthread_mutex_init(&call->lock, NULL);
    rpc_event_init(&call->started, on_started);
    rpc_event_init(&call->sent, on_sent);
    rpc_event_init(&call->finished, on_finished);
    rpc_event_init(&call->received, on_received);
    rpc_event_init(&call->status_received, on_status);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    call->details = grpc_empty_slice();
    return call;
}

/* Both batches start under the lock: their events wait, so the call cannot be over between the two. */
static bool start_call(struct transport_call *call, const struct transport_call_settings *settings)
{
    grpc_op first[2] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .flags = settings->wait_for_ready
                      ? GRPC_INITIAL_METADATA_WAIT_FOR_READY | GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET
                      : 0,
         .data.send_initial_metadata = {.count = call->metadata_count, .metadata = call->metadata}},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,                                   .data.recv_initial_metadata.recv_initial_metadata = &call->initial},
    };
    grpc_op second = {
        .op = GRPC_OP_RECV_STATUS_ON_CLIENT,
        .data.recv_status_on_client = {.trailing_metadata = &call->trailing,
                                       .status = &call->code,
                                       .status_details = &call->details},
    };
    pthread_mutex_lock(&call->lock);
    bool started = rpc_start_batch(call->call, first, 2, &call->started);
    bool waiting = started && rpc_start_batch(call->call, &second, 1, &call->status_received);
    call->outstanding = (unsigned)started + (unsigned)waiting;
    pthread_mutex_unlock(&call->lock);
    if (started && !waiting)
        grpc_call_cancel_with_status(call->call, GRPC_STATUS_INTERNAL, "the gRPC library refused an operation", NULL);
    return started;
}

static sluice_status call_start(struct transport_channel *channel, const struct transport_call_settings *settings,
                                const struct transport_events *events, void *context, struct transport_call **ret_call,
                                sluice_error *error)
{
    struct transport_call *call = call_new(events, context);
    if (call == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a call");
    sluice_status status = set_metadata(call, settings, error);
    if (status != SLUICE_OK) {
        call_release(call);
        return status;
    }
    call->channel = channel;
    call->deadline_ns = settings->deadline_ns;
    grpc_slice path = grpc_slice_from_static_string(method_paths[settings->method]);
    call->call = grpc_channel_create_call(channel->channel, NULL, GRPC_PROPAGATE_DEFAULTS, channel->queue, path, NULL,
                                          rpc_deadline_of(settings->deadline_ns), NULL);
    *ret_call = call;
    if (start_call(call, settings))
        return SLUICE_OK;
    call_release(call);
    return sluice_fail(error, SLUICE_INTERNAL, NULL, "the gRPC library refused a call");
}

static void call_send(struct transport_call *call, struct rope *message)
{
    /* gRPC empties a byte buffer when it starts (dependency-notes, G1): a fresh one for each send. */
    call->outgoing = rpc_bytes_send(message);
    rope_done(message);
    rope_init(message);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = call->outgoing};
    if (call->outgoing != NULL && start(call, &op, 1, &call->sent))
        return;
    if (call->outgoing == NULL)
        grpc_call_cancel_with_status(call->call, GRPC_STATUS_RESOURCE_EXHAUSTED, "no memory for a message", NULL);
    else
        grpc_byte_buffer_destroy(call->outgoing);
    call->outgoing = NULL;
}

static void call_finish(struct transport_call *call)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    start(call, &op, 1, &call->finished);
}

static void call_read(struct transport_call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->incoming};
    start(call, &op, 1, &call->received);
}

static void call_cancel(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->cancelled = true;
    pthread_mutex_unlock(&call->lock);
    grpc_call_cancel(call->call, NULL);
}

static const struct transport grpc_transport = {
    .version = TRANSPORT_VERSION,
    .internal_code = GRPC_STATUS_INTERNAL,
    .connect = channel_connect,
    .close = channel_close,
    .call_start = call_start,
    .call_send = call_send,
    .call_finish = call_finish,
    .call_read = call_read,
    .call_cancel = call_cancel,
    .call_release = call_release,
};

SLUICE_API const struct transport *transport_entry(void);

const struct transport *transport_entry(void)
{
    return &grpc_transport;
}
