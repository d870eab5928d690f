#include "common/foundation/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.limit = buffer->limit};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = SLUICE_OK;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->failed != SLUICE_OK)
        return NULL;
    if (size > buffer->limit - buffer->size) {
        buffer->failed = SLUICE_LIMIT;
        return NULL;
    }
    size_t needed = buffer->size + size + 1;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
        while (capacity < needed)
            capacity *= 2;
        uint8_t *data = realloc(buffer->data, capacity);
        if (data == NULL) {
            buffer->failed = SLUICE_NO_MEMORY;
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->size;
}

void buffer_append_grow(struct buffer *buffer, const void *data, size_t size)
{
    uint8_t *at = buffer_reserve(buffer, size);
    if (at == NULL)
        return;
    if (size > 0)
        memcpy(at, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    uint8_t *at = size >= 0 ? buffer_reserve(buffer, (size_t)size) : NULL;
    if (at != NULL) {
        vsnprintf((char *)at, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data != NULL ? (const char *)buffer->data : "";
}

uint8_t *buffer_take(struct buffer *buffer, size_t *ret_size)
{
    uint8_t *data = buffer->data;
    *ret_size = buffer->size;
    *buffer = (struct buffer){.limit = buffer->limit};
    return data;
}
