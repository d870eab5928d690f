#include "common/net/websocket/frame.h"

#include "common/foundation/text.h"

#include <string.h>

enum { BIT_FINAL = 0x80, BIT_COMPRESSED = 0x40, BITS_RESERVED = 0x70, BITS_OPCODE = 0x0F, BIT_MASKED = 0x80, BITS_SIZE = 0x7F };
enum { SIZE_16 = 126, SIZE_64 = 127, MASK_SIZE = 4 };

static bool is_control(int opcode)
{
    return opcode >= WEBSOCKET_CLOSE;
}

static enum websocket_event broken(struct websocket_seen *seen, int code, const char *text)
{
    seen->code = code;
    seen->text = text;
    return WEBSOCKET_BROKEN;
}

void websocket_reader_init(struct websocket_reader *reader, enum websocket_sender sender,
                           struct websocket_inflater *inflater, uint8_t *room)
{
    *reader = (struct websocket_reader){.sender = sender, .inflater = inflater, .room = room};
}

/* ---- heads ---- */

static const char *reserved_fault(const struct websocket_reader *reader, int first)
{
    int opcode = first & BITS_OPCODE, reserved = first & BITS_RESERVED;
    if (reserved == 0)
        return NULL;
    if (reader->inflater == NULL)
        return "a frame with a reserved bit, where no extension was agreed on";
    if (reserved != BIT_COMPRESSED)
        return "a frame with a reserved bit that no extension uses";
    /* RFC 7692, 6: only the first frame of a message says that it is compressed. */
    return opcode == WEBSOCKET_TEXT || opcode == WEBSOCKET_BINARY
               ? NULL
               : "a control frame or a continuation that is marked as compressed";
}

/* What is wrong with the first two bytes; NULL: nothing. */
static const char *head_fault(const struct websocket_reader *reader)
{
    int first = reader->head[0], second = reader->head[1], opcode = first & BITS_OPCODE;
    const char *reserved = reserved_fault(reader, first);
    if (reserved != NULL)
        return reserved;
    if (reader->sender == WEBSOCKET_FROM_SERVER && (second & BIT_MASKED) != 0)
        return "a masked frame, which only a client sends";
    if (reader->sender == WEBSOCKET_FROM_CLIENT && (second & BIT_MASKED) == 0)
        return "a frame that is not masked, as those of a client must be";
    if ((opcode > WEBSOCKET_BINARY && opcode < WEBSOCKET_CLOSE) || opcode > WEBSOCKET_PONG)
        return "a frame with an unknown opcode";
    if (is_control(opcode) && (first & BIT_FINAL) == 0)
        return "a control frame in fragments";
    if (is_control(opcode) && (second & BITS_SIZE) > WEBSOCKET_CONTROL_MAX)
        return "a control frame of more than 125 bytes";
    if (opcode == WEBSOCKET_CONTINUATION && reader->message == 0)
        return "a continuation of no message";
    if ((opcode == WEBSOCKET_TEXT || opcode == WEBSOCKET_BINARY) && reader->message != 0)
        return "a new message within another";
    return NULL;
}

/* Bytes of a length that does not fit into the second byte. */
static size_t size_bytes(int second)
{
    int size = second & BITS_SIZE;
    return size == SIZE_64 ? 8 : size == SIZE_16 ? 2 : 0;
}

static size_t head_wanted(const struct websocket_reader *reader)
{
    if (reader->head_size < 2)
        return 2;
    return 2 + size_bytes(reader->head[1]) + ((reader->head[1] & BIT_MASKED) != 0 ? MASK_SIZE : 0);
}

/* The length, from a complete head; what is wrong with it, or NULL. */
static const char *read_size(struct websocket_reader *reader)
{
    size_t bytes = size_bytes(reader->head[1]);
    reader->left = reader->head[1] & BITS_SIZE;
    if (bytes == 0)
        return NULL;
    reader->left = 0;
    for (size_t i = 0; i < bytes; i++)
        reader->left = reader->left << 8 | reader->head[2 + i];
    if (reader->left >> 63 != 0)
        return "a frame whose length has its highest bit set";
    if (reader->left < (bytes == 2 ? SIZE_16 : UINT64_C(0x10000)))
        return "a frame whose length is not in its shortest form";
    return NULL;
}

