/* fixture.h - an HTTP front over the fake router of tests/unit/gateway/grpc, whose answers the endpoint's name decides.
 */
#ifndef SLUICE_TEST_HTTP_FIXTURE_H
#define SLUICE_TEST_HTTP_FIXTURE_H

#include "gateway/http/front.h"
#include "tests/unit/gateway/grpc/fake_router.h"
#include "tests/unit/gateway/http/client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_EXEC_ENDPOINT = 3 };

#define FIXTURE_SECOND 1000000000ull

struct fixture {
    struct router *router;
    struct http_front *front;
    struct flow flow;
    struct http_front_settings settings;
    uint16_t port;
};

static inline void fixture_prepare(struct fixture *fixture)
{
    *fixture = (struct fixture){.router = fake_router_new()};
    fixture->flow.gateway.limits = (struct flow_limits){.max_message_bytes = 8 << 20,
                                                        .max_bytes_in_flight = 64 << 20,
                                                        .max_in_flight = 16384,
                                                        .max_in_flight_per_client = 4096,
                                                        .max_depth = 100,
                                                        .max_header_bytes = 64 << 10};
    fixture->flow.gateway.http = (struct flow_http){.title = "t",
                                                    .description = "d",
                                                    .workers = 2,
                                                    .head_timeout_ns = 30 * FIXTURE_SECOND,
                                                    .idle_timeout_ns = 60 * FIXTURE_SECOND,
                                                    .body_timeout_ns = 30 * FIXTURE_SECOND,
                                                    .linger_timeout_ns = 3 * FIXTURE_SECOND,
                                                    .body_rate = 1024,
                                                    .max_connections = 4096,
                                                    .max_header_bytes = 12288};
    fixture->settings = (struct http_front_settings){
        .host = "127.0.0.1", .flow = &fixture->flow, .loop_fill = 1}; /* so that few connections reach all loops */
    fake_name_by(fixture->router, HEADER_EXEC_ENDPOINT);
}

static inline void fixture_start(struct fixture *fixture)
{
    sluice_error error;
    sluice_status status = http_front_new(&fixture->settings, fixture->router, &fixture->front, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    fixture->port = http_front_port(fixture->front);
}

static inline void fixture_done(struct fixture *fixture)
{
    http_front_free(fixture->front);
    fake_router_done(fixture->router);
}

#endif
