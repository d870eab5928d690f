/*
 * front.h - the gateway's HTTP front: a server that turns HTTP requests into requests for the router.
 *
 * HTTP/1.1 on libmicrohttpd, with or without TLS. Routes: docs/http.md. The port is open from http_front_new() on.
 * Stopping goes in steps: router_drain(), http_front_drain(), http_front_wait(), http_front_free(); by one thread.
 */
#ifndef SLUICE_GATEWAY_HTTP_FRONT_H
#define SLUICE_GATEWAY_HTTP_FRONT_H

#include "gateway/front.h"

struct http_front;

enum {
    HTTP_LOOPS_MAX = 64,
    HTTP_LOOPS_UNASKED = 4,       /* at most, when none are asked for: executors and clients want processors too */
    HTTP_LOOP_FILL = 16,
    HTTP_RETRY_AFTER_SECONDS = 1, /* what a refused client is told */
};

struct http_front_settings {
    const char *host;                              /* bind address: a name, IPv4 or IPv6 */
    uint16_t port;                                 /* 0: a free one */
    unsigned threads;                              /* event loops, at most HTTP_LOOPS_MAX; 0: by the processors */
    unsigned loop_fill; /* connections of a loop before the next one gets any; 0: HTTP_LOOP_FILL */
    const struct flow *flow;                       /* its gateway's keys are the rest; outlives the front */
    void (*burst_begin)(void), (*burst_end)(void); /* as in gateway/front.h; NULL: not */
    const struct front_executors *executors;       /* as there; NULL: not */
};

/* SLUICE_SYSTEM names host and port when it cannot be opened, SLUICE_INVALID says what is wrong with settings or
 * certificates. The router must outlive the front. */
sluice_status http_front_new(const struct http_front_settings *settings, struct router *router,
                             struct http_front **ret_front, sluice_error *error);

uint16_t http_front_port(const struct http_front *front);

/* Requests are refused with 503 by router_admit(); every answer from now on ends its connection, idle ones end now. */
void http_front_drain(struct http_front *front);

/* Wait until no connection has a request in work. False when `deadline_ns` came first. */
bool http_front_wait(struct http_front *front, uint64_t deadline_ns);

/* Close the port and every connection, cancel what is left, wait for its replies and free. NULL is fine; returns NULL.
 */
struct http_front *http_front_free(struct http_front *front);

#endif
