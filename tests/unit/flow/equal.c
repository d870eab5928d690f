#include "tests/unit/flow/equal.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_env(const char *const *a, const char *const *b)
{
    for (; *a != NULL && *b != NULL; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return *a == *b;
}

static bool same_numbers(const size_t *a, size_t a_count, const size_t *b, size_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static bool same_place(const struct flow_place *a, const struct flow_place *b)
{
    return a->line == b->line && a->column == b->column;
}

#define DIFFERS(condition, what)                                                                                       \
    if (!(condition))                                                                                                  \
    return what

static const char *http_difference(const struct flow_http *a, const struct flow_http *b)
{
    DIFFERS(same_text(a->title, b->title), "title");
    DIFFERS(same_text(a->description, b->description), "description of http");
    DIFFERS(a->cors == b->cors && a->compress_answers == b->compress_answers, "cors, compress_answers");
    DIFFERS(a->no_debug_endpoints == b->no_debug_endpoints && a->no_crud_endpoints == b->no_crud_endpoints &&
                a->expose_graphql_endpoint == b->expose_graphql_endpoint,
            "switches of http");
    DIFFERS(a->workers == b->workers, "json_workers");
    DIFFERS(a->max_connections == b->max_connections && a->max_header_bytes == b->max_header_bytes &&
                a->body_rate == b->body_rate,
            "limits of http");
    DIFFERS(a->head_timeout_ns == b->head_timeout_ns && a->idle_timeout_ns == b->idle_timeout_ns &&
                a->body_timeout_ns == b->body_timeout_ns && a->linger_timeout_ns == b->linger_timeout_ns,
            "timeouts of http");
    DIFFERS(a->exposed_count == b->exposed_count, "exposed_count");
    for (size_t i = 0; i < a->exposed_count; i++) {
        const struct flow_exposed_endpoint *x = &a->exposed[i], *y = &b->exposed[i];
        DIFFERS(same_text(x->endpoint, y->endpoint) && same_text(x->path, y->path), "exposed path");
        DIFFERS(same_text(x->summary, y->summary) && same_text(x->description, y->description), "exposed texts");
        DIFFERS(same_env(x->methods, y->methods) && same_env(x->tags, y->tags), "exposed methods, tags");
    }
    return NULL;
}

static const char *gateway_difference(const struct flow_gateway *a, const struct flow_gateway *b)
{
    DIFFERS(same_place(&a->place, &b->place), "gateway.place");
    DIFFERS(same_text(a->name, b->name), "gateway.name");
    DIFFERS(same_text(a->host, b->host), "gateway.host");
    DIFFERS(a->front_count == b->front_count, "gateway.front_count");
    for (size_t i = 0; i < a->front_count; i++)
        DIFFERS(a->fronts[i].protocol == b->fronts[i].protocol && a->fronts[i].port == b->fronts[i].port,
                "gateway.fronts");
    DIFFERS(a->prefetch == b->prefetch, "gateway.prefetch");
    DIFFERS(a->timeout_send_ns == b->timeout_send_ns, "gateway.timeout_send");
    DIFFERS(a->timeout_ready_ns == b->timeout_ready_ns, "gateway.timeout_ready");
    DIFFERS(a->drain_timeout_ns == b->drain_timeout_ns, "gateway.drain_timeout");
    DIFFERS(a->threads == b->threads, "gateway.threads");
    DIFFERS(a->compatibility_3_5 == b->compatibility_3_5, "gateway.compatibility");
    DIFFERS(a->limits.max_message_bytes == b->limits.max_message_bytes, "max_message_bytes");
    DIFFERS(a->limits.max_bytes_in_flight == b->limits.max_bytes_in_flight, "max_bytes_in_flight");
    DIFFERS(a->limits.max_in_flight == b->limits.max_in_flight, "max_in_flight");
    DIFFERS(a->limits.max_in_flight_per_client == b->limits.max_in_flight_per_client, "max_in_flight_per_client");
    DIFFERS(a->limits.max_queue_per_executor == b->limits.max_queue_per_executor, "max_queue_per_executor");
    DIFFERS(a->limits.max_depth == b->limits.max_depth, "max_depth");
    DIFFERS(a->limits.max_header_bytes == b->limits.max_header_bytes, "max_header_bytes");
    DIFFERS(same_env(a->env, b->env), "gateway.env");
    DIFFERS(same_text(a->tls.certfile, b->tls.certfile) && same_text(a->tls.keyfile, b->tls.keyfile) &&
                same_text(a->tls.ca_certs, b->tls.ca_certs),
            "gateway.tls");
    return http_difference(&a->http, &b->http);
}

static const char *executor_difference(const struct flow_executor *a, const struct flow_executor *b)
{
    DIFFERS(same_place(&a->place, &b->place), "place");
    DIFFERS(same_text(a->name, b->name), "name");
    DIFFERS(same_text(a->uses, b->uses), "uses");
    DIFFERS(same_text(a->plugin, b->plugin), "plugin");
    DIFFERS(same_text(a->class_name, b->class_name), "class_name");
    DIFFERS(same_text(a->metas_name, b->metas_name), "metas_name");
    DIFFERS(same_text(a->description, b->description), "description");
    DIFFERS(same_text(a->workspace, b->workspace), "workspace");
    DIFFERS(sluice_value_equal(a->uses_with, b->uses_with), "uses_with");
    DIFFERS(sluice_value_equal(a->uses_requests, b->uses_requests), "uses_requests");
    DIFFERS(same_env(a->env, b->env), "env");
    DIFFERS(a->workers == b->workers, "workers");
    DIFFERS(a->replicas == b->replicas, "replicas");
    DIFFERS(a->timeout_ready_ns == b->timeout_ready_ns, "timeout_ready");
    DIFFERS(a->stuck_timeout_ns == b->stuck_timeout_ns, "stuck_timeout");
    DIFFERS(a->window_bytes == b->window_bytes, "window_bytes");
    DIFFERS(a->window_requests == b->window_requests, "window_requests");
    DIFFERS(a->floating == b->floating && a->external == b->external, "floating, external");
    DIFFERS(same_numbers(a->needs, a->needs_count, b->needs, b->needs_count), "needs");
    return NULL;
}

const char *flow_difference(const struct flow *a, const struct flow *b)
{
    DIFFERS(same_text(a->name, b->name), "name");
    DIFFERS(same_text(a->file, b->file), "file");
    DIFFERS(same_text(a->workspace, b->workspace), "workspace");
    DIFFERS(a->on_crash_loop == b->on_crash_loop, "on_crash_loop");
    DIFFERS(a->crash_loop_limit == b->crash_loop_limit, "crash_loop_limit");
    DIFFERS(same_env(a->env, b->env), "env");
    DIFFERS(a->executor_count == b->executor_count, "executor_count");
    const char *difference = gateway_difference(&a->gateway, &b->gateway);
    for (size_t i = 0; i < a->executor_count && difference == NULL; i++) {
        difference = executor_difference(&a->executors[i], &b->executors[i]);
        const struct flow_node *x = &a->graph.nodes[i], *y = &b->graph.nodes[i];
        DIFFERS(same_numbers(x->next, x->next_count, y->next, y->next_count), "graph.next");
        DIFFERS(same_numbers(x->previous, x->previous_count, y->previous, y->previous_count), "graph.previous");
    }
    DIFFERS(same_numbers(a->graph.origins, a->graph.origin_count, b->graph.origins, b->graph.origin_count),
            "graph.origins");
    DIFFERS(a->graph.chain == b->graph.chain, "graph.chain");
    return difference;
}