static void begin_payload(struct websocket_reader *reader)
{
    if (reader->sender == WEBSOCKET_FROM_CLIENT)
        memcpy(reader->mask, reader->head + reader->head_size - MASK_SIZE, MASK_SIZE);
    reader->opcode = reader->head[0] & BITS_OPCODE;
    reader->final = (reader->head[0] & BIT_FINAL) != 0;
    if (!is_control(reader->opcode) && reader->opcode != WEBSOCKET_CONTINUATION) {
        reader->message = reader->opcode;
        reader->compressed = (reader->head[0] & BIT_COMPRESSED) != 0;
        reader->in_text = reader->opcode == WEBSOCKET_TEXT;
    }
    reader->in_payload = true;
    reader->done = 0;
    reader->head_size = reader->control_size = reader->clear = 0;
}

/* False: more bytes are needed. */
static bool read_head(struct websocket_reader *reader, uint8_t **at, const uint8_t *end, const char **ret_fault)
{
    *ret_fault = NULL;
    while (reader->head_size < head_wanted(reader)) {
        if (*at == end)
            return false;
        reader->head[reader->head_size++] = *(*at)++;
        if (reader->head_size == 2 && (*ret_fault = head_fault(reader)) != NULL)
            return true;
        if (reader->head_size >= 2 && reader->head_size == 2 + size_bytes(reader->head[1]) &&
            (*ret_fault = read_size(reader)) != NULL)
            return true;
    }
    begin_payload(reader);
    return true;
}

/* ---- control frames ---- */

