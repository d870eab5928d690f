/*
 * What comes in over a WebSocket, at either side. The first byte chooses: a server's frames as a client reads them, a
 * client's as the gateway does, either with permessage-deflate. Frames are read twice, at once and in pieces of as many
 * bytes as the second byte says: the same messages, pings and close, and the same fault. What the reader has seen is
 * written again as the other side would, and read as the same.
 */
#include "common/foundation/text.h"
#include "common/net/websocket/frame.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

enum { FROM_CLIENT_BIT = 1, DEFLATE_BIT = 2, NO_TAKEOVER_BIT = 4, OUTPUT_MAX = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that was read, in a form that does not depend on the pieces. */
struct log {
    struct buffer bytes;   /* a line per event, and payloads */
    struct buffer message; /* what is under way */
    struct buffer again;   /* the same, as frames of the same sender */
    enum websocket_sender sender;
};

static void write_again(struct log *log, int opcode, const uint8_t *data, size_t size)
{
    static const uint8_t mask[4] = {0xA5, 0x01, 0xFF, 0x3C};
    bool masked = log->sender == WEBSOCKET_FROM_CLIENT;
    uint8_t head[WEBSOCKET_HEAD_MAX];
    size_t head_size = websocket_write_head(head, (enum websocket_opcode)opcode, true, false, size, masked ? mask : NULL);
    require(head_size <= sizeof head);
    buffer_append(&log->again, head, head_size);
    uint8_t *to = buffer_reserve(&log->again, size);
    require(to != NULL);
    if (size > 0 && masked)
        websocket_mask(to, data, size, 0, mask);
    else if (size > 0)
        memcpy(to, data, size);
    log->again.size += size;
}

static void note_close(struct log *log, const struct websocket_seen *seen)
{
    uint8_t payload[WEBSOCKET_CONTROL_MAX] = {(uint8_t)(seen->code >> 8), (uint8_t)seen->code};
    size_t size = seen->code == CLOSE_NO_CODE ? 0 : seen->size + 2;
    require(seen->size <= WEBSOCKET_REASON_MAX && text_is_utf8(seen->data, seen->size));
    require(seen->code >= 1000 && seen->code < 5000 && seen->code != CLOSE_ABNORMAL);
    if (size > 2)
        memcpy(payload + 2, seen->data, seen->size);
    write_again(log, WEBSOCKET_CLOSE, payload, size);
}

static void note_piece(struct log *log, const struct websocket_seen *seen)
{
    require(seen->opcode == WEBSOCKET_TEXT || seen->opcode == WEBSOCKET_BINARY);
    buffer_append(&log->message, seen->data, seen->size);
    if (!seen->last)
        return;
    require(seen->opcode != WEBSOCKET_TEXT || text_is_utf8(log->message.data, log->message.size));
    buffer_printf(&log->bytes, "message %d %zu ", seen->opcode, log->message.size);
    buffer_append(&log->bytes, log->message.data, log->message.size);
    write_again(log, seen->opcode, log->message.data, log->message.size);
    buffer_clear(&log->message);
}

/* False: nothing may be read behind this. */
static bool note(struct log *log, enum websocket_event event, const struct websocket_seen *seen)
{
    if (event == WEBSOCKET_PIECE) {
        note_piece(log, seen);
        return true;
    }
    if (event == WEBSOCKET_BROKEN) {
        require(seen->code == CLOSE_PROTOCOL_ERROR || seen->code == CLOSE_INVALID_DATA);
        require(strlen(seen->text) <= WEBSOCKET_REASON_MAX);
        buffer_printf(&log->bytes, "broken %d %s", seen->code, seen->text);
        return false;
    }
    require(seen->size <= WEBSOCKET_CONTROL_MAX);
    buffer_printf(&log->bytes, "event %d %d ", (int)event, seen->code);
    buffer_append(&log->bytes, seen->data, seen->size);
    if (event == WEBSOCKET_CLOSED)
        note_close(log, seen);
    else
        write_again(log, event == WEBSOCKET_PINGED ? WEBSOCKET_PING : WEBSOCKET_PONG, seen->data, seen->size);
    return event != WEBSOCKET_CLOSED;
}

static void read_frames(const uint8_t *data, size_t size, size_t piece, uint8_t how, struct log *log)
{
    static uint8_t room[WEBSOCKET_INFLATE_ROOM];
    struct websocket_reader reader;
    struct websocket_seen seen;
    struct websocket_inflater *inflater =
        (how & DEFLATE_BIT) != 0 ? websocket_inflater_new((how & NO_TAKEOVER_BIT) != 0) : NULL;
    bool going = true;

    *log = (struct log){.sender = (how & FROM_CLIENT_BIT) != 0 ? WEBSOCKET_FROM_CLIENT : WEBSOCKET_FROM_SERVER};
    buffer_init(&log->bytes, BUFFER_NO_LIMIT);
    buffer_init(&log->message, BUFFER_NO_LIMIT);
    buffer_init(&log->again, BUFFER_NO_LIMIT);
    websocket_reader_init(&reader, log->sender, inflater, room);
    for (size_t begin = 0; begin < size && going; begin += piece) {
        size_t part = size - begin < piece ? size - begin : piece;
        uint8_t *copy = malloc(part), *at = copy; /* of exactly this size, so that a byte too far is seen */
        enum websocket_event event;
        require(copy != NULL);
        memcpy(copy, data + begin, part);
        while (going && (event = websocket_read(&reader, &at, copy + part, &seen)) != WEBSOCKET_MORE) {
            require(at <= copy + part);
            going = note(log, event, &seen) && log->bytes.size + log->message.size < OUTPUT_MAX;
        }
        require(!going || at == copy + part);
        free(copy);
    }
    websocket_inflater_free(inflater);
}

static void log_done(struct log *log)
{
    buffer_done(&log->bytes);
    buffer_done(&log->message);
    buffer_done(&log->again);
}

static void require_same(const struct buffer *one, const struct buffer *other)
{
    require(one->size == other->size && (one->size == 0 || memcmp(one->data, other->data, one->size) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log once, pieces, again;

    if (size < 2)
        return 0;
    uint8_t how = data[0];
    read_frames(data + 2, size - 2, size, how, &once);
    read_frames(data + 2, size - 2, (size_t)data[1] + 1, how, &pieces);
    if (once.bytes.size + once.message.size < OUTPUT_MAX)
        require_same(&once.bytes, &pieces.bytes);
    read_frames(once.again.data, once.again.size, SIZE_MAX, (uint8_t)(how & FROM_CLIENT_BIT), &again);
    require(again.bytes.size <= once.bytes.size && memcmp(again.bytes.data != NULL ? again.bytes.data : (const uint8_t *)"",
                                                          once.bytes.data != NULL ? once.bytes.data : (const uint8_t *)"",
                                                          again.bytes.size) == 0);
    log_done(&once);
    log_done(&pieces);
    log_done(&again);
    return 0;
}
