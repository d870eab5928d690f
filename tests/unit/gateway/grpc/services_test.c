/* Unary requests, dry run, _status, discovery, unknown methods; the server's limits and its port. */
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/wire/wire.h"
#include "tests/unit/gateway/grpc/fixture.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const char dry_run_path[] = "/jina.JinaGatewayDryRunRPC/dry_run";

/* ---- process_single_data ---- */

static int post_single(struct fixture *f, const char *id, uint8_t **ret_answer, size_t *ret_size, char text[8192])
{
    size_t size;
    uint8_t *message = fake_message(id, 100, &size);
    int status = rpc_unary(f->client, single_path, message, size, ret_answer, ret_size, text);
    free(message);
    return status;
}

START_TEST(one_request_one_answer)
{
    static const char *const ids[] = {"now-1", "later-1", "fail-1"};
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    ck_assert_int_eq(post_single(&f, ids[_i], &answer, &size, NULL), GRPC_STATUS_OK);
    ck_assert_ptr_nonnull(answer);
    ck_assert(fake_has_id(answer, size, ids[_i]));
    free(answer);
    fake_wait_live(f.router, 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_failure_is_trailers_only)
{
    static const struct {
        const char *id;
        int status;
        const char *text;
    } cases[] = {
        {"timeout-1", GRPC_STATUS_DEADLINE_EXCEEDED, "TEXT of timeout-1"},
        {"gone-1",    GRPC_STATUS_UNAVAILABLE,       "TEXT of gone-1"   }
    };
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    char text[8192];
    ck_assert_int_eq(post_single(&f, cases[_i].id, &answer, &size, text), cases[_i].status);
    ck_assert_ptr_null(answer);
    ck_assert_str_eq(text, cases[_i].text);
    fixture_done(&f);
}
END_TEST

START_TEST(an_unreadable_request_is_invalid)
{
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    char text[8192];
    ck_assert_int_eq(rpc_unary(f.client, single_path, "\xFF\xFF\xFF", 3, &answer, &size, text),
                     GRPC_STATUS_INVALID_ARGUMENT);
    ck_assert_ptr_null(answer);
    ck_assert_str_eq(text, "the message is no DataRequestProto");
    ck_assert_uint_eq(fake_submitted(f.router), 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_call_without_a_message_is_invalid)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, single_path, NULL, 0);
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_INVALID_ARGUMENT);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_refused_call_is_not_read)
{
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    char text[8192];
    fake_set_refusal(f.router, SLUICE_LIMIT);
    ck_assert_int_eq(post_single(&f, "now-1", &answer, &size, text), GRPC_STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(text, "refused by the test");
    router_drain(f.router);
    ck_assert_int_eq(post_single(&f, "now-1", &answer, &size, text), GRPC_STATUS_UNAVAILABLE);
    ck_assert_uint_eq(fake_submitted(f.router), 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_cancelled_call_cancels_its_request)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, single_path, NULL, _i == 0 ? 0 : 2000);
    post(call, "never-1");
    rpc_half_close(call);
    fake_wait_submitted(f.router, 1);
    if (_i == 0)
        rpc_cancel(call);
    ck_assert_int_eq(rpc_status(call), _i == 0 ? GRPC_STATUS_CANCELLED : GRPC_STATUS_DEADLINE_EXCEEDED);
    fake_wait_live(f.router, 0);
    ck_assert_uint_eq(fake_cancelled(f.router), 1);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_long_text_is_cut_at_a_character)
{
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    static char text[8192], longest[8001];
    for (size_t i = 0; i < 8000; i += 2)
        memcpy(longest + i, "\xC3\xA4", 2); /* each byte takes three on the wire */
    fake_set_failure_text(f.router, longest);
    ck_assert_int_eq(post_single(&f, "gone-1", &answer, &size, text), GRPC_STATUS_UNAVAILABLE);
    ck_assert_uint_ge(strlen(text), 1330);
    ck_assert_uint_le(strlen(text), 4000 / 3);
    ck_assert_uint_eq(strlen(text) % 2, 0);
    ck_assert_int_eq(strncmp(text, longest, strlen(text)), 0);
    fixture_done(&f);
}
END_TEST

