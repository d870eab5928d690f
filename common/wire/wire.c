#include "common/wire/wire.h"

size_t wire_read_varint(const uint8_t *at, const uint8_t *end, uint64_t *ret_value)
{
    if (at < end && *at < 0x80) { /* most tags and lengths */
        *ret_value = *at;
        return 1;
    }
    uint64_t value = 0;
    size_t available = (size_t)(end - at);
    size_t most = available < WIRE_VARINT_MAX ? available : WIRE_VARINT_MAX;
    for (size_t i = 0; i < most; i++) {
        value |= (uint64_t)(at[i] & 0x7F) << (7 * i);
        if (at[i] < 0x80) {
            *ret_value = value;
            return i + 1;
        }
    }
    return 0;
}

static bool malformed(struct wire_reader *reader)
{
    reader->malformed = true;
    return false;
}

/* Takes `size` bytes as the payload of `field`. */
static bool take(struct wire_reader *reader, struct wire_field *field, uint64_t size)
{
    if (size > (uint64_t)(reader->end - reader->at))
        return malformed(reader);
    field->data = reader->at;
    field->size = (size_t)size;
    reader->at += size;
    return true;
}

static bool next_at_depth(struct wire_reader *reader, struct wire_field *field, unsigned depth);

/* Groups are not used by proto3, but an unknown field may be one: it is skipped as a whole. */
static bool skip_group(struct wire_reader *reader, struct wire_field *group, unsigned depth)
{
    if (depth >= WIRE_GROUP_DEPTH_MAX)
        return malformed(reader);
    struct wire_field inner;
    while (next_at_depth(reader, &inner, depth + 1))
        if (inner.type == WIRE_GROUP_END)
            return inner.number == group->number || malformed(reader);
    return malformed(reader);
}

static bool next_at_depth(struct wire_reader *reader, struct wire_field *field, unsigned depth)
{
    if (reader->at >= reader->end || reader->malformed)
        return false;
    field->start = reader->at;
    uint64_t tag;
    size_t used = wire_read_varint(reader->at, reader->end, &tag);
    if (used == 0 || tag > UINT32_MAX || tag >> 3 == 0)
        return malformed(reader);
    reader->at += used;
    field->number = (uint32_t)(tag >> 3);
    field->type = (enum wire_type)(tag & 7);
    field->data = NULL;
    field->size = 0;
    switch (field->type) {
    case WIRE_VARINT:
        used = wire_read_varint(reader->at, reader->end, &field->value);
        reader->at += used;
        return used > 0 || malformed(reader);
    case WIRE_BYTES: {
        uint64_t size;
        used = wire_read_varint(reader->at, reader->end, &size);
        reader->at += used;
        return used > 0 ? take(reader, field, size) : malformed(reader);
    }
    case WIRE_FIXED64:
        if (!take(reader, field, 8))
            return false;
        memcpy(&field->value, field->data, 8);
        return true;
    case WIRE_FIXED32: {
        if (!take(reader, field, 4))
            return false;
        uint32_t value;
        memcpy(&value, field->data, 4);
        field->value = value;
        return true;
    }
    case WIRE_GROUP_START: return skip_group(reader, field, depth);
    case WIRE_GROUP_END: return depth > 0 || malformed(reader);
    default: return malformed(reader);
    }
}

bool wire_next(struct wire_reader *reader, struct wire_field *field)
{
    /* The usual field: a tag and a length of one byte each. */
    const uint8_t *at = reader->at;
    if (reader->end - at >= 2 && !reader->malformed && (at[0] & 0x87) == WIRE_BYTES && at[0] >= 8 && at[1] < 0x80 &&
        at[1] <= reader->end - at - 2) {
        *field = (struct wire_field){
            .number = at[0] >> 3, .type = WIRE_BYTES, .data = at + 2, .size = at[1], .start = at};
        reader->at = at + 2 + at[1];
        return true;
    }
    return next_at_depth(reader, field, 0);
}

uint8_t *wire_put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

void wire_append_varint(struct buffer *buffer, uint64_t value)
{
    uint8_t bytes[WIRE_VARINT_MAX];
    buffer_append(buffer, bytes, (size_t)(wire_put_varint(bytes, value) - bytes));
}

void wire_append_tag(struct buffer *buffer, uint32_t number, enum wire_type type)
{
    wire_append_varint(buffer, wire_tag(number, type));
}

void wire_append_uint(struct buffer *buffer, uint32_t number, uint64_t value)
{
    wire_append_tag(buffer, number, WIRE_VARINT);
    wire_append_varint(buffer, value);
}

void wire_append_float(struct buffer *buffer, uint32_t number, float value)
{
    wire_append_tag(buffer, number, WIRE_FIXED32);
    buffer_append(buffer, &value, sizeof value);
}

void wire_append_double(struct buffer *buffer, uint32_t number, double value)
{
    wire_append_tag(buffer, number, WIRE_FIXED64);
    buffer_append(buffer, &value, sizeof value);
}

void wire_append_bytes(struct buffer *buffer, uint32_t number, const void *data, size_t size)
{
    wire_append_tag(buffer, number, WIRE_BYTES);
    wire_append_varint(buffer, size);
    buffer_append(buffer, data, size);
}

void wire_append_text(struct buffer *buffer, uint32_t number, const char *text)
{
    wire_append_bytes(buffer, number, text, strlen(text));
}

size_t wire_begin_message(struct buffer *buffer, uint32_t number)
{
    wire_append_tag(buffer, number, WIRE_BYTES);
    buffer_append_byte(buffer, 0);
    return buffer->size;
}

void wire_end_message(struct buffer *buffer, size_t begun)
{
    if (buffer->failed != SLUICE_OK)
        return;
    size_t size = buffer->size - begun;
    size_t length_size = wire_varint_size(size);
    if (length_size > 1) {
        if (buffer_reserve(buffer, length_size - 1) == NULL)
            return;
        memmove(buffer->data + begun - 1 + length_size, buffer->data + begun, size);
        buffer->size += length_size - 1;
        buffer->data[buffer->size] = '\0';
    }
    wire_put_varint(buffer->data + begun - 1, size);
}
