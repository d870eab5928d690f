/*
 * sluice-gateway: reads the Flow, waits for its executors, opens the fronts, says `ready`, serves, drains.
 *
 * The main thread only waits. Requests live on the threads of the fronts and of the upstreams (docs/architecture.md);
 * signals and the supervisor's messages are the watcher's.
 */
#include "common/flow/report.h"
#include "common/flow/source.h"
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/foundation/log.h"
#include "common/foundation/memory.h"
#include "common/foundation/status.h"
#include "common/net/control.h"
#include "gateway/arguments.h"
#include "gateway/front.h"
#include "gateway/watcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLOW_BYTES_MAX = 16 << 20, /* a resolved Flow; what people write is limited by flow_load() */
    GLANCE_MS = 100,           /* how often a wait looks whether it is to be given up */
};

struct gateway {
    struct arguments arguments;
    struct flow *flow;
    struct upstream_set *upstreams;
    struct router *router;
    struct watcher *watcher;
    struct {
        const struct front_type *type;
        enum flow_protocol protocol;
        struct front *front;
    } fronts[FLOW_FRONTS_MAX];
    size_t front_count;
};

static uint64_t glance(void)
{
    return clock_monotonic_ns() + GLANCE_MS * (uint64_t)CLOCK_NS_PER_MS;
}

/* ---- the Flow ---- */

static sluice_status parse_flow(struct gateway *gateway, const struct buffer *text, sluice_error *error)
{
    bool resolved = gateway->arguments.flow_file == NULL;
    struct flow_options options = {.file = gateway->arguments.flow_file, .resolved = resolved};
    struct flow_source source = {0};
    struct flow_report report;
    struct arena *arena = NULL;

    if (!resolved)
        flow_source_files(&source);
    sluice_status status =
        flow_load((const char *)text->data, text->size, &options, &source, &gateway->flow, &report, &arena);
    if (status == SLUICE_INVALID)
        flow_report_error(&report, error);
    else if (status != SLUICE_OK)
        sluice_fail(error, status, "gateway", "the Flow cannot be read: %s", sluice_status_name(status));
    arena_free(arena);
    return status;
}

static sluice_status read_flow(struct gateway *gateway, sluice_error *error)
{
    const struct arguments *arguments = &gateway->arguments;
    struct buffer text;

    buffer_init(&text, FLOW_BYTES_MAX);
    sluice_status status = arguments->flow_file != NULL ? file_read_path(arguments->flow_file, &text, error)
                                                        : file_read_all(arguments->flow_fd, "--flow-fd", &text, error);
    if (status == SLUICE_OK)
        status = parse_flow(gateway, &text, error);
    buffer_done(&text);
    return status;
}

/* ---- start ---- */

/* Waits for the executors; SLUICE_CANCELLED when the gateway is asked to stop before they are there. */
static sluice_status wait_for_executors(struct gateway *gateway, sluice_error *error)
{
    uint64_t timeout_ns = gateway->flow->gateway.timeout_ready_ns;
    uint64_t deadline = timeout_ns > 0 ? clock_monotonic_ns() + timeout_ns : 0;

    for (;;) {
        sluice_status status = upstream_set_wait(gateway->upstreams, clock_earlier(deadline, glance()), error);
        if (status != SLUICE_TIMEOUT || (deadline != 0 && clock_monotonic_ns() >= deadline))
            return status;
        if (watcher_wait(gateway->watcher, 1))
            return sluice_fail(error, SLUICE_CANCELLED, "gateway", "asked to stop while it waited for the executors");
    }
}

static sluice_status open_front(struct gateway *gateway, const struct flow_front *wanted, sluice_error *error)
{
    const struct front_executors executors = {
        .set = gateway->upstreams,
        .borrow = upstream_set_borrow,
        .timeout_ms = upstream_set_timeout_ms,
        .run = upstream_set_run,
        .give_back = upstream_set_give_back,
    };
    const struct front_settings settings = {
        .host = gateway->flow->gateway.host,
        .port = wanted->port,
        .threads = gateway->arguments.threads != 0 ? gateway->arguments.threads : gateway->flow->gateway.threads,
        .flow = gateway->flow,
        .burst_begin = upstream_hold, /* frames of one burst leave together */
        .burst_end = upstream_release,
        .executors = gateway->flow->gateway.front_count == 1 ? &executors : NULL,
    };
    const struct front_type *type = NULL;
    struct front *front = NULL;

    if (gateway->front_count == FLOW_FRONTS_MAX)
        return sluice_fail(error, SLUICE_LIMIT, "gateway", "more than %d ports", FLOW_FRONTS_MAX);
    sluice_status status = front_load(wanted->protocol, &type, error);
    if (status == SLUICE_OK)
        status = type->open(&settings, gateway->router, &front, error);
    if (status != SLUICE_OK)
        return status;
    gateway->fronts[gateway->front_count].type = type;
    gateway->fronts[gateway->front_count].protocol = wanted->protocol;
    gateway->fronts[gateway->front_count++].front = front;
    return SLUICE_OK;
}