START_TEST(a_large_message_travels)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, single_path, NULL, 0);
    size_t size, answer_size;
    uint8_t *message = fake_message("later-large", 20 << 20, &size);
    ck_assert(rpc_send(call, message, size));
    rpc_half_close(call);
    uint8_t *answer = rpc_read(call, &answer_size);
    ck_assert_uint_eq(answer_size, size);
    ck_assert_mem_eq(answer, message, size);
    free(answer);
    free(message);
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(compressed_requests_are_understood)
{
    static const char *const algorithms[] = {"gzip", "deflate"};
    const char *const metadata[] = {"grpc-internal-encoding-request", algorithms[_i], NULL, NULL};
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, metadata, 0);
    post_sized(call, "later-1", 100000);
    expect(call, "later-1");
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

/* ---- dry run ---- */

START_TEST(dry_run_answers_a_status)
{
    static const struct {
        const char *id; /* the fake router takes its failure text as the id of a dry run */
        size_t size;
        const char *bytes;
    } cases[] = {
        {"later", 0,           ""                                                                },
        {"fail",  6,           "\x08\x01\x12\x02no"                                              },
        {"gone",  2 + 14 + 24, "\x08\x01\x12\x0Cgone of gone\x1A\x16\x0A\x14InternalNetworkError"},
    };
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    fake_set_failure_text(f.router, cases[_i].id);
    ck_assert_int_eq(rpc_unary(f.client, dry_run_path, "", 0, &answer, &size, NULL), GRPC_STATUS_OK);
    ck_assert_ptr_nonnull(answer);
    ck_assert_uint_eq(size, cases[_i].size);
    ck_assert_int_eq(memcmp(answer, cases[_i].bytes, size), 0);
    free(answer);
    fixture_done(&f);
}
END_TEST

START_TEST(dry_run_for_old_clients_says_3)
{
    struct grpc_front_settings settings = fixture_settings();
    settings.compatibility_3_5 = true;
    struct fixture f = fixture_with(&settings);
    uint8_t *answer;
    size_t size;
    fake_set_failure_text(f.router, "gone");
    ck_assert_int_eq(rpc_unary(f.client, dry_run_path, "", 0, &answer, &size, NULL), GRPC_STATUS_OK);
    ck_assert_mem_eq(answer, "\x08\x03", 2);
    free(answer);
    fixture_done(&f);
}
END_TEST

/* ---- _status, discovery, unknown ---- */

static bool has_entry(const uint8_t *bytes, size_t size, uint32_t map, const char *key)
{
    struct wire_reader reader = wire_read(bytes, size);
    struct wire_field field, part;
    while (wire_next(&reader, &field)) {
        struct wire_reader entry = wire_read(field.data, field.size);
        while (field.number == map && wire_next(&entry, &part))
            if (part.number == 1 && part.size == strlen(key) && memcmp(part.data, key, part.size) == 0)
                return true;
    }
    return false;
}

START_TEST(status_has_the_keys_that_are_known)
{
    static const char *const keys[] = {
        "jina",     "docarray",         "jcloud",           "jina-hubble-sdk", "jina-proto",
        "protobuf", "proto-backend",    "grpcio",           "pyyaml",          "python",
        "platform", "platform-release", "platform-version", "architecture",    "processor",
        "uid",      "session-id",       "uptime",           "ci-vendor",       "internal"};
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    ck_assert_int_eq(rpc_unary(f.client, "/jina.JinaInfoRPC/_status", "", 0, &answer, &size, NULL), GRPC_STATUS_OK);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ck_assert_msg(has_entry(answer, size, 1, keys[i]), "no %s", keys[i]);
    ck_assert(has_entry(answer, size, 2, "JINA_LOG_LEVEL"));
    free(answer);
    fixture_done(&f);
}
END_TEST

START_TEST(discovery_tells_every_endpoint_and_the_dry_run)
{
    static const char expected[] = "\x0A\x05/echo\x0A\x06/index\x0A\x0E_jina_dry_run_";
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    ck_assert_int_eq(
        rpc_unary(f.client, "/jina.JinaDiscoverEndpointsRPC/endpoint_discovery", "", 0, &answer, &size, NULL),
        GRPC_STATUS_OK);
    ck_assert_uint_eq(size, sizeof expected - 1);
    ck_assert_mem_eq(answer, expected, size);
    free(answer);
    fixture_done(&f);
}
END_TEST

