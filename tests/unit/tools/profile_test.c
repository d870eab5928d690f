/* The numbers of sluice profile: ranks, shares, and how an executor's time is divided. */
#include "tests/unit/suite.h"
#include "tools/profile_report.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct profile_report report;
static struct buffer text;

static void set_up(void)
{
    report = (struct profile_report){.uri = "grpc://x:1", .protocol = "grpc", .endpoint = "/", .documents = 2, .in_flight = 1};
    buffer_init(&text, BUFFER_NO_LIMIT);
}

static void tear_down(void)
{
    profile_report_done(&report);
    buffer_done(&text);
}

static void fill(struct profile_series *series, size_t count, double first, double step)
{
    series->values = calloc(count, sizeof *series->values);
    series->count = series->capacity = count;
    for (size_t i = 0; i < count; i++) /* not in order */
        series->values[(i * 7) % count] = first + step * (double)i;
}

static struct profile_executor *add_executor(const char *name)
{
    struct profile_executor *executor = &report.executors[report.executor_count++];
    executor->name = strdup(name);
    return executor;
}

static void has(const char *words)
{
    ck_assert_msg(strstr(buffer_text(&text), words) != NULL, "no \"%s\" in\n%s", words, buffer_text(&text));
}

START_TEST(ranks_are_the_nearest)
{
    struct profile_series series = {0};
    fill(&series, 100, 1, 1); /* 1 … 100 */
    struct profile_numbers numbers = profile_numbers_of(&series, 10100);
    ck_assert_double_eq(numbers.least, 1);
    ck_assert_double_eq(numbers.median, 50);
    ck_assert_double_eq(numbers.p99, 99);
    ck_assert_double_eq(numbers.mean, 50.5);
    ck_assert_double_eq(numbers.share, 0.5);
    free(series.values);
    fill(&series, 1, 3, 0);
    numbers = profile_numbers_of(&series, 0);
    ck_assert_double_eq(numbers.least, 3);
    ck_assert_double_eq(numbers.median, 3);
    ck_assert_double_eq(numbers.p99, 3);
    ck_assert_double_eq(numbers.share, 0);
    free(series.values);
    series = (struct profile_series){0};
    numbers = profile_numbers_of(&series, 1);
    ck_assert_double_eq(numbers.mean, 0);
    ck_assert_double_eq(numbers.p99, 0);
}
END_TEST

START_TEST(an_executors_time_is_its_way_and_its_handler)
{
    struct profile_executor *executor = add_executor("encoder");
    fill(&report.roundtrip, 10, 10, 0);
    fill(&report.wire, 10, 2, 0);
    fill(&report.gateway, 10, 8, 0);
    fill(&report.itself, 10, 1, 0);
    fill(&executor->times, 10, 7, 0);
    fill(&executor->dry, 10, 2, 0);
    profile_print_tree(&report, &text);
    has("round trip                    100.0 %    10.000    10.000    10.000\n");
    has("├─ wire                        20.0 %     2.000     2.000     2.000\n");
    has("└─ gateway                     80.0 %     8.000     8.000     8.000\n");
    has("   ├─ itself                   10.0 %     1.000     1.000     1.000\n");
    has("   └─ encoder                  70.0 %     7.000     7.000     7.000\n");
    has("      ├─ way and queue         20.0 %     2.000     2.000     2.000\n");
    has("      └─ handler               50.0 %     5.000     5.000     5.000\n");
    buffer_clear(&text);
    profile_print_json(&report, &text);
    has("\"handler\": {\"share\": 0.500000, \"min_ms\": 5.000000, \"median_ms\": 5.000000, \"p99_ms\": 5.000000, \"mean_ms\": "
        "5.000000}");
}
END_TEST

START_TEST(a_part_is_never_more_than_its_whole)
{
    struct profile_executor *executor = add_executor("quick");
    fill(&report.roundtrip, 10, 10, 0);
    fill(&report.gateway, 10, 8, 0);
    fill(&report.wire, 10, 2, 0);
    fill(&report.itself, 10, 7, 0);
    fill(&executor->times, 10, 1, 0);
    fill(&executor->dry, 10, 3, 1); /* the dry runs were slower */
    profile_print_tree(&report, &text);
    has("way and queue         10.0 %     1.000     1.000     1.000\n");
    has("handler                0.0 %     0.000     0.000     0.000\n");
}
END_TEST

START_TEST(what_is_not_known_is_not_shown)
{
    fill(&report.roundtrip, 2, 1, 0);
    fill(&report.gateway, 2, 0.5, 0);
    fill(&report.wire, 2, 0.5, 0);
    fill(&report.itself, 2, 0.1, 0);
    fill(&add_executor("external")->times, 2, 0.4, 0);
    add_executor("unbound");
    report.side_by_side = true;
    report.failed = 3;
    profile_print_tree(&report, &text);
    ck_assert_ptr_null(strstr(buffer_text(&text), "handler"));
    has("   └─ unbound: passed by\n");
    has("3 more failed and do not count\n");
    has("side by side");
    buffer_clear(&text);
    profile_print_json(&report, &text);
    has("{\"name\": \"external\", \"requests\": 2, \"time\": {");
    has("\"way\": null, \"handler\": null}");
    has("{\"name\": \"unbound\", \"requests\": 0, \"time\": null, \"way\": null, \"handler\": null}");
    has("\"side_by_side\": true");
}
END_TEST

START_TEST(answers_without_routes_give_the_round_trip_alone)
{
    fill(&report.roundtrip, 2, 1, 0);
    profile_print_tree(&report, &text);
    has("the answers have no routes");
    buffer_clear(&text);
    profile_print_json(&report, &text);
    has("\"gateway\": null");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.profile");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, ranks_are_the_nearest);
    tcase_add_test(cases, an_executors_time_is_its_way_and_its_handler);
    tcase_add_test(cases, a_part_is_never_more_than_its_whole);
    tcase_add_test(cases, what_is_not_known_is_not_shown);
    tcase_add_test(cases, answers_without_routes_give_the_round_trip_alone);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
