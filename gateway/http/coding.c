/* coding.c - gzip, within bounds: request bodies are opened, answers closed when the Flow and the client want it. */
#include "gateway/http/body.h"
#include "gateway/http/server.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
    GZIP_WINDOW_BITS = 15 + 16,  /* zlib's way to say gzip */
    PIECE_BYTES_MAX = 1 << 30,   /* zlib counts in 32 bits */
    COMPRESS_BYTES_LEAST = 1024, /* below it gzip saves no packet */
    MEMORY_LEVEL = 8,            /* zlib's default */
};

bool http_body_open(struct http_exchange *exchange)
{
    sluice_error error = {.text = ""};
    sluice_status status = body_gunzip(&exchange->body, &error);
    if (status == SLUICE_OK) {
        exchange->compressed = false;
        return true;
    }
    http_answer_failure(exchange, status, error.text);
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
