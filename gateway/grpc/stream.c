/*
 * JinaRPC/Call: a stream of requests and a stream of answers.
 *
 * Design notes
 *
 * One request is an item. It is FLYING from router_submit() to its reply, then WAITS in a queue of answers, is SENT by
 * one SEND_MESSAGE batch, and is freed (with its request) when that batch is done. The reply comes on any thread, often
 * an upstream's; that thread starts the batch itself when no other send of this stream is in progress, which is the
 * usual case: there is no hand-over. Whoever ends a send starts the next.
 *
 *   read ── flying ──┬── answers (in order of completion, or of the requests) ── sending ── freed
 *                    └── stubs (failures of the third row of design 4a, sent when nothing else is left)
 *
 * `in_work` counts from the read of a message to the end of its send, so an answer that the client does not take counts
 * against `prefetch`. A read is started only with credit: in_work < prefetch, and room in the router.
 *
 * The end. Exactly one status is sent, when in_work is 0 and the client has half-closed (OK), or the stream was stopped
 * by a failure (the first one's code and text) or drained (UNAVAILABLE, unless the client has half-closed). Such a
 * stream starts no read; a message that an armed read still brings was not accepted and is dropped. If the client goes
 * away first (`gone`), nothing is sent any more: every flying request is cancelled, waits for its reply and is freed
 * then.
 *
 * Locking. stream->mutex guards everything but the item being sent, which belongs to whoever set `sending`, and the one
 * being read. The router and gRPC are never called under it: decisions are made under the lock, then carried out.
 * router_cancel() is called once per item, by the canceller if router_submit() has returned before, else by the
 * submitter afterwards (`submitted`). An item in the canceller's hands is kept by a reference.
 *
 * Order. Only one read is armed, and it is armed again after router_submit() has returned, so requests enter the router
 * in the order of arrival however many threads serve the queue.
 */
#include "gateway/grpc/stream.h"

/* The client does not listen any more. Answers that wait are dropped; what flies is cancelled and dropped at its
 * reply. */
static void client_gone(struct call *call)
{
    struct stream *stream = call->state;
    struct queue dropped;
    struct item *cancelled = NULL;

    queue_init(&dropped);
    pthread_mutex_lock(&stream->mutex);
    stream->gone = true;
    for (struct item *item = stream->flying; item != NULL; item = item->next) {
        if (!item->submitted)
            continue; /* the submitter sees `gone` */
        atomic_fetch_add_explicit(&item->references, 1, memory_order_relaxed);
        item->cancelled = cancelled;
        cancelled = item;
    }
    struct queue *queues[] = {&stream->answers, &stream->stubs, &stream->order};
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++)
        for (struct item *item = queue_take(queues[i]); item != NULL; item = queue_take(queues[i]))
            if (item->replied)
                queue_append(&dropped, item);
    pthread_mutex_unlock(&stream->mutex);

    while (dropped.first != NULL)
        stream_item_unref(queue_take(&dropped));
    while (cancelled != NULL) {
        struct item *item = cancelled;
        cancelled = item->cancelled;
        router_cancel(item->request);
        stream_item_unref(item);
    }
}

static void drain(struct call *call, bool stopping)
{
    struct stream *stream = call->state;
    (void)stopping;

    pthread_mutex_lock(&stream->mutex);
    stream->drained = true;
    pthread_mutex_unlock(&stream->mutex);
    stream_advance(call);
}

/* A positive decimal number, at most `most`; otherwise `otherwise`. */
static uint32_t number_of(const grpc_slice *value, uint32_t most, uint32_t otherwise)
{
    const uint8_t *digits = GRPC_SLICE_START_PTR(*value);
    size_t size = GRPC_SLICE_LENGTH(*value);
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return otherwise;
        number = number * 10 + (uint64_t)(digits[i] - '0');
        if (number > most)
            number = (uint64_t)most + 1;
    }
    if (number == 0)
        return otherwise;
    return number > most ? most : (uint32_t)number;
}

static void read_settings(struct call *call, struct stream *stream)
{
    const struct grpc_front_settings *settings = &call->front->settings;
    const grpc_slice *ordered = rpc_metadata_find(&call->metadata, "__results_in_order__");
    const grpc_slice *prefetch = rpc_metadata_find(&call->metadata, "__prefetch__");

    stream->ordered = ordered != NULL && rpc_slice_is(*ordered, "true", 4);
    stream->prefetch = prefetch == NULL
                           ? settings->prefetch
                           : number_of(prefetch, settings->limits.max_in_flight_per_client, settings->prefetch);
    stream->deadline_ns = call_deadline_ns(call);
}

static void start(struct call *call)
{
    struct stream *stream = call->state;
    sluice_error error;

    stream->call = call;
    pthread_mutex_init(&stream->mutex, NULL);
    rpc_event_init(&stream->read, stream_message_read);
    rpc_event_init(&stream->sent, stream_sent);
    rpc_event_init(&stream->ended, stream_ended);
    queue_init(&stream->answers);
    queue_init(&stream->stubs);
    queue_init(&stream->order);
    read_settings(call, stream);
    call_enlist(call);

    sluice_status status = call_admit(call, &error);
    if (status == SLUICE_OK) {
        stream_read_more(call);
        return;
    }
    pthread_mutex_lock(&stream->mutex);
    stream_stop(stream, grpc_code_of(status), error.text);
    pthread_mutex_unlock(&stream->mutex);
    stream_advance(call);
}

static void finish(struct call *call)
{
    struct stream *stream = call->state;

    if (stream->incoming != NULL)
        grpc_byte_buffer_destroy(stream->incoming);
    if (stream->stopped)
        grpc_slice_unref(stream->text);
    pthread_mutex_destroy(&stream->mutex);
}

const struct method method_call = {
    .path = "/jina.JinaRPC/Call",
    .works = true,
    .state_size = sizeof(struct stream),
    .start = start,
    .cancel = client_gone,
    .drain = drain,
    .finish = finish,
};
