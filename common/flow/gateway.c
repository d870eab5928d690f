#include "common/flow/loader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct node *gateway_setting(const struct loader *loader, const struct node *gateway, const char *key)
{
    return keys_get_inherited(gateway, loader->with, KEY_GATEWAY, key);
}

static int64_t integer(const struct loader *loader, const struct node *gateway, const char *key)
{
    return keys_integer(gateway_setting(loader, gateway, key), KEY_GATEWAY, key);
}

static uint64_t nanoseconds(const struct loader *loader, const struct node *gateway, const char *key)
{
    return loader_ns(gateway_setting(loader, gateway, key), KEY_GATEWAY, key);
}

static const char *text(struct loader *loader, const struct node *gateway, const char *key)
{
    const struct node *node = gateway_setting(loader, gateway, key);
    const char *given = keys_text(node);
    return given != NULL && given[0] != '\0' ? loader_text(loader, given) : key_find(key, KEY_GATEWAY, false)->fallback;
}

static enum flow_protocol protocol_of(const struct node *node)
{
    return strcasecmp(node->text, "HTTP") == 0        ? FLOW_HTTP
           : strcasecmp(node->text, "WEBSOCKET") == 0 ? FLOW_WEBSOCKET
                                                      : FLOW_GRPC;
}

static size_t count_of(const struct node *node)
{
    return node == NULL ? 1 : node->kind == NODE_LIST ? node->count : 1;
}

static const struct node *at(const struct node *node, size_t index)
{
    return node == NULL || node->kind != NODE_LIST ? node : node->items[index];
}

/* No port, or the one port 0: every protocol gets a free one. */
static bool ports_are_free(const struct node *ports)
{
    return ports == NULL || (ports->kind == NODE_LIST ? ports->count == 0 : ports->number == 0);
}

static void check_fronts(struct loader *loader, const struct node *protocols, const struct node *ports, size_t count)
{
    struct problems *problems = loader->problems;
    size_t port_count = count_of(ports);
    if (count == 0)
        problem_error(problems, protocols->place, "the gateway has no protocol; leave \"protocol\" out for GRPC");
    else if (count > FLOW_FRONTS_MAX)
        problem_error(problems, protocols->place, "%zu protocols are too many: at most %d", count, FLOW_FRONTS_MAX);
    else if (count != port_count && !ports_are_free(ports))
        problem_error(problems, ports->place,
                      "%zu protocol%s and %zu port%s; each protocol needs its own port, or give none for free ones",
                      count, count == 1 ? "" : "s", port_count, port_count == 1 ? "" : "s");
    for (size_t i = 0; ports != NULL && i < port_count; i++)
        for (size_t k = 0; k < i; k++)
            if (at(ports, i)->number != 0 && at(ports, i)->number == at(ports, k)->number)
                problem_error(problems, at(ports, i)->place, "the port %s is given twice; each protocol needs its own",
                              at(ports, i)->text);
}

static void read_fronts(struct loader *loader, const struct node *gateway)
{
    struct flow_gateway *model = &loader->flow->gateway;
    const struct node *protocols = gateway_setting(loader, gateway, "protocol");
    const struct node *ports = gateway_setting(loader, gateway, "port");
    size_t count = count_of(protocols);
    check_fronts(loader, protocols, ports, count);
    model->fronts = arena_zalloc(loader->arena, (count + 1) * sizeof *model->fronts);
    if (model->fronts == NULL) {
        loader->problems->no_memory = true;
        return;
    }
    model->front_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct node *port = !ports_are_free(ports) && i < count_of(ports) ? at(ports, i) : NULL;
        model->fronts[i].protocol = protocols != NULL ? protocol_of(at(protocols, i)) : FLOW_GRPC;
        model->fronts[i].port = (uint16_t)keys_integer(port, KEY_GATEWAY, "port");
    }
}

