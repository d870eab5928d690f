/*
 * A WebSocket message as the front treats it: put together from pieces whose sizes the bytes decide, with what frame
 * headers announce true or not; then it is the end of input, a request in binary, or a request in JSON. The first byte
 * chooses how it comes. The message is what was sent, its memory is bounded by what has arrived, a JSON request is one that
 * the router can read, and what is said of a bad one is a reason that a close frame can hold.
 */
#include "common/foundation/text.h"
#include "common/json/message.h"
#include "gateway/envelope/envelope.h"
#include "gateway/websocket/message.h"
#include "tests/fuzz/require.h"

#include <string.h>

enum { DEPTH_MAX = 8, PIECE_MAX = 5000, PIECES_BIT = 1, ANNOUNCED_BIT = 2, LIE_BIT = 4, JSON_BIT = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Blocks grow as the message does: never more than as much again as has arrived, and a little. */
static void require_bounded(const struct message *message)
{
    size_t held = message->block != NULL ? message->block->size : 0;
    for (size_t i = 0; i < message->rope.count; i++)
        held += message->rope.slices[i].size;
    require(held <= 2 * message->size + MESSAGE_BLOCK_MIN);
}

static void arrive(struct message *message, const uint8_t *data, size_t size, uint8_t how)
{
    uint32_t random = 2166136261u + how;

    for (size_t at = 0; at < size;) {
        random = (random ^ data[at]) * 16777619u;
        size_t piece = (how & PIECES_BIT) != 0 ? 1 + (random >> 8) % PIECE_MAX : size;
        if (piece > size - at)
            piece = size - at;
        uint64_t left = size - at - piece;
        uint64_t announced = (how & LIE_BIT) != 0 ? UINT64_MAX / 2 : (how & ANNOUNCED_BIT) != 0 ? left : 0;
        require(message_append(message, data + at, piece, announced) == SLUICE_OK);
        at += piece;
        require(message->size == at);
        require_bounded(message);
    }
}

static void require_same(const struct rope *rope, const uint8_t *data, size_t size)
{
    require(rope->size == size);
    uint8_t *copy = malloc(size + 1);
    require(copy != NULL);
    rope_copy_out(rope, copy);
    require(size == 0 || memcmp(copy, data, size) == 0);
    /* A large answer leaves in frames. */
    memset(copy, 0, size);
    for (size_t at = 0; at < size;) {
        size_t part = size - at < 777 ? size - at : 777;
        rope_copy_part(rope, at, copy + at, part);
        at += part;
    }
    require(size == 0 || memcmp(copy, data, size) == 0);
    free(copy);
}

static void require_reason(const char *text)
{
    char reason[WEBSOCKET_REASON_MAX];
    size_t size = message_close_reason(text, reason);
    require(size <= WEBSOCKET_REASON_MAX && text_is_utf8(reason, size));
}

static void read_request(const struct rope *rope, bool must)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct envelope envelope;
    sluice_error error = {.text = ""};

    require(arena != NULL);
    sluice_status status = envelope_read(rope, DEPTH_MAX, arena, &envelope, &error);
    envelope_done(&envelope);
    if (status != SLUICE_OK)
        require_reason(error.text);
    require(!must || status == SLUICE_OK);
    arena_free(arena);
}

static void read_json(const uint8_t *data, size_t size)
{
    const sluice_limits limits = {DEPTH_MAX, 1000, 10000, 1 << 24};
    const struct json_request_options options = {.limits = &limits, .websocket = true};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct json_fault fault = {.kind = JSON_FAULT_NONE};
    sluice_error error = {.text = ""};
    struct rope message;

    require(arena != NULL);
    rope_init(&message);
    sluice_status status = json_request_read((const char *)data, size, &options, arena, &message, &fault, &error);
    if (status == SLUICE_OK)
        read_request(&message, true);
    else if (status != SLUICE_CANCELLED)
        require_reason(error.text);
    require((status == SLUICE_OK) == (fault.kind == JSON_FAULT_NONE));
    require((status == SLUICE_CANCELLED) == (fault.kind == JSON_FAULT_END || fault.kind == JSON_FAULT_IGNORED));
    rope_done(&message);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message;
    struct rope rope;

    if (size == 0)
        return 0;
    uint8_t how = data[0];
    data++;
    size--;
    message_init(&message);
    rope_init(&rope);
    arrive(&message, data, size, how);
    require(message_finish(&message, &rope) == SLUICE_OK);
    require(message.size == 0 && message.block == NULL);
    require_same(&rope, data, size);
    require(message_is_end(&rope) == (size == 1 && data[0] == 0));
    if ((how & JSON_BIT) != 0)
        read_json(data, size);
    else
        read_request(&rope, false);
    rope_done(&rope);
    message_done(&message);
    return 0;
}
