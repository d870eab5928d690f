/*
 * call.h - one call over HTTP: what it is made of, and its way.
 *
 * Design notes.
 *  - A call is one HTTP exchange: POST with a JSON body (SINGLE, GRAPHQL) or GET (DRY_RUN, INFO, HEALTH, and the
 * transport's own look at /openapi.json). Its events come on the channel's thread.
 *  - The way: NEW until the caller has given its message; WAITING, for a free connection, for the routes of the gateway
 *    (routes.h) or for the next attempt to connect; WRITING, the body is made; RUNNING, libcurl has it; READING, the
 *    answer is taken apart; HELD, until the caller reads; OVER. A call occupies a connection from WRITING to the end of
 *    RUNNING, so that there are never more bodies than connections, however many calls wait.
 *  - WRITING and READING are JSON work: done at once on the channel's thread for bodies up to HTTP_INLINE_BYTES, which
 *    takes well below a millisecond, else by a worker. While a worker has a call the channel's thread leaves it alone.
 *  - A request is never sent twice behind the caller's back: the body is given to libcurl by a function that cannot be
 *    rewound, so its own second try on a dead kept connection fails once a byte of the body went out.
 */
#ifndef SLUICE_CLIENT_HTTP_CALL_H
#define SLUICE_CLIENT_HTTP_CALL_H

#include "client/transport.h"
#include "common/foundation/buffer.h"
#include "common/foundation/workers.h"
#include "common/net/tls.h"

#include <curl/curl.h>

/* The look at /openapi.json, which no caller asks for. */
enum { HTTP_ROUTES = TRANSPORT_METHOD_COUNT };

enum {
    HTTP_INLINE_BYTES = 64 * 1024,
    HTTP_HEADERS_MAX = 1 << 20, /* bytes of the answer's header lines that are kept for GRAPHQL */
    HTTP_EXCERPT = 300          /* bytes of a foreign text in an error */
};

enum call_state { CALL_NEW, CALL_WAITING, CALL_WRITING, CALL_RUNNING, CALL_READING, CALL_HELD, CALL_OVER };

struct transport_call {
    struct transport_channel *channel;
    const struct transport_events *events; /* NULL: the transport's own */
    void *context;
    int method; /* enum transport_method or HTTP_ROUTES */
    enum transport_compression compression;
    uint64_t deadline_ns;
    bool wait_for_ready;
    struct curl_slist *headers; /* the caller's */

    /* Under the channel's lock. */
    unsigned references; /* the caller, the channel until the end, the inbox, a worker */
    bool in_inbox, given, cancelled, read_wanted, worked;
    struct transport_call *inbox_next;

    struct rope message; /* what the caller gave; the channel's thread takes it when `given` is set */

    /* The channel's thread, or the worker that has the call. */
    enum call_state state;
    struct transport_call *previous, *next; /* of the channel's list WAITING */
    struct buffer body;
    struct job job; /* for a worker */
    bool body_written;
    size_t body_at;
    char *endpoint;         /* of SINGLE */
    char *path;             /* once it runs: "/post" */
    uint64_t not_before_ns; /* of WAITING */
    unsigned connect_failures;

    CURL *easy;
    struct curl_slist *all_headers;
    char curl_text[CURL_ERROR_SIZE];
    char why[TLS_SENTENCE_MAX]; /* what is wrong with the server's certificate; "" */
    CURLcode curl_code;
    int os_error;
    bool new_connection; /* made for this call */
    long http_status;
    bool head_ended; /* libcurl takes a head that was cut off for a whole one */
    char *content_type, *location; /* of the answer; NULL: none */
    long retry_after_seconds;
    struct buffer answer_headers; /* of GRAPHQL */
    struct buffer answer;
    bool too_large;

    /* The outcome. */
    sluice_status status;
    int code;
    struct buffer text;
    struct rope result;
};

/* A call with one reference, the caller's. Copies the metadata. SLUICE_INVALID: a header that cannot be sent. */
sluice_status call_new(struct transport_channel *channel, const struct transport_call_settings *settings,
                       struct transport_call **ret_call, sluice_error *error);
void call_free(struct transport_call *call);

/* Set the outcome to a failure. */
void call_fail(struct transport_call *call, sluice_status status, int code, const char *format, ...)
    SLUICE_PRINTF(4, 5);

/* The work of WRITING or READING, as the state says: request_write() or answer_read(). */
void call_work(struct transport_call *call);

/* "POST /index", for messages, which the client puts the address before; valid until the next call on this thread. */
const char *call_name(const struct transport_call *call);

#endif
