/* The gateway and an executor that breaks the local transport: a connection that cannot be trusted is closed, nobody waits in
 * vain, and the next connection is as good as any. */
#include "common/foundation/clock.h"
#include "gateway/router/router.h"
#include "gateway/upstream/upstream.h"
#include "tests/unit/gateway/peer.h"
#include "tests/unit/suite.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 30 };

static struct arena *arena;
static struct flow *flow;
static struct peer peer;
static struct upstream_set *upstreams;
static struct router *router;
static struct client *client;

static const char *const endpoints[] = {"/default"};

/* ---- a request ---- */

struct asked {
    struct request *request;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int replies;
    bool failed;
    uint8_t message[4096];
    size_t size;
};

static void take_reply(struct request *request, const struct reply *reply, void *context)
{
    struct asked *asked = context;
    (void)request;
    pthread_mutex_lock(&asked->lock);
    asked->replies++;
    asked->failed = reply->failed;
    if (reply->status == SLUICE_OK && reply->message.size <= sizeof asked->message) {
        asked->size = reply->message.size;
        rope_copy_out(&reply->message, asked->message);
    }
    pthread_cond_signal(&asked->changed);
    pthread_mutex_unlock(&asked->lock);
}

static void ask(struct asked *asked)
{
    /* header { request_id "r" exec_endpoint "/x" } data { docs { docs { id "d" } } } */
    static const char plain[] = "\x0a\x07\x0a\x01r\x1a\x02/x\x22\x07\x0a\x05\x0a\x03\x0a\x01"
                                "d";
    struct rope message;
    *asked = (struct asked){0};
    pthread_mutex_init(&asked->lock, NULL);
    pthread_cond_init(&asked->changed, NULL);
    rope_init(&message);
    rope_append(&message, NULL, plain, sizeof plain - 1);
    ck_assert_int_eq(request_new(router, client, &message, &asked->request, NULL), SLUICE_OK);
    rope_done(&message);
    router_submit(asked->request, 0, take_reply, asked);
}

static void await(struct asked *asked)
{
    struct timespec until = clock_utc();
    until.tv_sec += PATIENCE_SECONDS;
    pthread_mutex_lock(&asked->lock);
    while (asked->replies == 0)
        ck_assert_int_eq(pthread_cond_timedwait(&asked->changed, &asked->lock, &until), 0);
    pthread_mutex_unlock(&asked->lock);
    request_free(asked->request);
}

static bool answer_holds(const struct asked *asked, const char *text)
{
    return memmem(asked->message, asked->size, text, strlen(text)) != NULL;
}

static uint64_t take_request(void)
{
    struct frame_message message;
    peer_receive(&peer, &message);
    ck_assert_int_eq(message.type, FRAME_REQUEST);
    uint64_t id = message.id;
    frame_message_done(&message);
    return id;
}

/* ---- the odd side ---- */

static void send_flagged(enum frame_type type, uint8_t flags, uint64_t id, const void *meta, size_t size)
{
    const struct iovec parts[] = {{(void *)meta, size}};
    ck_assert_int_eq(frame_writer_add(peer.writer, type, flags, id, parts, size > 0 ? 1 : 0, NULL, false), SLUICE_OK);
    ck_assert_int_eq(frame_writer_flush(peer.writer, peer.fd), SLUICE_OK);
    ck_assert(frame_writer_empty(peer.writer));
}

/* Send a frame with this meta. */
static void send_frame(enum frame_type type, uint64_t id, const void *meta, size_t size)
{
    send_flagged(type, FRAME_LAST, id, meta, size);
}

/* The gateway closes the connection; what it had sent before is thrown away. */
static void expect_end(void)
{
    char bytes[4096];
    struct pollfd readable = {.fd = peer.fd, .events = POLLIN};
    ssize_t got = 1;
    while (got > 0) {
        ck_assert_int_eq(poll(&readable, 1, PATIENCE_SECONDS * 1000), 1);
        got = recv(peer.fd, bytes, sizeof bytes, 0);
    }
    peer_hang_up(&peer);
}

/* A request goes through, on the connection that is open now. */
static void it_works(void)
{
    struct asked asked;
    ask(&asked);
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    await(&asked);
    ck_assert(!asked.failed && answer_holds(&asked, "/x"));
}

static void connect_gateway(void)
{
    peer_accept(&peer, 8, endpoints, 1);
    uint64_t deadline = clock_monotonic_ns() + (uint64_t)PATIENCE_SECONDS * CLOCK_NS_PER_SECOND;
    ck_assert_int_eq(upstream_set_wait(upstreams, deadline, NULL), SLUICE_OK);
}

