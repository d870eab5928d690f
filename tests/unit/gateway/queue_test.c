/* Clients are served in turn; a client's own requests keep their order. */
#include "gateway/upstream/queue.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>

enum { EXECUTORS = 2 };

static struct upstream_queue *alice[EXECUTORS], *bob[EXECUTORS];

static struct upstream_call call_of(struct upstream_queue **client)
{
    return (struct upstream_call){.client_queues = client};
}

START_TEST(clients_take_turns)
{
    struct fair_queue queue = {0};
    struct upstream_call a[3] = {call_of(alice), call_of(alice), call_of(alice)}, b = call_of(bob);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(fair_queue_add(&queue, 1, &a[i], false), SLUICE_OK);
    ck_assert_int_eq(fair_queue_add(&queue, 1, &b, false), SLUICE_OK);
    ck_assert_uint_eq(queue.size, 4);
    ck_assert_ptr_eq(fair_queue_peek(&queue), &a[0]);
    struct upstream_call *expected[] = {&a[0], &b, &a[1], &a[2]};
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_eq(fair_queue_take(&queue), expected[i]);
    ck_assert_ptr_null(fair_queue_take(&queue));
    ck_assert_ptr_null(alice[1]);
    ck_assert_ptr_null(bob[1]);
}
END_TEST

START_TEST(what_has_waited_goes_in_front)
{
    struct fair_queue queue = {0};
    struct upstream_call a[3] = {call_of(alice), call_of(alice), call_of(alice)};
    fair_queue_add(&queue, 0, &a[2], false);
    fair_queue_add(&queue, 0, &a[1], true);
    fair_queue_add(&queue, 0, &a[0], true);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_eq(fair_queue_take(&queue), &a[i]);
}
END_TEST

START_TEST(any_call_can_be_taken_out)
{
    for (int out = 0; out < 3; out++) {
        struct fair_queue queue = {0};
        struct upstream_call a[3] = {call_of(alice), call_of(alice), call_of(alice)}, late = call_of(alice);
        for (int i = 0; i < 3; i++)
            fair_queue_add(&queue, 0, &a[i], false);
        ck_assert(fair_queue_remove(&queue, 0, &a[out]));
        ck_assert(!fair_queue_remove(&queue, 0, &a[out]));
        fair_queue_add(&queue, 0, &late, false);
        for (int i = 0; i < 3; i++)
            if (i != out)
                ck_assert_ptr_eq(fair_queue_take(&queue), &a[i]);
        ck_assert_ptr_eq(fair_queue_take(&queue), &late);
        ck_assert_ptr_null(fair_queue_take(&queue));
    }
}
END_TEST

int main(void)
{
    TCase *queue = tcase_create("queue");
    tcase_add_test(queue, clients_take_turns);
    tcase_add_test(queue, what_has_waited_goes_in_front);
    tcase_add_test(queue, any_call_can_be_taken_out);
    Suite *suite = suite_create("gateway.queue");
    suite_add_tcase(suite, queue);
    return suite_run(suite);
}
