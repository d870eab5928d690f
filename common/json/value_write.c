#include "common/json/writer.h"

sluice_status writer_init(struct writer *writer, sluice_error *error)
{
    buffer_init(&writer->buffer, BUFFER_NO_LIMIT);
    writer->error = error;
    sluice_status status = json_printer(&writer->print, error);
    return status == SLUICE_OK ? json_row_printer(&writer->print_row, error) : status;
}

sluice_status writer_take(struct writer *writer, sluice_status status, char **ret_json, size_t *ret_size)
{
    if (status == SLUICE_OK && writer->buffer.failed != SLUICE_OK)
        status = sluice_fail(writer->error, writer->buffer.failed, "json", "no memory to write it");
    if (status == SLUICE_OK)
        *ret_json = (char *)buffer_take(&writer->buffer, ret_size);
    buffer_done(&writer->buffer);
    return status;
}

void write_double(struct writer *writer, double number)
{
    uint8_t *at = buffer_reserve(&writer->buffer, JSON_NUMBER_MAX);
    if (at == NULL)
        return;
    writer->buffer.size += writer->print(number, (char *)at);
    writer->buffer.data[writer->buffer.size] = '\0';
}

static void write_items(struct writer *writer, const sluice_value *value, bool is_map)
{
    struct buffer *buffer = &writer->buffer;
    buffer_append_byte(buffer, is_map ? '{' : '[');
    for (size_t i = 0; i < sluice_value_size(value); i++) {
        if (i > 0)
            buffer_append_byte(buffer, ',');
        if (is_map) {
            sluice_text key = sluice_value_key_at(value, i);
            json_write_string(buffer, key.data, key.size);
            buffer_append_byte(buffer, ':');
        }
        write_value(writer, sluice_value_at(value, i));
    }
    buffer_append_byte(buffer, is_map ? '}' : ']');
}

void write_value(struct writer *writer, const sluice_value *value)
{
    struct buffer *buffer = &writer->buffer;
    sluice_text text = sluice_value_string(value);
    switch (sluice_value_kind_of(value)) {
    case SLUICE_VALUE_BOOL: buffer_append_text(buffer, sluice_value_bool(value, false) ? "true" : "false"); break;
    case SLUICE_VALUE_NUMBER: write_double(writer, sluice_value_number(value, 0)); break;
    case SLUICE_VALUE_STRING: json_write_string(buffer, text.data, text.size); break;
    case SLUICE_VALUE_LIST: write_items(writer, value, false); break;
    case SLUICE_VALUE_MAP: write_items(writer, value, true); break;
    default: buffer_append_text(buffer, "null");
    }
}

sluice_status sluice_value_to_json(const sluice_value *value, char **ret_json, sluice_error *error)
{
    struct writer writer;
    size_t size;
    sluice_status status = writer_init(&writer, error);
    if (status == SLUICE_OK)
        write_value(&writer, value);
    return writer_take(&writer, status, ret_json, &size);
}
