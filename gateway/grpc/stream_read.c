/*
 * Messages of a stream: read with credit, made into requests, submitted in order (design notes: stream.c).
 */
#include "gateway/grpc/stream.h"

static void room_came(void *context)
{
    struct call *call = context;
    struct stream *stream = call->state;

    pthread_mutex_lock(&stream->mutex);
    stream->awaits_room = false;
    pthread_mutex_unlock(&stream->mutex);
    stream_read_more(call);
    call_unref(call);
}

/* May a read be started, as far as this stream is concerned? Then it is claimed. Under the lock. */
static bool claim_read(struct stream *stream)
{
    bool ended = stream->half_closed || stream->stopped || stream->drained || stream->gone || stream->broken;
    bool claimed = !ended && !stream->reading && stream->in_work < stream->prefetch;
    stream->reading = stream->reading || claimed;
    return claimed;
}

/* Give the claim back. True when nobody has asked the router for room yet: the caller does. */
static bool unclaim_read(struct stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    bool asks = !stream->awaits_room;
    stream->awaits_room = true;
    stream->reading = false;
    pthread_mutex_unlock(&stream->mutex);
    return asks;
}

/* Arm the read that was claimed, if the router has room for its message. */
static void arm_read(struct call *call)
{
    struct stream *stream = call->state;
    struct router *router = call->front->router;

    for (bool claimed = true; claimed;) {
        if (router_has_room(router, call->client)) {
            call_read(call, &stream->incoming, &stream->read);
            return;
        }
        if (!unclaim_read(stream))
            return;
        router_when_room(router, call->client, room_came, call_ref(call));
        /* Room may have come before the router knew that we wait for it: look once more. */
        pthread_mutex_lock(&stream->mutex);
        claimed = claim_read(stream);
        pthread_mutex_unlock(&stream->mutex);
    }
}

/* Arm the next read if there is credit for it. Any thread, without the lock; the caller holds the call. */
void stream_read_more(struct call *call)
{
    struct stream *stream = call->state;

    pthread_mutex_lock(&stream->mutex);
    bool claimed = claim_read(stream);
    pthread_mutex_unlock(&stream->mutex);
    if (claimed)
        arm_read(call);
}

/* A message that was read cannot become a request: reading ends, what is in flight is answered, then the status
 * comes. */
static void refuse_message(struct call *call, sluice_status status, const char *text)
{
    struct stream *stream = call->state;

    pthread_mutex_lock(&stream->mutex);
    stream->in_work--;
    stream_stop(stream, grpc_code_of(status), text);
    pthread_mutex_unlock(&stream->mutex);
    stream_advance(call);
}

/* The message becomes a request in the router. The item, with the submitter's reference, or NULL: it was refused. */
static struct item *take_message(struct call *call, grpc_byte_buffer *message)
{
    struct stream *stream = call->state;
    struct request *request = NULL;
    struct rope rope;
    sluice_error error = {.text = ""};

    rope_init(&rope);
    sluice_status status = call_receive(call, message, &rope, &error);
    if (status == SLUICE_OK)
        status = request_new(call->front->router, call->client, &rope, &request, &error);
    rope_done(&rope);
    struct item *item = status == SLUICE_OK ? stream_item_new(call, request) : NULL;
    if (item == NULL) {
        if (status == SLUICE_OK) {
            request_free(request);
            status = sluice_fail(&error, SLUICE_NO_MEMORY, NULL, "no memory for another request");
        }
        refuse_message(call, status, error.text);
        return NULL;
    }
    pthread_mutex_lock(&stream->mutex);
    stream_fly(stream, item);
    pthread_mutex_unlock(&stream->mutex);
    router_submit(request, stream->deadline_ns, stream_replied, item);
    return item;
}

/* The message is in the router (or was refused): now the next may be read, which must not overtake it. */
static void message_taken(struct call *call, struct item *item)
{
    struct stream *stream = call->state;
    bool cancel = false;

    pthread_mutex_lock(&stream->mutex);
    if (item != NULL) {
        item->submitted = true;
        cancel = stream->gone && !item->replied;
    }
    stream->reading = false;
    bool claimed = claim_read(stream);
    pthread_mutex_unlock(&stream->mutex);

    if (cancel)
        router_cancel(item->request);
    if (item != NULL)
        stream_item_unref(item);
    if (claimed)
        arm_read(call);
}

/* Account for what a read brought. True: the message is wanted. */
static bool note_message(struct call *call, const grpc_byte_buffer *message, bool ok)
{
    struct stream *stream = call->state;
    /* No message is the half-close, unless core gave the call up (message too large, connection lost). */
    bool half_closed = ok && message == NULL && !grpc_call_failed_before_recv_message(call->rpc);

    pthread_mutex_lock(&stream->mutex);
    stream->half_closed = stream->half_closed || half_closed;
    stream->broken = stream->broken || (message == NULL && !half_closed);
    bool wanted = message != NULL && !stream->stopped && !stream->drained && !stream->gone && !stream->ending;
    if (wanted)
        stream->in_work++;
    else if (message != NULL && !stream->ending)
        stream_stop_drained(stream);
    pthread_mutex_unlock(&stream->mutex);
    return wanted;
}

void stream_message_read(struct rpc_event *event, bool ok)
{
    struct stream *stream = RPC_EVENT_OWNER(event, struct stream, read);
    struct call *call = stream->call;
    grpc_byte_buffer *message = stream->incoming;
    stream->incoming = NULL;

    if (note_message(call, message, ok)) {
        message_taken(call, take_message(call, message));
    } else {
        if (message != NULL)
            grpc_byte_buffer_destroy(message);
        stream_advance(call);
    }
    call_unref(call);
}
