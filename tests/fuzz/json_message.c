/*
 * Requests and answers of HTTP and WebSocket. The first byte chooses:
 *   r, w  a request of HTTP or WebSocket: it gives a message or a fault whose text is JSON again;
 *   a     an answer as a client reads it;
 *   p     a message's bytes as a gateway writes them.
 * Whatever gives a message: its text is read and written again, the same text.
 */
#include "common/foundation/text.h"
#include "common/json/message.h"
#include "common/json/tree.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 256 << 20 };

static const sluice_limits limits = {.bytes = MEMORY_MAX};

static bool write_style(const struct rope *message, enum json_style style, struct buffer *out)
{
    const struct json_response_options options = {.style = style, .limits = &limits};
    sluice_error error = {0};
    buffer_clear(out);
    sluice_status status = json_response_write(message, &options, out, &error);
    require(status == error.status);
    require(status == SLUICE_OK || error.text[0] != '\0');
    require(status != SLUICE_SYSTEM);
    return status == SLUICE_OK;
}

static void require_json(const struct buffer *text)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    const struct json_node *root;
    bool digits;
    require(json_tree_read(buffer_text(text), text->size, JSON_MESSAGE_DEPTH, arena, &root, &digits, NULL) ==
            SLUICE_OK);
    arena_free(arena);
}

/* What was written is read, and then written again the same. */
static void check_again(const struct buffer *text, enum json_style style)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct rope message;
    struct buffer again;
    rope_init(&message);
    buffer_init(&again, BUFFER_NO_LIMIT);
    require(json_response_read(buffer_text(text), text->size, arena, &message, NULL) == SLUICE_OK);
    require(write_style(&message, style, &again));
    require(again.size == text->size && memcmp(again.data, text->data, text->size) == 0);
    buffer_done(&again);
    rope_done(&message);
    arena_free(arena);
}

static void check_message(const struct rope *message)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    bool websocket = write_style(message, JSON_STYLE_WEBSOCKET, &text);
    if (websocket)
        check_again(&text, JSON_STYLE_WEBSOCKET);
    if (write_style(message, JSON_STYLE_HTTP, &text)) {
        require(websocket && text_is_utf8(text.data, text.size));
        if (memmem(text.data, text.size, "\"parameters\":null", 17) == NULL)
            check_again(&text, JSON_STYLE_HTTP);
        require_json(&text);
    }
    buffer_clear(&text);
    require(json_request_write(message, &text, NULL) == SLUICE_OK || !websocket);
    if (websocket)
        require_json(&text);
    buffer_done(&text);
}

/* A text that Python reads is never called unreadable. */
static bool may_be_unreadable(const char *text, size_t size)
{
    return !text_is_utf8(text, size) || memchr(text, '\0', size < 4 ? size : 4) != NULL || size > JSON_DIGITS_MAX;
}

static void check_request(const char *text, size_t size, bool websocket)
{
    const struct json_request_options options = {.request_id = "r", .limits = &limits, .websocket = websocket};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct json_fault fault;
    struct rope message;
    struct buffer answer;
    sluice_error error = {0};
    rope_init(&message);
    buffer_init(&answer, BUFFER_NO_LIMIT);
    sluice_status status = json_request_read(text, size, &options, arena, &message, &fault, &error);
    require(status == SLUICE_OK || status == SLUICE_INVALID || status == SLUICE_LIMIT ||
            (websocket && status == SLUICE_CANCELLED));
    require((status == SLUICE_OK) == (fault.kind == JSON_FAULT_NONE));
    require(status == SLUICE_OK || status == SLUICE_CANCELLED || error.text[0] != '\0');
    require(fault.kind != JSON_FAULT_SYNTAX || status == SLUICE_LIMIT || may_be_unreadable(text, size));
    require(fault.kind != JSON_FAULT_VALUES || fault.count > 0);
    json_fault_write(&fault, &answer);
    if (fault.kind == JSON_FAULT_VALUES)
        require_json(&answer);
    if (status == SLUICE_OK)
        check_message(&message);
    buffer_done(&answer);
    rope_done(&message);
    arena_free(arena);
}

static void check_answer(const char *text, size_t size)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct rope message;
    sluice_error error = {0};
    rope_init(&message);
    sluice_status status = json_response_read(text, size, arena, &message, &error);
    require(status == error.status);
    if (status == SLUICE_OK)
        check_message(&message);
    rope_done(&message);
    arena_free(arena);
}

/* In two slices, as messages come. */
static void check_bytes(const uint8_t *data, size_t size)
{
    struct rope message;
    struct buffer text;
    rope_init(&message);
    buffer_init(&text, BUFFER_NO_LIMIT);
    require(rope_append(&message, NULL, data, size / 2) == SLUICE_OK);
    require(rope_append(&message, NULL, data + size / 2, size - size / 2) == SLUICE_OK);
    check_message(&message);
    if (json_status_write(&message, &text, NULL) == SLUICE_OK)
        require_json(&text);
    buffer_done(&text);
    rope_done(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    switch (data[0]) {
    case 'r': check_request(text, size - 1, false); break;
    case 'w': check_request(text, size - 1, true); break;
    case 'a': check_answer(text, size - 1); break;
    case 'p': check_bytes(data + 1, size - 1); break;
    default: break;
    }
    return 0;
}
