/*
 * front.h - the gateway's gRPC front: a server that turns calls into requests for the router.
 *
 * Serves the services of a Jina gateway (JinaRPC, JinaSingleDataRequestRPC, JinaGatewayDryRunRPC, JinaInfoRPC,
 * JinaDiscoverEndpointsRPC), health checking and reflection (v1alpha); every other method is UNIMPLEMENTED. The formats
 * are in proto/, what the answers must be in docs/compatibility.md.
 *
 * The port is open from grpc_front_new() on. Stopping goes in steps: router_drain(), grpc_front_drain(),
 * grpc_front_wait(), grpc_front_free().
 */
#ifndef SLUICE_GATEWAY_GRPC_FRONT_H
#define SLUICE_GATEWAY_GRPC_FRONT_H

#include "gateway/router/router.h"

struct grpc_front;

struct grpc_front_settings {
    const char *host;       /* bind address: a name, IPv4 or IPv6 */
    uint16_t port;          /* 0: a free one */
    unsigned threads;       /* that serve the completion queue; 0: 1, best on few cores */
    uint32_t prefetch;      /* requests of one stream in work; 0: limits.max_in_flight_per_client */
    bool compatibility_3_5; /* StatusProto code 3 instead of 1 */
    struct flow_limits limits;
    struct flow_tls tls; /* its texts live until grpc_front_new() returns */
    /* Called around a burst of events on each of the front's threads (common/net/grpc/loop.h); NULL: not. */
    void (*burst_begin)(void), (*burst_end)(void);
};

/*
 * Open the port and serve. SLUICE_SYSTEM names host and port when it cannot be opened, SLUICE_INVALID when the settings
 * make no sense, or a certificate or key. The router must outlive the front.
 */
sluice_status grpc_front_new(const struct grpc_front_settings *settings, struct router *router,
                             struct grpc_front **ret_front, sluice_error *error);

uint16_t grpc_front_port(const struct grpc_front *front);

/* Health becomes NOT_SERVING (watchers are told), open streams are no longer read and end with UNAVAILABLE when what is
 * in them is answered. New calls are refused by router_admit(), so call router_drain() first. Any thread; once is
 * enough. */
void grpc_front_drain(struct grpc_front *front);

/* Wait until no call holds a request any more. False when `deadline_ns` came first. Any thread but the front's. */
bool grpc_front_wait(struct grpc_front *front, uint64_t deadline_ns);

/* Close the port, cancel every call that is left, wait for its requests' replies and free. Not from the front's own
 * threads. NULL is fine; returns NULL. */
struct grpc_front *grpc_front_free(struct grpc_front *front);

#endif
