/* jina.c - the routes that take requests: /post, /index, /search, /delete, /update and the exposed endpoints. */
#include "gateway/http/body.h"
#include "gateway/http/server.h"

#include "common/foundation/log.h"
#include "common/foundation/status.h"
#include "common/json/message.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"
#include "gateway/front/failure.h"

#include <stdlib.h>
#include <string.h>

/* Names and nulls of an answer with a document or two, beside its bytes as protobuf. */
enum { ANSWER_EXTRA_BYTES = 1024 };

static const char internal_error[] = "Internal Server Error";

/* Jina's server closes the connection behind it, so a client knows that. */
static void answer_internal_error(struct http_exchange *exchange)
{
    http_add_header(exchange, MHD_HTTP_HEADER_CONNECTION, "close");
    http_answer_static(exchange, 500, http_type_text, internal_error, sizeof internal_error - 1);
}

/* ---- the answer ---- */

/* What cannot be printed as JSON is the Flow's fault, not the client's; the log says what it was. */
static void answer_unprintable(struct http_exchange *exchange, sluice_status status, const sluice_error *error)
{
    static struct log_limit limit;
    if (status == SLUICE_NO_MEMORY) {
        http_answer_failure(exchange, status, error->text);
        return;
    }
    log_limited(&limit, LOG_LEVEL_WARNING, "an answer over HTTP has no form in JSON: %s", error->text);
    answer_internal_error(exchange);
}

static void write_answer(struct http_exchange *exchange, unsigned code, const struct rope *message,
                         const struct rope *failed_request)
{
    sluice_limits limits = {.depth = http_flow(exchange)->gateway.limits.max_depth};
    const struct json_response_options options = {
        .style = JSON_STYLE_HTTP, .failed_request = failed_request, .limits = &limits};
    struct buffer text;
    sluice_error error = {.text = ""};

    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_reserve(&text, message->size + ANSWER_EXTRA_BYTES); /* mostly all, and if not it grows */
    sluice_status status = json_response_write(message, &options, &text, &error);
    if (status == SLUICE_OK) {
        http_answer(exchange, code, http_type_json, &text);
        return;
    }
    buffer_done(&text);
    answer_unprintable(exchange, status, &error);
}

/* The header of a request that found no executor (design 4a, third row). */
static void append_failure(struct buffer *buffer, const struct http_exchange *exchange, const struct reply *reply)
{
    sluice_text id = http_reply_id(exchange, 0);

    size_t header = wire_begin_message(buffer, REQUEST_HEADER);
    wire_append_bytes(buffer, HEADER_REQUEST_ID, id.data, id.size);
    size_t status = wire_begin_message(buffer, HEADER_STATUS);
    failure_append_status(buffer, http_flow(exchange)->gateway.compatibility_3_5,
                          "<class 'jina.excepts.InternalNetworkError'>", reply->text);
    wire_end_message(buffer, status);
    wire_end_message(buffer, header);
}

static void answer_network_failure(struct http_exchange *exchange, const struct reply *reply,
                                   const struct rope *request)
{
    struct buffer header;
    struct rope message;

    buffer_init(&header, BUFFER_NO_LIMIT);
    rope_init(&message);
    append_failure(&header, exchange, reply);
    if (header.failed == SLUICE_OK && rope_append(&message, NULL, header.data, header.size) == SLUICE_OK)
        write_answer(exchange, (unsigned)status_codes_of(reply->status)->http, &message, request);
    else
        http_answer_failure(exchange, SLUICE_NO_MEMORY, "no memory for the answer");
    rope_done(&message);
    buffer_done(&header);
}

static void replied(struct http_exchange *exchange)
{
    const struct reply *reply = http_reply(exchange, 0);
    struct rope *kept = *http_state(exchange), request;

    rope_init(&request);
    rope_move(&request, kept); /* the answer ends the exchange and with it the place of `kept` */
    if (reply->status == SLUICE_OK)
        write_answer(exchange, reply->executor_died ? 503 : 200, &reply->message, NULL);
    else if (reply->status == SLUICE_TIMEOUT || reply->status == SLUICE_UNAVAILABLE)
        answer_network_failure(exchange, reply, &request);
    else
        http_answer_failure(exchange, reply->status, reply->text);
    rope_done(&request);
}

