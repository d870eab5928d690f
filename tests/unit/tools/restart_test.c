/* When a process that died is started again: the rule of the design (4b, Restart) by its numbers. */
#include "tests/unit/suite.h"
#include "tools/supervisor/restart.h"

#include <check.h>
#include <stdlib.h>

#define MS CLOCK_NS_PER_MS

static uint64_t delay_ms(struct restart *restart, uint64_t ready_ms, uint64_t died_ms)
{
    uint64_t delay = 77;
    ck_assert(restart_after_death(restart, ready_ms * MS, died_ms * MS, 0, &delay));
    ck_assert_uint_eq(delay % MS, 0);
    return delay / MS;
}

START_TEST(a_process_that_had_settled_comes_again_at_once_however_often)
{
    struct restart restart = {0};
    for (int i = 0; i < 20; i++)
        ck_assert_uint_eq(delay_ms(&restart, 1000, 1101), 0);
    ck_assert_uint_eq(restart.row, 0);
}
END_TEST

START_TEST(deaths_before_ready_wait_longer_and_longer_up_to_five_seconds)
{
    struct restart restart = {0};
    const uint64_t expected[] = {0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_uint_eq(delay_ms(&restart, 0, 1000), expected[i]);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(delay_ms(&restart, 0, 1000), 5000);
}
END_TEST

START_TEST(a_death_within_100_ms_of_ready_counts_and_a_later_one_ends_the_row)
{
    struct restart restart = {0};
    ck_assert_uint_eq(delay_ms(&restart, 1000, 1100), 0);
    ck_assert_uint_eq(delay_ms(&restart, 1000, 1100), 100);
    ck_assert_uint_eq(restart.row, 2);
    ck_assert_uint_eq(delay_ms(&restart, 1000, 1101), 0);
    ck_assert_uint_eq(delay_ms(&restart, 0, 1), 0);
    ck_assert_uint_eq(delay_ms(&restart, 0, 1), 100);
}
END_TEST

START_TEST(the_limit_ends_it)
{
    struct restart restart = {0};
    uint64_t delay;
    for (int i = 0; i < 4; i++)
        ck_assert(restart_after_death(&restart, 0, MS, 5, &delay));
    ck_assert(!restart_after_death(&restart, 0, MS, 5, &delay));
    ck_assert_uint_eq(restart.row, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.restart");
    TCase *cases = tcase_create("all");
    tcase_add_test(cases, a_process_that_had_settled_comes_again_at_once_however_often);
    tcase_add_test(cases, deaths_before_ready_wait_longer_and_longer_up_to_five_seconds);
    tcase_add_test(cases, a_death_within_100_ms_of_ready_counts_and_a_later_one_ends_the_row);
    tcase_add_test(cases, the_limit_ends_it);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
