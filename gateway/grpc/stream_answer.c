/*
 * The way of a request from its item to its answer on the wire, and the end of a stream (design notes: stream.c).
 */
#include "gateway/grpc/stream.h"

#include <stdlib.h>

/* What to start next, decided under the lock and done without it. */
struct step {
    struct item *item;  /* to send */
    bool first;         /* with the initial metadata */
    bool more;          /* more is waiting behind it */
    bool end;           /* send the status */
    struct queue empty; /* items that have nothing to send */
};

static void decide(struct stream *stream, struct step *step);
static void carry_out(struct call *call, struct step *step);

/* ---- items ---- */

void stream_item_unref(struct item *item)
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

struct item *stream_item_new(struct call *call, struct request *request)
{
    struct item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return NULL;
    item->call = call_ref(call);
    item->request = request;
    atomic_init(&item->references, 2); /* the stream's and the submitter's */
    return item;
}

void stream_fly(struct stream *stream, struct item *item)
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
void stream_stop(struct stream *stream, grpc_status_code code, const char *text)
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

void stream_stop_drained(struct stream *stream)
{
    stream_stop(stream, GRPC_STATUS_UNAVAILABLE,
                "the gateway is shutting down; what was sent after the last answer was not taken");
}

/* A drained stream ends well only if the client had nothing more to say. */
static void settle_end(struct stream *stream)
{
    if (stream->drained && !stream->half_closed)
        stream_stop_drained(stream);
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

void stream_replied(struct request *request, const struct reply *reply, void *context)
{
    struct item *item = context;
    struct call *call = item->call;
    struct stream *stream = call->state;
    (void)request;

    call_ref(call); /* the item may be sent and freed as soon as it is in a queue */
    grpc_byte_buffer *answer = reply->status == SLUICE_CANCELLED ? NULL : answer_of(item, reply);
    struct step step;
    pthread_mutex_lock(&stream->mutex);
    land(stream, item);
    bool drop = stream->gone;
    if (!drop) {
        item->answer = answer;
        if (reply->status != SLUICE_OK)
            stream_stop(stream, grpc_code_of(reply->status), reply->text);
        enqueue(stream, item, reply->status != SLUICE_OK);
        decide(stream, &step);
    }
    pthread_mutex_unlock(&stream->mutex);
    if (!drop) {
        carry_out(call, &step);
    } else {
        if (answer != NULL)
            grpc_byte_buffer_destroy(answer);
        stream_item_unref(item);
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

/* Choose the next send or the end, if it is time for one. Under the lock. */
static void decide(struct stream *stream, struct step *step)
{
    bool free_to_send = stream->sending == NULL && !stream->gone && !stream->broken && !stream->ending;

    queue_init(&step->empty);
    step->item = free_to_send ? next_answer(stream, &step->empty) : NULL;
    step->first = !stream->begun;
    /* A hint that more follows makes core hold the write back. Not with the initial metadata: core would hold those
     * back as well, and this batch, which waits for them, would never be done. */
    step->more = step->item != NULL && !step->first && more_to_send(stream);
    step->end = free_to_send && step->item == NULL && may_end(stream);
    if (step->end)
        settle_end(stream);
    if (step->item != NULL || step->end) {
        stream->sending = step->item;
        stream->begun = true;
    }
}

/* Any thread, without the lock; the caller holds the call. */
static void carry_out(struct call *call, struct step *step)
{
    struct stream *stream = call->state;

    if (step->item != NULL)
        call_send(call, step->item->answer, step->first, step->more, &stream->sent);
    else if (step->end)
        call_end(call, NULL, step->first, stream->stopped ? stream->code : GRPC_STATUS_OK,
                 stream->stopped ? &stream->text : NULL, &stream->ended);
    while (step->empty.first != NULL)
        stream_item_unref(queue_take(&step->empty));
}

void stream_advance(struct call *call)
{
    struct stream *stream = call->state;
    struct step step;

    pthread_mutex_lock(&stream->mutex);
    decide(stream, &step);
    pthread_mutex_unlock(&stream->mutex);
    carry_out(call, &step);
}

void stream_sent(struct rpc_event *event, bool ok)
{
    struct stream *stream = RPC_EVENT_OWNER(event, struct stream, sent);
    struct call *call = stream->call;
    struct step step;

    pthread_mutex_lock(&stream->mutex);
    struct item *item = stream->sending;
    stream->sending = NULL;
    stream->in_work--;
    stream->broken = stream->broken || !ok;
    decide(stream, &step);
    pthread_mutex_unlock(&stream->mutex);

    carry_out(call, &step);
    stream_item_unref(item);
    stream_read_more(call);
    call_unref(call);
}

/* The status is out, or nobody wants it. */
void stream_ended(struct rpc_event *event, bool ok)
{
    struct stream *stream = RPC_EVENT_OWNER(event, struct stream, ended);
    (void)ok;
    call_unref(stream->call);
}
