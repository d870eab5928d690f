#include "common/net/grpc/inflate.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/slice_buffer.h>
#include <zlib.h>

enum {
    ZLIB_WINDOW_BITS = 15,
    GZIP_WINDOW_BITS = ZLIB_WINDOW_BITS + 16, /* zlib's way to say gzip */
    CHUNK_LEAST = 1024,
    CHUNK_MOST = 256 * 1024,
    EXPECTED_RATIO = 4, /* texts shrink to about a quarter: mostly one chunk for a small message */
};

struct inflating {
    z_stream stream;
    grpc_slice chunk; /* being filled; stream.avail_out bytes are free */
    size_t chunk_size, size, size_max;
    grpc_slice_buffer *into;
};

/* The bytes of the chunk that are filled go to the message. */
static void flush_chunk(struct inflating *inflating)
{
    size_t filled = GRPC_SLICE_LENGTH(inflating->chunk) - inflating->stream.avail_out;
    inflating->size += filled;
    if (filled > 0)
        grpc_slice_buffer_add(inflating->into, grpc_slice_split_head(&inflating->chunk, filled));
    grpc_slice_unref(inflating->chunk);
    inflating->chunk = grpc_empty_slice();
    inflating->stream.avail_out = 0;
}

static void new_chunk(struct inflating *inflating)
{
    inflating->chunk = grpc_slice_malloc(inflating->chunk_size);
    inflating->stream.next_out = GRPC_SLICE_START_PTR(inflating->chunk);
    inflating->stream.avail_out = (uInt)inflating->chunk_size;
}

/* One slice of input. Z_OK: more may come; Z_STREAM_END; Z_BUF_ERROR: it is too large; any other: it is broken. */
static int inflate_slice(struct inflating *inflating, const grpc_slice *input)
{
    int result = Z_OK;
    inflating->stream.next_in = (Bytef *)(uintptr_t)GRPC_SLICE_START_PTR(*input);
    inflating->stream.avail_in = (uInt)GRPC_SLICE_LENGTH(*input);
    while (result == Z_OK && (inflating->stream.avail_in > 0 || inflating->stream.avail_out == 0)) {
        if (inflating->stream.avail_out == 0) {
            flush_chunk(inflating);
            if (inflating->size > inflating->size_max)
                return Z_BUF_ERROR;
            new_chunk(inflating);
        }
        result = inflate(&inflating->stream, Z_NO_FLUSH);
        if (result == Z_BUF_ERROR) /* all input was taken, and there is nothing more to write */
            return Z_OK;
    }
    return result == Z_STREAM_END && inflating->stream.avail_in > 0 ? Z_DATA_ERROR : result;
}

static int inflate_all(struct inflating *inflating, const grpc_slice_buffer *from)
{
    int result = Z_OK;
    for (size_t i = 0; i < from->count && (result == Z_OK || result == Z_STREAM_END); i++) {
        if (GRPC_SLICE_LENGTH(from->slices[i]) == 0)
            continue;
        result = result == Z_STREAM_END ? Z_DATA_ERROR : inflate_slice(inflating, &from->slices[i]);
    }
    flush_chunk(inflating);
    if (result == Z_STREAM_END && inflating->size > inflating->size_max)
        return Z_BUF_ERROR;
    return result;
}

static size_t chunk_for(size_t compressed)
{
    if (compressed >= CHUNK_MOST / EXPECTED_RATIO)
        return CHUNK_MOST;
    return compressed * EXPECTED_RATIO < CHUNK_LEAST ? CHUNK_LEAST : compressed * EXPECTED_RATIO;
}

sluice_status rpc_inflate(grpc_byte_buffer **buffer, size_t size_max, sluice_error *error)
{
    grpc_compression_algorithm algorithm = (*buffer)->data.raw.compression;
    if (algorithm == GRPC_COMPRESS_NONE)
        return SLUICE_OK;
    grpc_byte_buffer *plain = grpc_raw_byte_buffer_create(NULL, 0);
    struct inflating inflating = {.chunk = grpc_empty_slice(),
                                  .chunk_size = chunk_for(grpc_byte_buffer_length(*buffer)),
                                  .size_max = size_max,
                                  .into = &plain->data.raw.slice_buffer};
    int bits = algorithm == GRPC_COMPRESS_GZIP ? GZIP_WINDOW_BITS : ZLIB_WINDOW_BITS;
    if (inflateInit2(&inflating.stream, bits) != Z_OK) {
        grpc_byte_buffer_destroy(plain);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory to decompress the message");
    }
    int result = inflate_all(&inflating, &(*buffer)->data.raw.slice_buffer);
    inflateEnd(&inflating.stream);
    if (result == Z_STREAM_END) {
        grpc_byte_buffer_destroy(*buffer);
        *buffer = plain;
        return SLUICE_OK;
    }
    grpc_byte_buffer_destroy(plain);
    if (result == Z_BUF_ERROR)
        return sluice_fail(error, SLUICE_LIMIT, NULL, "the decompressed message is larger than the %zu bytes allowed",
                           size_max);
    if (result == Z_MEM_ERROR)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory to decompress the message");
    return sluice_fail(error, SLUICE_INVALID, NULL,
                       "the message cannot be read: it is not compressed as its call says");
}
