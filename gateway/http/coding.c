/* coding.c - gzip, within bounds: request bodies are opened, answers closed when the Flow and the client want it. */
#include "gateway/http/server.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
    GZIP_WINDOW_BITS = 15 + 16, /* zlib's way to say gzip */
    CHUNK_BYTES = 64 * 1024,
    PIECE_BYTES_MAX = 1 << 30,   /* zlib counts in 32 bits */
    COMPRESS_BYTES_LEAST = 1024, /* below it gzip saves no packet */
    MEMORY_LEVEL = 8,            /* zlib's default */
};

/* All of `body` into `plain`, which has the limit. Z_STREAM_END, or what is wrong; Z_BUF_ERROR: `plain` is full. */
static int inflate_all(z_stream *stream, const struct buffer *body, struct buffer *plain)
{
    size_t read = 0;
    int result = Z_OK;

    while (result == Z_OK) {
        if (stream->avail_in == 0 && read < body->size) {
            size_t piece = body->size - read < PIECE_BYTES_MAX ? body->size - read : PIECE_BYTES_MAX;
            stream->next_in = body->data + read;
            stream->avail_in = (uInt)piece;
            read += piece;
        }
        size_t room = plain->limit - plain->size < CHUNK_BYTES ? plain->limit - plain->size : CHUNK_BYTES;
        uint8_t *to = buffer_reserve(plain, room);
        if (to == NULL)
            return Z_MEM_ERROR;
        uint8_t spare; /* one byte more than the limit tells that there would be more */
        stream->next_out = room > 0 ? to : &spare;
        stream->avail_out = room > 0 ? (uInt)room : 1;
        result = inflate(stream, Z_NO_FLUSH);
        if (room == 0 && stream->avail_out == 0)
            return Z_BUF_ERROR;
        if (room > 0)
            plain->size += room - stream->avail_out;
        if (result == Z_BUF_ERROR ||
            (result == Z_OK && stream->avail_in == 0 && stream->avail_out > 0 && read == body->size))
            return Z_DATA_ERROR; /* cut short */
    }
    return result == Z_STREAM_END && (stream->avail_in > 0 || read < body->size) ? Z_DATA_ERROR : result;
}

bool http_body_open(struct http_exchange *exchange)
{
    struct buffer plain;
    z_stream stream = {0};

    buffer_init(&plain, exchange->body.limit);
    int result = inflateInit2(&stream, GZIP_WINDOW_BITS);
    if (result == Z_OK) {
        result = inflate_all(&stream, &exchange->body, &plain);
        inflateEnd(&stream);
    }
    if (result == Z_STREAM_END) {
        buffer_done(&exchange->body);
        exchange->body = plain;
        if (plain.data != NULL)
            exchange->body.data[plain.size] = '\0';
        exchange->compressed = false;
        return true;
    }
    buffer_done(&plain);
    if (result == Z_BUF_ERROR)
        http_answer_detail(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
                           "the decompressed body is larger than the gateway takes (max_message_bytes)");
    else if (result == Z_MEM_ERROR)
        http_answer_detail(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory to decompress the body");
    else
        http_answer_detail(exchange, MHD_HTTP_BAD_REQUEST,
                           "the body cannot be read: it is not the gzip that its Content-Encoding says");
    return false;
}

/* ---- answers ---- */

/* Does Accept-Encoding offer gzip? "gzip;q=0" does not. */
static bool accepts_gzip(const char *accepted)
{
    while (accepted != NULL && *accepted != '\0') {
        accepted += strspn(accepted, " \t,");
        size_t size = strcspn(accepted, ",");
        size_t name = strcspn(accepted, ",; \t");
        if (name == 4 && strncasecmp(accepted, "gzip", name) == 0) {
            const char *quality = memmem(accepted, size, "q=", 2);
            return quality == NULL || strspn(quality + 2, "0.") < size - (size_t)(quality + 2 - accepted);
        }
        accepted += size;
    }
    return false;
}

void http_answer_compress(struct http_exchange *exchange)
{
    struct buffer *plain = &exchange->answer, packed;
    z_stream stream = {0};

    if (!exchange->connection->front->gateway->http.compress_answers || plain->size < COMPRESS_BYTES_LEAST ||
        plain->size > PIECE_BYTES_MAX)
        return;
    http_add_header(exchange, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (!accepts_gzip(http_header(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING)) ||
        deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    size_t room = deflateBound(&stream, plain->size);
    buffer_init(&packed, BUFFER_NO_LIMIT);
    uint8_t *to = buffer_reserve(&packed, room);
    int result = Z_MEM_ERROR;
    if (to != NULL) {
        stream.next_in = plain->data;
        stream.avail_in = (uInt)plain->size;
        stream.next_out = to;
        stream.avail_out = (uInt)room;
        result = deflate(&stream, Z_FINISH);
        packed.size = room - stream.avail_out;
    }
    deflateEnd(&stream);
    if (result != Z_STREAM_END) { /* plain is as good */
        buffer_done(&packed);
        return;
    }
    buffer_done(plain);
    *plain = packed;
    http_add_header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}
