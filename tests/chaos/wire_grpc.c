/* gRPC on a wire: HTTP/2 by hand. Header blocks are written without table and Huffman code and are not read: a call whose
 * trailers come after a message was answered, one without was refused. */
#include "tests/chaos/wire_private.h"

#include <string.h>

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum {
    FRAME_HEAD = 9,
    FRAME_MAX = 16384, /* what a peer takes unless it says more */
    PREFIX = 5,        /* of a message: compressed or not, length */
    INITIAL_WINDOW = 65535,
    SETTING_INITIAL_WINDOW = 4,
    SETTING_SIZE = 6,
    WINDOW_MORE = 1 << 30,
};

static void put_number(struct buffer *out, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        buffer_append_byte(out, (uint8_t)(value >> (8 * bytes)));
}

static void put_frame_head(struct buffer *out, size_t size, uint8_t kind, uint8_t flags, uint32_t call)
{
    put_number(out, size, 3);
    buffer_append_byte(out, kind);
    buffer_append_byte(out, flags);
    put_number(out, call, 4);
}

static void put_window(struct buffer *out, uint32_t call, uint32_t size)
{
    put_frame_head(out, 4, WINDOW_UPDATE, 0, call);
    put_number(out, size, 4);
}

static uint32_t number_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_field(struct buffer *out, const char *name, const char *value)
{
    buffer_append_byte(out, 0); /* a literal that no table takes */
    buffer_append_byte(out, (uint8_t)strlen(name));
    buffer_append_text(out, name);
    buffer_append_byte(out, (uint8_t)strlen(value));
    buffer_append_text(out, value);
}

static void put_headers(struct wire *wire, uint32_t call, const char *path)
{
    struct buffer block;
    buffer_init(&block, BUFFER_NO_LIMIT);
    put_field(&block, ":method", "POST");
    put_field(&block, ":scheme", "http");
    put_field(&block, ":path", path);
    put_field(&block, ":authority", wire->address);
    put_field(&block, "te", "trailers");
    put_field(&block, "content-type", "application/grpc");
    put_frame_head(&wire->out, block.size, HEADERS, END_HEADERS, call);
    buffer_append(&wire->out, block.data, block.size);
    buffer_done(&block);
}

void wire_grpc_hello(struct wire *wire)
{
    wire->next_call = 1;
    wire->send_window = wire->stream_window = wire->initial_window = INITIAL_WINDOW;
    buffer_append_text(&wire->out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    put_frame_head(&wire->out, SETTING_SIZE, SETTINGS, 0, 0);
    put_number(&wire->out, SETTING_INITIAL_WINDOW, 2);
    put_number(&wire->out, wire->no_window ? 0 : WINDOW_MORE, 4);
    if (!wire->no_window)
        put_window(&wire->out, 0, WINDOW_MORE);
    if (wire->one_stream)
        put_headers(wire, wire->next_call, "/jina.JinaRPC/Call");
}

void wire_grpc_request(struct wire *wire, const char *token, size_t text_size)
{
    struct buffer message;
    buffer_init(&message, BUFFER_NO_LIMIT);
    buffer_append(&message, (uint8_t[PREFIX]){0}, PREFIX);
    wire_put_message(&message, token, text_size);
    for (unsigned i = 0; i < 4; i++)
        message.data[1 + i] = (uint8_t)((message.size - PREFIX) >> (8 * (3 - i)));
    uint32_t call = wire->next_call;
    if (!wire->one_stream) {
        put_headers(wire, call, "/jina.JinaSingleDataRequestRPC/process_single_data");
        wire->next_call += 2;
    }
    for (size_t at = 0; at < message.size;) {
        size_t piece = message.size - at < FRAME_MAX ? message.size - at : FRAME_MAX;
        bool last = at + piece == message.size && !wire->one_stream;
        put_frame_head(&wire->out, piece, DATA, last ? END_STREAM : 0, call);
        buffer_append(&wire->out, message.data + at, piece);
        at += piece;
    }
    wire->send_window -= (int64_t)message.size;
    wire->stream_window -= (int64_t)message.size;
    buffer_done(&message);
}

bool wire_has_window(const struct wire *wire, size_t text_size)
{
    int64_t size = (int64_t)(text_size + WIRE_MESSAGE_OVERHEAD);
    return wire->protocol != WIRE_GRPC ||
           (wire->greeted && wire->send_window >= size && (!wire->one_stream || wire->stream_window >= size));
}

static void on_settings(struct wire *wire, const uint8_t *at, size_t size, uint8_t flags)
{
    if (flags & ACK)
        return;
    for (size_t i = 0; i + SETTING_SIZE <= size; i += SETTING_SIZE) {
        if (at[i] == 0 && at[i + 1] == SETTING_INITIAL_WINDOW) { /* core changes it as it goes */
            int64_t window = number_at(at + i + 2);
            wire->stream_window += window - wire->initial_window;
            wire->initial_window = window;
        }
    }
    put_frame_head(&wire->out, 0, SETTINGS, ACK, 0);
}

/* The end of what a call's peer says: was there a message? */
static enum wire_taken on_end(struct wire *wire, const char **ret_token)
{
    const struct buffer *message = &wire->message;
    *ret_token = message->size > PREFIX ? wire_token_of(message->data + PREFIX, message->size - PREFIX) : NULL;
    wire->message.size = 0; /* the bytes stay for *ret_token */
    return *ret_token ? WIRE_ANSWER : WIRE_REFUSED;
}

static enum wire_taken on_frame(struct wire *wire, const uint8_t *head, const uint8_t *payload, size_t size, const char **ret_token)
{
    uint8_t kind = head[3], flags = head[4];
    uint32_t call = number_at(head + 5);
    if (kind == SETTINGS) {
        on_settings(wire, payload, size, flags);
        if (wire->greeted)
            return WIRE_NOTHING;
        wire->greeted = true;
        return WIRE_GREETING;
    }
    if (kind == PING && !(flags & ACK)) {
        put_frame_head(&wire->out, size, PING, ACK, 0);
        buffer_append(&wire->out, payload, size);
    } else if (kind == WINDOW_UPDATE && size == 4) {
        *(call == 0 ? &wire->send_window : &wire->stream_window) += number_at(payload);
    } else if (kind == DATA) {
        buffer_append(&wire->message, payload, size);
        if (size > 0 && !wire->no_window)
            put_window(&wire->out, 0, (uint32_t)size);
    } else if (kind == RST_STREAM || kind == GOAWAY) {
        return WIRE_REFUSED;
    }
    return (kind == DATA || kind == HEADERS) && (flags & END_STREAM) ? on_end(wire, ret_token) : WIRE_NOTHING;
}

enum wire_taken wire_grpc_take(struct wire *wire, const char **ret_token)
{
    for (;;) {
        size_t there;
        const uint8_t *at = wire_received(wire, &there);
        size_t size = there < FRAME_HEAD ? 0 : (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
        if (there < FRAME_HEAD + size)
            return WIRE_NOTHING;
        wire->in_start += FRAME_HEAD + size;
        enum wire_taken taken = on_frame(wire, at, at + FRAME_HEAD, size, ret_token);
        if (taken != WIRE_NOTHING)
            return taken;
    }
}
