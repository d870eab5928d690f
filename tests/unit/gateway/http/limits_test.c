/* limits_test.c - limits in size and time, clients that hang up, draining and stopping, several loops. */
#include "tests/unit/gateway/http/fixture.h"
#include "tests/unit/suite.h"

#include "common/foundation/clock.h"
#include "gateway/http/server.h"

#include <stdio.h>
#include <sys/socket.h>

#define TEN_BLANKS     "          "
#define HUNDRED_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS TEN_BLANKS

static struct fixture fixture;

static void setup(void)
{
    fixture_prepare(&fixture);
}

static void teardown(void)
{
    fixture_done(&fixture);
}

static void send_post(int fd, const char *endpoint)
{
    char body[128], request[512];
    int size = snprintf(body, sizeof body, "{\"data\":[{\"text\":\"hello\"}],\"execEndpoint\":\"%s\"}", endpoint);
    snprintf(request, sizeof request, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, body);
    client_say(fd, request);
}

static void expect_status(int fd, int status)
{
    struct answer answer = client_read(fd, false, false);
    ck_assert_msg(answer.status == status, "%d, %d expected: %.200s", answer.status, status,
                  answer.body != NULL ? answer.body : "");
    answer_done(&answer);
}

static uint64_t deadline(unsigned seconds)
{
    return clock_monotonic_ns() + seconds * (uint64_t)CLOCK_NS_PER_SECOND;
}

/* ---- size ---- */

/* A body of `size` bytes that is one request, all in all. */
static char *body_of(size_t size)
{
    static const char head[] = "{\"execEndpoint\":\"now\",\"data\":[{\"text\":\"", tail[] = "\"}]}";
    char *body = malloc(size + 1);
    memcpy(body, head, sizeof head - 1);
    memset(body + sizeof head - 1, 'x', size - (sizeof head - 1) - (sizeof tail - 1));
    memcpy(body + size - (sizeof tail - 1), tail, sizeof tail);
    return body;
}

