/*
 * peer.h - the other side of a WebSocket, for the client's tests: raw sockets, so that a test can send what no library would.
 *
 * Each connection is served by a function of the test, in a thread of its own, from the request's head on. Everything
 * that a connection reads is checked as RFC 6455 wants it of a client: masked, no reserved bits, control frames short.
 */
#ifndef TESTS_CLIENT_WEBSOCKET_PEER_H
#define TESTS_CLIENT_WEBSOCKET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
struct peer_connection;

enum { PEER_CONTINUATION = 0, PEER_TEXT = 1, PEER_BINARY = 2, PEER_CLOSE = 8, PEER_PING = 9, PEER_PONG = 10 };
enum { PEER_FIN = 0x80, PEER_RSV1 = 0x40, PEER_RSV2 = 0x20, PEER_RSV3 = 0x10 };

typedef void peer_serve(struct peer_connection *connection, void *context);

struct peer_tls {
    const char *certificate_file, *key_file; /* of the server */
    const char *ca_file;                     /* not NULL: the client must show a certificate of this authority */
    int max_version;                         /* 0: any */
};

/* Listens on a free port of 127.0.0.1 (`port` 0) or on that one. Ends the test when it cannot. */
struct peer *peer_start(peer_serve *serve, void *context, const struct peer_tls *tls, int port);
void peer_stop(struct peer *peer); /* ends the connections; waits for their threads */
int peer_port(const struct peer *peer);

/* How many connections sent a request; how many messages were read in all; how many connections have ended. The waits give
 * up after 30 s with false. */
size_t peer_connections(struct peer *peer);
size_t peer_messages(struct peer *peer);
bool peer_wait_connections(struct peer *peer, size_t count);
bool peer_wait_messages(struct peer *peer, size_t count);
bool peer_wait_ended(struct peer *peer, size_t count);

/* Until peer_release(): peer_wait_release() waits (true), or ends with peer_stop() (false). */
void peer_release(struct peer *peer);
bool peer_wait_release(struct peer_connection *connection);

/* ---- in `serve` ---- */

const char *peer_head(const struct peer_connection *connection); /* the request's lines */
bool peer_next_head(struct peer_connection *connection); /* another request on the connection; false: it has ended */
bool peer_header(const struct peer_connection *connection, const char *name, char *value, size_t capacity);
struct peer *peer_of(const struct peer_connection *connection);
size_t peer_index(const struct peer_connection *connection); /* from 0, in the order of arrival */

/* The answer 101; `more`: further header lines, each with its CR LF, or NULL. */
void peer_upgrade(struct peer_connection *connection, const char *more);
/* What Sec-WebSocket-Accept must be. */
void peer_accept_key(const struct peer_connection *connection, char key[32]);

void peer_write(struct peer_connection *connection, const void *data, size_t size);
void peer_write_text(struct peer_connection *connection, const char *text);
/* One frame, unmasked. `first`: FIN and reserved bits and opcode. */
void peer_frame(struct peer_connection *connection, int first, const void *data, size_t size);
void peer_close(struct peer_connection *connection, int code, const char *reason);

struct peer_message {
    int opcode;
    size_t size;
    uint8_t *data; /* freed by peer_message_done() */
};

/* The next message (fragments joined) or control frame. False: the connection has ended, or a close frame was read before. */
bool peer_read(struct peer_connection *connection, struct peer_message *ret_message);
void peer_message_done(struct peer_message *message);
bool peer_is_end_of_input(const struct peer_message *message);
int peer_close_code(const struct peer_message *message); /* of a close frame; 1005: none */

/* Wait for the end of the connection; what comes before is thrown away. */
void peer_drain(struct peer_connection *connection);

/* ---- ready-made ---- */

/* A gateway that echoes each request with one route more, and closes with 1000 after the end of input. Context unused. */
void peer_echo(struct peer_connection *connection, void *context);

/* The same from behind the handshake on. */
void peer_echo_on(struct peer_connection *connection);

/* The answer to a request as peer_echo() gives it. */
void peer_answer(struct peer_connection *connection, const struct peer_message *request);

#endif
