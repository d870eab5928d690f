/*
 * server.h - inside of the HTTP front: front, connections, exchanges. Only for the files of this folder.
 *
 * A front has one event loop (loop.c) or several, each with a thread and a daemon of libmicrohttpd of its own. A
 * connection is accepted by the first loop, dealt to one of them (accept.c) and stays there: that loop owns it, its
 * exchange and everything else that is not marked otherwise. An exchange is one request and its answer; a connection has
 * one at a time and lends it its arena. While an exchange is with a handler, a worker or the router, its connection is
 * suspended in libmicrohttpd; whoever has the exchange hands it on by its `job`.
 */
#ifndef SLUICE_GATEWAY_HTTP_SERVER_H
#define SLUICE_GATEWAY_HTTP_SERVER_H

#include "common/foundation/text.h"
#include "common/foundation/workers.h"
#include "gateway/http/front.h"
#include "gateway/http/http.h"
#include "gateway/http/mailbox.h"
#include "gateway/http/tls.h"

#include <microhttpd.h>

#include <pthread.h>
#include <stdatomic.h>

struct http_connection {
    struct http_front *front;
    struct http_loop *loop;
    struct MHD_Connection *mhd;
    struct client *client;
    struct http_connection *next, *previous; /* in loop->connections */
    struct http_connection *next_handshake, *previous_handshake; /* in loop->handshakes, while `handshaking` */
    struct arena *arena;                     /* of its exchange; emptied behind each */
    struct http_exchange *exchange;          /* NULL: between two */
    int fd;
    bool handshaking, resting; /* handshake.c; suspended until its socket has something new */
    bool gone;                 /* the client has closed its side: nobody waits for an answer */
    uint64_t since_ns;         /* the last change: opened, an answer sent, head received, refused */
};

enum http_stage {
    HTTP_COLLECTING, /* the body is coming */
    HTTP_DROPPING,   /* the answer is known, the body is read and dropped, then the answer is sent */
    HTTP_LINGERING,  /* the answer is sent, past libmicrohttpd; what still comes is dropped, then the connection ends */
    HTTP_WORKING,    /* a handler, a worker or the router has it */
    HTTP_ANSWERED
};

struct http_field {
    const char *name, *value;
    struct http_field *next;
};

struct http_call {
    struct http_exchange *exchange;
    struct request *request; /* NULL: it could not be made */
    bool submitted;
    struct reply reply;
};

struct http_exchange {
    struct http_connection *connection;
    const struct http_route *route; /* NULL: refused */
    const char *method;             /* libmicrohttpd's */
    enum http_stage stage;
    bool suspended;  /* in libmicrohttpd */
    bool last;       /* of its connection: HTTP/1.0 */
    bool expects;    /* the client waits for 100 before it sends the body */
    bool preflight;  /* of CORS: the answer has its fields */
    bool compressed; /* the body is gzip */
    bool counted;    /* what there is of the body is in front->body_bytes */
    uint64_t length; /* Content-Length; UINT64_MAX: chunked */
    struct buffer body;
    size_t dropped;  /* bytes of the body that were read and not kept */
    size_t seen;     /* of the body at the last look */
    unsigned stalls; /* looks in a row at which it stood still while there was more to read */

    struct job job;
    http_done *done;
    void *state;

    pthread_mutex_t
        mutex; /* guards `calls`, `live` and `cancelled` between the loop's cancel and the handler's thread */
    struct http_call *calls;
    size_t call_count;
    bool live, cancelled;
    atomic_size_t pending; /* replies that have not come, and one for the submitter */

    unsigned status;
    const char *type;
    struct buffer answer;
    const void *still; /* the answer's bytes when they are not in `answer` */
    size_t still_size;
    struct http_field *fields;
};

struct http_loop {
    struct http_front *front;
    struct MHD_Daemon *daemon;
    struct http_mailbox mailbox; /* jobs for the loop, from any thread */
    int epoll_fd;
    pthread_t thread;
    bool thread_runs;
    const struct front_executors *executors; /* this loop reads their answers; NULL: another thread does */
    struct job drain_job, stop_job;          /* from the main thread */

    /* Read by others too. */
    atomic_uint dealt;     /* connections that were dealt to it and are not over */
    atomic_size_t working; /* exchanges that have begun and are not over */

    /* The loop's own. */
    struct http_connection *connections, *handshakes;
    uint64_t now_ns;  /* when the round began to end */
    size_t suspended; /* connections */
    unsigned started; /* connections that libmicrohttpd has begun with, ever */
    bool draining, stopping;
};

/* The listening socket; the first loop's, but for `full`. */
struct http_acceptor {
    int fd;            /* -1: none */
    bool watched;      /* in the first loop's epoll set */
    uint64_t retry_ns; /* not watched until then, for want of descriptors or memory; 0: no such want */
    atomic_bool full;  /* not watched until a connection ends: whoever makes it false again posts `room_job` */
    struct job room_job;
};

struct http_front {
    struct http_front_settings settings;
    const struct flow_gateway *gateway;
    struct router *router;
    struct http_tls *tls; /* NULL: plain */
    struct workers *workers;
    struct front_executors executors; /* borrowed, if the first loop has them */
    struct http_loop *loops[HTTP_LOOPS_MAX];
    unsigned loop_count;
    struct http_acceptor acceptor;
    uint16_t port;
    struct http_route *own_routes; /* of exposed endpoints, in their order; NULL: none */
    const struct http_route **routes;
    size_t route_count, route_capacity;
    struct buffer openapi;          /* the text of /openapi.json */
    char session[TEXT_ID_SIZE + 1]; /* of /status */
    struct timespec started;

