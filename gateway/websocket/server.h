/*
 * server.h - inside of the front. Only for the files of this folder.
 *
 * Design notes
 *
 * One thread (front.c) waits for all sockets and owns every connection and every item: no lock protects them. Others reach
 * it by notes: a struct note is posted to a queue under the front's mutex, the thread is woken when the queue was empty,
 * and takes all notes after each round of events. Replies of the router, finished JSON work and room in the router come
 * as notes.
 *
 *   socket.h  bytes in and out, TLS below them
 *   peer.c    who is at the other end of a socket: requests of HTTP, then perhaps a WebSocket, then leaving
 *   connection.c, read.c, answer.c  a WebSocket; its frames are judged by common/net/websocket
 *
 *   message ──(json: job)── request, FLYING ── reply ──(json: job)── note ── answers ── written ── unflushed ── freed
 *
 * An item is one message on this way. `in_work` of its connection counts from the message to the moment when the
 * answer's last byte was given to the system, so an answer that the client does not take counts against `prefetch`.
 * Reading is paused without credit (in_work < prefetch, room in the router): the socket is not read, and what was read
 * of it waits in the peer's `rest`.
 *
 * The end. A connection is closed by us when in_work is 0 and it was stopped by a failure (the first one's code and
 * reason), or the client's end of input has come (1000), or the gateway drains (1012). From each of these on messages
 * are dropped, but frames are still read, so that pings and close frames are seen. Our close frame is followed by the
 * client's, or by the end of LEAVE_MS. When the client closes first, or breaks a rule, or is not there any more, it gets a
 * last frame (`farewell`) at once and flying requests are cancelled (`gone`) and freed at their replies.
 *
 * A connection is counted by references of the thread's own: one of the peer, one per item, one per wish for room.
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_SERVER_H
#define SLUICE_GATEWAY_WEBSOCKET_SERVER_H

#include "common/foundation/buffer.h"
#include "common/json/message.h"
#include "common/foundation/workers.h"
#include "gateway/websocket/front.h"
#include "gateway/websocket/handshake.h"
#include "gateway/websocket/message.h"
#include "gateway/websocket/socket.h"

#include <pthread.h>
#include <time.h>

enum {
    WRITE_BYTES = 64 << 10,      /* answers leave in pieces of this size, many small ones with one system call */
    WRITE_TURN_BYTES = 1 << 20,  /* of one connection before others have their turn; compressed ones count as they were */
    FRAGMENT_BYTES = 16 << 20,   /* a larger answer is sent in frames of this size, so that a ping can go between */
    LEAVE_MS = 5000,             /* for the client to end a connection after the last word */
    JSON_INLINE_BYTES = 16384,   /* up to this size JSON is read and written without a change of thread */
};

struct websocket_front;
struct connection;

/* Something for the front's thread. */
struct note {
    struct note *next;
    void (*take)(struct note *note);
};

struct websocket_front {
    struct websocket_front_settings settings;
    struct router *router;
    struct workers *workers;
    struct socket_loop *loop;
    uint16_t port;
    char session[40]; /* of /status: a random id of this process */
    struct timespec started;
    pthread_t thread;
    bool has_thread;
    atomic_size_t working; /* items */
    atomic_bool draining, abort, stop;

    pthread_mutex_t mutex; /* guards the notes and `open`; never held while calling out, but for socket_loop_wake() */
    pthread_cond_t changed;
    struct note *first, **last;
    size_t open; /* connections that are not freed */

    /* The thread's own. */
    struct peer *peers;
    struct connection *connections;
    struct connection *dirty; /* have answers to write, bytes to read, or are to be closed */
    bool held, drained, aborted;
    uint8_t *scratch; /* WRITE_BYTES */
    uint8_t *room;    /* WEBSOCKET_INFLATE_ROOM */
};

struct item {
    struct note note;
    struct job job;
    struct connection *connection;
    struct request *request;
    const struct reply *reply; /* valid as long as the request */
    struct rope message;       /* MODE_JSON: the text that came, then the request */
    struct buffer text;        /* the answer, when it is not the reply's message: in JSON, or of a dry run */
    bool answer_is_text;
    struct {
        sluice_status status;
        enum json_fault_kind kind;
        char text[WEBSOCKET_REASON_MAX + 1];
    } json;
    bool begun;     /* a frame of the answer is sent */
    size_t written; /* bytes of the answer that are in frames */
    struct item *next, *previous; /* flying */
    struct item *queued;          /* in unread, answers or unflushed */
};

struct item_queue {
    struct item *first, **last;
};

/* The other end of a socket. */
enum peer_state {
    PEER_REQUEST, /* the head of a request is to come, before `due_ns` */
    PEER_ANSWER,  /* GET /dry_run is on its way: nothing is read */
    PEER_OPEN,    /* a WebSocket */
    PEER_LEAVING  /* all is said: what comes is dropped until the client ends it, or `due_ns` */
};

struct peer {
    struct websocket_front *front;
    struct socket *socket;
    enum peer_state state;
    bool paused;
    bool leave_when_sent;
    bool lost;             /* the socket is to be closed, whatever there is */
    struct head_collector head;
    struct buffer rest;    /* what has come and waits */
    struct buffer kept;    /* what the system has not taken; `kept_done` of it is sent */
    size_t kept_done;
    uint64_t due_ns;       /* 0: none */
    struct connection *connection; /* PEER_OPEN, PEER_ANSWER; one reference */
    struct peer *next, *previous;
};

