/* JinaRPC/Call: order, credit, failures, cancel, drain. Each request is answered once whatever happens. */
#include "common/foundation/clock.h"
#include "tests/unit/gateway/grpc/fixture.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <stdio.h>

static const char *const in_order[] = {"__results_in_order__", "true", NULL, NULL};

START_TEST(answers_come_as_they_complete)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "hold-1");
    post(call, "later-2");
    expect(call, "later-2");
    post(call, "now-3");
    expect(call, "now-3");
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_OK);
    fake_wait_live(f.router, 0);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(order_on_demand)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, in_order, 0);
    post(call, "hold-1");
    post(call, "later-2");
    post(call, "now-3");
    post(call, "hold-4");
    rpc_half_close(call);
    fake_wait_submitted(f.router, 4);
    fake_release(f.router, "hold-4");
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    expect(call, "later-2");
    expect(call, "now-3");
    expect(call, "hold-4");
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(only_the_word_true_asks_for_order)
{
    static const char *const other[] = {"__results_in_order__", "True", NULL, NULL};
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, other, 0);
    post(call, "hold-1");
    post(call, "later-2");
    expect(call, "later-2");
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(an_empty_stream_ends_well)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_OK);
    ck_assert_uint_eq(fake_submitted(f.router), 0);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_message_of_zero_bytes_is_a_request)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    ck_assert(rpc_send(call, "", 0));
    rpc_half_close(call);
    size_t size = 1;
    uint8_t *answer = rpc_read(call, &size);
    ck_assert_ptr_nonnull(answer);
    ck_assert_uint_eq(size, 0);
    free(answer);
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

/* ---- credit ---- */

static void check_prefetch(const struct grpc_front_settings *settings, const char *value, size_t allowed)
{
    const char *const metadata[] = {"__prefetch__", value, NULL, NULL};
    struct fixture f = fixture_with(settings);
    struct rpc_call *call = rpc_open(f.client, call_path, metadata, 0);
    char id[32];
    const int all = 8;
    for (int i = 0; i < all; i++) {
        snprintf(id, sizeof id, "hold-%d", i);
        post(call, id);
    }
    rpc_half_close(call);
    fake_wait_submitted(f.router, allowed);
    barrier(&f);
    ck_assert_uint_eq(fake_submitted(f.router), allowed);
    for (int i = 0; i < all; i++) {
        snprintf(id, sizeof id, "hold-%d", i);
        fake_release(f.router, id);
        expect(call, id);
    }
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}

START_TEST(prefetch_bounds_the_work_of_a_stream)
{
    static const struct {
        const char *value;
        size_t allowed;
    } cases[] = {
        {"2",                    2},
        {"1",                    1},
        {"0",                    3},
        {"-1",                   3},
        {"2.0",                  3},
        {"two",                  3},
        {"",                     3},
        {"99999999999999999999", 5}
    };
    struct grpc_front_settings settings = fixture_settings();
    settings.prefetch = 3;
    settings.limits.max_in_flight_per_client = 5;
    check_prefetch(&settings, cases[_i].value, cases[_i].allowed);
}
END_TEST

START_TEST(prefetch_zero_is_the_limit_of_a_client)
{
    struct grpc_front_settings settings = fixture_settings();
    settings.prefetch = 0;
    settings.limits.max_in_flight_per_client = 4;
    check_prefetch(&settings, "no number", 4);
}
END_TEST

START_TEST(answers_that_nobody_reads_hold_the_stream_back)
{
    static const char *const two[] = {"__prefetch__", "2", NULL, NULL};
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, two, 0);
    char id[32];
    /* Larger than every flow-control window, so that an unread answer cannot be swallowed by buffers. */
    const size_t large = 12 << 20;
    post_sized(call, "later-0", large);
    post_sized(call, "later-1", large);
    for (int i = 2; i < 6; i++) {
        snprintf(id, sizeof id, "later-%d", i);
        post(call, id);
    }
    rpc_half_close(call);
    fake_wait_submitted(f.router, 2);
    barrier(&f);
    ck_assert_uint_eq(fake_submitted(f.router), 2);
    for (int i = 0; i < 6; i++) {
        snprintf(id, sizeof id, "later-%d", i);
        expect(call, id);
    }
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(nothing_is_read_without_room)
{
    struct fixture f = fixture_new();
    fake_set_room(f.router, false);
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "later-1");
    fake_wait_waiting(f.router, 1);
    barrier(&f);
    ck_assert_uint_eq(fake_submitted(f.router), 0);
    fake_set_room(f.router, true);
    expect(call, "later-1");
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_stream_may_go_away_while_it_waits_for_room)
{
    struct fixture f = fixture_new();
    fake_set_room(f.router, false);
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    fake_wait_waiting(f.router, 1);
    rpc_close(call);
    barrier(&f);
    fake_set_room(f.router, true);
    fixture_done(&f);
}
END_TEST