static bool may_be_sent(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum websocket_event read_close(const struct websocket_reader *reader, struct websocket_seen *seen)
{
    const uint8_t *payload = reader->control;
    if (reader->control_size == 1)
        return broken(seen, CLOSE_PROTOCOL_ERROR, "a close frame with half a code");
    seen->code = reader->control_size == 0 ? CLOSE_NO_CODE : payload[0] << 8 | payload[1];
    if (reader->control_size > 0 && !may_be_sent(seen->code))
        return broken(seen, CLOSE_PROTOCOL_ERROR, "a close frame with a code that must not be sent");
    seen->data = payload + (reader->control_size == 0 ? 0 : 2);
    seen->size = reader->control_size == 0 ? 0 : reader->control_size - 2;
    if (!text_is_utf8(seen->data, seen->size))
        return broken(seen, CLOSE_INVALID_DATA, "a close frame whose reason is not UTF-8");
    return WEBSOCKET_CLOSED;
}

static size_t part_of(const struct websocket_reader *reader, const uint8_t *at, const uint8_t *end)
{
    return (uint64_t)(end - at) < reader->left ? (size_t)(end - at) : (size_t)reader->left;
}

static enum websocket_event read_control(struct websocket_reader *reader, uint8_t **at, const uint8_t *end,
                                         struct websocket_seen *seen)
{
    size_t part = part_of(reader, *at, end);
    uint8_t *to = reader->control + reader->control_size;
    if (reader->sender == WEBSOCKET_FROM_CLIENT)
        websocket_mask(to, *at, part, reader->control_size, reader->mask);
    else
        memcpy(to, *at, part);
    *at += part;
    reader->control_size += part;
    reader->left -= part;
    if (reader->left > 0)
        return WEBSOCKET_MORE;
    reader->in_payload = false;
    if (reader->opcode == WEBSOCKET_CLOSE)
        return read_close(reader, seen);
    seen->data = reader->control;
    seen->size = reader->control_size;
    return reader->opcode == WEBSOCKET_PING ? WEBSOCKET_PINGED : WEBSOCKET_PONGED;
}

/* ---- messages ---- */

/* A piece is complete: is its text good? */
static enum websocket_event tell(struct websocket_reader *reader, struct websocket_seen *seen)
{
    seen->opcode = reader->message;
    if (reader->in_text && (!utf8_check_more(&reader->text, seen->data, seen->size) ||
                            (seen->last && !utf8_check_may_end(&reader->text))))
        return broken(seen, CLOSE_INVALID_DATA, "a text message that is not UTF-8");
    if (seen->last)
        reader->message = 0;
    return WEBSOCKET_PIECE;
}

static void unmask(struct websocket_reader *reader, uint8_t *at, size_t size)
{
    if (reader->sender == WEBSOCKET_FROM_CLIENT)
        websocket_mask(at, at, size, reader->done, reader->mask);
    reader->done += size;
}

static enum websocket_event read_plain(struct websocket_reader *reader, uint8_t **at, const uint8_t *end,
                                       struct websocket_seen *seen)
{
    size_t part = part_of(reader, *at, end);
    if (part == 0 && reader->left > 0)
        return WEBSOCKET_MORE;
    unmask(reader, *at, part);
    seen->data = *at;
    seen->size = part;
    *at += part;
    reader->left -= part;
    seen->more = reader->left;
    seen->last = reader->left == 0 && reader->final;
    reader->in_payload = reader->left != 0;
    return tell(reader, seen);
}

/* Bytes out of the inflater; those at `at` stay there until it has taken them. */
static enum inflate_result inflate_some(struct websocket_reader *reader, uint8_t **at, const uint8_t *end, size_t *ret_size)
{
    size_t part = part_of(reader, *at, end);
    const uint8_t *begin = *at;

    if (reader->left == 0 && reader->final)
        return websocket_inflate_end(reader->inflater, reader->room, WEBSOCKET_INFLATE_ROOM, ret_size);
    if (part > reader->clear) {
        unmask(reader, *at + reader->clear, part - reader->clear);
        reader->clear = part;
    }
    enum inflate_result result =
        websocket_inflate(reader->inflater, at, *at + part, reader->room, WEBSOCKET_INFLATE_ROOM, ret_size);
    reader->left -= (size_t)(*at - begin);
    reader->clear -= (size_t)(*at - begin);
    return result;
}

/* The next piece of what was compressed. All that a frame brings is told before the next one is read. */
static enum websocket_event read_compressed(struct websocket_reader *reader, uint8_t **at, const uint8_t *end,
                                            struct websocket_seen *seen)
{
    seen->data = reader->room;
    enum inflate_result result = reader->damaged ? INFLATE_BROKEN : inflate_some(reader, at, end, &seen->size);
    if (result == INFLATE_NO_MEMORY)
        return broken(seen, CLOSE_TRY_AGAIN, "a compressed message, for which there is no memory");
    if (result == INFLATE_BROKEN && seen->size == 0)
        return broken(seen, CLOSE_PROTOCOL_ERROR, "a message whose compressed bytes are damaged");
    reader->damaged = result == INFLATE_BROKEN;
    seen->last = result == INFLATE_DONE;
    reader->in_payload = reader->damaged || reader->left > 0 || seen->size == WEBSOCKET_INFLATE_ROOM ||
                         (reader->final && !seen->last);
    return seen->size > 0 || seen->last ? tell(reader, seen) : WEBSOCKET_MORE;
}

enum websocket_event websocket_read(struct websocket_reader *reader, uint8_t **at, const uint8_t *end,
                                    struct websocket_seen *ret_seen)
{
    const char *fault = NULL;
    enum websocket_event event;

    do {
        *ret_seen = (struct websocket_seen){0};
        if (!reader->in_payload && !read_head(reader, at, end, &fault))
            return WEBSOCKET_MORE;
        if (fault != NULL)
            return broken(ret_seen, CLOSE_PROTOCOL_ERROR, fault);
        event = is_control(reader->opcode) ? read_control(reader, at, end, ret_seen)
                : reader->compressed       ? read_compressed(reader, at, end, ret_seen)
                                           : read_plain(reader, at, end, ret_seen);
        /* A compressed frame may bring nothing to tell, and there may be more behind it. */
    } while (event == WEBSOCKET_MORE && (*at != end || (reader->in_payload && reader->compressed && reader->left == 0)));
    return event;
}

/* ---- writing ---- */

size_t websocket_write_head(uint8_t head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, bool final, bool compressed,
                            uint64_t size, const uint8_t *mask)
{
    size_t bytes = size < SIZE_16 ? 0 : size <= UINT16_MAX ? 2 : 8;
    head[0] = (uint8_t)((final ? BIT_FINAL : 0) | (compressed ? BIT_COMPRESSED : 0) | (int)opcode);
    head[1] = (uint8_t)((mask != NULL ? BIT_MASKED : 0) | (bytes == 0 ? (int)size : bytes == 2 ? SIZE_16 : SIZE_64));
    for (size_t i = 0; i < bytes; i++)
        head[2 + i] = (uint8_t)(size >> (8 * (bytes - 1 - i)));
    if (mask != NULL)
        memcpy(head + 2 + bytes, mask, MASK_SIZE);
    return 2 + bytes + (mask != NULL ? MASK_SIZE : 0);
}

void websocket_mask(uint8_t *to, const uint8_t *from, size_t size, uint64_t offset, const uint8_t mask[4])
{
    uint8_t turned[8];
    uint64_t wide;
    for (size_t i = 0; i < sizeof turned; i++)
        turned[i] = mask[(offset + i) & 3];
    memcpy(&wide, turned, sizeof wide);
    size_t i = 0;
    for (; i + sizeof wide <= size; i += sizeof wide) {
        uint64_t bytes;
        memcpy(&bytes, from + i, sizeof bytes);
        bytes ^= wide;
        memcpy(to + i, &bytes, sizeof bytes);
    }
    for (; i < size; i++)
        to[i] = from[i] ^ turned[i & 3];
}
