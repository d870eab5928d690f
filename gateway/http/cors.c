/* cors.c - Cross-Origin Resource Sharing, when the Flow says `cors: true`: all origins, methods and fields, as Jina. */
#include "gateway/http/server.h"

#include <string.h>

static const char methods[] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

static bool is_allowed(const char *method)
{
    static const char *const allowed[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (strcmp(method, allowed[i]) == 0)
            return true;
    return false;
}

bool http_cors_preflight(struct http_exchange *exchange)
{
    static const char ok[] = "OK", bad[] = "Disallowed CORS method";

    if (!exchange->connection->front->gateway->http.cors || strcmp(exchange->method, MHD_HTTP_METHOD_OPTIONS) != 0)
        return false;
    const char *origin = http_header(exchange, MHD_HTTP_HEADER_ORIGIN);
    const char *wanted = http_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_REQUEST_METHOD);
    if (origin == NULL || wanted == NULL)
        return false;
    const char *fields = http_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_REQUEST_HEADERS);
    exchange->preflight = true;
    http_add_header(exchange, MHD_HTTP_HEADER_VARY, "Origin");
    http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, methods);
    http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "600");
    http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if (fields != NULL)
        http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, fields);
    bool allowed = is_allowed(wanted);
    exchange->status = allowed ? MHD_HTTP_OK : MHD_HTTP_BAD_REQUEST;
    exchange->type = http_type_text;
    exchange->still = allowed ? ok : bad;
    exchange->still_size = strlen(exchange->still);
    return true;
}

void http_cors_fields(struct http_exchange *exchange)
{
    if (!exchange->connection->front->gateway->http.cors || exchange->preflight)
        return;
    const char *origin = http_header(exchange, MHD_HTTP_HEADER_ORIGIN);
    if (origin == NULL)
        return;
    /* Browsers refuse `*` for a request with credentials. */
    bool credentials = http_header(exchange, MHD_HTTP_HEADER_COOKIE) != NULL;
    http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, credentials ? origin : "*");
    http_add_header(exchange, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    if (credentials)
        http_add_header(exchange, MHD_HTTP_HEADER_VARY, "Origin");
}
