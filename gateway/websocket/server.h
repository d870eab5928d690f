/*
 * server.h - inside of the front. Only for the files of this folder.
 *
 * Design notes
 *
 * One thread (front.c) runs libwebsockets and owns every connection and every item: no lock protects them. Others reach
 * it by notes: a struct note is posted to a queue under the front's mutex, the thread is woken when the queue was empty,
 * and takes all notes after each round of events. Replies of the router, finished JSON work and room in the router come
 * as notes.
 *
 *   message ──(json: job)── request, FLYING ── reply ──(json: job)── note ── answers ── written ── unflushed ── freed
 *
 * An item is one message on this way. `in_work` of its connection counts from the message to the moment when the
 * answer's last byte was given to the system, so an answer that the client does not take counts against `prefetch`.
 * Reading is paused without credit (in_work < prefetch, room in the router), by libwebsockets' flow control.
 *
 * The end. A connection is closed by us when in_work is 0 and it was stopped by a failure (the first one's code and
 * reason), or the client's end of input has come (1000), or the gateway drains (1012). From each of these on messages
 * are dropped, but frames are still read, so that pings and close frames are seen. When the client goes away first
 * (`gone`), flying requests are cancelled and freed at their replies.
 *
 * A connection is counted by references of the thread's own: one of the socket, one per item, one per wish for room.
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_SERVER_H
#define SLUICE_GATEWAY_WEBSOCKET_SERVER_H

#include "common/foundation/buffer.h"
#include "common/json/message.h"
#include "gateway/front/workers.h"
#include "gateway/websocket/front.h"
#include "gateway/websocket/message.h"

#include <libwebsockets.h>
#include <pthread.h>
#include <time.h>

enum {
    CLOSE_NORMAL = 1000,
    CLOSE_PROTOCOL = 1002,
    CLOSE_FRAME_TYPE = 1003,
    CLOSE_UNREADABLE = 1007,
    CLOSE_TOO_LARGE = 1009,
    CLOSE_FAILURE = 1011,
    CLOSE_DRAINING = 1012,

    READ_BYTES = 64 << 10,       /* of one read of a socket */
    WRITE_BYTES = 64 << 10,      /* answers up to this size in all leave with one system call */
    WRITE_TURN_BYTES = 1 << 20,  /* of one connection before others have their turn */
    FRAGMENT_BYTES = 16 << 20,   /* a larger answer is sent in frames of this size */
    SUBPROTOCOLS_MAX = 127,      /* bytes of the header Sec-WebSocket-Protocol; libwebsockets takes no more */
    SUBPROTOCOL_NAME_MAX = 63,
    JSON_INLINE_BYTES = 16384,   /* up to this size JSON is read and written without a change of thread */
};

struct websocket_front;
struct connection;

/* Something for the front's thread. */
struct note {
    struct note *next;
    void (*take)(struct note *note);
};

enum mode { MODE_BYTES, MODE_JSON };

enum purpose { PURPOSE_DATA, PURPOSE_DRY_RUN, PURPOSE_HTTP_DRY_RUN };

/* What the handshake has found, until the connection is made: both happen in one call of libwebsockets. */
struct handshake {
    enum mode mode;
    enum purpose purpose;
    bool compressed;
    const char *echo; /* the sub-protocol that is named to the client; "": none */
};

struct websocket_front {
    struct websocket_front_settings settings;
    struct router *router;
    struct front_workers *workers;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws_protocols protocols[2];
    char protocol_name[SUBPROTOCOL_NAME_MAX + 1]; /* see handshake.c */
    int listener;
    struct lws *listener_wsi;
    uint16_t port;
    char session[40]; /* of /status: a random id of this process */
    struct timespec started;
    pthread_t thread;
    bool has_thread;
    atomic_size_t working; /* items */
    atomic_bool draining, abort, stop;

    pthread_mutex_t mutex; /* guards the notes and `open`; never held while calling out, but for lws_cancel_service() */
    pthread_cond_t changed;
    struct note *first, **last;
    size_t open; /* connections that are not freed */

    /* The thread's own. */
    struct handshake handshake;
    struct connection *connections;
    struct connection *dirty; /* have answers to write or are to be closed */
    size_t sockets;
    bool held, drained, aborted, accepting;
    lws_sorted_usec_list_t tick;
    uint8_t *scratch; /* WRITE_BYTES behind LWS_PRE */
};

struct item {
    struct note note;
    struct front_job job;
    struct connection *connection;
    struct request *request;
    const struct reply *reply; /* valid as long as the request */
    struct rope message;       /* MODE_JSON: the text that came, then the request */
    struct buffer text;        /* MODE_JSON: the answer */
    struct {
        sluice_status status;
        enum json_fault_kind kind;
        char text[CLOSE_REASON_MAX + 1];
    } json;
    size_t written; /* bytes of an answer that is sent in several frames */
    struct item *next, *previous; /* flying */
    struct item *queued;          /* in unread, answers or unflushed */
};

struct item_queue {
    struct item *first, **last;
};

struct connection {
    struct websocket_front *front;
    struct lws *wsi; /* NULL: closed */
    struct client *client;
    unsigned references;
    enum mode mode;
    enum purpose purpose;
    bool compressed;

    struct message incoming;
    bool begun;      /* a message has begun and is not complete */
    bool begun_text; /* it is one of text */
    bool begun_plain; /* its first frame had no reserved bit: none of the others may have one */