/* ---- failures ---- */

START_TEST(a_timeout_is_told_after_everything_else)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "hold-1");
    fake_wait_submitted(f.router, 1);
    post(call, "timeout-2");
    fake_wait_submitted(f.router, 2);
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    expect(call, "timeout-2");
    expect_end(call, GRPC_STATUS_DEADLINE_EXCEEDED);
    ck_assert_str_eq(rpc_text(call), "TEXT of timeout-2");
    fake_wait_live(f.router, 0);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(the_first_failure_decides_and_each_has_its_stub)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    fake_set_failure_text(f.router, "|Gateway: gone");
    static const char *const ids[] = {"hold-1", "hold-timeout", "hold-3"};
    for (size_t i = 0; i < 3; i++)
        post(call, ids[i]);
    fake_wait_submitted(f.router, 3);
    post(call, "gone-4");
    fake_wait_submitted(f.router, 4);
    fake_release(f.router, "hold-3");
    expect(call, "hold-3");
    fake_release(f.router, "hold-timeout");
    expect(call, "hold-timeout");
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    expect(call, "gone-4");
    expect_end(call, GRPC_STATUS_UNAVAILABLE);
    ck_assert_str_eq(rpc_text(call), "|Gateway: gone of gone-4");
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(after_a_failure_nothing_more_is_taken)
{
    static const char *const one[] = {"__prefetch__", "1", NULL, NULL};
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, one, 0);
    post(call, "gone-1");
    rpc_send(call, "", 0); /* may fail: the stream may be over */
    expect(call, "gone-1");
    expect_end(call, GRPC_STATUS_UNAVAILABLE);
    ck_assert_uint_eq(fake_submitted(f.router), 1);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(an_ordered_stream_keeps_its_order_through_a_failure)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, in_order, 0);
    post(call, "hold-1");
    post(call, "timeout-2");
    fake_wait_submitted(f.router, 2);
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    expect(call, "timeout-2");
    expect_end(call, GRPC_STATUS_DEADLINE_EXCEEDED);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(an_executor_failure_is_an_ordinary_answer)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "fail-1");
    post(call, "later-2");
    expect(call, "fail-1");
    expect(call, "later-2");
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(an_unreadable_message_ends_the_stream_after_what_is_in_flight)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "hold-1");
    fake_wait_submitted(f.router, 1);
    ck_assert(rpc_send(call, "\xFF\xFF\xFF", 3));
    barrier(&f);
    fake_release(f.router, "hold-1");
    expect(call, "hold-1");
    expect_end(call, GRPC_STATUS_INVALID_ARGUMENT);
    ck_assert_str_eq(rpc_text(call), "the message is no DataRequestProto");
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_message_above_the_limit_is_refused_by_core)
{
    struct grpc_front_settings settings = fixture_settings();
    settings.limits.max_message_bytes = 1 << 20;
    struct fixture f = fixture_with(&settings);
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "never-1");
    fake_wait_submitted(f.router, 1);
    post_sized(call, "later-2", 2 << 20);
    expect_end(call, GRPC_STATUS_RESOURCE_EXHAUSTED);
    fake_wait_live(f.router, 0);
    ck_assert_uint_eq(fake_cancelled(f.router), 1);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_new_call_may_be_refused)
{
    static const struct {
        sluice_status status;
        int code;
    } cases[] = {
        {SLUICE_LIMIT,    GRPC_STATUS_RESOURCE_EXHAUSTED},
        {SLUICE_DRAINING, GRPC_STATUS_UNAVAILABLE       }
    };
    struct fixture f = fixture_new();
    fake_set_refusal(f.router, cases[_i].status);
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    expect_end(call, cases[_i].code);
    ck_assert_str_eq(rpc_text(call), "refused by the test");
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

/* ---- the client goes away ---- */

START_TEST(a_cancel_reaches_every_request_in_flight)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, _i == 0 ? NULL : in_order, 0);
    post(call, "never-1");
    post(call, "now-2");
    post(call, "never-3");
    post(call, "never-4");
    fake_wait_submitted(f.router, 4);
    rpc_close(call);
    fake_wait_live(f.router, 0);
    ck_assert_uint_eq(fake_cancelled(f.router), 3);
    fixture_done(&f);
}
END_TEST

