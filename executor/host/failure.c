#include "executor/host/failure.h"
#include "common/foundation/text.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <string.h>

static size_t bounded(const char *data, size_t size)
{
    return size <= FAILURE_TEXT_MAX ? size : text_cut(data, FAILURE_TEXT_MAX);
}

static size_t sequence_size(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static void append_clean(struct buffer *message, uint32_t number, const char *data, size_t size)
{
    size = bounded(data, size);
    if (text_is_utf8(data, size)) {
        wire_append_bytes(message, number, data, size);
        return;
    }
    size_t begun = wire_begin_message(message, number);
    for (size_t at = 0; at < size;) {
        size_t length = sequence_size((unsigned char)data[at]);
        if (length <= size - at && text_is_utf8(data + at, length)) {
            buffer_append(message, data + at, length);
            at += length;
        } else {
            buffer_append_text(message, "\xEF\xBF\xBD");
            at++;
        }
    }
    wire_end_message(message, begun);
}

/* NAME('a', "it's"), as repr() prints an exception. */
static void append_repr(struct buffer *message, const char *name, const sluice_text *arguments, size_t count)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, name);
    buffer_append_byte(&text, '(');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_text(&text, ", ");
        text_append_python_repr(&text, arguments[i].data, bounded(arguments[i].data, arguments[i].size));
    }
    buffer_append_byte(&text, ')');
    append_clean(message, STATUS_DESCRIPTION, buffer_text(&text), text.size);
    buffer_done(&text);
}

void failure_write(struct buffer *status, const char *name, const sluice_text *arguments, size_t count,
                   const char *description, const char *class_name)
{
    buffer_clear(status);
    wire_append_uint(status, STATUS_CODE, FAILURE_CODE_ERROR);
    if (description != NULL)
        append_clean(status, STATUS_DESCRIPTION, description, strlen(description));
    else
        append_repr(status, name, arguments, count);
    size_t begun = wire_begin_message(status, STATUS_EXCEPTION);
    append_clean(status, EXCEPTION_NAME, name, strlen(name));
    for (size_t i = 0; i < count; i++)
        append_clean(status, EXCEPTION_ARGS, arguments[i].data, arguments[i].size);
    append_clean(status, EXCEPTION_EXECUTOR, class_name, strlen(class_name));
    wire_end_message(status, begun);
}

sluice_text failure_description(const struct buffer *status)
{
    struct wire_reader reader = wire_read(status->data, status->size);
    struct wire_field field;
    while (wire_next(&reader, &field))
        if (field.number == STATUS_DESCRIPTION && field.type == WIRE_BYTES)
            return (sluice_text){(const char *)field.data, field.size};
    return (sluice_text){"", 0};
}
