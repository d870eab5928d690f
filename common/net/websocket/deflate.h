/*
 * deflate.h - permessage-deflate (RFC 7692): what is agreed on in the handshake, and the two directions over zlib.
 *
 * Memory for a direction is taken with its first message: some 44 KiB to read, up to 260 KiB to write, less with a
 * smaller window. Each struct belongs to one thread at a time.
 */
#ifndef SLUICE_NET_WEBSOCKET_DEFLATE_H
#define SLUICE_NET_WEBSOCKET_DEFLATE_H

#include "common/foundation/buffer.h"

/* ---- the handshake ---- */

enum { DEFLATE_WINDOW_BITS = 15 };

struct deflate_terms {
    bool agreed;
    bool server_no_context_takeover, client_no_context_takeover; /* each message is compressed by itself */
    uint8_t server_window_bits;  /* 9 to 15 */
    bool server_window_named;    /* the client asked for that window, and is to be told */
};

/*
 * What a server agrees to of a client's offers (Sec-WebSocket-Extensions, several lines joined by commas): the first
 * offer of permessage-deflate that can be kept; a server's window of 256 bytes cannot, as zlib has none. False: the value is no list
 * of extensions (RFC 6455, 9.1), so the handshake is to be refused.
 */
bool deflate_choose(const char *offers, struct deflate_terms *ret_terms);

/* The value of the answer's Sec-WebSocket-Extensions. */
void deflate_append_answer(const struct deflate_terms *terms, struct buffer *value);

/* ---- reading ---- */

struct websocket_inflater;

/* `no_context_takeover`: of the side that sends. NULL: no memory. */
struct websocket_inflater *websocket_inflater_new(bool no_context_takeover);
struct websocket_inflater *websocket_inflater_free(struct websocket_inflater *inflater); /* NULL is fine; returns NULL */

enum inflate_result {
    INFLATE_GOING, /* what was given is used, or `room` is full: call again */
    INFLATE_DONE,  /* websocket_inflate_end() only: the message is complete */
    INFLATE_BROKEN, /* what is in `room` came before the damage */
    INFLATE_NO_MEMORY
};

/* Some of a message's payload; *at moves on. `ret_size` bytes are in `room`. */
enum inflate_result websocket_inflate(struct websocket_inflater *inflater, uint8_t **at, const uint8_t *end, uint8_t *room,
                                      size_t capacity, size_t *ret_size);

/* All of it was given: the rest. Call until it is not INFLATE_GOING. */
enum inflate_result websocket_inflate_end(struct websocket_inflater *inflater, uint8_t *room, size_t capacity,
                                          size_t *ret_size);

/* ---- writing ---- */

struct websocket_deflater;

enum { DEFLATE_ROOM_MIN = 64 };

struct websocket_deflater *websocket_deflater_new(unsigned window_bits, bool no_context_takeover); /* NULL: no memory */
struct websocket_deflater *websocket_deflater_free(struct websocket_deflater *deflater); /* NULL is fine; returns NULL */

/*
 * Compress some of a message; *at moves on. `last`: the message ends at `end`. `ret_size` bytes of payload are in `room`
 * (DEFLATE_ROOM_MIN bytes or more), enough for a frame of its own; *ret_done: the message's last ones.
 * SLUICE_NO_MEMORY. A message without bytes is not for here: it is sent as it is.
 */
sluice_status websocket_deflate(struct websocket_deflater *deflater, const uint8_t **at, const uint8_t *end, bool last,
                                uint8_t *room, size_t capacity, size_t *ret_size, bool *ret_done);

#endif