static void post_sized(size_t size, bool chunked, int status)
{
    char head[200], *body = body_of(size);
    int fd = client_open(fixture.port);
    if (chunked)
        snprintf(head, sizeof head, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n",
                 size);
    else
        snprintf(head, sizeof head, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", size);
    client_say(fd, head);
    client_send(fd, body, size);
    if (chunked)
        client_say(fd, "\r\n0\r\n\r\n");
    expect_status(fd, status);
    close(fd);
    free(body);
}

START_TEST(test_message_size)
{
    enum { LIMIT = 300000 };
    fixture.flow.gateway.limits.max_message_bytes = LIMIT;
    fixture_start(&fixture);
    post_sized(LIMIT, false, 200);
    post_sized(LIMIT + 1, false, 413);
    post_sized(LIMIT, true, 200);
    post_sized(LIMIT + 1, true, 413);
    ck_assert_uint_eq(fake_submitted(fixture.router), 2);
}
END_TEST

/* A head of `size` bytes, all in all. */
static void get_sized(size_t size, int status)
{
    static const char before[] = "GET / HTTP/1.1\r\nHost: a\r\nA: ", after[] = "\r\n\r\n";
    char *filling = malloc(size);
    size -= sizeof before - 1 + sizeof after - 1;
    memset(filling, 'x', size);
    int fd = client_open(fixture.port);
    client_say(fd, before);
    client_send(fd, filling, size);
    client_say(fd, after);
    expect_status(fd, status);
    close(fd);
    free(filling);
}

START_TEST(test_header_size)
{
    fixture.flow.gateway.limits.max_header_bytes = 5000;
    fixture_start(&fixture);
    get_sized(5000, 200);
    get_sized(5001, 431);
}
END_TEST

/* The front's own limit, the smaller of the two. */
START_TEST(test_header_size_own)
{
    static const uint32_t sizes[] = {256, 12288, 40000};
    uint32_t size = sizes[_i];
    fixture.flow.gateway.http.max_header_bytes = size;
    fixture_start(&fixture);
    get_sized(size, 200);
    get_sized(size + 1, 431);
    get_sized(200000, 431);
}
END_TEST

/* A few rounds of the event loop: what was sent before is mostly read by then. */
static void some_rounds(void)
{
    int fd = client_open(fixture.port);
    for (int i = 0; i < 20; i++) {
        client_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        expect_status(fd, 200);
    }
    close(fd);
}

enum { TOGETHER = 100000, ONE_BODY = 150000, PART = TOGETHER - 1000 };

/* Two bodies that are too much together: true when the second was refused and the first, alone again, was not. False:
 * the second was quicker. */
static bool second_is_refused(const char *head, const char *body)
{
    int first = client_open(fixture.port), second = client_open(fixture.port);
    client_say(first, head);
    client_send(first, body, PART);
    some_rounds();
    client_say(second, head);
    client_send(second, body, ONE_BODY);
    struct answer answer = client_read(second, false, false);
    bool refused = answer.status == 429;
    answer_done(&answer);
    if (refused) {
        client_send(first, body + PART, ONE_BODY - PART);
        expect_status(first, 200);
    }
    close(first);
    close(second);
    return refused;
}

START_TEST(test_bytes_in_flight)
{
    fixture.flow.gateway.limits.max_bytes_in_flight = TOGETHER;
    fixture_start(&fixture);
    char head[200], *body = body_of(ONE_BODY);
    snprintf(head, sizeof head, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", ONE_BODY);
    uint64_t until = deadline(CLIENT_PATIENCE_S);
    bool refused = false;
    while (!refused && clock_monotonic_ns() < until)
        refused = second_is_refused(head, body);
    ck_assert(refused);
    free(body);
}
END_TEST

START_TEST(test_endless_body)
{
    fixture.flow.gateway.limits.max_message_bytes = 1 << 20;
    fixture.flow.gateway.http.linger_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    char chunk[16 + 65536 + 2];
    int prefix = snprintf(chunk, sizeof chunk, "10000\r\n");
    memset(chunk + prefix, 'x', 65536);
    memcpy(chunk + prefix + 65536, "\r\n", 2);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    uint64_t until = deadline(CLIENT_PATIENCE_S);
    bool closed = false;
    while (!closed && clock_monotonic_ns() < until)
        closed = send(fd, chunk, (size_t)prefix + 65538, MSG_NOSIGNAL) <= 0;
    ck_assert_msg(closed, "the body is taken without end");
    close(fd);
    ck_assert_uint_eq(fake_submitted(fixture.router), 0);
}
END_TEST

/* ---- time ---- */

START_TEST(test_slow_head)
{
    fixture.flow.gateway.http.head_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int idle = client_open(fixture.port), slow = client_open(fixture.port), second = client_open(fixture.port);
    client_say(slow, "GET / HTTP/1.1\r\nHost: a\r\n");
    client_say(second, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(second, 200);
    client_say(second, "GET / HT");
    ck_assert(client_sees_end(idle));
    ck_assert(client_sees_end(slow));
    ck_assert(client_sees_end(second));
    close(idle);
    close(slow);
    close(second);
}
END_TEST

/* A byte now and then does not keep it open. */
START_TEST(test_dripping_head)
{
    fixture.flow.gateway.http.head_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    client_say(fd, "GET / HTTP/1.1\r\n");
    uint64_t until = deadline(CLIENT_PATIENCE_S);
    while (client_is_open(fd) && clock_monotonic_ns() < until) {
        client_say(fd, "A: b\r\n");
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
        nanosleep(&pause, NULL); /* the drip itself, not a wait for something */
    }
    ck_assert(!client_is_open(fd));
    close(fd);
}
END_TEST

START_TEST(test_slow_body)
{
    fixture.flow.gateway.http.body_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    expect_status(fd, 408);
    ck_assert(client_sees_end(fd));
    close(fd);
}
END_TEST

START_TEST(test_dripping_body)
{
    fixture.flow.gateway.http.body_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    uint64_t until = deadline(CLIENT_PATIENCE_S);
    bool ended = false;
    while (!ended && clock_monotonic_ns() < until) {
        client_say(fd, "1\r\n \r\n");
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
        nanosleep(&pause, NULL);
        char byte;
        ended = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0;
    }
    expect_status(fd, 408);
    close(fd);
}
END_TEST

/* A body without end that comes quicker than the rate, or at any rate with 0, is read on. */
START_TEST(test_body_rate)
{
    static const uint64_t rates[] = {10, 0};
    fixture.flow.gateway.http.body_timeout_ns = FIXTURE_SECOND / 1000;
    fixture.flow.gateway.http.body_rate = rates[_i];
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    uint64_t until = deadline(2); /* four looks at it */
    while (clock_monotonic_ns() < until) {
        client_say(fd, rates[_i] > 0 ? "64\r\n" HUNDRED_BLANKS "\r\n" : "1\r\n \r\n");
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
    ck_assert(client_is_open(fd));
    client_say(fd, "2\r\n{}\r\n0\r\n\r\n");
    expect_status(fd, 200);
    close(fd);
}
END_TEST

/* A client that does not read its answer is dropped. */
START_TEST(test_unread_answer)
{
    enum { SIZE = 7 << 20 };
    fixture.flow.gateway.http.idle_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    char head[200], *body = body_of(SIZE);
    snprintf(head, sizeof head, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", SIZE);
    int fd = client_open(fixture.port);
    int small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_say(fd, head);
    client_send(fd, body, SIZE);
    free(body);
    fake_wait_submitted(fixture.router, 1);
    ck_assert(http_front_wait(fixture.front, deadline(CLIENT_PATIENCE_S)));
    close(fd);
}
END_TEST

/* ---- hanging up ---- */

START_TEST(test_hang_up)
{
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    send_post(fd, "never");
    fake_wait_submitted(fixture.router, 1);
    close(fd);
    fake_wait_live(fixture.router, 0);
    ck_assert_uint_eq(fake_cancelled(fixture.router), 1);
}
END_TEST

/* Request and goodbye arrive together. */
START_TEST(test_hang_up_at_once)
{
    static const char request[] =
        "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\n{\"execEndpoint\":\"never\"}";
    fixture_start(&fixture);
    for (int i = 0; i < 50; i++) {
        int fd = client_open(fixture.port);
        client_send(fd, request, sizeof request - 2);        /* all but the last byte */
        send(fd, request + sizeof request - 2, 1, MSG_MORE); /* goes out with the end */
        shutdown(fd, SHUT_WR);
        ck_assert(client_sees_end(fd));
        close(fd);
    }
    ck_assert(http_front_wait(fixture.front, deadline(CLIENT_PATIENCE_S)));
    fake_wait_live(fixture.router, 0);
}
END_TEST

START_TEST(test_hang_up_while_uploading)
{
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    close(fd);
    ck_assert(http_front_wait(fixture.front, deadline(CLIENT_PATIENCE_S)));
    ck_assert_uint_eq(fake_submitted(fixture.router), 0);
}
END_TEST

/* Part of a body and goodbye: nothing is answered, the connection ends. */
START_TEST(test_half_a_body)
{
    fixture_start(&fixture);
    int fd = client_open(fixture.port);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    shutdown(fd, SHUT_WR);
    size_t rest = 1;
    ck_assert(client_sees_end_after(fd, &rest));
    ck_assert_uint_eq(rest, 0);
    close(fd);
}
END_TEST

/* A goodbye anywhere in the head, of a first and of a later request: the connection does not wait for the rest. */
START_TEST(test_half_a_head)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
    fixture.flow.gateway.http.head_timeout_ns = 3600 * FIXTURE_SECOND;
    fixture_start(&fixture);
    int fds[sizeof head - 1];
    for (size_t part = 0; part < sizeof head - 1; part++) {
        fds[part] = client_open(fixture.port);
        if (part % 2 == 1) {
            client_say(fds[part], head);
            expect_status(fds[part], 200);
        }
        client_send(fds[part], head, part);
        shutdown(fds[part], SHUT_WR);
    }
    for (size_t part = 0; part < sizeof head - 1; part++) {
        ck_assert_msg(client_sees_end(fds[part]), "%zu bytes of a head and goodbye", part);
        close(fds[part]);
    }
}
END_TEST

/* Many clients that come, ask and go at any moment. */
START_TEST(test_hang_up_anywhere)
{
    static const char *const endpoints[] = {"now", "later", "never", "timeout", "gone", "fail"};
    fixture_start(&fixture);
    for (unsigned i = 0; i < 300; i++) {
        int fd = client_open(fixture.port);
        send_post(fd, endpoints[i % 6]);
        if (i % 4 == 0)
            send_post(fd, endpoints[(i / 4) % 6]);
        if (i % 3 == 0)
            shutdown(fd, SHUT_WR);
        if (i % 5 == 0) {
            struct linger now = {.l_onoff = 1};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        close(fd);
    }
    ck_assert(http_front_wait(fixture.front, deadline(CLIENT_PATIENCE_S)));
    fake_wait_live(fixture.router, 0);
    int fd = client_open(fixture.port);
    send_post(fd, "later");
    expect_status(fd, 200);
    close(fd);
}
END_TEST

/* ---- draining and stopping ---- */

START_TEST(test_drain)
{
    fixture_start(&fixture);
    int idle = client_open(fixture.port), waiting = client_open(fixture.port);
    client_say(idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(idle, 200);
    send_post(waiting, "hold");
    fake_wait_submitted(fixture.router, 1);
    router_drain(fixture.router);
    http_front_drain(fixture.front);
    ck_assert(client_sees_end(idle));
    ck_assert(!http_front_wait(fixture.front, clock_monotonic_ns()));
    int late = client_open(fixture.port);
    send_post(late, "now");
    struct answer answer = client_read(late, false, false);
    ck_assert_int_eq(answer.status, 503);
    ck_assert_str_eq(answer_field(&answer, "retry-after"), "1");
    ck_assert_str_eq(answer_field(&answer, "connection"), "close");
    answer_done(&answer);
    fake_release(fixture.router, "hold");
    expect_status(waiting, 200);
    ck_assert(client_sees_end(waiting));
    ck_assert(http_front_wait(fixture.front, deadline(CLIENT_PATIENCE_S)));
    close(idle);
    close(waiting);
    close(late);
}
END_TEST

/* teardown() stops the front with all of these inside. */
START_TEST(test_stop_with_everything)
{
    fixture_start(&fixture);
    for (int i = 0; i < 8; i++) {
        int fd = client_open(fixture.port); /* closed by the end of the test's process */
        if (i % 2 == 0)
            send_post(fd, "never");
        else if (i % 4 == 1)
            client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
        else
            client_say(fd, "GET / HTTP/1.1\r\n");
    }
    fake_wait_submitted(fixture.router, 4);
}
END_TEST

static void ask(int fd)
{
    client_say(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_status(fd, 200);
}

/* Every count of loops: it is one limit for all of them. */
START_TEST(test_connections)
{
    fixture.flow.gateway.http.max_connections = 2;
    fixture.settings.threads = (unsigned)_i;
    fixture_start(&fixture);
    int first = client_open(fixture.port), second = client_open(fixture.port), third = client_open(fixture.port);
    ask(first);
    ask(second);
    client_say(third, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); /* waits in the listen queue */
    for (int i = 0; i < 20; i++) /* rounds of the loop that would accept it */
        ask(first);
    unsigned count = 0;
    for (unsigned i = 0; i < fixture.front->loop_count; i++)
        count += atomic_load(&fixture.front->loops[i]->dealt);
    ck_assert_uint_eq(count, 2);
    close(first);
    expect_status(third, 200);
    /* Again and again: each time one waits and another one goes. */
    int old = second, current = third;
    for (int i = 0; i < 50; i++) {
        int next = client_open(fixture.port);
        client_say(next, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        close(old);
        expect_status(next, 200);
        old = current;
        current = next;
    }
    close(old);
    close(current);
}
END_TEST

/* ---- several loops ---- */

static unsigned dealt_to(unsigned loop)
{
    return atomic_load(&fixture.front->loops[loop]->dealt);
}

/* The first loop is filled first, then the second; then each connection goes to the loop that has the fewest. All are
 * served, whatever the others do. */
START_TEST(test_dealing)
{
    enum { LOOPS = 3, CLIENTS = LOOPS * HTTP_LOOP_FILL + 4 };
    fixture.settings.threads = LOOPS;
    fixture.settings.loop_fill = 0;
    fixture_start(&fixture);
    ck_assert_uint_eq(fixture.front->loop_count, LOOPS);
    int clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_open(fixture.port);
        send_post(clients[i], "hold");
        if (i + 1 != HTTP_LOOP_FILL && i != HTTP_LOOP_FILL)
            continue;
        fake_wait_submitted(fixture.router, (size_t)i + 1);
        ck_assert_uint_eq(dealt_to(0), HTTP_LOOP_FILL);
        ck_assert_uint_eq(dealt_to(1), i == HTTP_LOOP_FILL ? 1 : 0);
    }
    fake_wait_submitted(fixture.router, CLIENTS);
    for (unsigned i = 0; i < LOOPS; i++)
        ck_assert_uint_eq(dealt_to(i), HTTP_LOOP_FILL + (i == 0 ? 2 : 1));
    for (int i = 0; i < CLIENTS; i++)
        fake_release(fixture.router, "hold");
    for (int i = 0; i < CLIENTS; i++)
        expect_status(clients[i], 200);
    /* Two of the second loop end, their places are taken first. */
    close(clients[HTTP_LOOP_FILL]);
    close(clients[HTTP_LOOP_FILL + 1]);
    uint64_t until = deadline(CLIENT_PATIENCE_S);
    while (dealt_to(1) > HTTP_LOOP_FILL - 1 && clock_monotonic_ns() < until)
        ask(clients[0]);
    ck_assert_uint_eq(dealt_to(1), HTTP_LOOP_FILL - 1);
    clients[HTTP_LOOP_FILL] = client_open(fixture.port);
    ask(clients[HTTP_LOOP_FILL]);
    ck_assert_uint_eq(dealt_to(1), HTTP_LOOP_FILL);
    for (int i = 0; i < CLIENTS; i++)
        if (i != HTTP_LOOP_FILL + 1)
            close(clients[i]);
}
END_TEST

/* Unasked, no more loops than HTTP_LOOPS_UNASKED; asked for, as many. */
START_TEST(test_loops_at_the_edge)
{
    fixture_start(&fixture);
    ck_assert_uint_ge(fixture.front->loop_count, 1);
    ck_assert_uint_le(fixture.front->loop_count, HTTP_LOOPS_UNASKED);
    http_front_free(fixture.front);
    fixture.settings.threads = HTTP_LOOPS_MAX + 1;
    fixture_start(&fixture);
    ck_assert_uint_eq(fixture.front->loop_count, HTTP_LOOPS_MAX);
    int fd = client_open(fixture.port);
    ask(fd);
    close(fd);
}
END_TEST

/* Clients that come while the front stops: whoever was accepted sees the end of its connection. */
START_TEST(test_stop_while_they_come)
{
    enum { CLIENTS = 64 };
    int clients[CLIENTS];
    fixture.settings.threads = 4;
    fixture_start(&fixture);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_open(fixture.port);
    http_front_free(fixture.front);
    fixture.front = NULL;
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert(client_sees_end(clients[i]));
        close(clients[i]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_message_size,
        test_header_size,
        test_bytes_in_flight,
        test_endless_body,
        test_slow_head,
        test_dripping_head,
        test_slow_body,
        test_dripping_body,
        test_unread_answer,
        test_hang_up,
        test_hang_up_at_once,
        test_hang_up_while_uploading,
        test_half_a_body,
        test_half_a_head,
        test_hang_up_anywhere,
        test_drain,
        test_stop_with_everything,
        test_dealing,
        test_loops_at_the_edge,
        test_stop_while_they_come,
    };
    Suite *suite = suite_create("gateway.http.limits");
    TCase *group = tcase_create("limits");
    tcase_set_timeout(group, 2 * SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(group, tests[i]);
    tcase_add_loop_test(group, test_header_size_own, 0, 3);
    tcase_add_loop_test(group, test_body_rate, 0, 2);
    tcase_add_loop_test(group, test_connections, 1, 4);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