START_TEST(the_deadline_travels_and_ends_the_call)
{
    struct fixture f = fixture_new();
    uint64_t before = clock_monotonic_ns();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 300);
    post(call, "never-1");
    fake_wait_submitted(f.router, 1);
    uint64_t deadline = fake_last_deadline(f.router);
    ck_assert_uint_ge(deadline, before + 100 * CLOCK_NS_PER_MS);
    ck_assert_uint_le(deadline, clock_monotonic_ns() + 310 * CLOCK_NS_PER_MS);
    expect_end(call, GRPC_STATUS_DEADLINE_EXCEEDED);
    fake_wait_live(f.router, 0);
    ck_assert_uint_eq(fake_cancelled(f.router), 1);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(without_a_deadline_none_is_told)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "later-1");
    expect(call, "later-1");
    ck_assert_uint_eq(fake_last_deadline(f.router), 0);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

START_TEST(a_vanished_connection_cancels_its_requests)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "never-1");
    fake_wait_submitted(f.router, 1);
    struct rpc_client *other = rpc_client_new(grpc_front_port(f.front));
    struct rpc_call *second = rpc_open(other, call_path, NULL, 0);
    post(second, "never-2");
    fake_wait_submitted(f.router, 2);
    rpc_close(second);
    rpc_client_free(other);
    fake_wait_live(f.router, 1);
    ck_assert_uint_eq(fake_cancelled(f.router), 1);
    rpc_close(call);
    fake_wait_live(f.router, 0);
    fixture_done(&f);
}
END_TEST

/* ---- draining ---- */

static void start_drain(struct fixture *f)
{
    router_drain(f->router);
    grpc_front_drain(f->front);
}

START_TEST(draining_answers_what_is_inside_and_refuses_the_rest)
{
    struct fixture f = fixture_new();
    struct rpc_call *open = rpc_open(f.client, call_path, NULL, 0);
    struct rpc_call *closed = rpc_open(f.client, call_path, NULL, 0);
    struct rpc_call *idle = rpc_open(f.client, call_path, NULL, 0);
    post(open, "hold-1");
    post(closed, "hold-2");
    rpc_half_close(closed);
    post(idle, "later-3");
    expect(idle, "later-3");
    fake_wait_submitted(f.router, 3);
    barrier(&f);
    start_drain(&f);
    expect_end(idle, GRPC_STATUS_UNAVAILABLE);
    struct rpc_call *fresh = rpc_open(f.client, call_path, NULL, 0);
    expect_end(fresh, GRPC_STATUS_UNAVAILABLE);
    ck_assert(!grpc_front_wait(f.front, clock_monotonic_ns() + 1));
    fake_release(f.router, "hold-1");
    fake_release(f.router, "hold-2");
    expect(open, "hold-1");
    expect_end(open, GRPC_STATUS_UNAVAILABLE);
    expect(closed, "hold-2");
    expect_end(closed, GRPC_STATUS_OK);
    ck_assert(grpc_front_wait(f.front, 0));
    rpc_close(open);
    rpc_close(closed);
    rpc_close(idle);
    rpc_close(fresh);
    fixture_done(&f);
}
END_TEST

