/* Router and upstream with a played executor: every way a request can end, once. */
#include "common/foundation/clock.h"
#include "common/net/control.h"
#include "gateway/router/router.h"
#include "gateway/upstream/upstream.h"
#include "tests/unit/gateway/peer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct flow *flow;
static struct peer peer;
static struct upstream_set *upstreams;
static struct router *router;
static struct client *client;
static int control[2]; /* [0] is the supervisor's end */

static const char *const default_endpoint[] = {"/default"};

static void start(uint32_t window, const char *const *endpoints, uint32_t endpoint_count)
{
    peer_listen(&peer, "a");
    ck_assert_int_eq(control_pair(&control[0], &control[1], NULL), SLUICE_OK);
    ck_assert_int_eq(upstream_set_new(flow, peer.folder, control[1], &upstreams, NULL), SLUICE_OK);
    peer_accept(&peer, window, endpoints, endpoint_count);
    ck_assert_int_eq(upstream_set_wait(upstreams, clock_monotonic_ns() + 5ull * CLOCK_NS_PER_SECOND, NULL), SLUICE_OK);
    ck_assert_int_eq(router_new(flow, upstreams, &router, NULL), SLUICE_OK);
    client = client_new(router);
}

static void set_up(void)
{
    arena = arena_new(4096, ARENA_NO_LIMIT);
    flow = peer_flow(arena, 1);
}

static void tear_down(void)
{
    client_unref(client);
    upstream_set_free(upstreams);
    router_free(router);
    peer_done(&peer);
    close(control[0]);
    close(control[1]);
    arena_free(arena);
}

/* ---- one request and its outcome ---- */

struct asked {
    struct request *request;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int replies;
    sluice_status status;
    bool failed;
    char text[512];
    uint8_t message[4096];
    size_t size;
};

static void take_reply(struct request *request, const struct reply *reply, void *context)
{
    struct asked *asked = context;
    ck_assert_ptr_eq(request, asked->request);
    pthread_mutex_lock(&asked->lock);
    asked->replies++;
    asked->status = reply->status;
    asked->failed = reply->failed;
    snprintf(asked->text, sizeof asked->text, "%s", reply->text != NULL ? reply->text : "");
    if (reply->status == SLUICE_OK && reply->message.size <= sizeof asked->message) {
        asked->size = reply->message.size;
        rope_copy_out(&reply->message, asked->message);
    }
    pthread_cond_signal(&asked->changed);
    pthread_mutex_unlock(&asked->lock);
}

static void ask_as(struct client *who, struct asked *asked, const char *bytes, size_t size, uint64_t deadline_ns)
{
    *asked = (struct asked){0};
    pthread_mutex_init(&asked->lock, NULL);
    pthread_cond_init(&asked->changed, NULL);
    struct rope message;
    rope_init(&message);
    rope_append(&message, NULL, bytes, size);
    ck_assert_int_eq(request_new(router, who, &message, &asked->request, NULL), SLUICE_OK);
    rope_done(&message);
    router_submit(asked->request, deadline_ns, take_reply, asked);
}

/* header { request_id "r" exec_endpoint "/x" } data { docs { docs { id "d" } } } */
static const char plain[] = "\x0a\x07\x0a\x01r\x1a\x02/x\x22\x07\x0a\x05\x0a\x03\x0a\x01"
                            "d";

static void ask(struct asked *asked, uint64_t deadline_ns)
{
    ask_as(client, asked, plain, sizeof plain - 1, deadline_ns);
}

static void await(struct asked *asked)
{
    struct timespec until = clock_utc();
    until.tv_sec += 10;
    pthread_mutex_lock(&asked->lock);
    while (asked->replies == 0)
        ck_assert_int_eq(pthread_cond_timedwait(&asked->changed, &asked->lock, &until), 0);
    pthread_mutex_unlock(&asked->lock);
}

static void finish(struct asked *asked)
{
    await(asked);
    ck_assert_int_eq(asked->replies, 1);
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

static bool replied(struct asked *asked)
{
    pthread_mutex_lock(&asked->lock);
    bool over = asked->replies > 0;
    pthread_mutex_unlock(&asked->lock);
    return over;
}

/* The next request, past the cancels of those before it. False: the call was answered without reaching the executor. */
static bool take_request_before_reply(struct asked *asked, uint64_t *ret_id)
{
    for (;;) {
        bool over = replied(asked);
        struct frame_message message;
        if (peer_try_receive(&peer, &message, over ? 0 : 1)) {
            enum frame_type type = message.type;
            *ret_id = message.id;
            frame_message_done(&message);
            if (type == FRAME_REQUEST)
                return true;
        } else if (over) {
            return false;
        }
    }
}

/* ---- the tests ---- */

START_TEST(untouched_documents_come_back_as_they_were)
{
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, 0);
    struct frame_message message;
    struct frame_request_view view;
    peer_receive(&peer, &message);
    ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_OK);
    ck_assert(view.endpoint_size == 2 && memcmp(view.endpoint, "/x", 2) == 0);
    ck_assert(view.request_id_size == 1 && *view.request_id == 'r');
    ck_assert_uint_eq(message.body.size, 7);
    peer_answer(&peer, message.id, FRAME_UNCHANGED, NULL, 0);
    frame_message_done(&message);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_OK);
    ck_assert(!asked.failed && answer_holds(&asked, "\x22\x07\x0a\x05\x0a\x03\x0a\x01"
                                                    "d"));
    ck_assert(answer_holds(&asked, "gateway"));
}
END_TEST

