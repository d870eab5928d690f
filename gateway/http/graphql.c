/*
 * graphql.c - /graphql: GET and POST, as Jina's HTTP gateway answers there; for a browser a page to try it.
 *
 * The engine is gateway/graphql. The calls of a query go to the router side by side, those of a mutation one after the
 * other. The page is graphql.html, complete in itself.
 */
#include "common/foundation/status.h"
#include "gateway/graphql/graphql.h"
#include "gateway/http/embed.h"
#include "gateway/http/server.h"

#include <string.h>
#include <strings.h>

EMBED(page, "graphql.html");

/* An operation between its steps; lies in the exchange's arena. */
struct graphql_exchange {
    struct graphql *operation;
    sluice_limits limits;
    struct graphql_reply replies[GRAPHQL_CALLS_MAX];
    /* Of a query: what was submitted. Of a mutation: what came back so far, to which the replies point. */
    struct rope messages[GRAPHQL_CALLS_MAX];
    size_t message_count;
};

static void answer_text(struct http_exchange *exchange, unsigned status, const char *text)
{
    struct buffer body;
    buffer_init(&body, BUFFER_NO_LIMIT);
    buffer_append_text(&body, text);
    http_answer(exchange, status, http_type_text, &body);
}

/* ---- the end ---- */

/* The state is of no use after this; the operation is freed before the answer, which ends the exchange. */
static void forget(struct graphql_exchange *state)
{
    state->operation = graphql_free(state->operation);
    for (size_t i = 0; i < state->message_count; i++)
        rope_done(&state->messages[i]);
    state->message_count = 0;
}

static void finish(struct http_exchange *exchange, struct graphql_exchange *state)
{
    struct buffer body;
    sluice_error error = {.text = ""};
    buffer_init(&body, GRAPHQL_ANSWER_MAX);
    sluice_status status = graphql_finish(state->operation, state->replies, &body, &error);
    forget(state);
    if (status == SLUICE_OK) {
        http_answer(exchange, 200, http_type_json, &body);
        return;
    }
    buffer_done(&body);
    http_answer_failure(exchange, status, error.text);
}

/* Is this a refusal, which HTTP has a status for (429, 503), rather than a failure of the Flow? */
static bool is_refusal(const struct reply *reply)
{
    return reply->status == SLUICE_LIMIT || reply->status == SLUICE_DRAINING || reply->status == SLUICE_NO_MEMORY;
}

static void refuse(struct http_exchange *exchange, struct graphql_exchange *state, const struct reply *reply)
{
    sluice_status status = reply->status;
    char *text = arena_text(http_arena(exchange), reply->text != NULL ? reply->text : "");
    forget(state);
    http_answer_failure(exchange, status, text != NULL ? text : "");
}

static struct graphql_reply graphql_reply_of(const struct reply *reply)
{
    if (reply->status != SLUICE_OK)
        return (struct graphql_reply){.failure = reply->text};
    return (struct graphql_reply){.message = &reply->message, .no_data = reply->executor_died};
}

/* ---- queries: all calls at once ---- */

static void query_replied(struct http_exchange *exchange)
{
    struct graphql_exchange *state = *http_state(exchange);
    for (size_t i = 0; i < graphql_calls(state->operation); i++) {
        const struct reply *reply = http_reply(exchange, i);
        if (is_refusal(reply)) {
            refuse(exchange, state, reply);
            return;
        }
        state->replies[i] = graphql_reply_of(reply);
    }
    finish(exchange, state);
}

static void fail_memory(struct http_exchange *exchange, struct graphql_exchange *state)
{
    forget(state);
    http_answer_failure(exchange, SLUICE_NO_MEMORY, "no memory for the calls of the operation");
}

static void submit_query(struct http_exchange *exchange, struct graphql_exchange *state)
{
    size_t count = graphql_calls(state->operation);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < count && status == SLUICE_OK; i++) {
        rope_init(&state->messages[i]);
        status = rope_append_rope(&state->messages[i], graphql_call(state->operation, i));
        state->message_count++;
    }
    if (status != SLUICE_OK || !http_submit(exchange, state->messages, count, query_replied))
        fail_memory(exchange, state);
}

/* ---- mutations: one call after the other ---- */

static void mutation_replied(struct http_exchange *exchange);

static void submit_mutation(struct http_exchange *exchange, struct graphql_exchange *state, size_t call)
{
    if (!http_submit(exchange, graphql_call(state->operation, call), 1, mutation_replied))
        fail_memory(exchange, state);
}

