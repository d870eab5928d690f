/*
 * router.c - the walk of a request through the graph.
 *
 * One step per node: skip it (target_executor, endpoint not bound) or send it on; when the answer is there, take
 * results and documents, and step to the successor. A failure ends the walk: nodes behind it are not started and have
 * no route. finish() builds the answer and calls `reply`, the only place that does.
 *
 * The graph is walked node by node along its edges. This version runs chains (flow_load() refuses the rest), so a node
 * has one predecessor and one successor; joins will count arrivals per node in walk_to().
 */
#include "gateway/router/request.h"
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "gateway/router/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void walk_to(struct request *request, size_t node);

/* ---- the end of the walk ---- */

static void reply(struct request *request)
{
    request->reply(request, &request->answer, request->reply_context);
}

static void fail(struct request *request, sluice_status status, const char *text)
{
    char *copy = arena_text(request->arena, text);
    request->answer.status = status;
    request->answer.text = copy != NULL ? copy : "no memory for the reason";
    reply(request);
}

static void release_head(struct block *head)
{
    request_unref((struct request *)((char *)head - offsetof(struct request, head)));
}

/* The head is written into the request's own arena, which stays as long as somebody holds a slice of it. */
static sluice_status write_answer(struct request *request, const struct answer *answer)
{
    size_t size = answer_head_size(answer);
    uint8_t *memory = arena_alloc(request->arena, size);
    if (memory == NULL)
        return SLUICE_NO_MEMORY;
    atomic_fetch_add(&request->references, 1);
    block_init(&request->head, memory, size, release_head);
    sluice_status status = answer_write(answer, &request->head, &request->answer.message);
    block_unref(&request->head);
    return status;
}

static const uint8_t empty_docs[] = {0x0A, 0x00}; /* docs { }, as a Python executor answers */

static void finish(struct request *request)
{
    if (request->called && request->data.size == 0) {
        /* Python executors always write the documents back, even none. */
        request->has_data = true;
        rope_append(&request->data, NULL, empty_docs, sizeof empty_docs);
    }
    struct span parameters;
    sluice_status status = parameters_answer(request->envelope.parameters, request->results, request->result_count,
                                             request->arena, &parameters);
    request->routes[0].end = clock_utc();
    request->routes[0].ended = true;
    const struct answer answer = {
        .envelope = &request->envelope,
        .status = request->failure,
        .parameters = parameters,
        .routes = request->routes,
        .route_count = request->route_count,
        .data = &request->data,
        .has_data = request->has_data,
    };
    if (status == SLUICE_OK)
        status = write_answer(request, &answer);
    if (status != SLUICE_OK) {
        rope_done(&request->answer.message);
        fail(request, SLUICE_NO_MEMORY, "no memory for the answer");
        return;
    }
    request->answer.status = SLUICE_OK;
    request->answer.failed = request->failure.size > 0;
    reply(request);
}

/* A failure inside the answer (design 4a, first two rows). `executor`: the class name, "" for the gateway itself. */
static void finish_failed(struct request *request, const char *exception, const char *text, const char *executor)
{
    request->failure = answer_status(request->arena, request->router->error_code, exception, text, executor);
    if (request->failure.size == 0) {
        fail(request, SLUICE_NO_MEMORY, "no memory for the answer");
        return;
    }
    finish(request);
}

/* ---- one node ---- */

static struct answer_route *route_of(struct request *request)
{
    return &request->routes[request->route_count - 1];
}

static void end_route(struct request *request)
{
    route_of(request)->end = clock_utc();
    route_of(request)->ended = true;
}

static void step_on(struct request *request)
{
    const struct flow_node *node = &request->router->flow->graph.nodes[request->node];
    if (node->next_count == 0 || node->next[0] == FLOW_END)
        finish(request);
    else
        walk_to(request, node->next[0]);
}

static void take_failure(struct request *request, const struct upstream_answer *answer)
{
    struct span status = {answer->view.failure, answer->view.fixed.failure_size};
    request->failure = answer_status_with_code(request->arena, status, request->router->error_code);
    if (request->failure.size == 0) {
        fail(request, SLUICE_NO_MEMORY, "no memory for the answer");
        return;
    }
    route_of(request)->status = request->failure;
    finish(request);
}

