#include "gateway/envelope/answer.h"
#include "common/foundation/text.h"
#include "common/wire/wire.h"

#include <string.h>

/* google.protobuf.Timestamp: seconds = 1, nanos = 2; both varints, so at most 2 x 11 bytes. */
enum { TIMESTAMP_MAX = 22 };

size_t answer_head_size(const struct answer *answer)
{
    size_t size = answer->envelope->header.size + answer->status.size + answer->parameters.size + 64;
    for (size_t i = 0; i < answer->route_count; i++)
        size += strlen(answer->routes[i].executor) + answer->routes[i].status.size + 2 * TIMESTAMP_MAX + 64;
    return size;
}

static uint8_t *put_bytes(uint8_t *at, uint32_t number, const void *data, size_t size)
{
    at = wire_put_varint(at, wire_tag(number, WIRE_BYTES));
    at = wire_put_varint(at, size);
    if (size > 0)
        memcpy(at, data, size);
    return at + size;
}

static uint8_t *put_raw(uint8_t *at, const void *data, size_t size)
{
    memcpy(at, data, size);
    return at + size;
}

/*
 * The header's fields in the order of their numbers, as Python writes them. Fields with higher numbers than
 * target_executor go behind it; what came in another order keeps its order among its own.
 */
static uint8_t *put_header(uint8_t *at, const struct answer *answer)
{
    bool status_due = answer->status.size > 0;
    struct wire_field field;
    for (int behind_target = 0; behind_target < 2; behind_target++) {
        struct wire_reader reader = wire_read(answer->envelope->header.data, answer->envelope->header.size);
        while (wire_next(&reader, &field)) {
            if (field.number == HEADER_TARGET || (field.number > HEADER_TARGET) != behind_target ||
                (field.number == HEADER_STATUS && answer->status.size > 0))
                continue;
            if (field.number > HEADER_STATUS && status_due) {
                at = put_bytes(at, HEADER_STATUS, answer->status.data, answer->status.size);
                status_due = false;
            }
            at = put_raw(at, field.start, (size_t)(reader.at - field.start));
        }
        if (behind_target == 0) {
            if (status_due)
                at = put_bytes(at, HEADER_STATUS, answer->status.data, answer->status.size);
            status_due = false;
            at = put_bytes(at, HEADER_TARGET, NULL, 0);
        }
    }
    return at;
}

static uint8_t *put_timestamp(uint8_t *at, uint32_t number, const struct timespec *time)
{
    uint8_t bytes[TIMESTAMP_MAX], *end = bytes;
    if (time->tv_sec != 0) {
        end = wire_put_varint(end, wire_tag(1, WIRE_VARINT));
        end = wire_put_varint(end, (uint64_t)time->tv_sec);
    }
    if (time->tv_nsec != 0) {
        end = wire_put_varint(end, wire_tag(2, WIRE_VARINT));
        end = wire_put_varint(end, (uint64_t)time->tv_nsec);
    }
    return put_bytes(at, number, bytes, (size_t)(end - bytes));
}

/* Moves a message of `size` bytes at `body` behind a tag and length written at `at`, where `body` leaves room. */
static uint8_t *close_message(uint8_t *at, uint32_t number, const uint8_t *body, size_t size)
{
    at = wire_put_varint(at, wire_tag(number, WIRE_BYTES));
    at = wire_put_varint(at, size);
    memmove(at, body, size);
    return at + size;
}

enum { MESSAGE_PREFIX_MAX = 6 }; /* a tag below 16 and a length below 2^32 */

static uint8_t *put_route(uint8_t *at, const struct answer_route *route)
{
    uint8_t *body = at + MESSAGE_PREFIX_MAX, *end = body;
    end = put_bytes(end, ROUTE_EXECUTOR, route->executor, strlen(route->executor));
    end = put_timestamp(end, ROUTE_START, &route->start);
    if (route->ended)
        end = put_timestamp(end, ROUTE_END, &route->end);
    if (route->status.size > 0)
        end = put_bytes(end, ROUTE_STATUS, route->status.data, route->status.size);
    return close_message(at, REQUEST_ROUTES, body, (size_t)(end - body));
}

sluice_status answer_write(const struct answer *answer, struct block *head, struct rope *ret_message)
{
    uint8_t *at = head->data, *body = at + MESSAGE_PREFIX_MAX;
    uint8_t *end = put_header(body, answer);
    at = close_message(at, REQUEST_HEADER, body, (size_t)(end - body));
    at = put_bytes(at, REQUEST_PARAMETERS, answer->parameters.data, answer->parameters.size);
    for (size_t i = 0; i < answer->route_count; i++)
        at = put_route(at, &answer->routes[i]);
    if (answer->has_data) {
        at = wire_put_varint(at, wire_tag(REQUEST_DATA, WIRE_BYTES));
        at = wire_put_varint(at, answer->data->size);
    }
    sluice_status status = rope_append(ret_message, head, head->data, (size_t)(at - head->data));
    if (status == SLUICE_OK && answer->has_data)
        status = rope_append_rope(ret_message, answer->data);
    /* The unknown fields lie in the request's arena, which the answer may outlive: they are copied. */
    if (status == SLUICE_OK && answer->envelope->unknown.size > 0) {
        struct block *tail = block_new(answer->envelope->unknown.size);
        if (tail == NULL)
            return SLUICE_NO_MEMORY;
        memcpy(tail->data, answer->envelope->unknown.data, answer->envelope->unknown.size);
        status = rope_append(ret_message, tail, tail->data, tail->size);
        block_unref(tail);
    }
    return status;
}

static struct span finish(struct buffer *buffer, struct arena *arena)
{
    uint8_t *copy = buffer->failed == SLUICE_OK ? arena_copy(arena, buffer->data, buffer->size) : NULL;
    struct span span = {copy, copy != NULL ? buffer->size : 0};
    buffer_done(buffer);
    return span;
}

struct span answer_status(struct arena *arena, unsigned code, const char *exception, const char *text,
                          const char *executor)
{
    struct buffer status, description;
    buffer_init(&status, BUFFER_NO_LIMIT);
    buffer_init(&description, BUFFER_NO_LIMIT);
    buffer_printf(&description, "%s(", exception);
    text_append_python_repr(&description, text, strlen(text));
    buffer_append_byte(&description, ')');
    wire_append_uint(&status, STATUS_CODE, code);
    wire_append_bytes(&status, STATUS_DESCRIPTION, description.data, description.size);
    size_t begun = wire_begin_message(&status, STATUS_EXCEPTION);
    wire_append_text(&status, EXCEPTION_NAME, exception);
    wire_append_text(&status, EXCEPTION_ARGS, text);
    if (*executor != '\0')
        wire_append_text(&status, EXCEPTION_EXECUTOR, executor);
    wire_end_message(&status, begun);
    buffer_done(&description);
    return finish(&status, arena);
}

struct span answer_status_with_code(struct arena *arena, struct span status, unsigned code)
{
    struct buffer changed;
    buffer_init(&changed, BUFFER_NO_LIMIT);
    wire_append_uint(&changed, STATUS_CODE, code);
    struct wire_reader reader = wire_read(status.data, status.size);
    struct wire_field field;
    while (wire_next(&reader, &field))
        if (field.number != STATUS_CODE)
            buffer_append(&changed, field.start, (size_t)(reader.at - field.start));
    return finish(&changed, arena);
}