START_TEST(what_is_left_at_the_end_is_cancelled)
{
    struct fixture f = fixture_new();
    struct rpc_call *call = rpc_open(f.client, call_path, NULL, 0);
    post(call, "never-1");
    fake_wait_submitted(f.router, 1);
    start_drain(&f);
    ck_assert(!grpc_front_wait(f.front, clock_monotonic_ns() + 50 * CLOCK_NS_PER_MS));
    f.front = grpc_front_free(f.front);
    ck_assert_uint_eq(fake_cancelled(f.router), 1);
    expect_end(call, GRPC_STATUS_UNAVAILABLE);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

/* ---- many ---- */

struct load {
    struct fixture *fixture;
    unsigned number;
    bool cancel;
};

enum { LOAD_THREADS = 4, LOAD_REQUESTS = 400 };

static void *run_load(void *context)
{
    const struct load *load = context;
    static const char *const kinds[] = {"now", "later"};
    struct rpc_client *client = rpc_client_new(grpc_front_port(load->fixture->front));
    struct rpc_call *call = rpc_open(client, call_path, load->number % 2 == 0 ? NULL : in_order, 0);
    static _Thread_local uint8_t seen[LOAD_REQUESTS];
    char id[64];
    unsigned sent = 0, answered = 0;
    const unsigned window = 16;

    while (answered < LOAD_REQUESTS) {
        while (sent < LOAD_REQUESTS && sent - answered < window) {
            snprintf(id, sizeof id, "%s-%u-%u", kinds[sent % 2], load->number, sent);
            post_sized(call, id, sent % 7 == 0 ? 5000 : 20);
            sent++;
        }
        if (load->cancel && answered > LOAD_REQUESTS / 3)
            break;
        size_t size;
        uint8_t *answer = rpc_read(call, &size);
        ck_assert_ptr_nonnull(answer);
        unsigned found = LOAD_REQUESTS;
        for (unsigned i = 0; i < LOAD_REQUESTS && found == LOAD_REQUESTS; i++) {
            snprintf(id, sizeof id, "%s-%u-%u", kinds[i % 2], load->number, i);
            if (fake_has_id(answer, size, id))
                found = i;
        }
        free(answer);
        ck_assert_uint_lt(found, LOAD_REQUESTS);
        ck_assert_uint_eq(seen[found]++, 0);
        if (load->number % 2 != 0)
            ck_assert_uint_eq(found, answered);
        answered++;
    }
    if (!load->cancel) {
        rpc_half_close(call);
        expect_end(call, GRPC_STATUS_OK);
    }
    rpc_close(call);
    rpc_client_free(client);
    return NULL;
}

START_TEST(under_load_each_request_is_answered_once)
{
    struct grpc_front_settings settings = fixture_settings();
    settings.threads = (unsigned)_i + 1;
    struct fixture f = fixture_with(&settings);
    pthread_t threads[LOAD_THREADS];
    struct load loads[LOAD_THREADS];
    for (unsigned i = 0; i < LOAD_THREADS; i++) {
        loads[i] = (struct load){.fixture = &f, .number = i, .cancel = i >= LOAD_THREADS / 2};
        pthread_create(&threads[i], NULL, run_load, &loads[i]);
    }
    for (unsigned i = 0; i < LOAD_THREADS; i++)
        pthread_join(threads[i], NULL);
    fake_wait_live(f.router, 0);
    fixture_done(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.grpc.stream");
    TCase *plain = tcase_create("stream");
    tcase_set_timeout(plain, 90);
    tcase_add_test(plain, answers_come_as_they_complete);
    tcase_add_test(plain, order_on_demand);
    tcase_add_test(plain, only_the_word_true_asks_for_order);
    tcase_add_test(plain, an_empty_stream_ends_well);
    tcase_add_test(plain, a_message_of_zero_bytes_is_a_request);
    tcase_add_loop_test(plain, prefetch_bounds_the_work_of_a_stream, 0, 8);
    tcase_add_test(plain, prefetch_zero_is_the_limit_of_a_client);
    tcase_add_test(plain, answers_that_nobody_reads_hold_the_stream_back);
    tcase_add_test(plain, nothing_is_read_without_room);
    tcase_add_test(plain, a_stream_may_go_away_while_it_waits_for_room);
    tcase_add_test(plain, a_timeout_is_told_after_everything_else);
    tcase_add_test(plain, the_first_failure_decides_and_each_has_its_stub);
    tcase_add_test(plain, after_a_failure_nothing_more_is_taken);
    tcase_add_test(plain, an_ordered_stream_keeps_its_order_through_a_failure);
    tcase_add_test(plain, an_executor_failure_is_an_ordinary_answer);
    tcase_add_test(plain, an_unreadable_message_ends_the_stream_after_what_is_in_flight);
    tcase_add_test(plain, a_message_above_the_limit_is_refused_by_core);
    tcase_add_loop_test(plain, a_new_call_may_be_refused, 0, 2);
    tcase_add_loop_test(plain, a_cancel_reaches_every_request_in_flight, 0, 2);
    tcase_add_test(plain, the_deadline_travels_and_ends_the_call);
    tcase_add_test(plain, without_a_deadline_none_is_told);
    tcase_add_test(plain, a_vanished_connection_cancels_its_requests);
    tcase_add_test(plain, draining_answers_what_is_inside_and_refuses_the_rest);
    tcase_add_test(plain, what_is_left_at_the_end_is_cancelled);
    tcase_add_loop_test(plain, under_load_each_request_is_answered_once, 0, 3);
    suite_add_tcase(suite, plain);
    return suite_run(suite);
}