/* Keeps the results: their bytes live in the frame's block. */
static sluice_status take_results(struct request *request, const struct upstream_answer *answer)
{
    if (!answer->view.fixed.has_results)
        return SLUICE_OK;
    if (arena_keep(request->arena, answer->message->meta_block) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    request->results[request->result_count++] = (struct parameters_result){
        .pod = upstream_pod(request->call.upstream),
        .results = {answer->view.results, answer->view.fixed.results_size},
    };
    return SLUICE_OK;
}

static void answered(struct request *request, const struct upstream_answer *answer)
{
    end_route(request);
    request->called = true;
    if (answer->message->flags & FRAME_FAILED) {
        take_failure(request, answer);
        return;
    }
    if (take_results(request, answer) != SLUICE_OK) {
        fail(request, SLUICE_NO_MEMORY, "no memory for the results");
        return;
    }
    if (!(answer->message->flags & FRAME_UNCHANGED)) {
        request_count_bytes(request, answer->message->body.size);
        rope_done(&request->data);
        rope_move(&request->data, &answer->message->body);
        request->has_data = answer->message->flags & FRAME_HAS_DATA;
    }
    step_on(request);
}

static void timed_out(struct request *request)
{
    const struct flow_executor *executor = &request->router->flow->executors[request->node];
    char text[512];
    if (request->deadline_ns != 0 && clock_monotonic_ns() >= request->deadline_ns)
        snprintf(text, sizeof text,
                 "Deadline Exceeded|Gateway: the deadline of the call passed while deployment %s at address(es) {'%s'} "
                 "had it",
                 executor->name, upstream_pod(request->call.upstream));
    else
        snprintf(text, sizeof text,
                 "Deadline Exceeded|Gateway: Connection with deployment %s at address(es) {'%s'} could be established, "
                 "but timed "
                 "out. You can increase the allowed time by setting `timeout_send` in your Flow YAML `with` block.",
                 executor->name, upstream_pod(request->call.upstream));
    fail(request, SLUICE_TIMEOUT, text);
}

static void died(struct request *request, const char *text)
{
    end_route(request);
    request->called = true;
    request->answer.executor_died = true;
    request->failure = answer_status(request->arena, request->router->error_code, "ExecutorDied", text,
                                     upstream_class_name(request->call.upstream));
    route_of(request)->status = request->failure;
    finish(request);
}

/* Upstream thread. */
static void call_done(struct upstream_call *call, const struct upstream_answer *answer)
{
    struct request *request = (struct request *)((char *)call - offsetof(struct request, call));
    switch (answer->outcome) {
    case UPSTREAM_ANSWERED: answered(request, answer); break;
    case UPSTREAM_DIED: died(request, answer->text); break;
    case UPSTREAM_TIMED_OUT: timed_out(request); break;
    case UPSTREAM_CANCELLED: fail(request, SLUICE_CANCELLED, "cancelled by the client"); break;
    }
}

/*
 * Does the request fit into what an executor's connection takes? JSON becomes larger documents than its text, and parameters
 * have a limit of their own. Sent all the same, the executor would end the connection, and with it the requests of others.
 */
static bool fits(struct request *request, const struct span *parameters)
{
    const struct envelope *envelope = &request->envelope;
    uint64_t limit = request->router->flow->gateway.limits.max_message_bytes;
    size_t meta = sizeof(struct frame_request) + envelope->endpoint.size + envelope->request_id.size + parameters->size;
    char text[200];
    if (request->data.size <= limit && meta <= FRAME_META_MAX)
        return true;
    if (request->data.size > limit)
        snprintf(text, sizeof text,
                 "the documents are %zu bytes as a message, more than max_message_bytes allows (%llu); send fewer at once",
                 request->data.size, (unsigned long long)limit);
    else
        snprintf(text, sizeof text,
                 "parameters, endpoint and request id are %zu bytes for an executor, at most %zu; put large data into documents",
                 meta, FRAME_META_MAX);
    fail(request, SLUICE_TOO_LARGE, text);
    return false;
}

static void send(struct request *request, struct upstream *upstream)
{
    const struct flow *flow = request->router->flow;
    const struct envelope *envelope = &request->envelope;
    struct span parameters;
    if (parameters_for(envelope->parameters, flow->executors[request->node].name, request->arena, &parameters) !=
        SLUICE_OK) {
        fail(request, SLUICE_NO_MEMORY, "no memory for the parameters");
        return;
    }
    if (!fits(request, &parameters))
        return;
    uint64_t timeout_ns = flow->gateway.timeout_send_ns;
    struct upstream_call *call = &request->call;
    *call = (struct upstream_call){
        .client = request->client,
        .client_queues = request->client->queues,
        .endpoint = (const char *)envelope->endpoint.data,
        .endpoint_size = envelope->endpoint.size,
        .request_id = (const char *)envelope->request_id.data,
        .request_id_size = envelope->request_id.size,
        .parameters = parameters.data,
        .parameters_size = parameters.size,
        .body = &request->data,
        .has_data = request->has_data,
        .deadline_ns = clock_earlier(request->deadline_ns, timeout_ns > 0 ? clock_monotonic_ns() + timeout_ns : 0),
        .done = call_done,
    };
    sluice_error error;
    sluice_status status = upstream_send(upstream, call, &error); /* on SLUICE_OK the request may be gone already */
    if (status == SLUICE_UNAVAILABLE) {
        end_route(request);
        request->answer.executor_died = true;
        finish_failed(request, "ExecutorDied", error.text, upstream_class_name(upstream));
    } else if (status != SLUICE_OK) {
        char text[sizeof error.where + sizeof error.text + 4];
        snprintf(text, sizeof text, "%s: %s", error.where, error.text);
        fail(request, status, text);
    }
}

/* SLUICE_OK and *ret_matches, or the walk has been ended. */
static bool is_targeted(struct request *request, size_t node, bool *ret_matches)
{
    *ret_matches = true;
    if (request->envelope.target.size == 0)
        return true;
    sluice_error error;
    sluice_status status = SLUICE_OK;
    if (request->target == NULL)
        status = pattern_get(request->router->patterns, request->envelope.target.data, request->envelope.target.size,
                             &request->target, &error);
    if (status == SLUICE_OK)
        status = pattern_match(request->target, request->router->flow->executors[node].name, ret_matches, &error);
    if (status == SLUICE_OK)
        return true;
    if (status == SLUICE_NO_MEMORY)
        fail(request, status, error.text);
    else
        finish_failed(request, status == SLUICE_LIMIT ? "TimeoutError" : "error", error.text, "");
    return false;
}

static bool is_dry_run(const struct envelope *envelope)
{
    static const char endpoint[] = "_jina_dry_run_";
    return envelope->endpoint.size == sizeof endpoint - 1 &&
           memcmp(envelope->endpoint.data, endpoint, sizeof endpoint - 1) == 0;
}

static void walk_to(struct request *request, size_t node)
{
    if (atomic_load(&request->cancelled)) {
        fail(request, SLUICE_CANCELLED, "cancelled by the client");
        return;
    }
    bool matches;
    if (!is_targeted(request, node, &matches))
        return;
    request->node = node;
    request->routes[request->route_count++] =
        (struct answer_route){.executor = request->router->flow->executors[node].name, .start = clock_utc()};
    struct upstream *upstream = upstream_of(request->router->upstreams, node);
    if (!matches) {
        step_on(request);
    } else if (!is_dry_run(&request->envelope) &&
               !upstream_binds(upstream, (const char *)request->envelope.endpoint.data,
                               request->envelope.endpoint.size)) {
        end_route(request);
        request->called = true;
        step_on(request);
    } else {
        send(request, upstream);
    }
}

void router_submit(struct request *request, uint64_t deadline_ns, reply_function *reply_to, void *context)
{
    request->deadline_ns = deadline_ns;
    request->reply = reply_to;
    request->reply_context = context;
    request->has_data = request->envelope.has_data;
    rope_move(&request->data, &request->envelope.data);
    request->routes[request->route_count++] = (struct answer_route){.executor = "gateway", .start = clock_utc()};
    const struct flow_graph *graph = &request->router->flow->graph;
    if (graph->origin_count == 0)
        finish(request);
    else
        walk_to(request, graph->origins[0]);
}

/* ---- cancel ---- */

static void run_cancel(struct upstream_task *task)
{
    struct request *request = (struct request *)((char *)task - offsetof(struct request, cancel));
    if (request->call.upstream != NULL)
        upstream_cancel(&request->call);
    request_unref(request);
}

void router_cancel(struct request *request)
{
    if (atomic_exchange(&request->cancelled, true))
        return;
    atomic_fetch_add(&request->references, 1);
    request->cancel.run = run_cancel;
    upstream_set_post(request->router->upstreams, &request->cancel);
}
