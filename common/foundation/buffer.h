/*
 * buffer.h - a growable row of bytes with a limit.
 *
 * Appending to a full or failed buffer does nothing: `failed` stays set until buffer_done() or buffer_clear(), so a row
 * of appends is checked once at its end. The bytes are always followed by a NUL that does not count, so text built here
 * is a C string. Not thread-safe.
 */
#ifndef SLUICE_FOUNDATION_BUFFER_H
#define SLUICE_FOUNDATION_BUFFER_H

#include <sluice/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit;         /* the buffer never holds more bytes than this */
    sluice_status failed; /* SLUICE_OK, SLUICE_LIMIT or SLUICE_NO_MEMORY */
};

#define BUFFER_NO_LIMIT ((size_t)1 << 47)

void buffer_init(struct buffer *buffer, size_t limit);
void buffer_done(struct buffer *buffer);  /* frees; the struct may be used again after buffer_init() */
void buffer_clear(struct buffer *buffer); /* empties and forgets a failure; keeps the memory */

/* Make room for `size` more bytes and return where they go (the caller then adds to `size`), or NULL. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t size);

void buffer_append_grow(struct buffer *buffer, const void *data, size_t size); /* what buffer_append() calls at need */

/* Inline, because what is written piece by piece (JSON) spends its time here. */
static inline void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (size >= buffer->capacity - buffer->size || size > buffer->limit - buffer->size ||
        buffer->failed != SLUICE_OK) {
        buffer_append_grow(buffer, data, size);
        return;
    }
    if (size > 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

static inline void buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    buffer_append(buffer, &byte, 1);
}

static inline void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...) SLUICE_PRINTF(2, 3);

/* The contents as a C string; "" for an empty buffer. Valid until the next change. */
const char *buffer_text(const struct buffer *buffer);

/* Hand the memory to the caller, who frees it with free(). NULL when nothing was ever appended. */
uint8_t *buffer_take(struct buffer *buffer, size_t *ret_size);

#endif