    uint32_t in_work;
    bool paused, awaits_room;
    bool ended;   /* the client's end of input */
    bool stopped; /* a failure: the end is `code` with `reason` */
    bool drained, gone, closing, listed_dirty;
    uint16_t code;
    char reason[CLOSE_REASON_MAX];
    size_t reason_size;

    struct item *flying;
    struct item_queue unread;  /* MODE_JSON: texts that are not yet requests, in order; the first is being read */
    struct item_queue answers; /* to be written */
    struct item_queue unflushed;
    uint8_t *held; /* a message that the compressor still reads */

    uint64_t heard_ns, pinged_ns; /* the last sign of life; the ping that is not answered, or 0 */
    bool ping_due, timed_out;
    struct note room;
    struct connection *next, *previous, *next_dirty;
};

/* What libwebsockets keeps for each socket. */
struct session {
    struct connection *connection; /* NULL: HTTP */
};

static inline void item_queue_init(struct item_queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static inline void item_queue_append(struct item_queue *queue, struct item *item)
{
    item->queued = NULL;
    *queue->last = item;
    queue->last = &item->queued;
}

static inline struct item *item_queue_take(struct item_queue *queue)
{
    struct item *item = queue->first;
    if (item == NULL)
        return NULL;
    queue->first = item->queued;
    if (queue->first == NULL)
        queue->last = &queue->first;
    return item;
}

/* ---- front.c ---- */

void front_post(struct websocket_front *front, struct note *note); /* any thread */
void front_hold(struct websocket_front *front); /* a request is about to be submitted: burst_begin(), once per round */

/* ---- context.c: libwebsockets ---- */

sluice_status context_new(struct websocket_front *front, sluice_error *error);
void context_accept(struct websocket_front *front, bool accept); /* take new connections, or leave them waiting */

/* ---- tls.c ---- */

/* Are certificate, key and authorities good? Errors as tls_load(). */
sluice_status tls_check(const struct flow_tls *tls, sluice_error *error);

/* ---- handshake.c: from HTTP to WebSocket ---- */

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 0 to go on, otherwise the refusal is sent. */
int handshake_check(struct websocket_front *front, struct lws *wsi);
void handshake_echo(struct websocket_front *front);                     /* LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION */
bool handshake_compress(struct websocket_front *front, struct lws *wsi); /* may messages be compressed? */

/* ---- plain.c: HTTP requests ---- */

/* LWS_CALLBACK_HTTP. What the callback is to return. */
int plain_request(struct websocket_front *front, struct lws *wsi, struct session *session);
/* Send a whole answer; `close` ends the connection. What the callback is to return. */
int plain_answer(struct lws *wsi, unsigned status, const char *type, const void *body, size_t size, bool close);
/* LWS_CALLBACK_HTTP_WRITEABLE: the answer to GET /dry_run. */
int plain_write_dry_run(struct session *session);

/* ---- connection.c ---- */

/* One reference, the socket's. NULL: no memory. */
struct connection *connection_new(struct websocket_front *front, struct lws *wsi, const struct handshake *handshake);
void connection_unref(struct connection *connection);

/* Is the next message wanted? */
static inline bool connection_takes(const struct connection *connection)
{
    return !connection->ended && !connection->stopped && !connection->drained && !connection->gone &&
           connection->purpose == PURPOSE_DATA;
}

/* It ends with this when what is in it is answered. The first failure decides; later ones change nothing. */
void connection_stop(struct connection *connection, uint16_t code, const char *text);
void connection_end(struct connection *connection);   /* the client's end of input */
void connection_drain(struct connection *connection); /* the gateway drains */
void connection_gone(struct connection *connection);  /* the client went away: nothing can be sent any more */
void connection_kill(struct connection *connection);  /* gone, and the socket is closed at the next opportunity */
void connection_closed(struct connection *connection); /* libwebsockets closed the socket */

/* Pause or resume reading as there is credit. */
void connection_pace(struct connection *connection);

/* One item less in work. */
void connection_settle(struct connection *connection);

/* Something is to be written, or it is to be closed: do it before the next round. */
void connection_dirty(struct connection *connection);

bool connection_may_close(const struct connection *connection);

/* Every TICK_MS: pings, clients that vanished. */
void connection_tick(struct connection *connection, uint64_t now_ns);

/* ---- read.c ---- */

/* LWS_CALLBACK_RECEIVE. */
void read_piece(struct connection *connection, const void *data, size_t size);
/* LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: 0 to have the frame answered by the same, -1 to answer otherwise. */
int read_close(struct connection *connection, uint8_t *payload, size_t size);
void read_submit(struct item *item); /* item->message is a request */
void read_dry_run(struct connection *connection);

/* ---- answer.c ---- */

struct item *item_new(struct connection *connection); /* in work from now on. NULL: no memory */
void item_free(struct item *item);                    /* not in work any more */
void item_replied(struct request *request, const struct reply *reply, void *context); /* a reply_function */
void item_answered(struct item *item); /* MODE_JSON: item->text is the answer, or item->json says why there is none */

/* Write what there is. `writeable`: libwebsockets has called for it. -1: the connection is lost, or is to be closed
 * (then the callback returns it). */
int answer_write(struct connection *connection, bool writeable);

/* ---- json.c: MODE_JSON ---- */

void json_take(struct item *item);   /* item->message is a text that came: it becomes a request, in order */
void json_answer(struct item *item); /* item->reply becomes item->text, then item_answered() */
sluice_status json_warm(sluice_error *error); /* load the JSON module before the first client waits for it */

#endif
