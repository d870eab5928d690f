/* Cancels, long handlers, workers, several gateways. */
#include "peer.h"
#include "tests/unit/suite.h"

#include <check.h>

static struct program program;
static struct peer peer, other;
static struct peer_answer answer;

static void set_up(void)
{
    program_start(&program, "probe", NULL, true, NULL);
    peer_connect(&peer, &program);
}

static void set_up_four(void)
{
    program_start(&program, "probe", "    workers: 4\n", true, NULL);
    peer_connect(&peer, &program);
}

static void set_up_window_of_one(void)
{
    program_start(&program, "probe", "    workers: 2\n    window_requests: 1\n", true, NULL);
    peer_connect(&peer, &program);
}

static void tear_down(void)
{
    ck_assert_int_eq(CONTROL_SEND(program.control, "drain"), SLUICE_OK);
    peer_close(&peer);
    program_expect_exit(&program, 0);
}

static void expect(struct peer *from, uint64_t id, uint8_t flags)
{
    peer_answer(from, &answer);
    ck_assert_uint_eq(answer.message.id, id);
    ck_assert_uint_eq(answer.message.flags, flags | FRAME_LAST);
}

static double result(const char *key)
{
    return sluice_value_number(sluice_value_get(answer.results, key), -1);
}

/* A handler that waits for its cancel also proves that somebody reads while the only worker is inside. */
START_TEST(a_cancel_reaches_a_running_handler)
{
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/wait", .text = "a"});
    program_expect(&program, "inside /wait");
    peer_cancel(&peer, 1);
    expect(&peer, 1, FRAME_UNCHANGED);
    ck_assert(sluice_value_bool(sluice_value_get(answer.results, "cancelled"), false));
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_cancel_reaches_a_handler_that_runs_for_long)
{
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/wait", .text = "a"});
    program_expect(&program, "inside /wait");
    peer_send(&peer, &(struct peer_request){.id = 2, .endpoint = "/pass", .text = "a"});
    peer_cancel(&peer, 2); /* answered by the monitor: the only worker is inside /wait */
    expect(&peer, 2, FRAME_CANCELLED);
    ck_assert_uint_eq(answer.view.fixed.run_ns, 0);
    peer_answer_done(&answer);
    peer_cancel(&peer, 1);
    expect(&peer, 1, FRAME_UNCHANGED);
    ck_assert(sluice_value_bool(sluice_value_get(answer.results, "cancelled"), false));
    peer_answer_done(&answer);
    peer_send(&peer, &(struct peer_request){.id = 3, .endpoint = "/edit", .text = "a"});
    expect(&peer, 3, FRAME_HAS_DATA);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(an_answer_is_not_held_back_by_a_long_handler_behind_it)
{
    for (uint64_t id = 1; id <= 50; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/pass", .text = "a"});
    peer_send(&peer, &(struct peer_request){.id = 51, .endpoint = "/wait", .text = "a"});
    for (uint64_t id = 1; id <= 50; id++) {
        expect(&peer, id, FRAME_UNCHANGED);
        peer_answer_done(&answer);
    }
    peer_cancel(&peer, 51);
    peer_answer(&peer, &answer);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_cancel_of_what_nobody_knows_is_ignored)
{
    peer_cancel(&peer, 99);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/pass", .text = "a"});
    expect(&peer, 1, FRAME_UNCHANGED);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(one_worker_never_overlaps)
{
    for (uint64_t id = 1; id <= 20; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/overlap", .parameters = NULL, .text = "a",
                                                .parameter = "ms", .number = 2});
    for (uint64_t id = 1; id <= 20; id++) {
        expect(&peer, id, FRAME_UNCHANGED);
        ck_assert(result("most") == 1);
        peer_answer_done(&answer);
    }
}
END_TEST

START_TEST(four_workers_overlap)
{
    for (uint64_t id = 1; id <= 4; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/overlap", .text = "a", .parameter = "inside",
                                                .number = 4});
    for (uint64_t id = 1; id <= 4; id++) {
        peer_answer(&peer, &answer);
        ck_assert(result("most") == 4);
        peer_answer_done(&answer);
    }
}
END_TEST

/* Short calls teach the host not to hand reading on; long ones must overlap all the same. */
START_TEST(four_workers_overlap_after_short_calls)
{
    for (uint64_t id = 1; id <= 500; id++) {
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/pass", .text = "a"});
        expect(&peer, id, FRAME_UNCHANGED);
        peer_answer_done(&answer);
    }
    for (uint64_t id = 1; id <= 4; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/overlap", .text = "a", .parameter = "inside",
                                                .number = 4});
    for (uint64_t id = 1; id <= 4; id++) {
        peer_answer(&peer, &answer);
        ck_assert(result("most") == 4);
        peer_answer_done(&answer);
    }
}
END_TEST

START_TEST(four_workers_answer_everything_once)
{
    bool seen[2001] = {false};
    for (uint64_t id = 1; id <= 2000; id++) {
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = id % 3 == 0 ? "/edit" : "/pass", .text = "a"});
        if (id % 7 == 0)
            peer_cancel(&peer, id - 3);
        if (id <= 100)
            continue;
        peer_answer(&peer, &answer);
        ck_assert(!seen[answer.message.id]);
        seen[answer.message.id] = true;
        peer_answer_done(&answer);
    }
    for (unsigned i = 0; i < 100; i++) {
        peer_answer(&peer, &answer);
        ck_assert(!seen[answer.message.id]);
        seen[answer.message.id] = true;
        peer_answer_done(&answer);
    }
    for (uint64_t id = 1; id <= 2000; id++)
        ck_assert(seen[id]);
}
END_TEST

