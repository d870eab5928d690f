/* Timers run in the order of their times, once, and not when cancelled. */
#include "common/foundation/clock.h"
#include "gateway/upstream/timers.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { COUNT = 500 };

static uint64_t last_run;
static int ran;

static void note(struct timer *timer)
{
    ck_assert_uint_ge(timer->due_ns, last_run);
    last_run = timer->due_ns;
    ran++;
}

START_TEST(they_run_in_order_and_once)
{
    struct timers timers;
    timers_init(&timers, eventfd(0, EFD_NONBLOCK));
    struct timer all[COUNT];
    unsigned seed = 7;
    for (int i = 0; i < COUNT; i++) {
        all[i] = (struct timer){.run = note};
        ck_assert_int_eq(timers_set(&timers, &all[i], 1 + (uint64_t)rand_r(&seed) % 1000), SLUICE_OK);
    }
    for (int i = 0; i < COUNT; i += 5)
        ck_assert(timers_cancel(&timers, &all[i]));
    ck_assert(!timers_cancel(&timers, &all[0]));
    for (int i = 1; i < COUNT; i += 5)
        timers_set(&timers, &all[i], 1 + (uint64_t)rand_r(&seed) % 1000); /* moved */
    timers_run(&timers);
    ck_assert_int_eq(ran, COUNT - COUNT / 5);
    ck_assert_uint_eq(timers_next(&timers), 0);
    close(timers.wake_fd);
    timers_done(&timers);
}
END_TEST

START_TEST(what_is_not_due_stays)
{
    struct timers timers;
    timers_init(&timers, eventfd(0, EFD_NONBLOCK));
    struct timer timer = {.run = note};
    uint64_t due = clock_monotonic_ns() + 3600ull * CLOCK_NS_PER_SECOND;
    timers_set(&timers, &timer, due);
    timers_run(&timers);
    ck_assert_int_eq(ran, 0);
    ck_assert_uint_eq(timers_next(&timers), due);
    close(timers.wake_fd);
    timers_done(&timers);
}
END_TEST

static void *set_and_cancel(void *context)
{
    struct timers *timers = context;
    struct timer mine[16];
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 16; i++) {
            mine[i] = (struct timer){.run = note};
            timers_set(timers, &mine[i], UINT64_MAX - (uint64_t)((round * 7 + i) % 100));
        }
        for (int i = 0; i < 16; i++)
            ck_assert(timers_cancel(timers, &mine[i]));
    }
    return NULL;
}

START_TEST(threads_may_set_and_cancel_while_the_owner_runs)
{
    struct timers timers;
    timers_init(&timers, eventfd(0, EFD_NONBLOCK));
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, set_and_cancel, &timers);
    for (int i = 0; i < 2000; i++)
        timers_run(&timers);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(timers_next(&timers), 0);
    close(timers.wake_fd);
    timers_done(&timers);
}
END_TEST

int main(void)
{
    TCase *timers = tcase_create("timers");
    tcase_add_test(timers, they_run_in_order_and_once);
    tcase_add_test(timers, what_is_not_due_stays);
    tcase_add_test(timers, threads_may_set_and_cancel_while_the_owner_runs);
    Suite *suite = suite_create("gateway.timers");
    suite_add_tcase(suite, timers);
    return suite_run(suite);
}
