/*
 * frame.h - RFC 6455, section 5, from the client's side: reading what a server sends, writing masked frames.
 *
 * Own code, because libwebsockets 4.1 turns the close codes 1012 and 1013 into 1002, takes masked frames from a server and
 * does not say what was wrong with a frame. Pure functions on the caller's memory; no extensions.
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_FRAME_H
#define SLUICE_CLIENT_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_opcode {
    FRAME_CONTINUATION = 0,
    FRAME_TEXT = 1,
    FRAME_BINARY = 2,
    FRAME_CLOSE = 8,
    FRAME_PING = 9,
    FRAME_PONG = 10
};

/* RFC 6455, 7.4.1, and the registered ones after it. */
enum close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED_DATA = 1003,
    CLOSE_NO_CODE = 1005,  /* of a close frame without one */
    CLOSE_ABNORMAL = 1006, /* of a connection that ended without a close frame */
    CLOSE_INVALID_DATA = 1007,
    CLOSE_TOO_BIG = 1009,
    CLOSE_INTERNAL_ERROR = 1011,
    CLOSE_TRY_AGAIN = 1013
};

enum { FRAME_CONTROL_MAX = 125, FRAME_HEAD_MAX = 14 /* of a masked frame */ };

/* ---- reading ---- */

/* Zero at first. */
struct frame_reader {
    uint8_t head[10];
    size_t head_size;
    uint64_t left; /* of the payload; counts when the head is complete */
    int opcode, message; /* of this frame; of the message that is not complete, 0: none */
    bool in_payload, final;
    uint8_t control[FRAME_CONTROL_MAX];
    size_t control_size;
};

enum frame_event {
    FRAME_MORE,   /* all bytes are used */
    FRAME_PIECE,  /* some bytes of a message, or its empty end */
    FRAME_PINGED, /* `data` shall come back */
    FRAME_PONGED,
    FRAME_CLOSED, /* `code`, and the reason in `data` */
    FRAME_BROKEN  /* a rule is broken: close with `code`; `text` says what. Read no more */
};

struct frame_seen {
    int opcode; /* of the message */
    const uint8_t *data;
    size_t size;
    uint64_t more; /* bytes of this frame that are still to come */
    bool last;     /* the message is complete with this piece */
    int code;
    const char *text;
};

/* The next event in the bytes from *at to `end`; *at moves on. `data` is in those bytes or in the reader. */
enum frame_event frame_read(struct frame_reader *reader, const uint8_t **at, const uint8_t *end,
                            struct frame_seen *ret_seen);

/* ---- writing ---- */

/* The head of a masked frame; returns its size. */
size_t frame_write_head(uint8_t head[FRAME_HEAD_MAX], enum frame_opcode opcode, bool final, size_t size,
                        const uint8_t mask[4]);

/* Copy a part of a payload that begins `offset` bytes into it. */
void frame_mask(uint8_t *to, const uint8_t *from, size_t size, size_t offset, const uint8_t mask[4]);

#endif
