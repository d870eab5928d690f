/*
 * server_impl.h - what server.c (life, the monitor), worker.c (a worker's loop), connection.c (one gateway) and reading.c (the
 * reading role) share.
 *
 * Locks: `server.lock` guards everything that is not marked otherwise; `connection.write_lock` guards the writer and is
 * taken last. The reader of a connection belongs to whoever has the reading role.
 */
#ifndef SLUICE_HOST_SERVER_IMPL_H
#define SLUICE_HOST_SERVER_IMPL_H

#include "common/net/frame.h"
#include "executor/host/call.h"
#include "executor/host/server.h"

#include <pthread.h>

struct request {
    struct request *next, *previous; /* in the connection's queue (next alone), or in server.inside */
    struct connection *connection; /* holds a reference */
    struct frame_message message;
    struct frame_request_view view;
    uint64_t arrived_ns, started_ns;
    uint64_t run_ns; /* how long its handler took */
    atomic_bool cancelled;
};

struct connection {
    struct connection *next;
    struct server *server;
    int fd;
    unsigned references; /* the server's list, each request, a worker's unsent answers */
    struct frame_reader *reader;
    struct request *first, *last; /* not yet begun */
    atomic_uint inside;           /* requests that are not answered */
    bool gone;                    /* taken off the list */

    pthread_mutex_t write_lock;
    struct frame_writer *writer;
    bool waits_for_room; /* EPOLLOUT is set */
    bool broken;
};

struct worker {
    struct server *server;
    pthread_t thread;
    struct connection *unsent; /* has answers of this worker that were not flushed; holds a reference; the worker's own */
    void *state;              /* what the plugin's worker_open() gave */
    sluice_call *call;        /* the worker's own; NULL: it is not open */
};

struct server {
    struct instance *instance;
    const struct server_settings *settings;
    int epoll, wake;
    uint8_t *hello; /* meta of HELLO */
    size_t hello_size;

    pthread_mutex_t lock;
    pthread_cond_t work; /* idle workers wait: a request, the reading role, the end */
    pthread_cond_t tick; /* the monitor waits */
    struct connection *connections, *next_served;
    struct request *spare;
    unsigned spare_count;
    struct request *inside; /* begun and not answered: in handlers or deferred */
    unsigned queued;  /* requests not yet begun, of all connections */
    unsigned running; /* workers in a handler */
    unsigned idle;    /* workers waiting on `work` */
    unsigned begun;   /* worker threads that are up, well or not */
    bool started;     /* all workers are open: take requests */
    bool reading;     /* somebody has the reading role */
    bool monitor_reads;
    bool monitor_sleeps;
    bool slow;        /* the last handler ran long: flush each answer, hand reading on before each handler */
    bool draining, stopping, orphaned;
    uint64_t rounds;  /* of reading */
    uint64_t runs;    /* of handlers */
    uint64_t active_ns; /* when the last frame was read or the drain began */
    sluice_status failed; /* of a worker's opening */
    sluice_error failure;
    struct worker *workers;
};

/* ---- server.c ---- */

/* Everything but threads and signals: sockets watched, workers not yet open. server_close() ends it when nothing runs. */
sluice_status server_open(struct instance *instance, const struct server_settings *settings, struct server **ret_server,
                          sluice_error *error);
void server_close(struct server *server);

/* ---- worker.c ---- */

/* In the worker's thread; worker_close() does nothing when it is not open. */
sluice_status worker_open(struct worker *worker, sluice_error *error);
void worker_close(struct worker *worker);

/*
 * With the lock, which is given up meanwhile: run one queued request; with none, send what is unsent; with nothing unsent,
 * wait for events and read, or, when another reads, wait for work.
 */
void worker_step(struct worker *worker);
void *worker_main(void *worker); /* the thread: opens, takes steps until the server stops, closes */

/* ---- connection.c ---- */

/* All with server.lock held unless said otherwise. */
void connection_accept(struct server *server);
void connection_unref(struct connection *connection);
/* Take it off the list: its queued requests are dropped, those in handlers cancelled. */
void connection_close(struct connection *connection);
struct request *connection_take(struct server *server); /* the next request, connections in turn; NULL: none */
void request_free(struct server *server, struct request *request); /* its message is done already */
struct request *request_new(struct server *server);                /* NULL: no memory */

/* Without server.lock, or with it. `flush`: write now; otherwise only when much is queued. True: something is unsent. */
bool connection_answer(struct connection *connection, uint64_t id, uint8_t flags, const struct frame_answer *fixed,
                       const struct call_answer *answer, bool flush);
/* With server.lock: cancel the request of this id that is inside; id NULL: all of the connection; connection NULL: all. */
void connection_cancel_inside(struct server *server, const struct connection *connection, const uint64_t *id);
void connection_flush(struct connection *connection);
void connection_goodbye(struct connection *connection);
bool connection_is_sent(struct connection *connection); /* everything queued is in the socket */

/* ---- reading.c ---- */

/* Wait for events and handle them: new requests are queued. The caller has the reading role and no lock. */
void reading_round(struct server *server);
/* Wake whoever is in reading_round(). Any thread, with or without the lock. */
void reading_wake(struct server *server);
void server_drain(struct server *server); /* with the lock */
void server_stop(struct server *server);  /* with the lock: end as soon as no handler runs */

/* SIGTERM drains. Once per process. */
void reading_take_sigterm(struct server *server);

#endif
