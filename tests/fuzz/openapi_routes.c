/*
 * What a gateway says of its routes in /openapi.json, behind a line with an endpoint: a path that comes out of it is a path of a
 * URL and nothing else, and a document that is none leaves what was known.
 */
#include "client/http/routes.h"
#include "tests/fuzz/require.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const struct routes *routes, const char *endpoint)
{
    char *path = routes_path(routes, endpoint);
    require(path != NULL && path[0] == '/');
    for (const char *at = path; *at != '\0'; at++)
        require(*at > ' ' && *at < 0x7F && strchr("?#\"<>\\^`{|}", *at) == NULL);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t endpoint_size = line != NULL ? (size_t)(line - data) : 0, before = 0;
    const char *document = (const char *)(line != NULL ? line + 1 : data);
    size_t document_size = size - (size_t)(document - (const char *)data);
    char *endpoint = strndup(size > 0 ? (const char *)data : "", endpoint_size);
    struct routes routes = {0};
    static const char known[] = "{\"paths\": {\"/index\": {\"post\": {}}, \"/x\": {\"get\": {}}}}";

    require(endpoint != NULL && routes_read(&routes, known, sizeof known - 1) && routes.count == 1);
    before = routes.count;
    bool read = size > 0 && routes_read(&routes, document, document_size);
    require(read || (routes.count == before && strcmp(routes.posts[0], "index") == 0));
    require(routes.state == ROUTES_KNOWN && routes.count <= HTTP_PATHS_MAX);
    check_path(&routes, endpoint);
    for (size_t i = 0; i < routes.count; i++) {
        size_t length = strlen(routes.posts[i]);
        require(length == 0 || (routes.posts[i][0] != '/' && routes.posts[i][length - 1] != '/'));
        check_path(&routes, routes.posts[i]);
    }
    routes_done(&routes);
    free(endpoint);
    return 0;
}
