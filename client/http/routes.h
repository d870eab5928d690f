/*
 * routes.h - which URL an endpoint has: what the gateway's /openapi.json says (wire-http-websocket-graphql, 2.1).
 *
 * Asked once per channel, before the first POST, with that call's headers; asked again by a later one only when the
 * gateway gave no answer or said 5xx; the calls that waited for it then go to /post. The channel's thread; what reads and
 * chooses (routes.c) knows of no channel.
 */
#ifndef SLUICE_CLIENT_HTTP_ROUTES_H
#define SLUICE_CLIENT_HTTP_ROUTES_H

#include "common/foundation/buffer.h"

#include <stdbool.h>

struct transport_call;
struct transport_channel;

enum { HTTP_OPENAPI_MAX = 16 << 20, HTTP_OPENAPI_DEPTH = 200, HTTP_PATHS_MAX = 10000 };

enum routes_state { ROUTES_UNKNOWN, ROUTES_ASKED, ROUTES_KNOWN };

struct routes {
    enum routes_state state;
    char **posts; /* paths with a POST, without the slashes around them */
    size_t count, capacity;
};

void routes_done(struct routes *routes);

/* Read an OpenAPI document; false: it is none. What is known is kept then. */
bool routes_read(struct routes *routes, const char *text, size_t size);

/* The path for an endpoint: its own if it is known, else /default if there is one, else /post. malloc()ed, escaped for
 * a URL; NULL: no memory. */
char *routes_path(const struct routes *routes, const char *endpoint);

/* routes_ask.c: is the way known? If not and nobody has asked, ask, with the headers of `call`. */
bool routes_ready(struct transport_channel *channel, const struct transport_call *call);

/* The question came to its end. */
void routes_answered(struct transport_call *question);

#endif