START_TEST(other_methods_are_unimplemented)
{
    static const char *const paths[] = {
        "/jina.JinaDataRequestRPC/process_data",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/jina.JinaRPC/Cal",
        "/jina.JinaRPC/Call2",
        "/x",
    };
    struct fixture f = fixture_new();
    uint8_t *answer;
    size_t size;
    char text[8192];
    ck_assert_int_eq(rpc_unary(f.client, paths[_i], "", 0, &answer, &size, text), GRPC_STATUS_UNIMPLEMENTED);
    ck_assert_str_eq(text, "Method not found!");
    ck_assert_ptr_null(answer);
    ck_assert_int_eq(rpc_unary(f.client, "/jina.JinaSingleDocumentRequestRPC/stream_doc", "", 0, &answer, &size, text),
                     GRPC_STATUS_UNIMPLEMENTED);
    fixture_done(&f);
}
END_TEST

/* ---- the port ---- */

START_TEST(a_port_in_use_is_named)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);

    struct grpc_front_settings settings = fixture_settings();
    struct router *router = fake_router_new();
    struct grpc_front *front = NULL;
    sluice_error error;
    char expected[64];
    settings.port = ntohs(address.sin_port);
    ck_assert_int_eq(grpc_front_new(&settings, router, &front, &error), SLUICE_SYSTEM);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", settings.port);
    ck_assert_str_eq(error.where, expected);
    ck_assert_ptr_nonnull(strstr(error.text, "Address already in use"));
    ck_assert_ptr_null(front);
    close(fd);
    fake_router_done(router);
}
END_TEST

START_TEST(a_host_that_is_none_is_named)
{
    struct grpc_front_settings settings = fixture_settings();
    struct router *router = fake_router_new();
    struct grpc_front *front = NULL;
    sluice_error error;
    settings.host = "203.0.113.7"; /* an address for documentation: nobody's */
    ck_assert_int_eq(grpc_front_new(&settings, router, &front, &error), SLUICE_SYSTEM);
    ck_assert_str_eq(error.where, "203.0.113.7:0");
    fake_router_done(router);
}
END_TEST

/* Has the machine the address ::1? */
static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return has;
}

START_TEST(an_unused_front_starts_and_stops)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "::1"};
    struct grpc_front_settings settings = fixture_settings();
    struct router *router = fake_router_new();
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        bool good = hosts[i][0] != ':' || has_ipv6();
        struct grpc_front *front = NULL;
        sluice_error error = {0};
        settings.host = hosts[i];
        ck_assert_msg(grpc_front_new(&settings, router, &front, &error) == (good ? SLUICE_OK : SLUICE_SYSTEM), "%s: %s",
                      hosts[i], error.text);
        if (good)
            ck_assert_uint_gt(grpc_front_port(front), 0);
        grpc_front_free(front);
    }
    fake_router_done(router);
}
END_TEST

static void add_requests(Suite *suite)
{
    TCase *requests = tcase_create("requests");
    tcase_set_timeout(requests, 90);
    tcase_add_loop_test(requests, one_request_one_answer, 0, 3);
    tcase_add_loop_test(requests, a_failure_is_trailers_only, 0, 2);
    tcase_add_test(requests, an_unreadable_request_is_invalid);
    tcase_add_test(requests, a_call_without_a_message_is_invalid);
    tcase_add_test(requests, a_refused_call_is_not_read);
    tcase_add_loop_test(requests, a_cancelled_call_cancels_its_request, 0, 2);
    tcase_add_test(requests, a_long_text_is_cut_at_a_character);
    tcase_add_test(requests, a_large_message_travels);
    tcase_add_loop_test(requests, compressed_requests_are_understood, 0, 2);
    tcase_add_loop_test(requests, dry_run_answers_a_status, 0, 3);
    tcase_add_test(requests, dry_run_for_old_clients_says_3);
    suite_add_tcase(suite, requests);
}

static void add_facts(Suite *suite)
{
    TCase *facts = tcase_create("facts");
    tcase_set_timeout(facts, 90);
    tcase_add_test(facts, status_has_the_keys_that_are_known);
    tcase_add_test(facts, discovery_tells_every_endpoint_and_the_dry_run);
    tcase_add_loop_test(facts, other_methods_are_unimplemented, 0, 5);
    tcase_add_test(facts, a_port_in_use_is_named);
    tcase_add_test(facts, a_host_that_is_none_is_named);
    tcase_add_test(facts, an_unused_front_starts_and_stops);
    suite_add_tcase(suite, facts);
}

int main(void)
{
    Suite *suite = suite_create("gateway.grpc.services");
    add_requests(suite);
    add_facts(suite);
    return suite_run(suite);
}
