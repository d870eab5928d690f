/* info.c - GET /, /status, /dry_run: is it alive, what is it, does the Flow work. */
#include "gateway/http/server.h"

#include "common/json/message.h"
#include "common/wire/wire.h"
#include "gateway/envelope/facts.h"

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

enum {
    REQUEST_HEADER = 1,
    HEADER_STATUS = 2,
    STATUS_CODE = 1,
    STATUS_DESCRIPTION = 2,
    STATUS_EXCEPTION = 3,
    EXCEPTION_NAME = 1,
    CODE_ERROR = 1,
    CODE_ERROR_3_5 = 3
};

/* The last field `number` of a message. */
static struct wire_field field_of(const void *data, size_t size, uint32_t number)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field, found = {.data = NULL, .size = 0};

    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES)
            found = field;
    return found;
}

/* header.status of the answer. The message of a dry run is small. */
static void append_status_of(struct buffer *buffer, struct arena *arena, const struct rope *message)
{
    uint8_t *bytes = arena_alloc(arena, message->size);
    if (bytes == NULL)
        return;
    rope_copy_out(message, bytes);
    struct wire_field header = field_of(bytes, message->size, REQUEST_HEADER);
    struct wire_field status = field_of(header.data, header.size, HEADER_STATUS);
    if (status.size > 0)
        buffer_append(buffer, status.data, status.size);
}

static void append_failure(struct buffer *buffer, bool compatibility_3_5, const char *text)
{
    wire_append_uint(buffer, STATUS_CODE, compatibility_3_5 ? CODE_ERROR_3_5 : CODE_ERROR);
    wire_append_text(buffer, STATUS_DESCRIPTION, text);
    size_t exception = wire_begin_message(buffer, STATUS_EXCEPTION);
    wire_append_text(buffer, EXCEPTION_NAME, "InternalNetworkError");
    wire_end_message(buffer, exception);
}

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
    if (reply->status != SLUICE_OK)
        append_failure(&status, http_flow(exchange)->gateway.compatibility_3_5, reply->text);
    else if (reply->failed)
        append_status_of(&status, http_arena(exchange), &reply->message);
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
    http_submit_dry_run(exchange, dry_run_replied);
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
