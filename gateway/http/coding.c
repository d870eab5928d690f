/* coding.c - gzip, within bounds: request bodies are opened, answers closed when the Flow and the client want it. */
#include "common/net/coding.h"
#include "gateway/http/body.h"
#include "gateway/http/server.h"

#include <string.h>
#include <strings.h>

enum { COMPRESS_BYTES_LEAST = 1024 /* below it gzip saves no packet */ };

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
    struct buffer *plain = &exchange->answer;

    if (!exchange->connection->front->gateway->http.compress_answers || plain->size < COMPRESS_BYTES_LEAST)
        return;
    http_add_header(exchange, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    /* When it cannot be done, plain is as good. */
    if (accepts_gzip(http_header(exchange, MHD_HTTP_HEADER_ACCEPT_ENCODING)) && coding_write(CODING_GZIP, plain) == SLUICE_OK)
        http_add_header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}