static sluice_status open_fronts(struct gateway *gateway, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < gateway->flow->gateway.front_count && status == SLUICE_OK; i++)
        status = open_front(gateway, &gateway->flow->gateway.fronts[i], error);
    return status;
}

static sluice_status start(struct gateway *gateway, sluice_error *error)
{
    sluice_status status = read_flow(gateway, error);
    if (status == SLUICE_OK)
        status = upstream_set_new(gateway->flow, gateway->arguments.socket_folder, gateway->arguments.control_fd,
                                  &gateway->upstreams, error);
    if (status == SLUICE_OK)
        status = watcher_new(gateway->arguments.control_fd, gateway->upstreams, &gateway->watcher, error);
    if (status == SLUICE_OK)
        status = wait_for_executors(gateway, error);
    if (status == SLUICE_OK)
        status = router_new(gateway->flow, gateway->upstreams, &gateway->router, error);
    if (status == SLUICE_OK)
        status = open_fronts(gateway, error);
    return status;
}

/* The scheme of a front's address, and its name in the ready line. */
static const char *protocol_name(enum flow_protocol protocol)
{
    static const char *const names[] = {[FLOW_GRPC] = "grpc", [FLOW_HTTP] = "http", [FLOW_WEBSOCKET] = "websocket"};
    return names[protocol];
}

static void say_ready(const struct gateway *gateway)
{
    const struct flow_gateway *flow = &gateway->flow->gateway;
    int control_fd = gateway->arguments.control_fd;

    for (size_t i = 0; i < gateway->front_count; i++) {
        const char *protocol = protocol_name(gateway->fronts[i].protocol);
        char port[8];
        snprintf(port, sizeof port, "%u", gateway->fronts[i].type->port(gateway->fronts[i].front));
        bool tls = flow->tls.certfile != NULL;
        log_info("ready: %s://%s:%s%s", protocol, flow->host, port, tls ? " (TLS)" : "");
        if (control_fd >= 0)
            CONTROL_SEND(control_fd, "ready", "protocol", protocol, "host", flow->host, "port", port, "tls",
                         tls ? "1" : "0");
    }
    if (control_fd >= 0)
        CONTROL_SEND(control_fd, "ready", NULL);
}

/* ---- stop ---- */

static void drain(struct gateway *gateway)
{
    uint64_t deadline = clock_monotonic_ns() + gateway->flow->gateway.drain_timeout_ns;

    log_info("draining: %zu requests inside", router_in_flight(gateway->router));
    router_drain(gateway->router);
    for (size_t i = 0; i < gateway->front_count; i++)
        gateway->fronts[i].type->drain(gateway->fronts[i].front);
    for (size_t i = 0; i < gateway->front_count; i++)
        while (!gateway->fronts[i].type->wait(gateway->fronts[i].front, clock_earlier(deadline, glance())))
            if (clock_monotonic_ns() >= deadline || watcher_urgent(gateway->watcher))
                break;
    size_t left = router_in_flight(gateway->router);
    if (left > 0)
        log_warning("%zu requests were not answered in time and are cancelled", left);
}

static void release(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->front_count; i++)
        gateway->fronts[i].type->free(gateway->fronts[i].front);
    router_free(gateway->router);
    watcher_free(gateway->watcher);
    upstream_set_free(gateway->upstreams);
    flow_free(gateway->flow);
}

static void say_failed(const struct gateway *gateway, const sluice_error *error)
{
    char text[sizeof error->where + sizeof error->text + 4];

    log_error_of(error);
    if (gateway->arguments.control_fd < 0)
        return;
    snprintf(text, sizeof text, "%s%s%s", error->where, error->where[0] != '\0' ? ": " : "", error->text);
    CONTROL_SEND(gateway->arguments.control_fd, "failed", "text", text);
}

int main(int argc, char **argv)
{
    memory_tune();
    watcher_block_signals();
    struct gateway gateway = {0};
    sluice_error error = {.status = SLUICE_OK};
    switch (arguments_read(argc, argv, &gateway.arguments)) {
    case OPTIONS_GO: break;
    case OPTIONS_HELPED: return EXIT_SUCCESS;
    case OPTIONS_WRONG: return EXIT_USAGE;
    }
    log_init("gateway");
    file_raise_descriptor_limit();

    sluice_status status = start(&gateway, &error);
    if (status == SLUICE_OK) {
        say_ready(&gateway);
        watcher_wait(gateway.watcher, 0);
        drain(&gateway);
    } else if (status == SLUICE_CANCELLED) {
        log_info("%s", error.text);
        status = SLUICE_OK;
    } else {
        say_failed(&gateway, &error);
    }
    release(&gateway);
    return status_codes_of(status)->exit_code;
}
