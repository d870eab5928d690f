#include "common/net/websocket/deflate.h"

#include <stdlib.h>
#include <zlib.h>

/* What ends a flush. A message is sent without it (RFC 7692, 7.2.1). */
static const uint8_t flush_end[4] = {0x00, 0x00, 0xFF, 0xFF};

enum { PART_MAX = 1 << 30 /* zlib counts in unsigned int */, LEVEL = 1, MEMORY_LEVEL = 8 };

static uInt part_of(const uint8_t *at, const uint8_t *end)
{
    return (size_t)(end - at) > PART_MAX ? PART_MAX : (uInt)(end - at);
}

/* ---- reading ---- */

struct websocket_inflater {
    z_stream zlib;
    bool begun, no_context_takeover;
    size_t end_given; /* bytes of flush_end */
};

struct websocket_inflater *websocket_inflater_new(bool no_context_takeover)
{
    struct websocket_inflater *inflater = calloc(1, sizeof *inflater);
    if (inflater != NULL)
        inflater->no_context_takeover = no_context_takeover;
    return inflater;
}

struct websocket_inflater *websocket_inflater_free(struct websocket_inflater *inflater)
{
    if (inflater != NULL && inflater->begun)
        inflateEnd(&inflater->zlib);
    free(inflater);
    return NULL;
}

/* The largest window reads what was written with any. */
static bool begin(struct websocket_inflater *inflater)
{
    if (!inflater->begun)
        inflater->begun = inflateInit2(&inflater->zlib, -DEFLATE_WINDOW_BITS) == Z_OK;
    return inflater->begun;
}

enum inflate_result websocket_inflate(struct websocket_inflater *inflater, uint8_t **at, const uint8_t *end, uint8_t *room,
                                      size_t capacity, size_t *ret_size)
{
    z_stream *zlib = &inflater->zlib;

    *ret_size = 0;
    if (!begin(inflater))
        return INFLATE_NO_MEMORY;
    zlib->next_in = *at;
    zlib->avail_in = part_of(*at, end);
    zlib->next_out = room;
    zlib->avail_out = (uInt)capacity;
    int result = inflate(zlib, Z_SYNC_FLUSH);
    *at = zlib->next_in;
    *ret_size = capacity - zlib->avail_out;
    if (result == Z_STREAM_END) /* a final block is allowed anywhere (7.2.3.4); the window goes on */
        result = inflateResetKeep(zlib);
    return result == Z_OK || result == Z_BUF_ERROR ? INFLATE_GOING
           : result == Z_MEM_ERROR                 ? INFLATE_NO_MEMORY
                                                   : INFLATE_BROKEN;
}

enum inflate_result websocket_inflate_end(struct websocket_inflater *inflater, uint8_t *room, size_t capacity,
                                          size_t *ret_size)
{
    uint8_t bytes[sizeof flush_end], *at = bytes;
    size_t left = sizeof flush_end - inflater->end_given;

    memcpy(bytes, flush_end + inflater->end_given, left);
    enum inflate_result result = websocket_inflate(inflater, &at, bytes + left, room, capacity, ret_size);
    inflater->end_given += (size_t)(at - bytes);
    if (result != INFLATE_GOING || inflater->end_given < sizeof flush_end || *ret_size == capacity)
        return result;
    inflater->end_given = 0;
    /* 128: between two blocks. Anywhere else the message was cut off. */
    if ((inflater->zlib.data_type & 128) == 0)
        return INFLATE_BROKEN;
    if (inflater->no_context_takeover && inflateReset(&inflater->zlib) != Z_OK)
        return INFLATE_BROKEN;
    return INFLATE_DONE;
}

/* ---- writing ---- */

struct websocket_deflater {
    z_stream zlib;
    bool begun, no_context_takeover;
    unsigned window_bits;
    uint8_t held[sizeof flush_end]; /* the last bytes of a flush: they may be its end, which is not sent */
    size_t held_size;
};

struct websocket_deflater *websocket_deflater_new(unsigned window_bits, bool no_context_takeover)
{
    struct websocket_deflater *deflater = calloc(1, sizeof *deflater);
    if (deflater != NULL) {
        deflater->window_bits = window_bits;
        deflater->no_context_takeover = no_context_takeover;
    }
    return deflater;
}

struct websocket_deflater *websocket_deflater_free(struct websocket_deflater *deflater)
{
    if (deflater != NULL && deflater->begun)
        deflateEnd(&deflater->zlib);
    free(deflater);
    return NULL;
}

static bool begin_writing(struct websocket_deflater *deflater)
{
    if (!deflater->begun)
        deflater->begun = deflateInit2(&deflater->zlib, LEVEL, Z_DEFLATED, -(int)deflater->window_bits, MEMORY_LEVEL,
                                       Z_DEFAULT_STRATEGY) == Z_OK;
    return deflater->begun;
}

/* What a flush has put into the room, but for its end. Returns the bytes to send. */
static size_t end_of_flush(struct websocket_deflater *deflater, const uint8_t *room, size_t size, bool done)
{
    size -= sizeof flush_end; /* there are more: room is large, and no flush is shorter */
    deflater->held_size = done ? 0 : sizeof flush_end;
    memcpy(deflater->held, room + size, sizeof flush_end);
    if (done && deflater->no_context_takeover)
        deflateReset(&deflater->zlib);
    return size;
}

sluice_status websocket_deflate(struct websocket_deflater *deflater, const uint8_t **at, const uint8_t *end, bool last,
                                uint8_t *room, size_t capacity, size_t *ret_size, bool *ret_done)
{
    z_stream *zlib = &deflater->zlib;

    *ret_size = 0;
    *ret_done = false;
    if (!begin_writing(deflater))
        return SLUICE_NO_MEMORY;
    memcpy(room, deflater->held, deflater->held_size);
    zlib->next_in = (Bytef *)*at; /* zlib only reads it */
    zlib->avail_in = part_of(*at, end);
    zlib->next_out = room + deflater->held_size;
    zlib->avail_out = (uInt)(capacity - deflater->held_size);
    bool flush = last && zlib->avail_in == (size_t)(end - *at);
    int result = deflate(zlib, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    *at = zlib->next_in;
    *ret_size = capacity - zlib->avail_out;
    if (result != Z_OK && result != Z_BUF_ERROR)
        return SLUICE_NO_MEMORY;
    if (!flush)
        return SLUICE_OK;
    *ret_done = zlib->avail_out > 0;
    *ret_size = end_of_flush(deflater, room, *ret_size, *ret_done);
    return SLUICE_OK;
}
