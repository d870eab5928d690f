/*
 * wire.h - requests and answers in the bytes of each protocol, for programs that hold the sockets themselves.
 *
 * The protocols' own libraries are too polite for what happens here: they read on, wait for room, and end what they began. A
 * wire is one connection: bytes to send gather in `out`, received ones in `in`, and nothing moves unless wire_flush() or
 * wire_read() is called, so a program may stop anywhere. HTTP/2 (RFC 9113, 7541) and WebSocket (RFC 6455) are written by hand,
 * as much of them as these programs need. One thread per wire.
 */
#ifndef SLUICE_CHAOS_WIRE_H
#define SLUICE_CHAOS_WIRE_H

#include "common/foundation/buffer.h"

#include <sys/types.h>

enum wire_protocol { WIRE_GRPC, WIRE_HTTP, WIRE_WEBSOCKET };

enum { WIRE_TOKEN_SIZE = 24 }; /* what tells requests apart: their document's id, and their own over gRPC and WebSocket */

struct wire {
    enum wire_protocol protocol;
    const char *address; /* HOST:PORT, the host an IPv4 address */
    int fd;
    struct buffer in, out;
    size_t in_start, out_start; /* taken, sent so far */
    bool greeted;               /* the peer's hello is there: a WebSocket's 101, HTTP/2's SETTINGS */
    /* gRPC */
    uint32_t next_call;    /* number of the next HTTP/2 stream */
    bool one_stream;       /* all requests on one call of jina.JinaRPC; otherwise each has a call of its own */
    bool no_window;        /* the peer gets no room to send answers */
    int64_t send_window;   /* of the connection */
    int64_t stream_window; /* of the one stream */
    int64_t initial_window; /* what the peer's settings give a stream */
    struct buffer message; /* of the call being read: answers come one after the other in these programs */
};

/* The protocol of a name, "grpc", "http" or "websocket"; ends the program at any other. */
enum wire_protocol wire_protocol_of(const char *name);

/* Connect and put the hello (preface, handshake) into `out`. False with errno: nobody listens. The rest of the struct is set
 * from zero by this; `one_stream` and `no_window` are set by the caller before. */
bool wire_open(struct wire *wire, enum wire_protocol protocol, const char *address);
void wire_close(struct wire *wire, bool reset); /* frees; `reset`: by a TCP reset instead of an end */

/* Put one request with one document into `out`: id `token`, and a text that begins with it and is `text_size` bytes long. */
void wire_request(struct wire *wire, const char token[WIRE_TOKEN_SIZE + 1], size_t text_size);

/* May the next request of this size be sent? Only the windows of HTTP/2 say no. */
bool wire_has_window(const struct wire *wire, size_t text_size);

/* Send without waiting. False: the connection is broken. What is left waits for the next call. */
bool wire_flush(struct wire *wire);
size_t wire_unsent(const struct wire *wire);

/* Read once without waiting: bytes, 0 when there is nothing, -1 at the end or when it is broken. */
ssize_t wire_read(struct wire *wire);

/* What the next whole thing in `in` is. WIRE_ANSWER: *ret_token points to the token of a good answer, until the next call.
 * WIRE_REFUSED: an error status, a failed answer, or the peer's goodbye. */
enum wire_taken { WIRE_NOTHING, WIRE_GREETING, WIRE_ANSWER, WIRE_REFUSED };
enum wire_taken wire_take(struct wire *wire, const char **ret_token);

#endif
