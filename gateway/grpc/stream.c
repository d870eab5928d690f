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
#include "common/foundation/log.h"
#include "gateway/grpc/server.h"

#include <stdlib.h>
#include <string.h>

struct item {
    struct call *call;
    struct request *request;
    grpc_byte_buffer *answer;
    struct item *next, *previous; /* in the flying list */
    struct item *queued;          /* next in answers, stubs or order */
    struct item *cancelled;       /* next in a canceller's own list */
    bool submitted, replied;
    atomic_uint references; /* whoever holds it in the stream, the submitter, the canceller */
};

struct queue {
    struct item *first, **last;
};

struct stream {
    struct call *call;
    pthread_mutex_t mutex;
    bool ordered;
    uint32_t prefetch;
    uint64_t deadline_ns;
    struct rpc_event read, sent, ended;
    grpc_byte_buffer *incoming;

    uint32_t in_work;
    bool reading; /* a read is armed, or its message is on its way into the router */
    bool half_closed, awaits_room;
    bool drained; /* the gateway stops: no more reads */
    bool stopped; /* a failure: no more reads, and the end is `code` with `text` */
    bool gone;    /* the client went away or was too late: nothing can be sent */
    bool broken;  /* a send or a read failed: the end of the call is near */
    bool ending;  /* the status is on its way */
    bool begun;   /* initial metadata was sent */
    struct item *flying;
    struct item *sending;
    struct queue answers, stubs;
    struct queue order; /* of an ordered stream: all items that are not yet in `answers`, oldest first */
    grpc_status_code code;
    grpc_slice text;
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_append(struct queue *queue, struct item *item)
{
    item->queued = NULL;
    *queue->last = item;
    queue->last = &item->queued;
}

static struct item *queue_take(struct queue *queue)
{
    struct item *item = queue->first;
    if (item == NULL)
        return NULL;
    queue->first = item->queued;
    if (queue->first == NULL)
        queue->last = &queue->first;
    return item;
}

static void advance(struct call *call);
static void read_more(struct call *call);

/* ---- items ---- */

static void item_unref(struct item *item)
{
    if (atomic_fetch_sub_explicit(&item->references, 1, memory_order_acq_rel) != 1)
        return;
    struct call *call = item->call;
    if (item->answer != NULL)
        grpc_byte_buffer_destroy(item->answer);
    request_free(item->request);
    free(item);
    call_unref(call);
}

static struct item *item_new(struct call *call, struct request *request)
{
    struct item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return NULL;
    item->call = call_ref(call);
    item->request = request;
    atomic_init(&item->references, 2); /* the stream's and the submitter's */
    return item;
}

static void fly(struct stream *stream, struct item *item)
{
    item->next = stream->flying;
    if (stream->flying != NULL)
        stream->flying->previous = item;
    stream->flying = item;
    if (stream->ordered)
        queue_append(&stream->order, item);
}

static void land(struct stream *stream, struct item *item)
{
    *(item->previous != NULL ? &item->previous->next : &stream->flying) = item->next;
    if (item->next != NULL)
        item->next->previous = item->previous;
    item->replied = true;
}

/* ---- the end of a stream; under the lock ---- */

/* The first failure decides; later ones change nothing. */
static void stop(struct stream *stream, grpc_status_code code, const char *text)
{
    if (stream->stopped)
        return;
    stream->stopped = true;
    stream->code = code;
    stream->text = rpc_status_text(text != NULL ? text : "");
}

static bool may_end(const struct stream *stream)
{
    return stream->in_work == 0 && (stream->half_closed || stream->stopped || stream->drained);
}

static const char draining_text[] = "the gateway is shutting down; what was sent after the last answer was not taken";

/* A drained stream ends well only if the client had nothing more to say. */
static void settle_end(struct stream *stream)
{
    if (stream->drained && !stream->half_closed)
        stop(stream, GRPC_STATUS_UNAVAILABLE, draining_text);
    stream->ending = true;
}

/* ---- replies ---- */

/* What a reply becomes on the wire: the message, or the stub for a failure. NULL: nothing can be said. */
static grpc_byte_buffer *answer_of(const struct item *item, const struct reply *reply)
{
    if (reply->status == SLUICE_OK)
        return rpc_bytes_send(&reply->message);
    struct rope stub;
    grpc_byte_buffer *answer = NULL;
    rope_init(&stub);
    if (request_stub(item->request, &stub) == SLUICE_OK)
        answer = rpc_bytes_send(&stub);
    rope_done(&stub);
    return answer;
}

/* An answer has its place: behind the others, or where the order puts it. Under the lock. */
static void enqueue(struct stream *stream, struct item *item, bool failed)
{
    if (!stream->ordered) {
        queue_append(failed ? &stream->stubs : &stream->answers, item);
        return;
    }
    while (stream->order.first != NULL && stream->order.first->replied) {
        struct item *ready = queue_take(&stream->order);
        queue_append(&stream->answers, ready);
    }
}

static void replied(struct request *request, const struct reply *reply, void *context)
{
    struct item *item = context;
    struct call *call = item->call;
    struct stream *stream = call->state;
    (void)request;

    call_ref(call); /* the item may be sent and freed as soon as it is in a queue */
    grpc_byte_buffer *answer = reply->status == SLUICE_CANCELLED ? NULL : answer_of(item, reply);
    pthread_mutex_lock(&stream->mutex);
    land(stream, item);
    bool drop = stream->gone;
    if (!drop) {
        item->answer = answer;
        if (reply->status != SLUICE_OK)
            stop(stream, grpc_code_of(reply->status), reply->text);
        enqueue(stream, item, reply->status != SLUICE_OK);
    }
    pthread_mutex_unlock(&stream->mutex);
    if (!drop) {
        advance(call);
    } else {
        if (answer != NULL)
            grpc_byte_buffer_destroy(answer);
        item_unref(item);
    }
    call_unref(call);
}

/* ---- sending ---- */

/* The next answer to send, if it is time for one. Stubs come when nothing is flying any more. Items without an answer
 * (no memory for a stub) are passed over into *empty. Under the lock. */
static struct item *next_answer(struct stream *stream, struct queue *empty)
{
    for (;;) {
        struct item *item = queue_take(&stream->answers);
        if (item == NULL && stream->flying == NULL)
            item = queue_take(&stream->stubs);
        if (item == NULL || item->answer != NULL)
            return item;
        stream->in_work--;
        queue_append(empty, item);
    }
}

static bool more_to_send(const struct stream *stream)
{
    return stream->answers.first != NULL || (stream->flying == NULL && stream->stubs.first != NULL);
}

/* Start the next send or the end, if there is one to start. Any thread, without the lock; the caller holds the call. */
static void advance(struct call *call)
{
    struct stream *stream = call->state;
    struct queue empty;
    queue_init(&empty);

    pthread_mutex_lock(&stream->mutex);
    bool free_to_send = stream->sending == NULL && !stream->gone && !stream->broken && !stream->ending;
    struct item *item = free_to_send ? next_answer(stream, &empty) : NULL;
    bool first = !stream->begun;
    /* A hint that more follows makes core hold the write back. Not with the initial metadata: core would hold those
     * back as well, and this batch, which waits for them, would never be done. */
    bool more = item != NULL && !first && more_to_send(stream);
    bool end = free_to_send && item == NULL && may_end(stream);
    if (end)
        settle_end(stream);
    if (item != NULL || end) {
        stream->sending = item;
        stream->begun = true;
    }
    pthread_mutex_unlock(&stream->mutex);

    if (item != NULL)
        call_send(call, item->answer, first, more, &stream->sent);
    else if (end)
        call_end(call, NULL, first, stream->stopped ? stream->code : GRPC_STATUS_OK,
                 stream->stopped ? &stream->text : NULL, &stream->ended);
    while (empty.first != NULL)
        item_unref(queue_take(&empty));
}

static void sent(struct rpc_event *event, bool ok)
{
    struct stream *stream = RPC_EVENT_OWNER(event, struct stream, sent);

    pthread_mutex_lock(&stream->mutex);
    struct item *item = stream->sending;
    stream->sending = NULL;
    stream->in_work--;
    stream->broken = stream->broken || !ok;
    pthread_mutex_unlock(&stream->mutex);

    struct call *call = stream->call;
    advance(call);
    item_unref(item);
    read_more(call);
    call_unref(call);
}

/* The status is out, or nobody wants it. */
static void ended(struct rpc_event *event, bool ok)
{
    struct stream *stream = RPC_EVENT_OWNER(event, struct stream, ended);
    (void)ok;
    call_unref(stream->call);
}

/* ---- reading ---- */

static void room_came(void *context)
{
    struct call *call = context;
    struct stream *stream = call->state;

    pthread_mutex_lock(&stream->mutex);
    stream->awaits_room = false;
    pthread_mutex_unlock(&stream->mutex);
    read_more(call);
    call_unref(call);
}

/* May a read be started, as far as this stream is concerned? Then it is claimed. */
static bool claim_read(struct stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    bool ended = stream->half_closed || stream->stopped || stream->drained || stream->gone || stream->broken;
    bool claimed = !ended && !stream->reading && stream->in_work < stream->prefetch;
    stream->reading = stream->reading || claimed;
    pthread_mutex_unlock(&stream->mutex);
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

/* Arm the next read if there is credit for it. Any thread, without the lock; the caller holds the call. */
static void read_more(struct call *call)
{
    struct stream *stream = call->state;
    struct router *router = call->front->router;

    while (claim_read(stream)) {
        if (router_has_room(router, call->client)) {
            call_read(call, &stream->incoming, &stream->read);
            return;
        }
        if (!unclaim_read(stream))
            return;
        router_when_room(router, room_came, call_ref(call));
        /* Room may have come before the router knew that we wait for it: look once more. */
    }
}

/* A message that was read cannot become a request: reading ends, what is in flight is answered, then the status comes.
 */
static void refuse_message(struct call *call, sluice_status status, const char *text)
{
    struct stream *stream = call->state;

    pthread_mutex_lock(&stream->mutex);
    stream->in_work--;
    stop(stream, grpc_code_of(status), text);
    pthread_mutex_unlock(&stream->mutex);
    advance(call);
}

static void submit(struct call *call, struct item *item)
{
    struct stream *stream = call->state;

    pthread_mutex_lock(&stream->mutex);
    fly(stream, item);
    pthread_mutex_unlock(&stream->mutex);

    router_submit(item->request, stream->deadline_ns, replied, item);

    pthread_mutex_lock(&stream->mutex);
    item->submitted = true;
    bool cancel = stream->gone && !item->replied;
    pthread_mutex_unlock(&stream->mutex);
    if (cancel)
        router_cancel(item->request);
    item_unref(item);
}

static void take_message(struct call *call, grpc_byte_buffer *message)
{
    struct request *request = NULL;
    struct rope rope;
    sluice_error error = {.text = ""};

    rope_init(&rope);
    sluice_status status = rpc_bytes_receive(message, &rope);
    if (status != SLUICE_OK)
        sluice_fail(&error, status, NULL, "the message cannot be read: %s", sluice_status_name(status));
    else
        status = request_new(call->front->router, call->client, &rope, &request, &error);
    rope_done(&rope);
    struct item *item = status == SLUICE_OK ? item_new(call, request) : NULL;
    if (item != NULL) {
        submit(call, item);
        return;
    }
    if (status == SLUICE_OK) {
        request_free(request);
        status = sluice_fail(&error, SLUICE_NO_MEMORY, NULL, "no memory for another request");
    }
    refuse_message(call, status, error.text);
}

static void message_read(struct rpc_event *event, bool ok)
{
    struct stream *stream = RPC_EVENT_OWNER(event, struct stream, read);
    struct call *call = stream->call;
    grpc_byte_buffer *message = stream->incoming;
    stream->incoming = NULL;

    /* No message is the half-close, unless core gave the call up (message too large, connection lost). */
    bool half_closed = ok && message == NULL && !grpc_call_failed_before_recv_message(call->rpc);
    pthread_mutex_lock(&stream->mutex);
    stream->half_closed = stream->half_closed || half_closed;
    stream->broken = stream->broken || (message == NULL && !half_closed);
    bool wanted = message != NULL && !stream->stopped && !stream->drained && !stream->gone && !stream->ending;
    if (wanted)
        stream->in_work++;
    else if (message != NULL && !stream->ending)
        stop(stream, GRPC_STATUS_UNAVAILABLE, draining_text);
    pthread_mutex_unlock(&stream->mutex);

    if (wanted) {
        take_message(call, message);
        pthread_mutex_lock(&stream->mutex);
        stream->reading = false; /* only now: the next message must not overtake this one */
        pthread_mutex_unlock(&stream->mutex);
        read_more(call);
    } else {
        if (message != NULL)
            grpc_byte_buffer_destroy(message);
        advance(call);
    }
    call_unref(call);
}

/* ---- the call ---- */

/* The client does not listen any more. Answers that wait are dropped; what flies is cancelled and dropped at its reply.
 */
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
        item_unref(queue_take(&dropped));
    while (cancelled != NULL) {
        struct item *item = cancelled;
        cancelled = item->cancelled;
        router_cancel(item->request);
        item_unref(item);
    }
}

static void drain(struct call *call, bool stopping)
{
    struct stream *stream = call->state;
    (void)stopping;

    pthread_mutex_lock(&stream->mutex);
    stream->drained = true;
    pthread_mutex_unlock(&stream->mutex);
    advance(call);
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
    rpc_event_init(&stream->read, message_read);
    rpc_event_init(&stream->sent, sent);
    rpc_event_init(&stream->ended, ended);
    queue_init(&stream->answers);
    queue_init(&stream->stubs);
    queue_init(&stream->order);
    read_settings(call, stream);
    call_enlist(call);

    sluice_status status = call_admit(call, &error);
    if (status == SLUICE_OK) {
        read_more(call);
        return;
    }
    pthread_mutex_lock(&stream->mutex);
    stop(stream, grpc_code_of(status), error.text);
    pthread_mutex_unlock(&stream->mutex);
    advance(call);
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