START_TEST(a_borrowed_set_answers_where_it_is_run)
{
    start(8, default_endpoint, 1);
    struct pollfd events = {.fd = upstream_set_borrow(upstreams), .events = POLLIN};
    struct asked asked;
    ask(&asked, 0);
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    ck_assert(!replied(&asked)); /* nobody else does its work */
    while (!replied(&asked)) {
        ck_assert_int_ge(poll(&events, 1, 10000), 1);
        upstream_set_run(upstreams);
    }
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_OK);

    ask(&asked, clock_monotonic_ns() + 20 * CLOCK_NS_PER_MS);
    take_request();
    while (!replied(&asked)) { /* by its timer */
        int timeout_ms = upstream_set_timeout_ms(upstreams);
        ck_assert_int_ge(timeout_ms, 0);
        poll(&events, 1, timeout_ms);
        upstream_set_run(upstreams);
    }
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_TIMEOUT);

    upstream_set_give_back(upstreams);
    ask(&asked, 0);
    uint64_t id;
    ck_assert(take_request_before_reply(&asked, &id));
    peer_answer(&peer, id, FRAME_UNCHANGED, NULL, 0);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_OK);
}
END_TEST

START_TEST(changed_documents_replace_them)
{
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, 0);
    peer_answer(&peer, take_request(), FRAME_HAS_DATA,
                "\x0a\x05\x0a\x03\x0a\x01"
                "e",
                7);
    finish(&asked);
    ck_assert(answer_holds(&asked, "\x22\x07\x0a\x05\x0a\x03\x0a\x01"
                                   "e"));
}
END_TEST

START_TEST(an_executor_without_the_endpoint_is_not_asked)
{
    static const char *const other[] = {"/other"};
    start(8, other, 1);
    struct asked asked;
    ask(&asked, 0);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_OK);
    ck_assert(!peer_has_message(&peer, 0));
}
END_TEST

START_TEST(a_call_inside_a_dying_executor_is_told_the_signal)
{
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, 0);
    take_request();
    if (_i == 1) /* the supervisor may be quicker than the socket */
        upstream_set_died(upstreams, "a/rep-0", 9, 0, true);
    peer_hang_up(&peer);
    if (_i == 0)
        upstream_set_died(upstreams, "a/rep-0", 9, 0, true);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_OK);
    ck_assert(asked.failed && answer_holds(&asked, "ExecutorDied") && answer_holds(&asked, "SIGKILL"));
}
END_TEST

START_TEST(without_a_word_of_the_supervisor_it_is_answered_all_the_same)
{
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, 0);
    take_request();
    peer_hang_up(&peer);
    finish(&asked);
    ck_assert(asked.failed && answer_holds(&asked, "went away"));
}
END_TEST

START_TEST(what_was_not_sent_waits_for_the_restart)
{
    start(1, default_endpoint, 1);
    struct asked inside, waiting;
    ask(&inside, 0);
    take_request();
    ask(&waiting, 0);
    peer_hang_up(&peer);
    upstream_set_died(upstreams, "a/rep-0", 11, 0, true);
    finish(&inside);
    ck_assert(inside.failed);
    peer_accept(&peer, 1, default_endpoint, 1);
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    finish(&waiting);
    ck_assert(!waiting.failed && waiting.status == SLUICE_OK);
}
END_TEST

START_TEST(given_up_executors_answer_what_waits_and_what_comes)
{
    start(1, default_endpoint, 1);
    struct asked inside, waiting, late;
    ask(&inside, 0);
    take_request();
    ask(&waiting, 0);
    peer_hang_up(&peer);
    upstream_set_died(upstreams, "a/rep-0", 11, 0, true);
    finish(&inside);
    upstream_set_gone(upstreams, "a/rep-0", "it died 5 times in a row");
    finish(&waiting);
    ck_assert(waiting.failed && answer_holds(&waiting, "5 times in a row"));
    ask(&late, 0);
    finish(&late);
    ck_assert(late.failed && answer_holds(&late, "given up"));
}
END_TEST

