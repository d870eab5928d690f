/* info.c - GET /, /status, /dry_run: is it alive, what is it, does the Flow work. */
#include "gateway/http/server.h"

#include "common/json/message.h"
#include "gateway/envelope/facts.h"
#include "gateway/front/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- GET / ---- */

static void handle_root(struct http_exchange *exchange)
{
    http_answer_static(exchange, 200, http_type_json, "{}", 2);
}

/* ---- GET /status ---- */

static void handle_status(struct http_exchange *exchange)
{
    const struct http_front *front = http_front_of(exchange);
    struct buffer text;

    buffer_init(&text, BUFFER_NO_LIMIT);
    facts_append_json(&text, front->session, front->started);
    http_answer(exchange, 200, http_type_json, &text);
}

/* ---- GET /dry_run ---- */

/* Always 200: what was found out is in the body. */
static void dry_run_replied(struct http_exchange *exchange)
{
    const struct reply *reply = http_reply(exchange, 0);
    struct buffer status, text;
    struct rope rope;
    sluice_error error = {.text = ""};

    buffer_init(&status, BUFFER_NO_LIMIT);
    buffer_init(&text, BUFFER_NO_LIMIT);
    rope_init(&rope);
    failure_append_dry_run(&status, http_flow(exchange)->gateway.compatibility_3_5, reply);
    sluice_status result = status.failed;
    if (result == SLUICE_OK && status.size > 0)
        result = rope_append(&rope, NULL, status.data, status.size);
    if (result == SLUICE_OK)
        result = json_status_write(&rope, &text, &error);
    if (result == SLUICE_OK) {
        http_answer(exchange, 200, http_type_json, &text);
    } else {
        http_answer_failure(exchange, result, error.text);
        buffer_done(&text);
    }
    rope_done(&rope);
    buffer_done(&status);
}

static void handle_dry_run(struct http_exchange *exchange)
{
    if (!http_submit_dry_run(exchange, dry_run_replied))
        http_answer_failure(exchange, SLUICE_NO_MEMORY, "no memory for the request");
}

/* ---- the table ---- */

static const char *const get_only[] = {"GET", NULL};

static const struct http_route root_route = {.path = "/", .methods = get_only, .handle = handle_root};
static const struct http_route debug_routes[] = {
    {.path = "/status",  .methods = get_only, .handle = handle_status },
    {.path = "/dry_run", .methods = get_only, .handle = handle_dry_run},
};

sluice_status http_info_routes(struct http_front *front, sluice_error *error)
{
    sluice_status status = http_route_add(front, &root_route, error);
    for (size_t i = 0; i < sizeof debug_routes / sizeof debug_routes[0]; i++)
        if (status == SLUICE_OK && !front->gateway->http.no_debug_endpoints)
            status = http_route_add(front, &debug_routes[i], error);
    return status;
}
