#include "client/http/routes.h"

#include "common/json/json.h"

#include <stdlib.h>
#include <string.h>

void routes_done(struct routes *routes)
{
    for (size_t i = 0; i < routes->count; i++)
        free(routes->posts[i]);
    free(routes->posts);
    *routes = (struct routes){0};
}

/* "/index/" is known as "index". */
static void strip(const char **text, size_t *size)
{
    while (*size > 0 && (*text)[0] == '/') {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && (*text)[*size - 1] == '/')
        (*size)--;
}

static bool add(struct routes *routes, const char *path, size_t size)
{
    strip(&path, &size);
    if (routes->count == HTTP_PATHS_MAX)
        return true;
    if (routes->count == routes->capacity) {
        size_t capacity = routes->capacity == 0 ? 16 : routes->capacity * 2;
        char **posts = realloc(routes->posts, capacity * sizeof *posts);
        if (posts == NULL)
            return false;
        routes->posts = posts;
        routes->capacity = capacity;
    }
    routes->posts[routes->count] = strndup(path, size);
    return routes->posts[routes->count] != NULL && ++routes->count > 0;
}

static bool known(const struct routes *routes, const char *path, size_t size)
{
    for (size_t i = 0; i < routes->count; i++)
        if (strlen(routes->posts[i]) == size && memcmp(routes->posts[i], path, size) == 0)
            return true;
    return false;
}

/* ---- the document: {"paths": {PATH: {"post": …}}} ---- */

enum { IN_DOCUMENT = 1, IN_PATHS = 2, IN_PATH = 3 };

struct scan {
    struct routes *routes;
    size_t depth;  /* of objects and arrays that are open */
    bool in_paths; /* the value of the document's "paths" */
    bool seen;     /* it has one */
    struct buffer path;
};

static bool open_one(void *context)
{
    struct scan *scan = context;
    scan->depth++;
    return true;
}

static bool close_one(void *context)
{
    struct scan *scan = context;
    if (--scan->depth == IN_DOCUMENT)
        scan->in_paths = false;
    return true;
}

static bool on_key(void *context, const char *text, size_t size)
{
    struct scan *scan = context;
    if (scan->depth == IN_DOCUMENT) {
        scan->in_paths = size == strlen("paths") && memcmp(text, "paths", size) == 0;
        scan->seen = scan->seen || scan->in_paths;
    } else if (scan->in_paths && scan->depth == IN_PATHS) {
        buffer_clear(&scan->path);
        buffer_append(&scan->path, text, size);
    } else if (scan->in_paths && scan->depth == IN_PATH && size == strlen("post") && memcmp(text, "post", size) == 0) {
        return add(scan->routes, buffer_text(&scan->path), scan->path.size);
    }
    return true;
}

static bool on_null(void *context)
{
    (void)context;
    return true;
}

static bool on_boolean(void *context, bool value)
{
    (void)context;
    (void)value;
    return true;
}

static bool on_string(void *context, const char *text, size_t size)
{
    (void)context;
    (void)text;
    (void)size;
    return true;
}

static bool on_numbers(void *context, enum json_numbers kind, const void *values, size_t count)
{
    (void)context;
    (void)kind;
    (void)values;
    (void)count;
    return true;
}

static void on_stopped(void *context, size_t line, size_t column)
{
    (void)context;
    (void)line;
    (void)column;
}

bool routes_read(struct routes *routes, const char *text, size_t size)
{
    static const struct json_events events = {
        .begin_object = open_one,
        .key = on_key,
        .end_object = close_one,
        .begin_array = open_one,
        .end_array = close_one,
        .null = on_null,
        .boolean = on_boolean,
        .string = on_string,
        .numbers = on_numbers,
        .stopped = on_stopped,
    };
    struct routes found = {.state = ROUTES_KNOWN};
    struct scan scan = {.routes = &found};
    buffer_init(&scan.path, size);
    bool good = json_read(text, size, HTTP_OPENAPI_DEPTH, &events, &scan, "/openapi.json", NULL) == SLUICE_OK &&
                scan.seen && scan.path.failed == SLUICE_OK;
    buffer_done(&scan.path);
    if (good) {
        routes_done(routes);
        *routes = found;
    } else {
        routes_done(&found);
    }
    return good;
}

/* ---- choosing ---- */

/* Each byte that has a meaning in a URL is escaped, but for the slashes. */
static char *escaped_path(const char *path, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_byte(&text, '/');
    for (size_t i = 0; i < size; i++)
        if (strchr(plain, path[i]) != NULL && path[i] != '\0')
            buffer_append_byte(&text, (uint8_t)path[i]);
        else
            buffer_printf(&text, "%%%02X", (unsigned char)path[i]);
    char *result = text.failed == SLUICE_OK ? (char *)buffer_take(&text, &size) : NULL;
    buffer_done(&text);
    return result;
}

char *routes_path(const struct routes *routes, const char *endpoint)
{
    const char *path = endpoint;
    size_t size = strlen(endpoint);
    strip(&path, &size);
    if (size > 0 && known(routes, path, size))
        return escaped_path(path, size);
    return strdup(known(routes, "default", strlen("default")) ? "/default" : "/post");
}