static void set_up(void)
{
    arena = arena_new(4096, ARENA_NO_LIMIT);
    flow = peer_flow(arena, 1);
    peer_listen(&peer, "a");
    ck_assert_int_eq(upstream_set_new(flow, peer.folder, -1, &upstreams, NULL), SLUICE_OK);
    ck_assert_int_eq(router_new(flow, upstreams, &router, NULL), SLUICE_OK);
    client = client_new(router);
}

static void tear_down(void)
{
    client_unref(client);
    upstream_set_free(upstreams);
    router_free(router);
    peer_done(&peer);
    arena_free(arena);
}

START_TEST(another_version_is_not_talked_to)
{
    struct frame_hello hello = {.version = FRAME_VERSION + 1, .window_requests = 1, .window_bytes = 1, .workers = 1};
    ck_assert_int_eq(poll(&(struct pollfd){.fd = peer.listening, .events = POLLIN}, 1, PATIENCE_SECONDS * 1000), 1);
    ck_assert_int_eq(local_accept(peer.listening, &peer.fd, NULL), SLUICE_OK);
    peer.reader = frame_reader_new(UINT64_MAX);
    peer.writer = frame_writer_new();
    send_frame(FRAME_HELLO, 0, &hello, sizeof hello);
    expect_end();
    connect_gateway();
    it_works();
}
END_TEST

START_TEST(an_answer_to_nothing_is_ignored)
{
    struct frame_answer fixed = {.run_ns = 1, .has_endpoint = 1};
    connect_gateway();
    send_frame(FRAME_ANSWER, 4711, &fixed, sizeof fixed);
    send_frame(FRAME_ANSWER, UINT64_MAX, &fixed, sizeof fixed);
    it_works();
}
END_TEST

START_TEST(an_answer_that_cannot_be_read_is_a_failure_of_its_request)
{
    struct asked asked;
    connect_gateway();
    ask(&asked);
    send_frame(FRAME_ANSWER, take_request(), "short", 5);
    await(&asked);
    ck_assert(asked.failed && answer_holds(&asked, "unreadable answer"));
    it_works();
}
END_TEST

/* Several answers to one request are for a later version; taken for whole ones they would answer it twice. */
START_TEST(an_answer_that_is_not_the_last_ends_the_connection)
{
    struct frame_answer fixed = {.has_endpoint = 1};
    struct asked asked;
    connect_gateway();
    ask(&asked);
    uint64_t id = take_request();
    send_flagged(FRAME_ANSWER, FRAME_UNCHANGED, id, &fixed, sizeof fixed);
    expect_end();
    await(&asked);
    ck_assert(asked.failed && answer_holds(&asked, "went away"));
    connect_gateway();
    it_works();
}
END_TEST

/* A second HELLO, and what only a gateway sends. */
static const enum frame_type unexpected[] = {FRAME_HELLO, FRAME_REQUEST, FRAME_CANCEL};

START_TEST(a_frame_that_has_no_place_ends_the_connection)
{
    struct asked asked;
    connect_gateway();
    ask(&asked);
    take_request();
    send_frame(unexpected[_i], 1, NULL, 0);
    expect_end();
    await(&asked); /* it was inside: nobody knows whether it was done */
    ck_assert(asked.failed && answer_holds(&asked, "went away"));
    connect_gateway();
    it_works();
}
END_TEST

START_TEST(rubbish_ends_the_connection)
{
    char rubbish[256];
    memset(rubbish, 0xA5, sizeof rubbish);
    connect_gateway();
    ck_assert_int_eq(send(peer.fd, rubbish, sizeof rubbish, MSG_NOSIGNAL), sizeof rubbish);
    expect_end();
    connect_gateway();
    it_works();
}
END_TEST

START_TEST(after_a_goodbye_what_comes_waits_for_the_successor)
{
    struct asked inside, later;
    connect_gateway();
    ask(&inside);
    uint64_t id = take_request();
    send_frame(FRAME_GOODBYE, 0, NULL, 0);
    peer_answer(&peer, id, FRAME_UNCHANGED, NULL, 0);
    await(&inside); /* so the goodbye before it was read */
    ck_assert(!inside.failed);
    ask(&later);
    ck_assert(!peer_has_message(&peer, 50));
    peer_hang_up(&peer);
    connect_gateway();
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    await(&later);
    ck_assert(!later.failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.odd_executor");
    TCase *group = tcase_create("odd_executor");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, another_version_is_not_talked_to);
    tcase_add_test(group, an_answer_to_nothing_is_ignored);
    tcase_add_test(group, an_answer_that_cannot_be_read_is_a_failure_of_its_request);
    tcase_add_test(group, an_answer_that_is_not_the_last_ends_the_connection);
    tcase_add_loop_test(group, a_frame_that_has_no_place_ends_the_connection, 0, 3);
    tcase_add_test(group, rubbish_ends_the_connection);
    tcase_add_test(group, after_a_goodbye_what_comes_waits_for_the_successor);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
