/*
 * frame.h - RFC 6455, section 5, for both sides: what comes is read and judged, heads are written, payloads masked.
 *
 * The reader takes bytes in pieces of any size and tells one event at a time. It knows every rule of the RFC that can be
 * broken in a frame: masks (a client masks, a server must not), reserved bits and opcodes, lengths in their shortest form,
 * fragments, control frames, close codes, and that text is UTF-8; with permessage-deflate (RFC 7692) it gives the bytes as
 * they were before they were compressed. Limits of size are the caller's.
 *
 * Own code, because libwebsockets 4.1 takes frames that are not masked from a client and masked ones from a server, takes
 * lengths in any form, turns the close codes 1012 and 1013 into 1002, and ends a connection without a close frame after
 * others. Functions on the caller's memory; a reader belongs to one thread at a time.
 */
#ifndef SLUICE_NET_WEBSOCKET_FRAME_H
#define SLUICE_NET_WEBSOCKET_FRAME_H

#include "common/net/websocket/deflate.h"
#include "common/net/websocket/utf8.h"

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10
};

/* RFC 6455, 7.4.1, and the registered ones after it. */
enum websocket_close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED_DATA = 1003,
    CLOSE_NO_CODE = 1005,  /* of a close frame without one */
    CLOSE_ABNORMAL = 1006, /* of a connection that ended without a close frame */
    CLOSE_INVALID_DATA = 1007,
    CLOSE_TOO_BIG = 1009,
    CLOSE_INTERNAL_ERROR = 1011,
    CLOSE_RESTART = 1012,
    CLOSE_TRY_AGAIN = 1013
};

enum {
    WEBSOCKET_CONTROL_MAX = 125, /* bytes of a control frame's payload */
    WEBSOCKET_REASON_MAX = 123,  /* of a close frame's reason; the code takes two */
    WEBSOCKET_HEAD_MAX = 14,     /* of a masked frame; four less without a mask */
    WEBSOCKET_INFLATE_ROOM = 16 << 10 /* bytes of one piece of a message that came compressed */
};

/* ---- reading ---- */

/* Who sends what is read. */
enum websocket_sender { WEBSOCKET_FROM_SERVER, WEBSOCKET_FROM_CLIENT };

struct websocket_reader {
    enum websocket_sender sender;
    struct websocket_inflater *inflater; /* NULL: permessage-deflate was not agreed on. The caller's */
    uint8_t *room;                       /* WEBSOCKET_INFLATE_ROOM bytes of the caller's; may serve several readers */
    uint8_t head[WEBSOCKET_HEAD_MAX], mask[4];
    size_t head_size;
    uint64_t left, done;   /* of the payload; count when the head is complete */
    size_t clear;          /* bytes that are unmasked already and were not yet taken by the inflater */
    int opcode, message;   /* of this frame; of the message that is not complete, 0: none */
    bool in_payload, final, compressed, in_text;
    bool damaged; /* what is compressed is, behind what was told of it */
    struct utf8_check text; /* of a message of text */
    uint8_t control[WEBSOCKET_CONTROL_MAX];
    size_t control_size;
};

/* `inflater` and `room` may be NULL, both or none. */
void websocket_reader_init(struct websocket_reader *reader, enum websocket_sender sender,
                           struct websocket_inflater *inflater, uint8_t *room);

enum websocket_event {
    WEBSOCKET_MORE,   /* all bytes are used */
    WEBSOCKET_PIECE,  /* some bytes of a message, or its empty end */
    WEBSOCKET_PINGED, /* `data` shall come back */
    WEBSOCKET_PONGED,
    WEBSOCKET_CLOSED, /* `code` (CLOSE_NO_CODE: without one), and the reason in `data` */
    WEBSOCKET_BROKEN  /* a rule is broken: close with `code`; `text` says what came. Read no more */
};

struct websocket_seen {
    int opcode; /* of the message; 0 for what is about a frame */
    const uint8_t *data;
    size_t size;
    uint64_t more; /* bytes of this frame that are still to come, as its head says; 0 if it is compressed */
    bool last;     /* the message is complete with this piece */
    int code;
    const char *text; /* "a frame that ..." */
};

/*
 * The next event in the bytes from *at to `end`; *at moves on. Masks are taken off in place. `data` is in those bytes, in
 * the reader or in its room, until the next call. The head of a frame whose payload has not begun to come is no event,
 * but websocket_announced() knows its size.
 */
enum websocket_event websocket_read(struct websocket_reader *reader, uint8_t **at, const uint8_t *end,
                                    struct websocket_seen *ret_seen);

/* Bytes of a message that its last frame's head has announced and that were not yet told, for a limit that is judged
 * before they come. 0: none, or they are compressed. */
static inline uint64_t websocket_announced(const struct websocket_reader *reader)
{
    return reader->in_payload && reader->opcode < WEBSOCKET_CLOSE && !reader->compressed ? reader->left : 0;
}

/* ---- writing ---- */

/* The head of a frame; returns its size. `mask` NULL: not masked, as a server writes. `compressed`: of a message's first
 * frame. */
size_t websocket_write_head(uint8_t head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, bool final, bool compressed,
                            uint64_t size, const uint8_t *mask);

/* Copy a part of a payload that begins `offset` bytes into it, masked (or unmasked, which is the same). `to` and `from`
 * may be one. */
void websocket_mask(uint8_t *to, const uint8_t *from, size_t size, uint64_t offset, const uint8_t mask[4]);

#endif
