/*
 * stream.h - inside of JinaRPC/Call, whose design notes are in stream.c. Only for the files stream*.c.
 *
 * Functions marked (lock) are called with stream->mutex held, all others without it and by somebody who holds the call.
 */
#ifndef SLUICE_GATEWAY_GRPC_STREAM_H
#define SLUICE_GATEWAY_GRPC_STREAM_H

#include "gateway/grpc/server.h"

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

static inline void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static inline void queue_append(struct queue *queue, struct item *item)
{
    item->queued = NULL;
    *queue->last = item;
    queue->last = &item->queued;
}

static inline struct item *queue_take(struct queue *queue)
{
    struct item *item = queue->first;
    if (item == NULL)
        return NULL;
    queue->first = item->queued;
    if (queue->first == NULL)
        queue->last = &queue->first;
    return item;
}

/* ---- stream_answer.c: items, replies, sending, the end ---- */

/* Two references: the stream's and the submitter's. Takes the request over. NULL: no memory. */
struct item *stream_item_new(struct call *call, struct request *request);
void stream_item_unref(struct item *item);

/* (lock) The item is on its way into the router. */
void stream_fly(struct stream *stream, struct item *item);

/* The router's reply, a reply_function; `context` is the item. */
void stream_replied(struct request *request, const struct reply *reply, void *context);

/* (lock) The stream ends with this. The first failure decides; later ones change nothing. */
void stream_stop(struct stream *stream, grpc_status_code code, const char *text);

/* (lock) A drained stream whose client had more to say. */
void stream_stop_drained(struct stream *stream);

/* Start the next send or the end, if it is time for one. */
void stream_advance(struct call *call);

/* Events. */
void stream_sent(struct rpc_event *event, bool ok);
void stream_ended(struct rpc_event *event, bool ok);

/* ---- stream_read.c ---- */

/* Arm the next read if there is credit for it. */
void stream_read_more(struct call *call);

void stream_message_read(struct rpc_event *event, bool ok);

#endif
