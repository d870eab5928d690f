/*
 * socket.h - the front's sockets: a loop that waits for them, the listening one, and bytes in and out, with TLS below them
 * or not.
 *
 * All of it belongs to the thread that calls socket_loop_run(), but for socket_loop_wake(). No function here calls an
 * event, so they may be called within events.
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_SOCKET_H
#define SLUICE_GATEWAY_WEBSOCKET_SOCKET_H

#include "gateway/router/router.h"

#include <sys/types.h>

enum {
    SOCKET_READ_BYTES = 64 << 10, /* of one read */
    SOCKET_TICK_MS = 250,
};

struct socket;
struct socket_loop;

struct socket_events {
    /* A client has connected. What is returned is its socket's `peer`; NULL: it is closed at once. */
    void *(*accepted)(void *context, struct socket *socket);
    /* Bytes have come; they may be written into. False: close it. */
    bool (*received)(void *peer, uint8_t *data, size_t size);
    /* socket_call_when_writable(). False: close it. */
    bool (*writable)(void *peer);
    /* It is closed, by whichever side: the last event. */
    void (*closed)(void *peer);
    void (*tick)(void *context); /* every SOCKET_TICK_MS */
};

struct socket_loop_settings {
    const char *host; /* to bind to, as front_listen() takes it */
    uint16_t port;    /* 0: a free one */
    const struct flow_tls *tls; /* certfile NULL: none */
    unsigned connections_max;   /* more wait in the listen queue */
    const struct socket_events *events;
    void *context;
};

/* The port is open from here on; clients wait until the loop runs. SLUICE_SYSTEM names host and port when it cannot be
 * opened, SLUICE_INVALID says what is wrong with certificates. */
sluice_status socket_loop_new(const struct socket_loop_settings *settings, struct socket_loop **ret_loop,
                              sluice_error *error);
/* Closes what is open, with its event. After the thread that ran it has ended. NULL is fine; returns NULL. */
struct socket_loop *socket_loop_free(struct socket_loop *loop);

uint16_t socket_loop_port(const struct socket_loop *loop);

/* Wait for events and handle them, once. False: it cannot go on. */
bool socket_loop_run(struct socket_loop *loop);
void socket_loop_wake(struct socket_loop *loop);   /* have socket_loop_run() return soon. Any thread */
void socket_loop_refuse(struct socket_loop *loop); /* accept nobody any more */

/* Bytes that the system took of these, perhaps 0; it is then not writable. -1: the connection is lost. After less than
 * `size` the next call has to begin with the rest. */
ssize_t socket_write(struct socket *socket, const uint8_t *data, size_t size);

void socket_pause(struct socket *socket, bool pause); /* do not read; its end may go unnoticed */
void socket_call_when_writable(struct socket *socket); /* once */
void socket_shut(struct socket *socket);               /* nothing more is written; the client is told so */
void socket_kill(struct socket *socket);               /* close it at the next opportunity */
bool socket_has_hung_up(const struct socket *socket);  /* also when it is paused */

#endif
