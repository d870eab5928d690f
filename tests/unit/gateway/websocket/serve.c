/*
 * serve.c: the WebSocket front over a router without executors, as a process for the tests in Python.
 *
 * Usage: serve NAME=NUMBER... (settings, see `numbers`). Prints `port N`, then obeys lines of stdin and answers each with
 * one line: `ok`, a number, or what went wrong. At the end of stdin it stops the front and checks that nothing is left.
 */
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "gateway/websocket/front.h"
#include "tests/unit/gateway/grpc/fake_router.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_ = 4096, FAILURES_MAX = 16 };

static struct websocket_front_settings settings = {
    .host = "127.0.0.1",
    .prefetch = 1000,
    .json_workers = 2,
    .limits = {.max_message_bytes = 1 << 20,
               .max_bytes_in_flight = 1 << 30,
               .max_in_flight = 16384,
               .max_in_flight_per_client = 4096,
               .max_depth = 64,
               .max_header_bytes = 8192},
};

static void set(const char *name, const char *value)
{
    uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "prefetch") == 0)
        settings.prefetch = (uint32_t)number;
    else if (strcmp(name, "max_message_bytes") == 0)
        settings.limits.max_message_bytes = number;
    else if (strcmp(name, "ping_interval_ms") == 0)
        settings.ping_interval_ms = (unsigned)number;
    else if (strcmp(name, "ping_timeout_ms") == 0)
        settings.ping_timeout_ms = (unsigned)number;
    else if (strcmp(name, "handshake_timeout_ms") == 0)
        settings.handshake_timeout_ms = (unsigned)number;
    else if (strcmp(name, "connections_max") == 0)
        settings.connections_max = (unsigned)number;
    else if (strcmp(name, "certfile") == 0)
        settings.tls.certfile = value;
    else if (strcmp(name, "keyfile") == 0)
        settings.tls.keyfile = value;
    else if (strcmp(name, "ca_certs") == 0)
        settings.tls.ca_certs = value;
    else if (strcmp(name, "host") == 0)
        settings.host = value;
    else if (strcmp(name, "port") == 0)
        settings.port = (uint16_t)number;
    else
        abort();
}

static void obey(struct websocket_front *front, struct router *router, const char *word, const char *rest)
{
    size_t number = (size_t)strtoull(rest, NULL, 10);
    static char failure_texts[FAILURES_MAX][LINE_MAX_]; /* the front's threads may still read the one of before */
    static unsigned failures;

    if (strcmp(word, "name_by") == 0) {
        fake_name_by(router, (unsigned)number);
    } else if (strcmp(word, "release") == 0) {
        fake_release(router, rest);
    } else if (strcmp(word, "room") == 0) {
        fake_set_room(router, number != 0);
    } else if (strcmp(word, "refuse") == 0) {
        fake_set_refusal(router, (sluice_status)number);
    } else if (strcmp(word, "failure") == 0) {
        char *text = failure_texts[failures++ % FAILURES_MAX];
        snprintf(text, LINE_MAX_, "%s", rest);
        fake_set_failure_text(router, text);
    } else if (strcmp(word, "submitted") == 0) {
        fake_wait_submitted(router, number);
    } else if (strcmp(word, "live") == 0) {
        fake_wait_live(router, number);
    } else if (strcmp(word, "waiting") == 0) {
        fake_wait_waiting(router, number);
    } else if (strcmp(word, "count") == 0) {
        printf("%zu\n", fake_submitted(router));
        return;
    } else if (strcmp(word, "cancelled") == 0) {
        printf("%zu\n", fake_cancelled(router));
        return;
    } else if (strcmp(word, "id") == 0) {
        printf("%s\n", fake_submitted_id(router, number));
        return;
    } else if (strcmp(word, "drain") == 0) {
        router_drain(router);
        websocket_front_drain(front);
    } else if (strcmp(word, "wait") == 0) {
        uint64_t deadline = clock_monotonic_ns() + number * (uint64_t)CLOCK_NS_PER_MS;
        printf("%d\n", websocket_front_wait(front, deadline));
        return;
    } else {
        printf("what is %s?\n", word);
        return;
    }
    printf("ok\n");
}

static void serve(struct router *router)
{
    struct websocket_front *front = NULL;
    sluice_error error;
    char line[LINE_MAX_];

    sluice_status status = websocket_front_new(&settings, router, &front, &error);
    if (status != SLUICE_OK) {
        printf("failed %s: %s: %s\n", sluice_status_name(status), error.where, error.text);
        return;
    }
    printf("port %u\n", websocket_front_port(front));
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = strchr(line, ' ');
        if (rest != NULL)
            *rest++ = '\0';
        obey(front, router, line, rest != NULL ? rest : "");
    }
    websocket_front_free(front);
}

START_TEST(test_serve)
{
    struct router *router = fake_router_new();
    serve(router);
    fake_router_done(router);
    printf("done\n");
}
END_TEST

int main(int argc, char **argv)
{
    log_init("gateway");
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL)
            return EXIT_FAILURE;
        *value = '\0';
        set(argv[i], value + 1);
    }
    Suite *suite = suite_create("serve");
    TCase *group = tcase_create("serve");
    tcase_set_timeout(group, 0);
    tcase_add_test(group, test_serve);
    suite_add_tcase(suite, group);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    if (failed > 0)
        srunner_print(runner, CK_NORMAL);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