struct connection {
    struct websocket_front *front;
    struct peer *peer; /* NULL: the socket is closed */
    struct client *client;
    unsigned references;
    enum mode mode;
    enum purpose purpose;

    struct websocket_reader reader;
    struct websocket_inflater *inflater; /* NULL: nothing is compressed */
    struct websocket_deflater *deflater;
    struct message incoming;
    bool deaf; /* what comes cannot be read any more */

    uint32_t in_work;
    bool paused, awaits_room;
    bool ended;   /* the client's end of input */
    bool stopped; /* a failure: the end is `code` with `reason` */
    bool drained, gone, listed_dirty;
    bool farewell; /* a close frame with `code` and `reason` is due, whatever is inside */
    bool closing;  /* our close frame is written */
    bool last_answer; /* PURPOSE_HTTP_DRY_RUN: the client wants the connection to end with it */
    uint16_t code; /* 0: none */
    char reason[WEBSOCKET_REASON_MAX];
    size_t reason_size;

    struct item *flying;
    struct item_queue unread;  /* MODE_JSON: texts that are not yet requests, in order; the first is being read */
    struct item_queue answers; /* to be written */
    struct item_queue unflushed;
    size_t frame_left; /* bytes of the first answer's frame whose head is written */

    uint64_t heard_ns, pinged_ns; /* the last sign of life; the ping that is not answered, or 0 */
    bool ping_due, pong_due;
    uint8_t pong[WEBSOCKET_CONTROL_MAX];
    size_t pong_size;
    struct note room;
    struct connection *next, *previous, *next_dirty;
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

/* What a note, a job, … is part of. */
#define container_of(part, type, member) ((type *)(void *)((char *)(part) - offsetof(type, member)))

/* ---- front.c ---- */

void front_post(struct websocket_front *front, struct note *note); /* any thread */
void front_hold(struct websocket_front *front); /* a request is about to be submitted: burst_begin(), once per round */

/* ---- peer.c ---- */

/* For the socket's events; `context` is the front. */
extern const struct socket_events peer_events;

/* Give bytes to the system; what it does not take is kept. Only when nothing is kept. False: the connection is lost. */
bool peer_send(struct peer *peer, const uint8_t *data, size_t size);

static inline bool peer_is_sending(const struct peer *peer)
{
    return peer->kept.size > 0;
}

/* Read the socket, or leave what comes to the system. */
void peer_pace(struct peer *peer);
void peer_read_rest(struct peer *peer); /* what has come and waited */
void peer_leave(struct peer *peer);     /* when all is sent: end our side, and let the client end its own */
void peer_kill(struct peer *peer);      /* close the socket at the next opportunity */
void peer_tick(struct peer *peer, uint64_t now_ns);

/* ---- plain.c: HTTP requests ---- */

/* A whole head has come. False: the connection is lost. */
bool plain_request(struct peer *peer, const struct head *head);
/* The answer to what is no request, or comes too late; the connection is left. */
bool plain_refuse(struct peer *peer, unsigned status, const char *text);
/* The answer to GET /dry_run has come. False: the connection is lost. */
bool plain_answer_dry_run(struct connection *connection);

/* ---- connection.c ---- */

/* One reference, the peer's. NULL: no memory. */
struct connection *connection_new(struct peer *peer, const struct handshake *handshake);
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
void connection_gone(struct connection *connection);  /* the client went away: its requests are cancelled */
/* The same, and it is told so: a close frame (code 0: without a code) leaves as soon as no other frame is under way. */
void connection_farewell(struct connection *connection, uint16_t code, const char *reason, size_t size);
void connection_kill(struct connection *connection);   /* gone, and the socket is closed at the next opportunity */
void connection_closed(struct connection *connection); /* the socket is closed */

/* Pause or resume reading as there is credit. */
void connection_pace(struct connection *connection);

/* One item less in work. */
void connection_settle(struct connection *connection);

/* Something is to be written or read, or it is to be closed: do it before the next round. */
void connection_dirty(struct connection *connection);

bool connection_may_close(const struct connection *connection);

/* Every SOCKET_TICK_MS: pings, clients that vanished. */
void connection_tick(struct connection *connection, uint64_t now_ns);

/* ---- read.c ---- */

/* Frames from *at on. False: nothing more is to be read now. */
bool read_frames(struct connection *connection, uint8_t **at, const uint8_t *end);
void read_submit(struct item *item); /* item->message is a request */
void read_dry_run(struct connection *connection);

/* ---- answer.c ---- */

struct item *item_new(struct connection *connection); /* in work from now on. NULL: no memory */
void item_free(struct item *item);                    /* not in work any more */
void item_replied(struct request *request, const struct reply *reply, void *context); /* a reply_function */
void item_answered(struct item *item); /* item->text is the answer, or item->json says why there is none */

/* Write what there is. False: the connection is lost. */
bool answer_write(struct connection *connection);

/* ---- json.c: MODE_JSON ---- */

void json_take(struct item *item);   /* item->message is a text that came: it becomes a request, in order */
void json_answer(struct item *item); /* item->reply becomes item->text, then item_answered() */
sluice_status json_warm(sluice_error *error); /* load the JSON module before the first client waits for it */

#endif
