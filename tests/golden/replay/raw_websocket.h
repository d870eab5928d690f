/* raw_websocket.h - frames of RFC 6455 to and from a server, each as it is: nothing is refused and nothing answered. */
#ifndef SLUICE_GOLDEN_RAW_WEBSOCKET_H
#define SLUICE_GOLDEN_RAW_WEBSOCKET_H

#include "raw_socket.h"

#include <zlib.h>

enum { FRAME_CONTINUATION = 0, FRAME_TEXT = 1, FRAME_BINARY = 2, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };

struct raw_frame {
    int opcode, rsv;
    bool fin;
    struct buffer payload; /* raw_frame_done() */
};

/* Sends one frame, masked as the recordings were or not at all. */
void raw_websocket_send(struct raw_socket *socket, const struct raw_frame *frame, bool masked);

/* The frame that begins at `*at` of what came, which moves behind it. False: it is not whole. */
bool raw_websocket_take(const struct raw_socket *socket, size_t *at, struct raw_frame *frame);
void raw_frame_done(struct raw_frame *frame);

/* Unpacks a message that permessage-deflate packed, in place. `stream`: zeroed before the first message of a side. */
void raw_websocket_inflate(z_stream *stream, struct buffer *message);

#endif
