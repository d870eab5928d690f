/*
 * front.h - the gateway's WebSocket front: a server (RFC 6455) that turns messages into requests for the router.
 *
 * What clients may send, what they get and the close codes: docs/websocket.md. One thread serves all connections;
 * worker threads turn JSON into requests and answers into JSON. With certificates it serves wss.
 *
 * The port is open from websocket_front_new() on. Stopping goes in steps, by one thread: router_drain(),
 * websocket_front_drain(), websocket_front_wait(), websocket_front_free().
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_FRONT_H
#define SLUICE_GATEWAY_WEBSOCKET_FRONT_H

#include "gateway/router/router.h"

struct websocket_front;

/* Limits of a connection that no Flow sets. 0 in struct websocket_front_settings: these. */
enum {
    WEBSOCKET_PING_INTERVAL_MS = 20000, /* without a word from the client: it is pinged, as Jina does */
    WEBSOCKET_PING_TIMEOUT_MS = 20000,  /* and the connection ended when still nothing has come */
    WEBSOCKET_CONNECTIONS_MAX = 16384,  /* more wait in the listen queue */
    WEBSOCKET_HANDSHAKE_TIMEOUT_MS = 20000, /* for TLS and the head of a request */
};

struct websocket_front_settings {
    const char *host;      /* bind address: a name, IPv4 or IPv6 */
    uint16_t port;         /* 0: a free one */
    uint32_t prefetch;     /* requests of one connection in work; 0: limits.max_in_flight_per_client */
    uint32_t json_workers; /* threads for JSON; 0: as many as cores, at most 8 */
    bool compatibility_3_5; /* StatusProto code 3 instead of 1 */
    struct flow_limits limits;
    struct flow_tls tls;                            /* certfile NULL: none */
    void (*burst_begin)(void), (*burst_end)(void); /* as in gateway/front.h; NULL: not */
    unsigned ping_interval_ms, ping_timeout_ms, connections_max, handshake_timeout_ms;
};

/* SLUICE_SYSTEM names host and port when it cannot be opened, SLUICE_INVALID says what is wrong with settings or
 * certificates. The router must outlive the front. */
sluice_status websocket_front_new(const struct websocket_front_settings *settings, struct router *router,
                                  struct websocket_front **ret_front, sluice_error *error);

uint16_t websocket_front_port(const struct websocket_front *front);

/* Open connections are no longer read and closed (1012, or 1000 after the client's end of input) when what is in them is
 * answered; new ones are refused by router_admit(), so call router_drain() first. Does not wait. */
void websocket_front_drain(struct websocket_front *front);

/* Wait until no connection holds a request any more. False when `deadline_ns` came first. */
bool websocket_front_wait(struct websocket_front *front, uint64_t deadline_ns);

/* Close the port and every connection, cancel what is left, wait for its replies and free. NULL is fine; returns NULL. */
struct websocket_front *websocket_front_free(struct websocket_front *front);

#endif
