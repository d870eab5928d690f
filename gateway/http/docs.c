/*
 * docs.c - GET /docs: a page from which a person reads the interface and tries it; /redoc leads there.
 *
 * The page is docs.html, complete in itself: it loads openapi.json and nothing else, and is told to the browser so.
 * /docs/oauth2-redirect, which belongs to a login that there is none of, does not exist.
 */
#include "gateway/http/embed.h"
#include "gateway/http/server.h"

EMBED(page, "docs.html");

static void handle_docs(struct http_exchange *exchange)
{
    http_add_header(exchange, "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    http_add_header(exchange, "x-content-type-options", "nosniff");
    http_add_header(exchange, "referrer-policy", "no-referrer");
    http_answer_static(exchange, 200, http_type_html, page, (size_t)(page_end - page));
}

static void handle_redoc(struct http_exchange *exchange)
{
    http_add_header(exchange, "location", "docs"); /* relative, so that a proxy's prefix stays */
    http_answer_static(exchange, 307, NULL, "", 0);
}

sluice_status http_docs_routes(struct http_front *front, sluice_error *error)
{
    static const char *const get_only[] = {"GET", NULL};
    static const struct http_route routes[] = {
        {.path = "/docs",  .methods = get_only, .handle = handle_docs },
        {.path = "/redoc", .methods = get_only, .handle = handle_redoc},
    };
    sluice_status status = http_route_add(front, &routes[0], error);
    return status == SLUICE_OK ? http_route_add(front, &routes[1], error) : status;
}
