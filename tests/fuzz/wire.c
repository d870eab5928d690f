/* Bytes as protobuf fields: fields lie within the input, one after the other, and come back when written again. */
#include "common/wire/wire.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write(struct buffer *buffer, const struct wire_field *field, const uint8_t *end)
{
    uint32_t bits = (uint32_t)field->value;
    switch (field->type) {
    case WIRE_VARINT: wire_append_uint(buffer, field->number, field->value); break;
    case WIRE_BYTES: wire_append_bytes(buffer, field->number, field->data, field->size); break;
    case WIRE_FIXED32:
        wire_append_tag(buffer, field->number, WIRE_FIXED32);
        buffer_append(buffer, &bits, sizeof bits);
        break;
    case WIRE_FIXED64:
        wire_append_tag(buffer, field->number, WIRE_FIXED64);
        buffer_append(buffer, &field->value, sizeof field->value);
        break;
    default: buffer_append(buffer, field->start, (size_t)(end - field->start)); /* a group, as it is */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader reader = wire_read(data, size), again;
    struct wire_field field, copy;
    struct buffer buffer;
    const uint8_t *at = data;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    while (wire_next(&reader, &field)) {
        require(field.start == at && reader.at > at && reader.at <= data + size);
        require(field.number > 0 && field.number < 1u << 29);
        require(field.size == 0 || (field.data > at && field.data + field.size <= reader.at));
        buffer_clear(&buffer);
        write(&buffer, &field, reader.at);
        require(buffer.size <= (size_t)(reader.at - at)); /* never longer than it came */
        again = wire_read(buffer.data, buffer.size);
        require(wire_next(&again, &copy) && again.at == again.end && copy.number == field.number &&
                copy.type == field.type && copy.size == field.size);
        require(copy.size == 0 || memcmp(copy.data, field.data, field.size) == 0);
        require(field.type == WIRE_BYTES || field.type == WIRE_GROUP_START || copy.value == field.value);
        at = reader.at;
    }
    require(reader.malformed || at == data + size);
    require(!wire_next(&reader, &field));
    buffer_done(&buffer);
    return 0;
}