/* `compatibility: 3.N`: before 3.6 clients know the error code 3 only. */
static bool is_before_3_6(struct loader *loader, const struct node *gateway)
{
    const struct node *version = gateway_setting(loader, gateway, "compatibility");
    if (version == NULL)
        return false;
    char *end = NULL;
    unsigned long minor = strncmp(version->text, "3.", 2) == 0 ? strtoul(version->text + 2, &end, 10) : 0;
    if (end == NULL || end == version->text + 2 || *end != '\0' || minor > 99) {
        problem_error(loader->problems, version->place,
                      "\"compatibility\" must be a version of Jina 3, such as \"3.5\", not \"%s\"", version->text);
        return false;
    }
    return minor < 6;
}

static void read_limits(struct loader *loader, const struct node *gateway)
{
    loader->flow->gateway.limits = (struct flow_limits){
        .max_message_bytes = (uint64_t)integer(loader, gateway, "max_message_bytes"),
        .max_bytes_in_flight = (uint64_t)integer(loader, gateway, "max_bytes_in_flight"),
        .max_in_flight = (uint32_t)integer(loader, gateway, "max_in_flight"),
        .max_in_flight_per_client = (uint32_t)integer(loader, gateway, "max_in_flight_per_client"),
        .max_queue_per_executor = (uint32_t)integer(loader, gateway, "max_queue_per_executor"),
        .max_depth = (uint32_t)integer(loader, gateway, "max_depth"),
        .max_header_bytes = (uint32_t)integer(loader, gateway, "max_header_bytes"),
    };
}

static bool truth(const struct loader *loader, const struct node *gateway, const char *key)
{
    return keys_bool(gateway_setting(loader, gateway, key), false);
}

static void read_http(struct loader *loader, const struct node *gateway)
{
    loader->flow->gateway.http = (struct flow_http){
        .title = text(loader, gateway, "title"),
        .description = text(loader, gateway, "description"),
        .cors = truth(loader, gateway, "cors"),
        .no_debug_endpoints = truth(loader, gateway, "no_debug_endpoints"),
        .no_crud_endpoints = truth(loader, gateway, "no_crud_endpoints"),
        .expose_graphql_endpoint = truth(loader, gateway, "expose_graphql_endpoint"),
        .compress_answers = truth(loader, gateway, "compress_answers"),
        .workers = (uint32_t)integer(loader, gateway, "json_workers"),
        .head_timeout_ns = nanoseconds(loader, gateway, "http_head_timeout"),
        .idle_timeout_ns = nanoseconds(loader, gateway, "http_idle_timeout"),
        .body_timeout_ns = nanoseconds(loader, gateway, "http_body_timeout"),
        .linger_timeout_ns = nanoseconds(loader, gateway, "http_linger_timeout"),
        .body_rate = (uint64_t)integer(loader, gateway, "http_body_rate"),
        .max_connections = (uint32_t)integer(loader, gateway, "http_max_connections"),
        .max_header_bytes = (uint32_t)integer(loader, gateway, "http_max_header_bytes"),
    };
    expose_load(loader, gateway_setting(loader, gateway, "expose_endpoints"));
}

void gateway_load(struct loader *loader, const struct node *gateway)
{
    struct flow_gateway *model = &loader->flow->gateway;
    keys_check(gateway, KEY_GATEWAY, "gateway", loader->options->resolved, loader->problems);
    model->place = loader_section_place(loader, gateway);
    model->name = text(loader, gateway, "name");
    model->host = text(loader, gateway, "host");
    model->prefetch = (uint32_t)integer(loader, gateway, "prefetch");
    model->timeout_send_ns = nanoseconds(loader, gateway, "timeout_send");
    model->timeout_ready_ns = nanoseconds(loader, gateway, "timeout_ready");
    model->drain_timeout_ns = nanoseconds(loader, gateway, "drain_timeout");
    model->threads = (uint32_t)integer(loader, gateway, "threads");
    model->compatibility_3_5 = is_before_3_6(loader, gateway);
    model->env = loader_env(loader, keys_get(gateway, KEY_GATEWAY, "env"));
    read_fronts(loader, gateway);
    read_limits(loader, gateway);
    security_load(loader, gateway);
    read_http(loader, gateway);
}