static void mutation_replied(struct http_exchange *exchange)
{
    struct graphql_exchange *state = *http_state(exchange);
    const struct reply *reply = http_reply(exchange, 0);
    if (is_refusal(reply)) {
        refuse(exchange, state, reply);
        return;
    }
    /* The next request frees this reply, so its message is kept. */
    struct rope *message = &state->messages[state->message_count];
    size_t call = state->message_count++;
    rope_init(message);
    if (reply->status == SLUICE_OK && rope_append_rope(message, &reply->message) != SLUICE_OK) {
        fail_memory(exchange, state);
        return;
    }
    state->replies[call] = graphql_reply_of(reply);
    if (reply->status == SLUICE_OK)
        state->replies[call].message = message;
    if (reply->status == SLUICE_OK && !reply->executor_died && call + 1 < graphql_calls(state->operation))
        submit_mutation(exchange, state, call + 1);
    else
        finish(exchange, state);
}

/* ---- the beginning ---- */

static void start(struct http_exchange *exchange, struct graphql_exchange *state)
{
    if (graphql_calls(state->operation) == 0)
        finish(exchange, state);
    else if (graphql_serial(state->operation))
        submit_mutation(exchange, state, 0);
    else
        submit_query(exchange, state);
}

static struct graphql_exchange *state_new(struct http_exchange *exchange)
{
    struct graphql_exchange *state = arena_zalloc(http_arena(exchange), sizeof *state);
    if (state == NULL) {
        http_answer_failure(exchange, SLUICE_NO_MEMORY, "no memory for the operation");
        return NULL;
    }
    state->limits.depth = http_flow(exchange)->gateway.limits.max_depth;
    return *http_state(exchange) = state;
}

/* Jina answers 500 where variables are no object; that is the client's fault like the others. */
static void prepared(struct http_exchange *exchange, struct graphql_exchange *state, sluice_status status,
                     const sluice_error *error)
{
    if (status == SLUICE_OK)
        start(exchange, state);
    else if (status == SLUICE_INVALID || status == SLUICE_UNIMPLEMENTED)
        answer_text(exchange, 400, error->text);
    else
        http_answer_failure(exchange, status, error->text);
}

static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    return type != NULL && strncasecmp(type, json, sizeof json - 1) == 0;
}

static void handle_post(struct http_exchange *exchange)
{
    sluice_error error = {.text = ""};
    if (!is_json_type(http_header(exchange, "content-type"))) {
        answer_text(exchange, 415, "Unsupported Media Type");
        return;
    }
    struct graphql_exchange *state = state_new(exchange);
    if (state == NULL)
        return;
    sluice_status status = graphql_prepare_body(http_body(exchange), &state->limits, &state->operation, &error);
    prepared(exchange, state, status, &error);
}

static bool wants_page(const char *accept)
{
    return accept != NULL && (strstr(accept, "text/html") != NULL || strstr(accept, "*/*") != NULL);
}

static void answer_page(struct http_exchange *exchange)
{
    if (!wants_page(http_header(exchange, "accept"))) {
        http_answer_static(exchange, 404, NULL, "", 0);
        return;
    }
    http_add_header(exchange, "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    http_add_header(exchange, "x-content-type-options", "nosniff");
    http_add_header(exchange, "referrer-policy", "no-referrer");
    http_answer_static(exchange, 200, http_type_html, page, (size_t)(page_end - page));
}

static void query_of_url(struct http_exchange *exchange, struct graphql_request *request)
{
    struct graphql_exchange *state = state_new(exchange);
    sluice_error error = {.text = ""};
    if (state == NULL)
        return;
    request->limits = &state->limits;
    sluice_status status = graphql_prepare(request, &state->operation, &error);
    if (status == SLUICE_INVALID && strncmp(error.text, "\"variables\"", 11) != 0)
        sluice_fail(&error, status, "graphql", "%s", graphql_no_json); /* the variables are no JSON */
    prepared(exchange, state, status, &error);
}

static void handle_get(struct http_exchange *exchange)
{
    struct graphql_request request = {.query = sluice_text_of(""),
                                      .variables = sluice_text_of(""),
                                      .operation_name = sluice_text_of(""),
                                      .queries_only = true};
    http_query(exchange, "variables", &request.variables);
    http_query(exchange, "operationName", &request.operation_name);
    if (http_query(exchange, "query", &request.query) && request.query.size > 0)
        query_of_url(exchange, &request);
    else if (http_has_query(exchange))
        answer_text(exchange, 400, graphql_no_query);
    else
        answer_page(exchange);
}

sluice_status http_graphql_routes(struct http_front *front, sluice_error *error)
{
    static const char *const get_only[] = {"GET", NULL}, *const post_only[] = {"POST", NULL};
    static const struct http_route routes[] = {
        {.path = "/graphql",    .methods = get_only,   .handle = handle_get},
        { .path = "/graphql", .methods = post_only, .handle = handle_post,         .body = true},
    };
    if (!http_front_flow(front)->gateway.http.expose_graphql_endpoint)
        return SLUICE_OK;
    sluice_status status = http_route_add(front, &routes[0], error);
    return status == SLUICE_OK ? http_route_add(front, &routes[1], error) : status;
}
