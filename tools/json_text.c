#include "tools/json_text.h"
#include "common/foundation/text.h"

/* Bytes of the UTF-8 sequence that `byte` begins; 1 for what begins none. */
static size_t sequence_size(unsigned char byte)
{
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

void json_append_string(struct buffer *buffer, const void *data, size_t size)
{
    const unsigned char *at = data, *end = at + size;
    buffer_append_byte(buffer, '"');
    while (at < end) {
        size_t sequence = sequence_size(*at);
        if (*at == '"' || *at == '\\')
            buffer_printf(buffer, "\\%c", *at);
        else if (*at == '\n')
            buffer_append_text(buffer, "\\n");
        else if (*at < 0x20)
            buffer_printf(buffer, "\\u%04x", *at);
        else if (*at < 0x80)
            buffer_append_byte(buffer, *at);
        else if (sequence <= (size_t)(end - at) && text_is_utf8(at, sequence))
            buffer_append(buffer, at, sequence);
        else {
            buffer_append_text(buffer, "\\ufffd");
            sequence = 1;
        }
        at += sequence;
    }
    buffer_append_byte(buffer, '"');
}