    /* All loops'. */
    _Atomic uint64_t body_bytes; /* of bodies that come in more than one piece, all connections together */

    /* The main thread's, and what it shares with the loops. */
    bool told_to_drain;
    atomic_bool waiting; /* somebody waits until no loop has work */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

/* ---- front.c ---- */
uint32_t http_header_bytes_max(const struct http_front *front);
sluice_status http_daemon_start(struct http_loop *loop, sluice_error *error);

/* ---- loop.c ---- */
/* A loop with its daemon, not running yet; in front->loops whatever the outcome, for http_loops_free(). */
sluice_status http_loop_new(struct http_front *front, sluice_error *error);
sluice_status http_loops_start(struct http_front *front, sluice_error *error);
/* Stop and join those that run; no connection is suspended any more. */
void http_loops_stop(struct http_front *front);
/* Close every connection and free the loops, which do not run. */
void http_loops_free(struct http_front *front);
/* Hand an exchange to its event loop or to a worker; any thread. */
void http_run_on_loop(struct http_loop *loop, struct job *job, void (*run)(struct job *));
void http_run_on_worker(struct http_front *front, struct job *job, void (*run)(struct job *));

/* ---- accept.c: on the first loop ---- */
bool http_accept_start(struct http_front *front); /* before the loop runs. False: errno says why */
void http_accept_ready(struct http_front *front); /* somebody wants to connect */
int http_accept_timeout_ms(const struct http_front *front); /* until http_accept_look() has to do; -1: nothing */
void http_accept_look(struct http_front *front);
void http_accept_stop(struct http_front *front); /* nobody is accepted from now on */
/* A connection of this loop has ended. On that loop. */
void http_accept_ended(struct http_loop *loop);

/* ---- connection.c: called by the loop and by libmicrohttpd ---- */
void http_connection_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
                            enum MHD_ConnectionNotificationCode code);
void http_connection_watch(const struct http_connection *connection, int operation); /* EPOLL_CTL_ADD or _MOD */
void http_connection_hung_up(struct http_connection *connection);
/* End connections that take too long, and when the loop drains those that do nothing. */
void http_connections_sweep(struct http_loop *loop, uint64_t now_ns);
void http_connection_shut(struct http_connection *connection); /* libmicrohttpd then closes it */

/* handshake.c */
void http_handshake_begin(struct http_connection *connection);
void http_handshake_event(struct http_connection *connection); /* its socket has something new: it gets a turn */
void http_handshake_forget(struct http_connection *connection);
void http_handshakes_rest(struct http_loop *loop); /* behind each MHD_run(): those that had their turn */
void http_handshakes_end(struct http_loop *loop);  /* before the daemon is stopped; ends with an MHD_run() */

/* ---- exchange.c ---- */
enum MHD_Result http_exchange_call(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state);
void http_exchange_completed(void *context, struct MHD_Connection *mhd, void **state,
                             enum MHD_RequestTerminationCode code);

/* The body comes too slowly, or not in a form that can be read: answer and end. */
void http_exchange_end(struct http_exchange *exchange, unsigned status, const char *text);
/* The answer is there: send it. Event loop; not inside of a call of libmicrohttpd. */
void http_exchange_answered(struct http_exchange *exchange);
/* The answer is set: hand it to the event loop. Whoever has the exchange; any thread. */
void http_exchange_give_answer(struct http_exchange *exchange);
/* Run a handler's function; an answer that it gives at once needs no way over the mailbox. Event loop. */
void http_exchange_run_inline(struct http_exchange *exchange, http_handler *function);

/* ---- coding.c: Content-Encoding ---- */
/* Open the gzip body within max_message_bytes. False: the answer is set and given. */
bool http_body_open(struct http_exchange *exchange);
/* Compress the answer if the settings and the client want it. */
void http_answer_compress(struct http_exchange *exchange);

/* ---- submit.c ---- */
void http_calls_cancel(struct http_exchange *exchange); /* event loop */
void http_calls_free(struct http_exchange *exchange);

/* ---- answer.c ---- */
/* Set the answer and its fields without sending it. */
void http_answer_set_detail(struct http_exchange *exchange, unsigned status, const char *text);
enum MHD_Result http_answer_queue(struct http_exchange *exchange); /* event loop */
/* Write a whole answer past libmicrohttpd, because the body has not come to its end. Event loop. */
void http_answer_raw(struct http_exchange *exchange);

/* ---- framing.c ---- */
/* NULL, or what is wrong with the request line or the fields: forms by which two servers could see two different
 * requests. */
const char *http_framing_fault(struct MHD_Connection *mhd, const char *target, const char *version);

/* ---- routes.c ---- */
void http_routes_done(struct http_front *front);
/* The route for the request line's target; otherwise NULL, and the answer (404, 405, 307) is set. */
const struct http_route *http_routes_find(struct http_exchange *exchange, const char *target, const char *method);

/* ---- cors.c ---- */
bool http_cors_preflight(struct http_exchange *exchange); /* true: answered */
void http_cors_fields(struct http_exchange *exchange);

#endif
