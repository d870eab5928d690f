#include "client/websocket/frame.h"

#include "common/foundation/text.h"

#include <string.h>

enum { BIT_FINAL = 0x80, BITS_RESERVED = 0x70, BITS_OPCODE = 0x0F, BIT_MASKED = 0x80, BITS_SIZE = 0x7F };
enum { SIZE_16 = 126, SIZE_64 = 127 };

static bool is_control(int opcode)
{
    return opcode >= FRAME_CLOSE;
}

static enum frame_event broken(struct frame_seen *seen, int code, const char *text)
{
    seen->code = code;
    seen->text = text;
    return FRAME_BROKEN;
}

/* What is wrong with the first two bytes; NULL: nothing. */
static const char *head_fault(const struct frame_reader *reader)
{
    int first = reader->head[0], second = reader->head[1], opcode = first & BITS_OPCODE;
    if ((first & BITS_RESERVED) != 0)
        return "a frame with a reserved bit, where no extension was agreed on";
    if ((second & BIT_MASKED) != 0)
        return "a masked frame, which only a client sends";
    if ((opcode > FRAME_BINARY && opcode < FRAME_CLOSE) || opcode > FRAME_PONG)
        return "a frame with an unknown opcode";
    if (is_control(opcode) && (first & BIT_FINAL) == 0)
        return "a control frame in fragments";
    if (is_control(opcode) && (second & BITS_SIZE) > FRAME_CONTROL_MAX)
        return "a control frame of more than 125 bytes";
    if (opcode == FRAME_CONTINUATION && reader->message == 0)
        return "a continuation of no message";
    if ((opcode == FRAME_TEXT || opcode == FRAME_BINARY) && reader->message != 0)
        return "a new message within another";
    return NULL;
}

static size_t head_wanted(const struct frame_reader *reader)
{
    int size = reader->head_size < 2 ? 0 : reader->head[1] & BITS_SIZE;
    return size == SIZE_64 ? 10 : size == SIZE_16 ? 4 : 2;
}

/* The length, from a complete head; what is wrong with it, or NULL. */
static const char *read_size(struct frame_reader *reader)
{
    size_t bytes = reader->head_size - 2;
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

/* False: more bytes are needed. */
static bool read_head(struct frame_reader *reader, const uint8_t **at, const uint8_t *end, const char **ret_fault)
{
    *ret_fault = NULL;
    while (reader->head_size < head_wanted(reader)) {
        if (*at == end)
            return false;
        reader->head[reader->head_size++] = *(*at)++;
        if (reader->head_size == 2 && (*ret_fault = head_fault(reader)) != NULL)
            return true;
    }
    if ((*ret_fault = read_size(reader)) != NULL)
        return true;
    reader->opcode = reader->head[0] & BITS_OPCODE;
    reader->final = (reader->head[0] & BIT_FINAL) != 0;
    if (!is_control(reader->opcode) && reader->opcode != FRAME_CONTINUATION)
        reader->message = reader->opcode;
    reader->in_payload = true;
    reader->head_size = reader->control_size = 0;
    return true;
}

static bool may_be_sent(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum frame_event read_close(const struct frame_reader *reader, struct frame_seen *seen)
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
    return FRAME_CLOSED;
}

/* False: more bytes are needed. */
static bool read_control(struct frame_reader *reader, const uint8_t **at, const uint8_t *end)
{
    size_t part = (size_t)(end - *at) < reader->left ? (size_t)(end - *at) : (size_t)reader->left;
    memcpy(reader->control + reader->control_size, *at, part);
    *at += part;
    reader->control_size += part;
    reader->left -= part;
    return reader->left == 0;
}

static void read_piece(struct frame_reader *reader, const uint8_t **at, const uint8_t *end, struct frame_seen *seen)
{
    size_t part = (size_t)(end - *at) < reader->left ? (size_t)(end - *at) : (size_t)reader->left;
    seen->opcode = reader->message;
    seen->data = *at;
    seen->size = part;
    *at += part;
    reader->left -= part;
    seen->more = reader->left;
    seen->last = reader->left == 0 && reader->final;
    reader->in_payload = reader->left != 0;
    if (seen->last)
        reader->message = 0;
}

enum frame_event frame_read(struct frame_reader *reader, const uint8_t **at, const uint8_t *end,
                            struct frame_seen *ret_seen)
{
    const char *fault = NULL;
    *ret_seen = (struct frame_seen){0};
    if (!reader->in_payload && !read_head(reader, at, end, &fault))
        return FRAME_MORE;
    if (fault != NULL)
        return broken(ret_seen, CLOSE_PROTOCOL_ERROR, fault);
    if (!is_control(reader->opcode)) {
        if (*at == end && reader->left > 0)
            return FRAME_MORE;
        read_piece(reader, at, end, ret_seen);
        return FRAME_PIECE;
    }
    if (!read_control(reader, at, end))
        return FRAME_MORE;
    reader->in_payload = false;
    if (reader->opcode == FRAME_CLOSE)
        return read_close(reader, ret_seen);
    ret_seen->data = reader->control;
    ret_seen->size = reader->control_size;
    return reader->opcode == FRAME_PING ? FRAME_PINGED : FRAME_PONGED;
}

size_t frame_write_head(uint8_t head[FRAME_HEAD_MAX], enum frame_opcode opcode, bool final, size_t size,
                        const uint8_t mask[4])
{
    size_t bytes = size < SIZE_16 ? 0 : size <= UINT16_MAX ? 2 : 8;
    head[0] = (uint8_t)((final ? BIT_FINAL : 0) | (int)opcode);
    head[1] = (uint8_t)(BIT_MASKED | (bytes == 0 ? (int)size : bytes == 2 ? SIZE_16 : SIZE_64));
    for (size_t i = 0; i < bytes; i++)
        head[2 + i] = (uint8_t)((uint64_t)size >> (8 * (bytes - 1 - i)));
    memcpy(head + 2 + bytes, mask, 4);
    return bytes + 6;
}

void frame_mask(uint8_t *to, const uint8_t *from, size_t size, size_t offset, const uint8_t mask[4])
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