START_TEST(a_deadline_answers_cancels_and_reports_the_stuck_executor)
{
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, clock_monotonic_ns() + 30 * CLOCK_NS_PER_MS);
    uint64_t id = take_request();
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(asked.text, "|Gateway:"));
    struct frame_message message;
    peer_receive(&peer, &message);
    ck_assert_int_eq(message.type, FRAME_CANCEL);
    ck_assert_uint_eq(message.id, id);
    frame_message_done(&message);
    ck_assert_int_eq(poll(&(struct pollfd){.fd = control[0], .events = POLLIN}, 1, 30000), 1);
    struct control_message word;
    ck_assert_int_eq(control_receive(control[0], &word), SLUICE_OK);
    ck_assert_str_eq(word.word, "stuck");
    ck_assert_str_eq(control_value(&word, "pod"), "a/rep-0");
    /* The late answer is recognised and dropped, and its credit comes back. */
    peer_answer(&peer, id, FRAME_CANCELLED, NULL, 0);
    ask(&asked, 0);
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_OK);
}
END_TEST

START_TEST(an_answer_behind_the_deadline_is_late)
{
    start(8, default_endpoint, 1);
    int late = 0;
    for (int i = 0; i < 20; i++) {
        struct asked asked;
        uint64_t deadline_ns = clock_monotonic_ns() + 2 * CLOCK_NS_PER_MS;
        ask(&asked, deadline_ns);
        uint64_t id;
        if (take_request_before_reply(&asked, &id)) {
            while (clock_monotonic_ns() < deadline_ns)
                ;
            peer_answer(&peer, id, FRAME_UNCHANGED, NULL, 0);
            late++;
        }
        finish(&asked);
        ck_assert_int_eq(asked.status, SLUICE_TIMEOUT);
    }
    ck_assert_int_gt(late, 0);
}
END_TEST

START_TEST(timeout_send_names_deployment_and_advice)
{
    flow->gateway.timeout_send_ns = 20 * CLOCK_NS_PER_MS;
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, 0);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(asked.text, "deployment a at address(es) {'a/rep-0'}"));
    ck_assert_ptr_nonnull(strstr(asked.text, "timeout_send"));
}
END_TEST

START_TEST(a_cancel_reaches_the_executor_and_is_answered_once)
{
    start(8, default_endpoint, 1);
    struct asked asked;
    ask(&asked, 0);
    uint64_t id = take_request();
    router_cancel(asked.request);
    router_cancel(asked.request);
    finish(&asked);
    ck_assert_int_eq(asked.status, SLUICE_CANCELLED);
    struct frame_message message;
    peer_receive(&peer, &message);
    ck_assert(message.type == FRAME_CANCEL && message.id == id);
    frame_message_done(&message);
}
END_TEST

START_TEST(a_cancelled_call_that_waits_is_never_sent)
{
    start(1, default_endpoint, 1);
    struct asked first, second;
    ask(&first, 0);
    uint64_t id = take_request();
    ask(&second, 0);
    router_cancel(second.request);
    finish(&second);
    ck_assert_int_eq(second.status, SLUICE_CANCELLED);
    peer_answer(&peer, id, FRAME_UNCHANGED, NULL, 0);
    finish(&first);
    ck_assert(!peer_has_message(&peer, 50));
}
END_TEST

START_TEST(a_full_queue_refuses)
{
    flow->gateway.limits.max_queue_per_executor = 1;
    start(1, default_endpoint, 1);
    struct asked inside, waiting, refused;
    ask(&inside, 0);
    uint64_t id = take_request();
    ask(&waiting, 0);
    ask(&refused, 0);
    finish(&refused);
    ck_assert_int_eq(refused.status, SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(refused.text, "max_queue_per_executor"));
    peer_answer(&peer, id, FRAME_UNCHANGED, NULL, 0);
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    finish(&inside);
    finish(&waiting);
}
END_TEST

START_TEST(clients_are_served_in_turn)
{
    start(1, default_endpoint, 1);
    struct client *other = client_new(router);
    struct asked mine[4], theirs;
    for (int i = 0; i < 4; i++)
        ask(&mine[i], 0);
    static const char marked[] = "\x0a\x07\x0a\x01z\x1a\x02/x";
    ask_as(other, &theirs, marked, sizeof marked - 1, 0);
    char order[6] = "";
    for (int i = 0; i < 5; i++) {
        struct frame_message message;
        struct frame_request_view view;
        peer_receive(&peer, &message);
        ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_OK);
        order[i] = *view.request_id;
        peer_answer(&peer, message.id, FRAME_UNCHANGED, NULL, 0);
        frame_message_done(&message);
    }
    ck_assert_ptr_nonnull(memchr(order, 'z', 3));
    for (int i = 0; i < 4; i++)
        finish(&mine[i]);
    finish(&theirs);
    client_unref(other);
}
END_TEST

