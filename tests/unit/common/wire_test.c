#include "common/wire/wire.h"
#include "tests/unit/suite.h"

static const uint64_t varints[] = {0, 1, 127, 128, 300, 16383, 16384, UINT32_MAX, (uint64_t)1 << 35, (uint64_t)1 << 63, UINT64_MAX};
enum { VARINTS = sizeof varints / sizeof varints[0] };

START_TEST(varints_come_back_and_have_the_announced_size)
{
    for (size_t i = 0; i < VARINTS; i++) {
        uint8_t bytes[WIRE_VARINT_MAX];
        uint64_t value;
        size_t size = (size_t)(wire_put_varint(bytes, varints[i]) - bytes);
        ck_assert_uint_eq(size, wire_varint_size(varints[i]));
        ck_assert_uint_eq(wire_read_varint(bytes, bytes + size, &value), size);
        ck_assert_uint_eq(value, varints[i]);
        for (size_t cut = 0; cut < size; cut++)
            ck_assert_uint_eq(wire_read_varint(bytes, bytes + cut, &value), 0);
    }
    for (unsigned bits = 0; bits < 64; bits++) {
        uint8_t bytes[WIRE_VARINT_MAX];
        uint64_t value = (uint64_t)1 << bits;
        ck_assert_uint_eq((size_t)(wire_put_varint(bytes, value) - bytes), wire_varint_size(value));
        ck_assert_uint_eq((size_t)(wire_put_varint(bytes, value - 1) - bytes), wire_varint_size(value - 1));
    }
}
END_TEST

START_TEST(an_endless_varint_is_refused)
{
    uint8_t bytes[11];
    uint64_t value;
    memset(bytes, 0x80, sizeof bytes);
    bytes[10] = 0;
    ck_assert_uint_eq(wire_read_varint(bytes, bytes + 11, &value), 0);
    bytes[9] = 1; /* ten bytes are the most */
    ck_assert_uint_eq(wire_read_varint(bytes, bytes + 11, &value), 10);
}
END_TEST

START_TEST(fields_of_every_type_come_back)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    wire_append_uint(&buffer, 1, 0);
    wire_append_float(&buffer, 2, -0.0f);
    wire_append_double(&buffer, 3, 1.5);
    wire_append_text(&buffer, 4, "text");
    wire_append_bytes(&buffer, 536870911, NULL, 0); /* the largest number */
    struct wire_reader reader = wire_read(buffer.data, buffer.size);
    struct wire_field field;
    ck_assert(wire_next(&reader, &field) && field.number == 1 && field.type == WIRE_VARINT && field.value == 0);
    ck_assert(wire_next(&reader, &field) && field.number == 2 && field.type == WIRE_FIXED32);
    ck_assert_uint_eq(field.value, 0x80000000u);
    ck_assert_float_eq(wire_float(&field), 0);
    ck_assert(wire_next(&reader, &field) && field.number == 3 && field.type == WIRE_FIXED64);
    ck_assert_double_eq(wire_double(&field), 1.5);
    ck_assert(wire_next(&reader, &field) && field.number == 4 && field.size == 4);
    ck_assert_mem_eq(field.data, "text", 4);
    ck_assert_uint_eq((size_t)(reader.at - field.start), wire_bytes_size(4, 4));
    ck_assert(wire_next(&reader, &field) && field.number == 536870911 && field.size == 0);
    ck_assert(!wire_next(&reader, &field) && !reader.malformed);
    buffer_done(&buffer);
}
END_TEST

static bool is_malformed(const char *bytes, size_t size)
{
    struct wire_reader reader = wire_read(bytes, size);
    struct wire_field field;
    while (wire_next(&reader, &field))
        continue;
    return reader.malformed;
}

START_TEST(malformed_fields_are_told)
{
    ck_assert(is_malformed("\x00\x01", 2));             /* number 0 */
    ck_assert(is_malformed("\x08", 1));                 /* no value */
    ck_assert(is_malformed("\x0a\x05" "abcd", 6));      /* too short */
    ck_assert(is_malformed("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)); /* a size beyond the address space */
    ck_assert(is_malformed("\x0d\x01\x02\x03", 4));
    ck_assert(is_malformed("\x09\x01\x02\x03\x04\x05\x06\x07", 8));
    ck_assert(is_malformed("\x0e", 1));                 /* wire type 6 */
    ck_assert(is_malformed("\x0c", 1));                 /* a group that ends without a beginning */
    ck_assert(is_malformed("\x0b\x08\x01", 3));         /* one without an end */
    ck_assert(is_malformed("\x0b\x14", 2));             /* one that another number ends */
    ck_assert(is_malformed("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 10));
    ck_assert(is_malformed("\xff\xff\xff\xff\x7f\x01", 6)); /* a tag beyond 32 bit */
    ck_assert(!is_malformed("", 0));
}
END_TEST

START_TEST(groups_are_skipped_as_one_field)
{
    static const char bytes[] = "\x0b\x08\x01\x13\x14\x0c\x10\x05";
    struct wire_reader reader = wire_read(bytes, sizeof bytes - 1);
    struct wire_field field;
    ck_assert(wire_next(&reader, &field));
    ck_assert_int_eq(field.type, WIRE_GROUP_START);
    ck_assert_uint_eq((size_t)(reader.at - field.start), 6);
    ck_assert(wire_next(&reader, &field) && field.number == 2 && field.value == 5);
    char deep[2 * (WIRE_GROUP_DEPTH_MAX + 2)];
    for (size_t depth = WIRE_GROUP_DEPTH_MAX; depth <= WIRE_GROUP_DEPTH_MAX + 1; depth++) {
        memset(deep, 0x0b, depth);
        memset(deep + depth, 0x0c, depth);
        ck_assert_int_eq(is_malformed(deep, 2 * depth), depth > WIRE_GROUP_DEPTH_MAX);
    }
}
END_TEST

START_TEST(messages_of_unknown_size_get_their_length)
{
    static const size_t sizes[] = {0, 1, 127, 128, 20000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer buffer;
        buffer_init(&buffer, BUFFER_NO_LIMIT);
        size_t begun = wire_begin_message(&buffer, 5);
        for (size_t byte = 0; byte < sizes[i]; byte++)
            buffer_append_byte(&buffer, (uint8_t)byte);
        wire_end_message(&buffer, begun);
        struct wire_reader reader = wire_read(buffer.data, buffer.size);
        struct wire_field field;
        ck_assert(wire_next(&reader, &field));
        ck_assert_uint_eq(field.size, sizes[i]);
        for (size_t byte = 0; byte < sizes[i]; byte++)
            ck_assert_uint_eq(field.data[byte], (uint8_t)byte);
        ck_assert(reader.at == reader.end);
        buffer_done(&buffer);
    }
}
END_TEST

SUITE_MAIN("common.wire", varints_come_back_and_have_the_announced_size, an_endless_varint_is_refused,
           fields_of_every_type_come_back, malformed_fields_are_told, groups_are_skipped_as_one_field,
           messages_of_unknown_size_get_their_length)
