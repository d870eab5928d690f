/* fixture.h - a front over a fake router, and a client of it; for one test. */
#ifndef SLUICE_TEST_GRPC_FIXTURE_H
#define SLUICE_TEST_GRPC_FIXTURE_H

#include "gateway/grpc/front.h"
#include "tests/unit/gateway/grpc/fake_router.h"
#include "tests/unit/gateway/grpc/rpc_client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char call_path[] = "/jina.JinaRPC/Call";
static const char single_path[] = "/jina.JinaSingleDataRequestRPC/process_single_data";
static const char check_path[] = "/grpc.health.v1.Health/Check";

struct fixture {
    struct router *router;
    struct grpc_front *front;
    struct rpc_client *client;
};

static inline struct grpc_front_settings fixture_settings(void)
{
    return (struct grpc_front_settings){
        .host = "127.0.0.1",
        .threads = 1,
        .prefetch = 1000,
        .limits = {.max_message_bytes = 64 << 20,
                   .max_bytes_in_flight = 256 << 20,
                   .max_in_flight = 16384,
                   .max_in_flight_per_client = 4096,
                   .max_depth = 100,
                   .max_header_bytes = 64 << 10},
    };
}

static inline struct fixture fixture_with(const struct grpc_front_settings *settings)
{
    struct fixture fixture = {.router = fake_router_new()};
    sluice_error error;
    sluice_status status = grpc_front_new(settings, fixture.router, &fixture.front, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    fixture.client = rpc_client_new(grpc_front_port(fixture.front));
    return fixture;
}

static inline struct fixture fixture_new(void)
{
    struct grpc_front_settings settings = fixture_settings();
    return fixture_with(&settings);
}

static inline void fixture_done(struct fixture *fixture)
{
    rpc_client_free(fixture->client);
    grpc_front_free(fixture->front);
    fake_router_done(fixture->router);
}

/* Send a request with this id. */
static inline void post_sized(struct rpc_call *call, const char *id, size_t text_size)
{
    size_t size;
    uint8_t *message = fake_message(id, text_size, &size);
    ck_assert(rpc_send(call, message, size));
    free(message);
}

static inline void post(struct rpc_call *call, const char *id)
{
    post_sized(call, id, 0);
}

/* Read one answer and check its id. */
static inline void expect(struct rpc_call *call, const char *id)
{
    size_t size;
    uint8_t *answer = rpc_read(call, &size);
    ck_assert_msg(answer != NULL, "no answer, %s expected; status %d %s", id, rpc_status(call), rpc_text(call));
    ck_assert_msg(fake_has_id(answer, size, id), "another answer than %s", id);
    free(answer);
}

static inline void expect_end(struct rpc_call *call, int status)
{
    size_t size;
    uint8_t *answer = rpc_read(call, &size);
    ck_assert_msg(answer == NULL, "an answer too many");
    int found = rpc_status(call);
    ck_assert_msg(found == status, "status %d (%s), %d expected", found, rpc_text(call), status);
}

/* A call on the same connection that is answered at once: whatever was sent before it has reached the front by then. */
static inline void barrier(struct fixture *fixture)
{
    uint8_t *answer;
    size_t size;
    rpc_unary(fixture->client, check_path, "", 0, &answer, &size, NULL);
    free(answer);
}

#endif
