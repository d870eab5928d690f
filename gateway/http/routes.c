/* routes.c - the table of routes and how a request line finds its own. */
#include "gateway/http/server.h"

#include "common/foundation/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

sluice_status http_route_add(struct http_front *front, const struct http_route *route, sluice_error *error)
{
    if (front->route_count == front->route_capacity) {
        size_t capacity = front->route_capacity == 0 ? 16 : 2 * front->route_capacity;
        const struct http_route **routes = realloc(front->routes, capacity * sizeof *routes);
        if (routes == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the routes");
        front->routes = routes;
        front->route_capacity = capacity;
    }
    front->routes[front->route_count++] = route;
    return SLUICE_OK;
}

const struct http_route *const *http_routes(const struct http_front *front, size_t *ret_count)
{
    *ret_count = front->route_count;
    return front->routes;
}

void http_routes_done(struct http_front *front)
{
    free(front->routes);
    free(front->own_routes);
}

/* ---- texts of the request line ---- */

/* Percent-decoded, NUL-ended, in the arena; what is no %XX stays. NULL: no memory. */
static char *decode(struct arena *arena, const char *text, bool plus, size_t *ret_size)
{
    char *decoded = arena_alloc(arena, strlen(text) + 1), *to = decoded;
    if (decoded == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        int high = *text == '%' ? text_hex_digit(text[1]) : -1;
        int low = high >= 0 ? text_hex_digit(text[2]) : -1;
        if (low >= 0) {
            *to++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *to++ = plus && *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
    *ret_size = (size_t)(to - decoded);
    return decoded;
}

bool http_query(struct http_exchange *exchange, const char *name, sluice_text *ret_value)
{
    const char *raw = MHD_lookup_connection_value(exchange->connection->mhd, MHD_GET_ARGUMENT_KIND, name);
    size_t size;
    char *value = raw != NULL ? decode(http_arena(exchange), raw, true, &size) : NULL;
    if (value != NULL)
        *ret_value = (sluice_text){value, size};
    return value != NULL;
}

bool http_has_query(const struct http_exchange *exchange)
{
    return MHD_get_connection_values(exchange->connection->mhd, MHD_GET_ARGUMENT_KIND, NULL, NULL) > 0;
}

/* The path of an absolute target (RFC 9112, 3.2.2): "http://host/post" is /post. */
static const char *path_of(const char *target)
{
    if (target[0] == '/')
        return target;
    size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : strncasecmp(target, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0)
        return target;
    const char *path = strchr(target + scheme, '/');
    return path != NULL ? path : "/";
}

/* ---- finding ---- */

static bool has_method(const struct http_route *route, const char *method)
{
    for (const char *const *at = route->methods; *at != NULL; at++)
        if (strcmp(*at, method) == 0)
            return true;
    return false;
}

/* The route of this path and method; *ret_other is a route of the path with other methods, if there is none. */
static const struct http_route *find(const struct http_front *front, const char *path, size_t size, const char *method,
                                     const struct http_route **ret_other)
{
    *ret_other = NULL;
    for (size_t i = 0; i < front->route_count; i++) {
        const struct http_route *route = front->routes[i];
        if (strncmp(route->path, path, size) != 0 || route->path[size] != '\0')
            continue;
        if (has_method(route, method))
            return route;
        if (*ret_other == NULL)
            *ret_other = route;
    }
    return NULL;
}

static void set_not_allowed(struct http_exchange *exchange, const struct http_route *route)
{
    struct buffer list;
    buffer_init(&list, BUFFER_NO_LIMIT);
    for (const char *const *at = route->methods; *at != NULL; at++)
        buffer_printf(&list, "%s%s", at == route->methods ? "" : ", ", *at);
    http_add_header(exchange, MHD_HTTP_HEADER_ALLOW, buffer_text(&list));
    buffer_done(&list);
    http_answer_set_detail(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed");
}

static enum MHD_Result append_argument(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct buffer *location = context;
    (void)kind;
    buffer_append_byte(location, strchr(buffer_text(location), '?') == NULL ? '?' : '&');
    buffer_append_text(location, name);
    if (value != NULL) {
        buffer_append_byte(location, '=');
        for (; *value != '\0'; value++) /* libmicrohttpd has made blanks of + */
            buffer_append_byte(location, *value == ' ' ? '+' : (uint8_t)*value);
    }
    return MHD_YES;
}

/* 307 to the same place without its last slash. `size` of the path as it was sent is kept. */
static void set_redirect(struct http_exchange *exchange, const char *path)
{
    struct buffer location;
    const char *host = http_header(exchange, MHD_HTTP_HEADER_HOST);
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/')
        size--;
    buffer_init(&location, BUFFER_NO_LIMIT);
    if (host != NULL)
        buffer_printf(&location, "%s://%s", exchange->connection->front->tls != NULL ? "https" : "http", host);
    buffer_append(&location, path, size);
    MHD_get_connection_values(exchange->connection->mhd, MHD_GET_ARGUMENT_KIND, append_argument, &location);
    http_add_header(exchange, MHD_HTTP_HEADER_LOCATION, buffer_text(&location));
    buffer_done(&location);
    exchange->status = MHD_HTTP_TEMPORARY_REDIRECT;
    exchange->type = NULL;
}

const struct http_route *http_routes_find(struct http_exchange *exchange, const char *target, const char *method)
{
    const struct http_front *front = exchange->connection->front;
    const struct http_route *other = NULL, *route = NULL;
    const char *raw = path_of(target);
    const char *path = raw;
    size_t size = strlen(raw);

    if (strchr(raw, '%') != NULL)
        path = decode(http_arena(exchange), raw, false, &size);
    if (path != NULL && strlen(path) == size) /* no NUL in it */
        route = find(front, path, size, method, &other);
    if (route != NULL)
        return route;
    if (other != NULL) {
        set_not_allowed(exchange, other);
        return NULL;
    }
    size_t bare = path != NULL && strlen(path) == size ? size : 0;
    while (bare > 1 && path[bare - 1] == '/')
        bare--;
    if (bare > 1 && bare < size && (find(front, path, bare, method, &other) != NULL || other != NULL))
        set_redirect(exchange, raw);
    else
        http_answer_set_detail(exchange, MHD_HTTP_NOT_FOUND, "Not Found");
    return NULL;
}
