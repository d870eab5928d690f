#include "tests/bench/load_web.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCE_DIGITS = 16, SLOT_DIGITS = 8, HEADER_MAX = 14, BINARY = 0x82, MASK_BIT = 0x80, FRAME_OVERHEAD = 10 };

static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};

static void shake_hands(struct web *web)
{
    struct web_connection *connection = &web->connections[0];
    char head[1024];
    int size = snprintf(head, sizeof(head),
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Protocol: bytes\r\n\r\n",
                        web->path, web->address);
    struct floor_frames socket = {.fd = connection->fd};
    floor_bytes_append(&socket.out, head, (size_t)size);
    floor_frames_flush(&socket, true);
    free(socket.out.data);
    const char *end = NULL;
    struct floor_bytes *in = &connection->in;
    while (!end) {
        web_read_more(connection);
        end = memmem(in->data, in->end, "\r\n\r\n", 4);
    }
    if (memcmp(in->data, "HTTP/1.1 101", 12) != 0)
        load_fail("the handshake was refused: %.*s", (int)in->end, (const char *)in->data);
    in->start = (size_t)(end + 4 - (const char *)in->data);
}

static size_t put_header(uint8_t *at, size_t size)
{
    at[0] = BINARY;
    size_t digits = size < 126 ? 0 : size < 65536 ? 2 : 8;
    at[1] = (uint8_t)(MASK_BIT | (digits == 0 ? size : digits == 2 ? 126 : 127));
    for (size_t i = 0; i < digits; i++)
        at[2 + i] = (uint8_t)(size >> (8 * (digits - 1 - i)));
    memcpy(at + 2 + digits, mask, sizeof(mask));
    return 2 + digits + sizeof(mask);
}

/* The slot's message, flat, framed and masked. The sequence in it is written over before each sending. */
static void make_frame(struct web *web, uint32_t slot)
{
    grpc_byte_buffer *message = load_request(&web->body, web->endpoint, slot, 0);
    grpc_byte_buffer_reader reader;
    grpc_byte_buffer_reader_init(&reader, message);
    grpc_slice flat = grpc_byte_buffer_reader_readall(&reader);
    size_t size = GRPC_SLICE_LENGTH(flat);
    uint8_t *frame = malloc(HEADER_MAX + size);
    if (!frame)
        load_fail("no memory");
    size_t head = put_header(frame, size);
    char id[SLOT_DIGITS + SEQUENCE_DIGITS + 1];
    snprintf(id, sizeof(id), "%08x%016x", slot, 0);
    const uint8_t *bytes = GRPC_SLICE_START_PTR(flat), *at = memmem(bytes, size, id, strlen(id));
    if (!at)
        load_fail("no request id in the message");
    web->id_at = head + (size_t)(at - bytes) + SLOT_DIGITS;
    for (size_t i = 0; i < size; i++)
        frame[head + i] = bytes[i] ^ mask[i % 4];
    web->slots[slot].frame = frame;
    web->body_size = size;
    grpc_slice_unref(flat);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(message);
}

void load_websocket_prepare(struct web *web)
{
    load_body_init(&web->body, web->size, web->documents, web->embeddings ? LOAD_EMBEDDING_FLOATS : 0);
    web->body.may_grow = web->changed;
    for (size_t i = 0; i < web->in_flight; i++)
        make_frame(web, (uint32_t)i);
    shake_hands(web);
}

void load_websocket_send(struct web *web, size_t slot)
{
    uint8_t head[HEADER_MAX];
    size_t head_size = put_header(head, web->body_size), in_payload = web->id_at - head_size;
    uint8_t *frame = web->slots[slot].frame;
    uint64_t sequence = web->slots[slot].sequence;
    for (size_t i = 0; i < SEQUENCE_DIGITS; i++) {
        uint8_t digit = (uint8_t)"0123456789abcdef"[sequence >> (4 * (SEQUENCE_DIGITS - 1 - i)) & 15];
        frame[web->id_at + i] = digit ^ mask[(in_payload + i) % 4];
    }
    floor_bytes_append(&web->connections[0].out, frame, head_size + web->body_size);
}

static void take_message(struct web *web, const uint8_t *data, size_t size)
{
    grpc_slice slice = grpc_slice_from_static_buffer(data, size);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);
    uint32_t slot = 0;
    uint64_t sequence = 0;
    const char *wrong = load_check(&web->body, message, &slot, &sequence, NULL);
    grpc_byte_buffer_destroy(message);
    if (wrong)
        load_fail("%s", wrong);
    if (slot < web->in_flight && web->slots[slot].sequence != sequence)
        load_fail("an answer to an earlier request (a second one?)");
    web_answered(web, slot);
}

/* Size of the frame at `data`, or 0 while its header is not whole. Only whole binary messages are expected. */
static size_t frame_size(const uint8_t *data, size_t there, size_t *ret_header)
{
    if (there < 2)
        return 0;
    if (data[0] != BINARY || (data[1] & MASK_BIT))
        load_fail("a frame that begins with %02x %02x, where binary messages are expected%s", data[0], data[1],
                  data[0] == 0x88 ? ": the server closes" : "");
    size_t digits = data[1] < 126 ? 0 : data[1] == 126 ? 2 : 8, size = digits ? 0 : data[1];
    if (there < 2 + digits)
        return 0;
    for (size_t i = 0; i < digits; i++)
        size = size << 8 | data[2 + i];
    *ret_header = 2 + digits;
    return size + *ret_header;
}

void load_websocket_take(struct web *web, struct web_connection *connection)
{
    struct floor_bytes *in = &connection->in;
    for (;;) {
        size_t header = 0, there = in->end - in->start, whole = frame_size(in->data + in->start, there, &header);
        if (whole == 0 || there < whole) {
            floor_bytes_reserve(in, whole > there ? whole - there : FRAME_OVERHEAD);
            return;
        }
        take_message(web, in->data + in->start + header, whole - header);
        in->start += whole;
    }
}
