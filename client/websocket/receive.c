/*
 * receive.c - the pieces of a message, put together in blocks without copying them again.
 *
 * Memory grows with what has arrived, not with what a frame announces: a block has the announced size only up to
 * BLOCK_MAX, and the next one comes when it is full.
 */
#include "client/websocket/socket.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_MIN = 512, BLOCK_MAX = 1 << 20 };

/* Close with the code; the call has its end. False, for the callers' callers: read no more. */
static bool refuse(struct transport_call *call, int close, sluice_status status, const char *text)
{
    socket_leave(call, close);
    call_end(call, false, status, close, "%s", text);
    return false;
}

/* Room at the end of the last block, or a new block. */
static uint8_t *make_room(struct transport_call *call, size_t wanted, size_t *ret_room)
{
    if (call->block == NULL || call->block_used == call->block->size) {
        size_t size = wanted < BLOCK_MIN ? BLOCK_MIN : wanted < BLOCK_MAX ? wanted : BLOCK_MAX;
        struct block *block = block_new(size);
        if (block == NULL)
            return NULL;
        block_unref(call->block);
        call->block = block;
        call->block_used = 0;
    }
    *ret_room = call->block->size - call->block_used;
    return call->block->data + call->block_used;
}

/* Bytes that follow the last slice in memory make it longer. */
static bool append(struct transport_call *call, const uint8_t *at, size_t size)
{
    struct rope *rope = &call->incoming;
    struct slice *last = rope->count > 0 ? &rope->slices[rope->count - 1] : NULL;
    if (last == NULL || last->block != call->block || last->data + last->size != at)
        return rope_append(rope, call->block, at, size) == SLUICE_OK;
    last->size += size;
    rope->size += size;
    return true;
}

/* `more`: bytes of this frame that are still to come. */
static bool keep(struct transport_call *call, const uint8_t *data, size_t size, size_t more)
{
    while (size > 0) {
        size_t room = 0;
        uint8_t *to = make_room(call, size + more, &room);
        if (to == NULL)
            return false;
        size_t part = size < room ? size : room;
        memcpy(to, data, part);
        call->block_used += part;
        if (!append(call, to, part))
            return false;
        data += part;
        size -= part;
    }
    return true;
}

/* A whole message. A question is over with its answer; the gateway need not be waited for. */
static bool complete(struct transport_call *call)
{
    block_unref(call->block);
    call->block = NULL;
    if (!call_hold(call, &call->incoming))
        return refuse(call, CLOSE_TRY_AGAIN, SLUICE_NO_MEMORY, "no memory for an answer");
    call_deliver(call);
    return call->method == TRANSPORT_STREAM || refuse(call, CLOSE_NORMAL, SLUICE_OK, "");
}

static bool take_piece(struct transport_call *call, const struct websocket_seen *piece)
{
    size_t size = piece->size, max = call->channel->max_message_size;
    if (piece->opcode == WEBSOCKET_TEXT) {
        if (call->method != TRANSPORT_DRY_RUN)
            return refuse(call, CLOSE_UNSUPPORTED_DATA, SLUICE_INVALID,
                          "the gateway answered with a text message, where the sub-protocol \"bytes\" has binary ones");
        size = 0; /* "{}": a gateway that speaks JSON is ready too */
    }
    if (piece->more > max || size > max - piece->more || size + piece->more > max - call->incoming.size) {
        char text[CALL_TEXT_MAX];
        snprintf(text, sizeof text, "an answer has more than %zu bytes (max_message_size)", max);
        return refuse(call, CLOSE_TOO_BIG, SLUICE_LIMIT, text);
    }
    if (!keep(call, piece->data, size, (size_t)piece->more))
        return refuse(call, CLOSE_TRY_AGAIN, SLUICE_NO_MEMORY, "no memory for an answer");
    return !piece->last || complete(call);
}

static void take_ping(struct transport_call *call, const struct websocket_seen *ping)
{
    memcpy(call->pong, ping->data, ping->size); /* of several that were not answered the last counts (5.5.3) */
    call->pong_size = ping->size;
    call->pong_wanted = true;
    lws_callback_on_writable(call->wsi);
}

static bool take_close(struct transport_call *call, const struct websocket_seen *seen)
{
    char reason[WEBSOCKET_CONTROL_MAX];
    size_t size = seen->size;
    memcpy(reason, seen->data, size);
    socket_leave(call, seen->code);
    socket_ended(call, seen->code, reason, size);
    return false;
}

/* One event in the bytes. False: read no more; the call may be gone. */
static bool take_frame(struct transport_call *call, uint8_t **at, const uint8_t *end)
{
    struct websocket_seen seen;
    char text[CALL_TEXT_MAX];
    switch (websocket_read(&call->reader, at, end, &seen)) {
    case WEBSOCKET_PIECE: return take_piece(call, &seen);
    case WEBSOCKET_PINGED: take_ping(call, &seen); return true;
    case WEBSOCKET_PONGED: return true;
    case WEBSOCKET_CLOSED: return take_close(call, &seen);
    case WEBSOCKET_BROKEN:
        snprintf(text, sizeof text, "the gateway broke the rules of WebSockets (RFC 6455): it sent %s", seen.text);
        return refuse(call, seen.code, SLUICE_INTERNAL, text);
    default: return false;
    }
}

/* Bytes of the answer to the handshake; *at moves behind it. False: there is no WebSocket, or not yet. */
static bool take_head(struct transport_call *call, uint8_t **at, const uint8_t *end)
{
    struct buffer *head = &call->head;
    while (*at < end) {
        buffer_append_byte(head, *(*at)++);
        if (head->size >= 4 && memcmp(head->data + head->size - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    bool whole = head->size >= 4 && memcmp(head->data + head->size - 4, "\r\n\r\n", 4) == 0;
    if (!whole && head->failed == SLUICE_OK)
        return false;
    struct handshake_answer answer = {.http = 0};
    if (whole)
        answer = handshake_read_answer((char *)head->data, CALL_SUBPROTOCOL, call->key);
    if (answer.http == 101 && answer.fault == NULL) {
        buffer_done(head);
        buffer_init(head, HANDSHAKE_HEAD_MAX);
        websocket_reader_init(&call->reader, WEBSOCKET_FROM_SERVER, NULL, NULL);
        socket_opened(call);
        return true;
    }
    if (answer.http != 101 && answer.http != 0) {
        socket_refused(call, answer.http);
        return false;
    }
    attempt_note(call, false, SLUICE_UNAVAILABLE, answer.http, "%s does not keep to the handshake of WebSockets: %s",
                 call->channel->host_header,
                 answer.fault != NULL ? answer.fault
                 : whole              ? "its answer is no HTTP/1.1"
                                      : "its answer does not end");
    socket_detach(call, true);
    return false;
}

void receive_bytes(struct transport_call *call, uint8_t *data, size_t size)
{
    uint8_t *at = data;
    const uint8_t *end = data + size;
    if (call->phase == CALL_CONNECTING && !take_head(call, &at, end))
        return;
    while (take_frame(call, &at, end))
        ;
}