/* While the worker is busy, one gateway queues forty and then another queues one: it must not wait for all forty. */
START_TEST(gateways_are_served_in_turn)
{
    peer_connect(&other, &program);
    peer_send(&peer, &(struct peer_request){.id = 1000, .endpoint = "/wait", .text = "a"});
    program_expect(&program, "inside /wait");
    for (uint64_t id = 1; id <= 40; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/turn", .text = "a"});
    /* A queued cancel is answered only when everything before it was read. */
    peer_send(&peer, &(struct peer_request){.id = 1001, .endpoint = "/pass", .text = "a"});
    peer_cancel(&peer, 1001);
    expect(&peer, 1001, FRAME_CANCELLED);
    peer_answer_done(&answer);
    peer_send(&other, &(struct peer_request){.id = 1, .endpoint = "/turn", .text = "a"});
    peer_send(&other, &(struct peer_request){.id = 2, .endpoint = "/pass", .text = "a"});
    peer_cancel(&other, 2);
    expect(&other, 2, FRAME_CANCELLED);
    peer_answer_done(&answer);
    peer_cancel(&peer, 1000);
    expect(&other, 1, FRAME_UNCHANGED);
    ck_assert(result("turn") >= 0 && result("turn") <= 2);
    peer_answer_done(&answer);
    expect(&peer, 1000, FRAME_UNCHANGED);
    peer_answer_done(&answer);
    for (uint64_t id = 1; id <= 40; id++) {
        expect(&peer, id, FRAME_UNCHANGED);
        peer_answer_done(&answer);
    }
    peer_close(&other);
}
END_TEST

START_TEST(a_gateway_that_goes_away_cancels_its_requests_and_no_others)
{
    peer_connect(&other, &program);
    peer_send(&other, &(struct peer_request){.id = 1, .endpoint = "/wait", .text = "a"});
    peer_send(&other, &(struct peer_request){.id = 2, .endpoint = "/pass", .text = "a"});
    program_expect(&program, "inside /wait");
    peer_close(&other);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/edit", .text = "a"});
    expect(&peer, 1, FRAME_HAS_DATA); /* far sooner than /wait would end by itself */
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_gateway_that_breaks_the_protocol_is_cut_off_alone)
{
    peer_connect(&other, &program);
    ck_assert_int_eq(frame_writer_add(other.writer, FRAME_HELLO, 0, 0, NULL, 0, NULL, false), SLUICE_OK);
    ck_assert_int_eq(frame_writer_flush(other.writer, other.fd), SLUICE_OK);
    struct frame_message message;
    ck_assert(!peer_receive(&other, &message));
    peer_close(&other);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/pass", .text = "a"});
    expect(&peer, 1, FRAME_UNCHANGED);
    peer_answer_done(&answer);
}
END_TEST

/* An answer gives credit back: with it in hand a gateway sends on at once, and has not sent too much. */
START_TEST(an_answer_is_credit)
{
    enum { REQUESTS = 1000 };
    sluice_value *one_ms = sluice_value_new_map(); /* long enough that the answer is sent at once */
    sluice_value_set_number(one_ms, "inside", 2);
    sluice_value_set_number(one_ms, "ms", 1);
    for (uint64_t id = 1; id <= REQUESTS; id++) {
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = _i == 0 ? "/overlap" : "/later", .text = "a", .parameters = one_ms});
        struct frame_message message;
        ck_assert_msg(peer_receive(&peer, &message), "cut off after %llu requests: %s", (unsigned long long)id,
                      program_errors(&program));
        ck_assert_uint_eq(message.id, id);
        frame_message_done(&message);
    }
    sluice_value_free(one_ms);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.threads");
    TCase *one = tcase_create("one worker"), *four = tcase_create("four workers"),
          *window = tcase_create("a window of one");
    tcase_set_timeout(one, 60);
    tcase_set_timeout(four, 60);
    tcase_add_checked_fixture(one, set_up, tear_down);
    tcase_add_checked_fixture(four, set_up_four, tear_down);
    suite_add_tcase(suite, one);
    suite_add_tcase(suite, four);
    tcase_set_timeout(window, 60);
    tcase_add_checked_fixture(window, set_up_window_of_one, tear_down);
    suite_add_tcase(suite, window);
    tcase_add_loop_test(window, an_answer_is_credit, 0, 2);
    tcase_add_test(one, a_cancel_reaches_a_running_handler);
    tcase_add_test(one, a_cancel_reaches_a_handler_that_runs_for_long);
    tcase_add_test(one, an_answer_is_not_held_back_by_a_long_handler_behind_it);
    tcase_add_test(one, a_cancel_of_what_nobody_knows_is_ignored);
    tcase_add_test(one, one_worker_never_overlaps);
    tcase_add_test(one, gateways_are_served_in_turn);
    tcase_add_test(one, a_gateway_that_goes_away_cancels_its_requests_and_no_others);
    tcase_add_test(one, a_gateway_that_breaks_the_protocol_is_cut_off_alone);
    tcase_add_test(four, four_workers_overlap);
    tcase_add_test(four, four_workers_overlap_after_short_calls);
    tcase_add_test(four, four_workers_answer_everything_once);
    return suite_run(suite);
}
