/*
 * stream.h - the engine under post and the asynchronous form: requests in, outcomes out.
 *
 * Design notes.
 *  - `lock` guards everything below it. The transport's functions are called under it; its events take it (transport.h
 *    promises that it never calls an event from within a function).
 *  - A request is an entry of `window` from its push until its outcome is pulled. Its outcome is decided once: ANSWERED
 *    (by its response), or with the end of the stream, when what is not answered is listed in `unanswered`.
 *  - `ready` holds what can be pulled, in the order of delivery. With results_in_order an entry is ready when all
 * before it have an outcome; `order_at` is the first that is not ready.
 *  - `live` counts calls that have not ended and timers that have not run; the struct is freed when it is 0.
 *  - One call carries all requests (`call`), or each entry has its own (`entry->call`).
 *  - Memory: the window bounds the requests; a read is armed only while less than STREAM_READ_BYTES wait to be pulled,
 *    so a reader that is slow holds the gateway back through HTTP/2's flow control.
 */
#ifndef SLUICE_CLIENT_STREAM_H
#define SLUICE_CLIENT_STREAM_H

#include "client/backoff.h"
#include "client/connection.h"
#include "client/request.h"
#include "client/window.h"

#define STREAM_READ_BYTES ((size_t)64 << 20)

struct sluice_stream {
    sluice_client *client;
    struct request_template request;
    struct transport_call_settings call_settings; /* its metadata is the stream's own */
    struct transport_metadata *metadata;
    bool single, in_order;
    size_t window_max;
    size_t request_size; /* of push_document; SIZE_MAX: no end */
    double timeout_seconds;
    unsigned max_attempts;
    struct backoff backoff;
    bool retry_timeout, retry_internal;

    pthread_mutex_t push_lock; /* `held`; taken before `lock` */
    sluice_document_array *held;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    int event_fd; /* -1 until asked for */
    bool signalled;

    struct window window;
    struct entry *ready_first, *ready_last, *order_at;
    size_t ready_bytes;
    struct rope tail; /* the last request, when finish() found the window full */
    char tail_id[SLUICE_REQUEST_ID_SIZE + 1];
    bool has_tail, tail_refused; /* it is in `tail`; it could not be sent */

    bool finished;  /* no more input */
    bool cancelled; /* by the caller */
    bool failing;   /* an error is noted; nothing new is taken */
    bool over;      /* every outcome is known */
    sluice_error error;
    sluice_text *unanswered;
    size_t unanswered_count;
    unsigned live;

    /* One call for all requests. */
    struct transport_call *call;
    struct entry *to_send;
    bool sending, reading, finish_sent, heard; /* heard: a message has come */
    unsigned attempts;
    struct timer timer;
};

/* ---- stream_push.c ---- */

/* As sluice_stream_push(), of a whole message whose memory is taken on success. Does not wait. */
sluice_status stream_push_message(struct sluice_stream *stream, sluice_text id, struct rope *message,
                                  sluice_error *error);

/* Under the lock: the last request, kept in `tail`, enters the window when there is room. */
void stream_enter_tail(struct sluice_stream *stream);

/* ---- stream_call.c, under the lock unless said otherwise ---- */

/* Start the one call. */
sluice_status stream_call_open(struct sluice_stream *stream, sluice_error *error);

/* Start an entry's own call. */
sluice_status stream_call_single(struct sluice_stream *stream, struct entry *entry, sluice_error *error);

/* Send and read what can be. */
void stream_call_pump(struct sluice_stream *stream);

/* Cancel calls and timers; the outcomes follow, or have followed. */
void stream_call_cancel(struct sluice_stream *stream);

/* ---- stream.c, for the other two, under the lock ---- */

/* Waits for `changed` until the deadline (0: none). False: it is past. */
bool stream_wait(struct sluice_stream *stream, uint64_t deadline_ns);

/* The deadline of a wait: negative seconds: none (0); 0 seconds: 1, which is past. Any thread, no lock. */
uint64_t stream_wait_deadline(double timeout_seconds);

/* The answer to an entry; takes the reference. */
void stream_answer(struct sluice_stream *stream, struct entry *entry, sluice_response *response);

/* Note an error (the first counts): nothing new is taken from now on. */
void stream_note(struct sluice_stream *stream, const sluice_error *error);

/* Nothing more will come: the outcome of everything is decided now. */
void stream_close(struct sluice_stream *stream);

#endif
