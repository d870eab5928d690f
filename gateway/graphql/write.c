#include "gateway/graphql/write.h"
#include "common/foundation/buffer.h"
#include "common/json/lists.h"

#include <string.h>

/* One character of UTF-8 as its code; *at moves on. The text is valid. */
static uint32_t code_at(const unsigned char **at)
{
    const unsigned char *byte = *at;
    if (byte[0] < 0xE0) {
        *at += 2;
        return (byte[0] & 0x1FU) << 6 | (byte[1] & 0x3FU);
    }
    if (byte[0] < 0xF0) {
        *at += 3;
        return (byte[0] & 0x0FU) << 12 | (byte[1] & 0x3FU) << 6 | (byte[2] & 0x3FU);
    }
    *at += 4;
    return (byte[0] & 0x07U) << 18 | (byte[1] & 0x3FU) << 12 | (byte[2] & 0x3FU) << 6 | (byte[3] & 0x3FU);
}

static void write_unit(struct buffer *buffer, unsigned unit)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {
        '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};
    buffer_append(buffer, text, sizeof text);
}

static void write_code(struct buffer *buffer, uint32_t code)
{
    if (code >= 0x10000) {
        write_unit(buffer, 0xD800 + ((code - 0x10000) >> 10));
        write_unit(buffer, 0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
        write_unit(buffer, code);
    }
}

static void write_escape(struct buffer *buffer, unsigned char byte)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    const char *known = memchr(from, byte, sizeof from - 1);
    if (known != NULL) {
        char text[2] = {'\\', to[known - from]};
        buffer_append(buffer, text, sizeof text);
    } else {
        write_unit(buffer, byte);
    }
}

void write_text(struct buffer *buffer, sluice_text text)
{
    const unsigned char *at = (const unsigned char *)text.data, *end = at + text.size, *from = at;
    buffer_append_byte(buffer, '"');
    while (at < end) {
        if (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
            at++;
            continue;
        }
        buffer_append(buffer, from, (size_t)(at - from));
        if (*at < 0x80)
            write_escape(buffer, *at++);
        else
            write_code(buffer, code_at(&at));
        from = at;
    }
    buffer_append(buffer, from, (size_t)(at - from));
    buffer_append_byte(buffer, '"');
}

void write_number(struct buffer *buffer, double number, json_print_double print)
{
    char text[JSON_NUMBER_MAX];
    buffer_append(buffer, text, print(number, text));
}

void write_value(struct buffer *buffer, const sluice_value *value, json_print_double print)
{
    size_t count = sluice_value_size(value);
    switch (sluice_value_kind_of(value)) {
    case SLUICE_VALUE_BOOL: buffer_append_text(buffer, sluice_value_bool(value, false) ? "true" : "false"); break;
    case SLUICE_VALUE_NUMBER: write_number(buffer, sluice_value_number(value, 0), print); break;
    case SLUICE_VALUE_STRING: write_text(buffer, sluice_value_string(value)); break;
    case SLUICE_VALUE_LIST:
        buffer_append_byte(buffer, '[');
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                buffer_append_text(buffer, ", ");
            write_value(buffer, sluice_value_at(value, i), print);
        }
        buffer_append_byte(buffer, ']');
        break;
    case SLUICE_VALUE_MAP:
        buffer_append_byte(buffer, '{');
        for (size_t i = 0; i < count; i++) {
            if (i > 0)
                buffer_append_text(buffer, ", ");
            write_text(buffer, sluice_value_key_at(value, i));
            buffer_append_text(buffer, ": ");
            write_value(buffer, sluice_value_at(value, i), print);
        }
        buffer_append_byte(buffer, '}');
        break;
    default: buffer_append_text(buffer, "null");
    }
}

const char *write_tensor(struct buffer *buffer, const sluice_tensor *tensor, json_print_doubles print_row)
{
    const char *reason = tensor->dimensions == 0 ? "it has no dimension" : lists_fault(tensor);
    if (reason == NULL)
        lists_write(buffer, tensor, print_row, true);
    return reason;
}
