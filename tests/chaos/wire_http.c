/* HTTP/1.1 and WebSocket on a wire. */
#include "tests/chaos/wire_private.h"

#include <stdlib.h>
#include <string.h>

enum { BINARY = 0x82, CLOSE = 0x88, PING = 0x89, PONG = 0x8A, MASK_BIT = 0x80 };

static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};

/* ---- HTTP ---- */

void wire_http_request(struct wire *wire, const char *token, size_t text_size)
{
    struct buffer body;
    buffer_init(&body, BUFFER_NO_LIMIT);
    buffer_printf(&body, "{\"execEndpoint\":\"/\",\"data\":[{\"id\":\"%s\",\"text\":\"%s", token, token);
    for (size_t left = text_size - WIRE_TOKEN_SIZE; left > 0; left--)
        buffer_append_byte(&body, (uint8_t)"abcdefgh jklmnop"[left % 16]);
    buffer_append_text(&body, "\"}]}");
    buffer_printf(&wire->out, "POST /post HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                  wire->address, body.size);
    buffer_append(&wire->out, body.data, body.size);
    buffer_done(&body);
}

enum wire_taken wire_http_take(struct wire *wire, const char **ret_token)
{
    size_t there;
    const char *at = (const char *)wire_received(wire, &there), *end = there ? memmem(at, there, "\r\n\r\n", 4) : NULL;
    if (!end)
        return WIRE_NOTHING;
    size_t head = (size_t)(end + 4 - at);
    static const char name[] = "Content-Length: ";
    const char *length = memmem(at, head, name, sizeof name - 1);
    size_t body = length ? strtoull(length + sizeof name - 1, NULL, 10) : 0;
    if (there < head + body)
        return WIRE_NOTHING;
    wire->in_start += head + body;
    static const char key[] = "\"id\":\"", spaced[] = "\"id\": \"", failed[] = "\"exception\":{";
    const char *id = memmem(at + head, body, key, sizeof key - 1);
    size_t skip = sizeof key - 1;
    if (!id) {
        id = memmem(at + head, body, spaced, sizeof spaced - 1);
        skip = sizeof spaced - 1;
    }
    bool good = memcmp(at, "HTTP/1.1 200", 12) == 0 && id && !memmem(at + head, body, failed, sizeof failed - 1);
    if (!good || (size_t)(at + head + body - id) < skip + WIRE_TOKEN_SIZE)
        return WIRE_REFUSED;
    *ret_token = id + skip;
    return WIRE_ANSWER;
}

/* ---- WebSocket ---- */

void wire_websocket_hello(struct wire *wire)
{
    buffer_printf(&wire->out,
                  "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Protocol: bytes\r\n\r\n",
                  wire->address);
}

static void put_frame(struct buffer *out, uint8_t first, const uint8_t *data, size_t size)
{
    size_t digits = size < 126 ? 0 : size < 65536 ? 2 : 8;
    buffer_append_byte(out, first);
    buffer_append_byte(out, (uint8_t)(MASK_BIT | (digits == 0 ? size : digits == 2 ? 126 : 127)));
    for (size_t i = digits; i-- > 0;)
        buffer_append_byte(out, (uint8_t)(size >> (8 * i)));
    buffer_append(out, mask, sizeof mask);
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(out, data[i] ^ mask[i % 4]);
}

void wire_websocket_request(struct wire *wire, const char *token, size_t text_size)
{
    struct buffer message;
    buffer_init(&message, BUFFER_NO_LIMIT);
    wire_put_message(&message, token, text_size);
    put_frame(&wire->out, BINARY, message.data, message.size);
    buffer_done(&message);
}

static enum wire_taken take_handshake(struct wire *wire)
{
    size_t there;
    const char *at = (const char *)wire_received(wire, &there), *end = there ? memmem(at, there, "\r\n\r\n", 4) : NULL;
    if (!end)
        return WIRE_NOTHING;
    wire->in_start += (size_t)(end + 4 - at);
    wire->greeted = memcmp(at, "HTTP/1.1 101", 12) == 0;
    return wire->greeted ? WIRE_GREETING : WIRE_REFUSED;
}

enum wire_taken wire_websocket_take(struct wire *wire, const char **ret_token)
{
    if (!wire->greeted)
        return take_handshake(wire);
    for (;;) {
        size_t there;
        const uint8_t *at = wire_received(wire, &there);
        if (there < 2)
            return WIRE_NOTHING;
        size_t digits = at[1] < 126 ? 0 : at[1] == 126 ? 2 : 8, size = digits ? 0 : at[1];
        if (there < 2 + digits)
            return WIRE_NOTHING;
        for (size_t i = 0; i < digits; i++)
            size = size << 8 | at[2 + i];
        if (there - 2 - digits < size)
            return WIRE_NOTHING;
        const uint8_t *payload = at + 2 + digits;
        wire->in_start += 2 + digits + size;
        if (at[0] == PING) {
            put_frame(&wire->out, PONG, payload, size);
            continue;
        }
        *ret_token = at[0] == BINARY ? wire_token_of(payload, size) : NULL;
        return *ret_token ? WIRE_ANSWER : WIRE_REFUSED;
    }
}