/* The executor takes 1 MiB at once (peer_accept()): a larger request goes in, and nothing else while it is there. */
START_TEST(a_request_above_the_window_is_let_in_alone)
{
    enum { DATA_SIZE = 3 << 19 };
    static char large[16 + DATA_SIZE] = "\x0a\x07\x0a\x01l\x1a\x02/x\x22\x80\x80\x60"; /* header, data of 1.5 MiB */
    start(8, default_endpoint, 1);
    struct asked first, second;
    ask_as(client, &first, large, 13 + DATA_SIZE, 0);
    ask(&second, 0);
    uint64_t id = take_request();
    ck_assert(!peer_has_message(&peer, 50));
    peer_answer(&peer, id, FRAME_UNCHANGED, NULL, 0);
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    finish(&first);
    finish(&second);
}
END_TEST

START_TEST(limits_and_draining_refuse_new_calls)
{
    flow->gateway.limits.max_in_flight_per_client = 1;
    start(8, default_endpoint, 1);
    sluice_error error;
    ck_assert_int_eq(router_admit(router, client, &error), SLUICE_OK);
    struct asked asked;
    ask(&asked, 0);
    ck_assert_int_eq(router_admit(router, client, &error), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "max_in_flight_per_client"));
    ck_assert(!router_has_room(router, client));
    peer_answer(&peer, take_request(), FRAME_UNCHANGED, NULL, 0);
    finish(&asked);
    ck_assert(router_has_room(router, client));
    router_drain(router);
    ck_assert_int_eq(router_admit(router, client, &error), SLUICE_DRAINING);
}
END_TEST

static void *hammer(void *context)
{
    struct client *own = client_new(router);
    for (int i = 0; i < 200; i++) {
        struct asked asked;
        ask_as(own, &asked, plain, sizeof plain - 1, i % 5 == 0 ? clock_monotonic_ns() + 1000000 : 0);
        if (i % 7 == 0)
            router_cancel(asked.request);
        finish(&asked);
    }
    client_unref(own);
    return context;
}

static void *answer_all(void *context)
{
    _Atomic bool *stop = context;
    while (!*stop) {
        struct pollfd waiting = {.fd = peer.fd, .events = POLLIN};
        sluice_status status;
        struct frame_message message;
        if (poll(&waiting, 1, 20) == 1) {
            size_t bytes;
            bool again;
            frame_reader_fill(peer.reader, peer.fd, &bytes, &again);
        }
        while (frame_reader_next(peer.reader, &message, &status)) {
            if (message.type == FRAME_REQUEST)
                peer_answer(&peer, message.id, FRAME_UNCHANGED, NULL, 0);
            frame_message_done(&message);
        }
    }
    return NULL;
}

START_TEST(many_threads_cancels_and_deadlines_at_once)
{
    start(4, default_endpoint, 1);
    _Atomic bool stop = false;
    pthread_t threads[4], answering;
    pthread_create(&answering, NULL, answer_all, (void *)&stop);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, hammer, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    stop = true;
    pthread_join(answering, NULL);
    ck_assert_uint_eq(router_in_flight(router), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("router");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, untouched_documents_come_back_as_they_were);
    tcase_add_test(cases, a_borrowed_set_answers_where_it_is_run);
    tcase_add_test(cases, changed_documents_replace_them);
    tcase_add_test(cases, an_executor_without_the_endpoint_is_not_asked);
    tcase_add_loop_test(cases, a_call_inside_a_dying_executor_is_told_the_signal, 0, 2);
    tcase_add_test(cases, without_a_word_of_the_supervisor_it_is_answered_all_the_same);
    tcase_add_test(cases, what_was_not_sent_waits_for_the_restart);
    tcase_add_test(cases, given_up_executors_answer_what_waits_and_what_comes);
    tcase_add_test(cases, a_deadline_answers_cancels_and_reports_the_stuck_executor);
    tcase_add_test(cases, an_answer_behind_the_deadline_is_late);
    tcase_add_test(cases, timeout_send_names_deployment_and_advice);
    tcase_add_test(cases, a_cancel_reaches_the_executor_and_is_answered_once);
    tcase_add_test(cases, a_cancelled_call_that_waits_is_never_sent);
    tcase_add_test(cases, a_full_queue_refuses);
    tcase_add_test(cases, clients_are_served_in_turn);
    tcase_add_test(cases, a_request_above_the_window_is_let_in_alone);
    tcase_add_test(cases, limits_and_draining_refuse_new_calls);
    tcase_add_test(cases, many_threads_cancels_and_deadlines_at_once);
    Suite *suite = suite_create("gateway.router");
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
