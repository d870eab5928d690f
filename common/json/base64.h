/* base64.h - RFC 4648, standard alphabet with padding. Pure functions; any thread. */
#ifndef SLUICE_JSON_BASE64_H
#define SLUICE_JSON_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

void base64_write(struct buffer *buffer, const void *data, size_t size);

/* Room that base64_read() needs at most. */
static inline size_t base64_room(size_t size)
{
    return size / 4 * 3 + 3;
}

/* As Python's b64decode(): characters outside the alphabet are skipped, padding must suffice. False: it is not base64. */
bool base64_read(const char *text, size_t size, uint8_t *target, size_t *ret_size);

#endif
