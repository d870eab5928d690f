/*
 * What a server sends to the client's WebSocket. The first byte chooses: the answer to the handshake, or frames. Frames are
 * read twice, at once and in pieces of that many bytes: the same messages, pings and close, and the same fault.
 */
#include "client/websocket/frame.h"
#include "client/websocket/handshake.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that was read, in a form that does not depend on the pieces: a byte per event but FRAME_PIECE, and payloads. */
static void read_frames(const uint8_t *data, size_t size, size_t piece, struct buffer *seen)
{
    struct frame_reader reader = {0};
    struct frame_seen event;
    size_t message = 0;
    for (size_t begin = 0; begin < size; begin += piece) {
        const uint8_t *at = data + begin, *end = at + (size - begin < piece ? size - begin : piece);
        enum frame_event what;
        while ((what = frame_read(&reader, &at, end, &event)) != FRAME_MORE) {
            require(at <= end);
            if (what == FRAME_BROKEN) {
                require(event.code == CLOSE_PROTOCOL_ERROR || event.code == CLOSE_INVALID_DATA);
                require(event.text != NULL);
                buffer_printf(seen, "broken %s", event.text);
                return;
            }
            buffer_append(seen, event.data, event.size);
            if (what == FRAME_PIECE) {
                require(event.opcode == FRAME_TEXT || event.opcode == FRAME_BINARY);
                message += event.size;
                if (!event.last)
                    continue;
                buffer_printf(seen, "message %d %zu", event.opcode, message);
                message = 0;
                continue;
            }
            require(event.size <= FRAME_CONTROL_MAX);
            buffer_printf(seen, "event %d %d", (int)what, event.code);
            if (what == FRAME_CLOSED)
                return;
        }
        require(at == end);
    }
}

/* What is masked twice is what it was. */
static void check_mask(const uint8_t *data, size_t size)
{
    static const uint8_t mask[4] = {0xA5, 0x01, 0xFF, 0x3C};
    uint8_t head[FRAME_HEAD_MAX];
    uint8_t *bytes = malloc(size + 1);
    require(bytes != NULL);
    size_t half = size / 2;
    frame_mask(bytes, data, half, 0, mask);
    frame_mask(bytes + half, data + half, size - half, half, mask);
    for (size_t i = 0; i < size; i++)
        require((bytes[i] ^ mask[i & 3]) == data[i]);
    size_t head_size = frame_write_head(head, FRAME_BINARY, true, size, mask);
    require(head_size <= sizeof head && (head[1] & 0x80) != 0 && memcmp(head + head_size - 4, mask, 4) == 0);
    free(bytes);
}

static void check_handshake(const uint8_t *data, size_t size)
{
    char *head = malloc(size + 1);
    require(head != NULL);
    memcpy(head, data, size);
    head[size] = '\0';
    struct handshake_answer answer = handshake_read(head, "bytes", "dGhlIHNhbXBsZSBub25jZQ==");
    require(answer.fault == NULL || answer.http == 101);
    free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer once, pieces;
    if (size == 0)
        return 0;
    if (data[0] == 0) {
        check_handshake(data + 1, size - 1);
        return 0;
    }
    buffer_init(&once, BUFFER_NO_LIMIT);
    buffer_init(&pieces, BUFFER_NO_LIMIT);
    read_frames(data + 1, size - 1, size, &once);
    read_frames(data + 1, size - 1, data[0], &pieces);
    require(once.size == pieces.size && (once.size == 0 || memcmp(once.data, pieces.data, once.size) == 0));
    check_mask(data + 1, size - 1);
    buffer_done(&once);
    buffer_done(&pieces);
    return 0;
}
