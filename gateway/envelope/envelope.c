#include "gateway/envelope/envelope.h"
#include "gateway/envelope/parameters.h"
#include "common/foundation/text.h"
#include "common/wire/wire.h"

/* A place in a rope. Fields may lie across slices. */
struct cursor {
    const struct rope *rope;
    size_t slice, offset; /* offset < size of the slice, or slice == count */
    size_t left;
};

static void advance(struct cursor *cursor, size_t size)
{
    cursor->left -= size;
    cursor->offset += size;
    while (cursor->slice < cursor->rope->count && cursor->offset >= cursor->rope->slices[cursor->slice].size) {
        cursor->offset -= cursor->rope->slices[cursor->slice].size;
        cursor->slice++;
    }
}

static bool take_varint(struct cursor *cursor, uint64_t *ret_value)
{
    if (cursor->left == 0)
        return false;
    const struct slice *slice = &cursor->rope->slices[cursor->slice];
    size_t used = wire_read_varint(slice->data + cursor->offset, slice->data + slice->size, ret_value);
    if (used > 0) {
        advance(cursor, used);
        return true;
    }
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 7 * WIRE_VARINT_MAX && cursor->left > 0; shift += 7) {
        uint8_t byte = cursor->rope->slices[cursor->slice].data[cursor->offset];
        advance(cursor, 1);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* `size` bytes in one piece: where they lie when one slice holds them, else copied to the arena. */
static const uint8_t *take_contiguous(struct cursor *cursor, size_t size, struct arena *arena)
{
    if (size == 0)
        return (const uint8_t *)"";
    const struct slice *slice = &cursor->rope->slices[cursor->slice];
    if (size <= slice->size - cursor->offset) {
        const uint8_t *data = slice->data + cursor->offset;
        advance(cursor, size);
        return data;
    }
    uint8_t *copy = arena_alloc(arena, size);
    if (copy == NULL)
        return NULL;
    for (size_t done = 0; done < size;) {
        slice = &cursor->rope->slices[cursor->slice];
        size_t piece = slice->size - cursor->offset < size - done ? slice->size - cursor->offset : size - done;
        memcpy(copy + done, slice->data + cursor->offset, piece);
        advance(cursor, piece);
        done += piece;
    }
    return copy;
}

static sluice_status take_slices(struct cursor *cursor, size_t size, struct rope *rope)
{
    while (size > 0) {
        const struct slice *slice = &cursor->rope->slices[cursor->slice];
        size_t piece = slice->size - cursor->offset < size ? slice->size - cursor->offset : size;
        if (rope_append(rope, slice->block, slice->data + cursor->offset, piece) != SLUICE_OK)
            return SLUICE_NO_MEMORY;
        advance(cursor, piece);
        size -= piece;
    }
    return SLUICE_OK;
}

/* Appends to a span; the first piece is used where it lies. */
static sluice_status join(struct span *span, const uint8_t *data, size_t size, struct arena *arena)
{
    if (span->size == 0) {
        *span = (struct span){data, size};
        return SLUICE_OK;
    }
    uint8_t *joined = arena_alloc(arena, span->size + size);
    if (joined == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(joined, span->data, span->size);
    memcpy(joined + span->size, data, size);
    *span = (struct span){joined, span->size + size};
    return SLUICE_OK;
}

static sluice_status unreadable(sluice_error *error, const char *what)
{
    return sluice_fail(error, SLUICE_INVALID, "request", "%s", what);
}

static const char not_protobuf[] = "the message is not a jina.DataRequestProto: its bytes are no valid protobuf";

/* One length-delimited field of the request. */
static sluice_status take_field(struct cursor *cursor, uint32_t number, size_t size, struct arena *arena,
                                struct envelope *envelope)
{
    if (number == REQUEST_DATA) {
        envelope->has_data = true;
        return take_slices(cursor, size, &envelope->data);
    }
    if (number == REQUEST_ROUTES) {
        advance(cursor, size);
        return SLUICE_OK;
    }
    const uint8_t *data = take_contiguous(cursor, size, arena);
    if (data == NULL)
        return SLUICE_NO_MEMORY;
    if (number == REQUEST_HEADER)
        return join(&envelope->header, data, size, arena);
    if (number == REQUEST_PARAMETERS)
        return join(&envelope->parameters, data, size, arena);
    uint8_t tag[2 * WIRE_VARINT_MAX], *end = wire_put_varint(tag, wire_tag(number, WIRE_BYTES));
    end = wire_put_varint(end, size);
    uint8_t *whole = arena_alloc(arena, (size_t)(end - tag) + size);
    if (whole == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(whole, tag, (size_t)(end - tag));
    memcpy(whole + (end - tag), data, size);
    return join(&envelope->unknown, whole, (size_t)(end - tag) + size, arena);
}

/* An unknown field that is not length-delimited; groups are refused, proto3 has none. */
static sluice_status take_unknown_scalar(struct cursor *cursor, uint64_t tag, struct arena *arena,
                                         struct envelope *envelope, sluice_error *error)
{
    uint8_t bytes[2 * WIRE_VARINT_MAX], *end = wire_put_varint(bytes, tag);
    uint64_t value;
    if ((tag & 7) == WIRE_VARINT) {
        if (!take_varint(cursor, &value))
            return unreadable(error, not_protobuf);
        end = wire_put_varint(end, value);
    } else {
        size_t size = (tag & 7) == WIRE_FIXED64 ? 8 : (tag & 7) == WIRE_FIXED32 ? 4 : 0;
        if (size == 0 || size > cursor->left)
            return unreadable(error, not_protobuf);
        const uint8_t *data = take_contiguous(cursor, size, arena);
        if (data == NULL)
            return SLUICE_NO_MEMORY;
        memcpy(end, data, size);
        end += size;
    }
    uint8_t *copy = arena_copy(arena, bytes, (size_t)(end - bytes));
    return copy == NULL ? SLUICE_NO_MEMORY : join(&envelope->unknown, copy, (size_t)(end - bytes), arena);
}

static bool all_utf8(const struct wire_field *field)
{
    return field->type == WIRE_BYTES && text_is_utf8(field->data, field->size);
}

/* The strings of a StatusProto that a client sent; it travels on, so it must be readable. */
static bool status_is_readable(const uint8_t *data, size_t size, bool exception)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        bool is_text = exception ? field.number <= EXCEPTION_EXECUTOR : field.number == STATUS_DESCRIPTION;
        if (is_text && !all_utf8(&field))
            return false;
        if (!exception && field.number == STATUS_EXCEPTION &&
            (field.type != WIRE_BYTES || !status_is_readable(field.data, field.size, true)))
            return false;
    }
    return !reader.malformed;
}

static sluice_status read_header(struct envelope *envelope, sluice_error *error)
{
    struct wire_reader reader = wire_read(envelope->header.data, envelope->header.size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        struct span *text = field.number == HEADER_REQUEST_ID ? &envelope->request_id
                            : field.number == HEADER_ENDPOINT ? &envelope->endpoint
                            : field.number == HEADER_TARGET   ? &envelope->target
                                                              : NULL;
        if (text != NULL) {
            if (!all_utf8(&field))
                return unreadable(error, "the header holds text that is not UTF-8");
            *text = (struct span){field.data, field.size};
            envelope->has_endpoint |= field.number == HEADER_ENDPOINT;
        } else if (field.number == HEADER_STATUS &&
                   (field.type != WIRE_BYTES || !status_is_readable(field.data, field.size, false))) {
            return unreadable(error, "header.status is no readable StatusProto");
        }
    }
    return reader.malformed ? unreadable(error, not_protobuf) : SLUICE_OK;
}

sluice_status envelope_read(const struct rope *message, size_t depth_max, struct arena *arena,
                            struct envelope *envelope, sluice_error *error)
{
    memset(envelope, 0, sizeof *envelope);
    rope_init(&envelope->data);
    struct cursor cursor = {.rope = message, .left = message->size};
    while (cursor.left > 0) {
        uint64_t tag, size;
        if (!take_varint(&cursor, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
            return unreadable(error, not_protobuf);
        sluice_status status;
        if ((tag & 7) == WIRE_BYTES) {
            if (!take_varint(&cursor, &size) || size > cursor.left)
                return unreadable(error, not_protobuf);
            status = take_field(&cursor, (uint32_t)(tag >> 3), (size_t)size, arena, envelope);
        } else if (tag >> 3 <= REQUEST_DATA) {
            return unreadable(error, not_protobuf);
        } else {
            status = take_unknown_scalar(&cursor, tag, arena, envelope, error);
        }
        if (status == SLUICE_NO_MEMORY)
            return sluice_fail(error, arena_failure(arena) == SLUICE_LIMIT ? SLUICE_LIMIT : SLUICE_NO_MEMORY, "request",
                               "no memory for the envelope");
        if (status != SLUICE_OK)
            return status;
    }
    sluice_status status = read_header(envelope, error);
    if (status == SLUICE_OK)
        status = parameters_check(envelope->parameters, depth_max, error);
    return status;
}

void envelope_done(struct envelope *envelope)
{
    rope_done(&envelope->data);
}
