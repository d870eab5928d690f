#include "gateway/http/body.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>

enum {
    GZIP_WINDOW_BITS = 15 + 16, /* zlib's way to say gzip */
    CHUNK_BYTES = 64 * 1024,
    PIECE_BYTES_MAX = 1 << 30, /* zlib counts in 32 bits */
};

/* ---- the coding ---- */

enum body_coding body_coding_of(const char *value)
{
    if (value == NULL || value[0] == '\0' || strcasecmp(value, "identity") == 0)
        return BODY_PLAIN;
    return strcasecmp(value, "gzip") == 0 || strcasecmp(value, "x-gzip") == 0 ? BODY_GZIP : BODY_UNKNOWN;
}

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

sluice_status body_gunzip(struct buffer *body, sluice_error *error)
{
    struct buffer plain;
    z_stream stream = {0};

    buffer_init(&plain, body->limit);
    int result = inflateInit2(&stream, GZIP_WINDOW_BITS);
    if (result == Z_OK) {
        result = inflate_all(&stream, body, &plain);
        inflateEnd(&stream);
    }
    if (result == Z_STREAM_END) {
        buffer_done(body);
        *body = plain;
        if (plain.data != NULL)
            body->data[plain.size] = '\0';
        return SLUICE_OK;
    }
    buffer_done(&plain);
    if (result == Z_BUF_ERROR)
        return sluice_fail(error, SLUICE_TOO_LARGE, "body",
                           "the decompressed body is larger than the gateway takes (max_message_bytes)");
    if (result == Z_MEM_ERROR)
        return sluice_fail(error, SLUICE_NO_MEMORY, "body", "no memory to decompress the body");
    return sluice_fail(error, SLUICE_INVALID, "body",
                       "the body cannot be read: it is not the gzip that its Content-Encoding says");
}

/* ---- the type ---- */

bool body_type_is_json(const char *type)
{
    static const char main_type[] = "application/", plain[] = "json", suffix[] = "+json";
    if (type == NULL)
        return true;
    type += strspn(type, " \t");
    size_t size = strcspn(type, "; \t");
    if (size < sizeof main_type - 1 || strncasecmp(type, main_type, sizeof main_type - 1) != 0)
        return false;
    type += sizeof main_type - 1;
    size -= sizeof main_type - 1;
    if (size == sizeof plain - 1 && strncasecmp(type, plain, size) == 0)
        return true;
    return size > sizeof suffix - 1 && strncasecmp(type + size - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0;
}

/* ---- the request ---- */

sluice_status body_read_request(sluice_text body, const char *type, const struct json_request_options *options,
                                struct arena *arena, struct rope *ret_message, struct json_fault *ret_fault,
                                sluice_error *error)
{
    if (body.size > 0 && body_type_is_json(type))
        return json_request_read(body.data, body.size, options, arena, ret_message, ret_fault, error);
    if (body.size == 0)
        json_fault_no_body(ret_fault);
    else
        json_fault_no_object(ret_fault);
    return sluice_fail(error, SLUICE_INVALID, "body",
                       body.size == 0 ? "the request has no body" : "the body is not sent as JSON (Content-Type)");
}
