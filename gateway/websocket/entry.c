/* entry.c: the WebSocket front as a module of the gateway (gateway/front.h). */
#include "gateway/front.h"
#include "gateway/websocket/front.h"

static sluice_status open_front(const struct front_settings *settings, struct router *router, struct front **ret_front,
                                sluice_error *error)
{
    const struct flow_gateway *gateway = &settings->flow->gateway;
    const struct websocket_front_settings websocket = {
        .host = settings->host,
        .port = settings->port,
        .prefetch = gateway->prefetch,
        .json_workers = gateway->http.workers,
        .compatibility_3_5 = gateway->compatibility_3_5,
        .limits = gateway->limits,
        .tls = gateway->tls,
        .burst_begin = settings->burst_begin,
        .burst_end = settings->burst_end,
    };
    return websocket_front_new(&websocket, router, (struct websocket_front **)ret_front, error);
}

static uint16_t port(const struct front *front)
{
    return websocket_front_port((const struct websocket_front *)front);
}

static void drain(struct front *front)
{
    websocket_front_drain((struct websocket_front *)front);
}

static bool wait_for(struct front *front, uint64_t deadline_ns)
{
    return websocket_front_wait((struct websocket_front *)front, deadline_ns);
}

static void free_front(struct front *front)
{
    websocket_front_free((struct websocket_front *)front);
}

front_entry_function front_entry;

const struct front_type *front_entry(void)
{
    static const struct front_type type = {
        .version = FRONT_VERSION,
        .open = open_front,
        .port = port,
        .drain = drain,
        .wait = wait_for,
        .free = free_front,
    };
    return &type;
}
