#include "common/net/coding.h"

#include <zlib.h>

enum {
    WINDOW_BITS = 15,    /* of zlib's own form, "deflate" in HTTP */
    GZIP = 16,           /* turns it into gzip's */
    MEMORY_LEVEL = 8,    /* zlib's default */
    INPUT_MAX = 1 << 30, /* zlib counts in 32 bits */
    STEP = 64 * 1024,
};

/* As much output as the input so far gives; at the end all of it. */
static sluice_status take_output(z_stream *stream, int flush, struct buffer *target)
{
    int result;
    do {
        uint8_t *at = buffer_reserve(target, STEP);
        if (at == NULL)
            return target->failed;
        stream->next_out = at;
        stream->avail_out = STEP;
        result = deflate(stream, flush);
        target->size += STEP - stream->avail_out;
    } while (result == Z_OK && (stream->avail_out == 0 || flush == Z_FINISH));
    return SLUICE_OK;
}

sluice_status coding_write(enum coding coding, struct buffer *body)
{
    z_stream stream = {0};
    struct buffer target;
    int bits = WINDOW_BITS + (coding == CODING_GZIP ? GZIP : 0);
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return SLUICE_NO_MEMORY;
    /* A whole step is reserved at a time, so the limit is checked at the end. */
    buffer_init(&target, BUFFER_NO_LIMIT);
    sluice_status status = SLUICE_OK;
    size_t at = 0;
    while (status == SLUICE_OK && at < body->size) {
        size_t size = body->size - at < INPUT_MAX ? body->size - at : INPUT_MAX;
        stream.next_in = body->data + at;
        stream.avail_in = (uInt)size;
        at += size;
        status = take_output(&stream, at == body->size ? Z_FINISH : Z_NO_FLUSH, &target);
    }
    deflateEnd(&stream);
    if (status == SLUICE_OK && target.size > body->limit)
        status = SLUICE_TOO_LARGE;
    if (status == SLUICE_OK) {
        target.limit = body->limit;
        buffer_done(body);
        *body = target;
    } else {
        buffer_done(&target);
    }
    return status;
}