/* ---- the request ---- */

static void answer_fault(struct http_exchange *exchange, const struct json_fault *fault)
{
    struct buffer text;
    unsigned status = (unsigned)json_fault_http(fault->kind);
    if (fault->kind == JSON_FAULT_BUILD) {
        answer_internal_error(exchange);
        return;
    }
    buffer_init(&text, BUFFER_NO_LIMIT);
    json_fault_write(fault, &text);
    http_answer(exchange, status, http_type_json, &text);
}

static void read_request(struct http_exchange *exchange, struct rope *message)
{
    sluice_text body = http_body(exchange);
    sluice_limits limits = {.depth = http_flow(exchange)->gateway.limits.max_depth};
    const struct json_request_options options = {.endpoint = http_route_of(exchange)->endpoint, .limits = &limits};
    struct json_fault fault = {.kind = JSON_FAULT_NONE};
    sluice_error error = {.text = ""};

    sluice_status status = body_read_request(body, http_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE), &options,
                                             http_arena(exchange), message, &fault, &error);
    http_body_drop(exchange);
    if (status == SLUICE_OK && !http_submit(exchange, message, 1, replied)) {
        status = sluice_fail(&error, SLUICE_NO_MEMORY, NULL, "no memory for the request");
        rope_done(message);
    }
    if (status == SLUICE_OK)
        return;
    if (fault.kind != JSON_FAULT_NONE)
        answer_fault(exchange, &fault);
    else
        http_answer_failure(exchange, status, error.text);
}

static void handle_request(struct http_exchange *exchange)
{
    struct rope *message = arena_alloc(http_arena(exchange), sizeof *message);
    if (message == NULL) {
        http_answer_failure(exchange, SLUICE_NO_MEMORY, "no memory for the request");
        return;
    }
    rope_init(message);
    *http_state(exchange) = message;
    read_request(exchange, message);
}

/* ---- the table ---- */

static const char *const post_only[] = {"POST", NULL};
static const char *const put_only[] = {"PUT", NULL};
static const char *const delete_only[] = {"DELETE", NULL};

static const struct http_route debug_route = {
    .path = "/post", .methods = post_only, .handle = handle_request, .body = true};

static const struct http_route crud_routes[] = {
    {.path = "/index",  .methods = post_only,   .handle = handle_request, .endpoint = "/index",  .body = true},
    {.path = "/search", .methods = post_only,   .handle = handle_request, .endpoint = "/search", .body = true},
    {.path = "/delete", .methods = delete_only, .handle = handle_request, .endpoint = "/delete", .body = true},
    {.path = "/update", .methods = put_only,    .handle = handle_request, .endpoint = "/update", .body = true},
};

static sluice_status add_exposed(struct http_front *front, const struct flow_http *http, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    if (http->exposed_count == 0)
        return SLUICE_OK;
    front->own_routes = calloc(http->exposed_count, sizeof *front->own_routes);
    if (front->own_routes == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the routes");
    for (size_t i = 0; i < http->exposed_count && status == SLUICE_OK; i++) {
        const struct flow_exposed_endpoint *exposed = &http->exposed[i];
        front->own_routes[i] = (struct http_route){.path = exposed->path,
                                                   .methods = exposed->methods,
                                                   .handle = handle_request,
                                                   .endpoint = exposed->endpoint,
                                                   .body = true};
        status = http_route_add(front, &front->own_routes[i], error);
    }
    return status;
}

sluice_status http_jina_routes(struct http_front *front, sluice_error *error)
{
    const struct flow_http *http = &front->gateway->http;
    sluice_status status = SLUICE_OK;
    if (!http->no_debug_endpoints)
        status = http_route_add(front, &debug_route, error);
    for (size_t i = 0; i < sizeof crud_routes / sizeof crud_routes[0] && !http->no_crud_endpoints; i++)
        if (status == SLUICE_OK)
            status = http_route_add(front, &crud_routes[i], error);
    return status == SLUICE_OK ? add_exposed(front, http, error) : status;
}
