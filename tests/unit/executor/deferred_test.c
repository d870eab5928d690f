/* Calls that are answered after their handler has returned. */
#include "peer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 40 };

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

static void tear_down(void)
{
    ck_assert_int_eq(CONTROL_SEND(program.control, "drain"), SLUICE_OK);
    peer_close(&peer);
    program_expect_exit(&program, 0);
}

static void ask(struct peer *to, uint64_t id, const char *endpoint)
{
    peer_send(to, &(struct peer_request){.id = id, .endpoint = endpoint, .text = "a"});
}

static void expect(struct peer *from, uint64_t id, uint8_t flags)
{
    peer_answer(from, &answer);
    ck_assert_uint_eq(answer.message.id, id);
    ck_assert_uint_eq(answer.message.flags, flags | FRAME_LAST);
}

static bool was_cancelled(void)
{
    return sluice_value_bool(sluice_value_get(answer.results, "cancelled"), false);
}

/* Each waits until all are inside: with one worker that is possible only because they leave it. */
START_TEST(one_worker_has_many_calls_waiting)
{
    bool seen[MANY + 1] = {false};
    for (uint64_t id = 1; id <= MANY; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/later", .text = "a", .parameter = "inside",
                                                .number = MANY});
    for (unsigned i = 0; i < MANY; i++) {
        peer_answer(&peer, &answer);
        ck_assert_uint_eq(answer.message.flags, FRAME_LAST | FRAME_HAS_DATA);
        ck_assert(answer.message.id <= MANY && !seen[answer.message.id]);
        seen[answer.message.id] = true;
        ck_assert(sluice_value_number(sluice_value_get(answer.results, "most"), 0) == MANY);
        sluice_text text = sluice_document_text(sluice_document_array_at(answer.documents, 0));
        ck_assert(text.size == 2 && memcmp(text.data, "a!", 2) == 0);
        peer_answer_done(&answer);
    }
}
END_TEST

START_TEST(others_are_served_while_one_waits)
{
    ask(&peer, 1, "/later_cancelled");
    for (uint64_t id = 2; id <= 100; id++) {
        ask(&peer, id, "/edit");
        expect(&peer, id, FRAME_HAS_DATA);
        peer_answer_done(&answer);
    }
    peer_cancel(&peer, 1);
    expect(&peer, 1, FRAME_UNCHANGED);
    ck_assert(was_cancelled());
    peer_answer_done(&answer);
}
END_TEST

START_TEST(it_may_be_completed_before_the_handler_returns)
{
    for (uint64_t id = 1; id <= 100; id++) {
        ask(&peer, id, "/at_once");
        expect(&peer, id, FRAME_HAS_DATA);
        peer_answer_done(&answer);
    }
}
END_TEST

START_TEST(it_may_fail)
{
    ask(&peer, 1, "/later_failed");
    expect(&peer, 1, FRAME_FAILED);
    sluice_text name = peer_failure(&answer, "name", 0);
    ck_assert(name.size == strlen("ValueError") && memcmp(name.data, "ValueError", name.size) == 0);
    ck_assert_ptr_null(answer.results);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(documents_that_were_only_looked_at_stay_with_the_gateway)
{
    ask(&peer, 1, "/look");
    expect(&peer, 1, FRAME_UNCHANGED);
    ck_assert(sluice_value_number(sluice_value_get(answer.results, "documents"), 0) == 1);
    peer_answer_done(&answer);
    peer_send(&peer, &(struct peer_request){.id = 2, .endpoint = "/look", .body = "\xFF", .body_size = 1});
    expect(&peer, 2, FRAME_FAILED);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_gateway_that_goes_away_cancels_what_it_deferred_and_no_others)
{
    peer_connect(&other, &program);
    ask(&other, 1, "/later_cancelled");
    program_expect(&program, "inside /later_cancelled");
    program_forget(&program);
    ask(&peer, 1, "/later_cancelled");
    program_expect(&program, "inside /later_cancelled"); /* or the cancel below could come before its handler */
    peer_close(&other);
    ask(&peer, 2, "/edit");
    expect(&peer, 2, FRAME_HAS_DATA);
    peer_answer_done(&answer);
    peer_cancel(&peer, 1);
    expect(&peer, 1, FRAME_UNCHANGED);
    ck_assert(was_cancelled());
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_mixture_is_answered_once_each)
{
    static const char *const endpoints[] = {"/later", "/at_once", "/pass", "/later_failed", "/edit"};
    enum { COUNT = 1000, AHEAD = 50 };
    bool seen[COUNT + 1] = {false};
    for (uint64_t id = 1; id <= COUNT + AHEAD; id++) {
        if (id <= COUNT)
            ask(&peer, id, endpoints[id % 5]);
        if (id <= COUNT && id % 7 == 0)
            peer_cancel(&peer, id - 3);
        if (id <= AHEAD)
            continue;
        peer_answer(&peer, &answer);
        ck_assert(answer.message.id <= COUNT && !seen[answer.message.id]);
        seen[answer.message.id] = true;
        peer_answer_done(&answer);
    }
}
END_TEST

START_TEST(a_drain_waits_for_it)
{
    program_start(&program, "probe", NULL, true, NULL);
    peer_connect(&peer, &program);
    ask(&peer, 1, "/later_cancelled");
    program_expect(&program, "inside /later_cancelled");
    ck_assert_int_eq(CONTROL_SEND(program.control, "drain"), SLUICE_OK);
    struct frame_message message;
    ck_assert(peer_receive(&peer, &message));
    ck_assert_int_eq(message.type, FRAME_GOODBYE);
    frame_message_done(&message);
    peer_cancel(&peer, 1);
    expect(&peer, 1, FRAME_UNCHANGED);
    peer_answer_done(&answer);
    ck_assert(!peer_receive(&peer, &message));
    peer_close(&peer);
    program_expect_exit(&program, 0);
}
END_TEST

START_TEST(the_death_of_the_parent_cancels_it)
{
    program_start(&program, "probe", NULL, true, NULL);
    peer_connect(&peer, &program);
    ask(&peer, 1, "/later_cancelled");
    program_expect(&program, "inside /later_cancelled");
    close(program.control);
    program.control = -1;
    program_expect_exit(&program, 1);
    peer_close(&peer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.deferred");
    TCase *one = tcase_create("one worker"), *four = tcase_create("four workers"), *end = tcase_create("end");
    TCase *served[] = {one, four};
    tcase_add_checked_fixture(one, set_up, tear_down);
    tcase_add_checked_fixture(four, set_up_four, tear_down);
    for (unsigned i = 0; i < 2; i++) {
        tcase_add_test(served[i], one_worker_has_many_calls_waiting);
        tcase_add_test(served[i], others_are_served_while_one_waits);
        tcase_add_test(served[i], it_may_be_completed_before_the_handler_returns);
        tcase_add_test(served[i], it_may_fail);
        tcase_add_test(served[i], documents_that_were_only_looked_at_stay_with_the_gateway);
        tcase_add_test(served[i], a_gateway_that_goes_away_cancels_what_it_deferred_and_no_others);
        tcase_add_test(served[i], a_mixture_is_answered_once_each);
    }
    tcase_add_test(end, a_drain_waits_for_it);
    tcase_add_test(end, the_death_of_the_parent_cancels_it);
    TCase *all[] = {one, four, end};
    for (unsigned i = 0; i < 3; i++) {
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return suite_run(suite);
}
