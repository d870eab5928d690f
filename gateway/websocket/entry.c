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

FRONT_MODULE(websocket)
