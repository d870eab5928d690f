#include "raw_websocket.h"

enum { WINDOW_BITS = -15, STEP = 64 << 10 };

static const uint8_t mask[4] = {0x11, 0x22, 0x33, 0x44};

void raw_websocket_send(struct raw_socket *socket, const struct raw_frame *frame, bool masked)
{
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    size_t size = frame->payload.size, digits = size < 126 ? 0 : size < 65536 ? 2 : 8;
    buffer_append_byte(&out, (uint8_t)((frame->fin ? 0x80 : 0) | frame->rsv << 4 | frame->opcode));
    buffer_append_byte(&out, (uint8_t)((masked ? 0x80 : 0) | (int)(digits == 0 ? size : digits == 2 ? 126 : 127)));
    for (size_t i = 0; i < digits; i++)
        buffer_append_byte(&out, (uint8_t)(size >> (8 * (digits - 1 - i))));
    if (masked)
        buffer_append(&out, mask, sizeof mask);
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(&out, (uint8_t)(frame->payload.data[i] ^ (masked ? mask[i % 4] : 0)));
    raw_socket_send(socket, out.data, out.size);
    buffer_done(&out);
}

bool raw_websocket_take(const struct raw_socket *socket, size_t *at, struct raw_frame *frame)
{
    const uint8_t *data = socket->in.data + *at;
    size_t there = socket->in.size - *at;
    if (there < 2)
        return false;
    size_t size = data[1] & 0x7F, digits = size < 126 ? 0 : size == 126 ? 2 : 8, head = 2 + digits;
    if (there < head)
        return false;
    for (size_t i = 0, length = 0; i < digits; i++) {
        length = length << 8 | data[2 + i];
        size = length;
    }
    if (there - head < size)
        return false;
    *frame = (struct raw_frame){.opcode = data[0] & 15, .rsv = data[0] >> 4 & 7, .fin = data[0] >> 7};
    buffer_init(&frame->payload, BUFFER_NO_LIMIT);
    buffer_append(&frame->payload, data + head, size);
    *at += head + size;
    return true;
}

void raw_frame_done(struct raw_frame *frame)
{
    buffer_done(&frame->payload);
}

void raw_websocket_inflate(z_stream *stream, struct buffer *message)
{
    static const uint8_t tail[] = {0, 0, 0xFF, 0xFF};
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    if (stream->state == NULL && inflateInit2(stream, WINDOW_BITS) != Z_OK)
        return;
    buffer_append(message, tail, sizeof tail);
    stream->next_in = message->data;
    stream->avail_in = (uInt)message->size;
    for (int result = Z_OK; result == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0);) {
        uint8_t *to = buffer_reserve(&out, STEP);
        if (to == NULL)
            break;
        stream->next_out = to;
        stream->avail_out = STEP;
        result = inflate(stream, Z_SYNC_FLUSH);
        out.size += STEP - stream->avail_out;
    }
    buffer_done(message);
    *message = out;
}
