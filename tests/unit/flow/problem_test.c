#include "tests/unit/flow/kit.h"
#include "common/flow/problem.h"
#include "common/flow/report.h"
#include "common/flow/description.h"
#include "common/foundation/buffer.h"

#include <stdio.h>
#include <string.h>

START_TEST(problems_come_in_the_order_of_the_source)
{
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    struct problems problems;
    struct flow_report report;
    problems_init(&problems, arena);
    problem_error(&problems, (struct flow_place){"f", 5, 1}, "third");
    problem_error(&problems, (struct flow_place){"f", 2, 9}, "second");
    problems.anchor = (struct flow_place){"f", 3, 1};
    problem_warning(&problems, (struct flow_place){"other", 99, 1}, "between");
    problem_error(&problems, (struct flow_place){"f", 2, 8}, "first");
    ck_assert_int_eq(problems_report(&problems, &report), SLUICE_OK);
    static const char *const order[] = {"first", "second", "between", "third"};
    ck_assert_uint_eq(report.count, 4);
    ck_assert_uint_eq(report.error_count, 3);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(report.problems[i].text, order[i]);
    problems_done(&problems);
    arena_free(arena);
}
END_TEST

START_TEST(a_thousand_problems_are_enough)
{
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    struct problems problems;
    struct flow_report report;
    problems_init(&problems, arena);
    for (unsigned i = 0; i < PROBLEMS_MAX + 2; i++)
        problem_error(&problems, (struct flow_place){"f", i + 1, 1}, "x");
    ck_assert_int_eq(problems_report(&problems, &report), SLUICE_OK);
    ck_assert_uint_eq(report.count, PROBLEMS_MAX + 1);
    ck_assert_uint_eq(report.error_count, PROBLEMS_MAX + 2);
    ck_assert_str_eq(report.problems[PROBLEMS_MAX].text, "2 more problems are not shown");
    problems_done(&problems);
    arena_free(arena);
}
END_TEST

START_TEST(long_texts_are_cut_at_a_character)
{
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    struct problems problems;
    struct flow_report report;
    char text[PROBLEM_TEXT_MAX + 10];
    problems_init(&problems, arena);
    memset(text, 'x', sizeof text);
    memcpy(text + PROBLEM_TEXT_MAX - 1, "\xC3\xA9", 3);
    problem_error(&problems, (struct flow_place){"f", 1, 1}, "%s", text);
    ck_assert_int_eq(problems_report(&problems, &report), SLUICE_OK);
    ck_assert_uint_eq(strlen(report.problems[0].text), PROBLEM_TEXT_MAX - 1);
    problems_done(&problems);
    arena_free(arena);
}
END_TEST

START_TEST(lines_hold_no_control_characters)
{
    kit_expect("jtype: Flow\n\"a\\eb\\n\": 1\n", "f.yml:2:1: error: the Flow has no key \"a\\x1bb\\x0a\"\n");
}
END_TEST

START_TEST(the_first_error_becomes_an_error)
{
    struct kit kit = {.options = {.file = "f.yml"}};
    sluice_error error;
    kit_load(&kit, "jtype: Flow\nwith: {quiet: true}\nx: 1\ny: 2\n");
    ck_assert_int_eq(flow_report_error(&kit.report, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "f.yml:3:1");
    ck_assert_str_eq(error.text, "the Flow has no key \"x\"");
    kit_done(&kit);
    kit_load(&kit, "jtype: Flow\nwith: {quiet: true}\n");
    ck_assert_uint_eq(kit.report.count, 1);
    ck_assert_int_eq(flow_report_error(&kit.report, &error), SLUICE_OK);
    kit_done(&kit);
}
END_TEST

START_TEST(descriptions_are_read_and_refused)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        {"{\"name\": \"x\", \"handlers\": []}",                                                          NULL                                                                             },
        {"{\"name\": \"x\", \"handlers\": [{\"name\": \"a\", \"endpoint\": null}], \"parameters\": [{\"name\": \"p\", "
         "\"type\": \"any\"}]}",                                                                NULL                                                                             },
        {"",                                                                                             "not a plugin's description: it is no JSON object"                               },
        {"[]",                                                                                           "not a plugin's description: it is no JSON object"                               },
        {"{\"name\": \"x\"",
         "not a plugin's description: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping"                                                                      },
        {"{\"handlers\": []}",                                                                           "not a plugin's description: it has no \"name\""                                 },
        {"{\"name\": \"x\"}",                                                                            "not a plugin's description: \"handlers\" must be a list of maps with a \"name\""},
        {"{\"name\": \"x\", \"handlers\": [1]}",
         "not a plugin's description: \"handlers\" must be a list of maps with a \"name\""                                                                                                },
        {"{\"name\": \"x\", \"handlers\": [], \"parameters\": {}}",
         "not a plugin's description: \"parameters\" must be a list of maps with a \"name\""                                                                                              },
        {"{\"name\": \"x\", \"handlers\": [], \"parameters\": [{\"name\": \"p\", \"type\": \"blob\"}]}",
         "not a plugin's description: a parameter has no known \"type\""                                                                                                                  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sluice_value *value = NULL;
        sluice_error error = {0};
        sluice_status status = description_from_text(rows[i].text, strlen(rows[i].text), &value, &error);
        ck_assert_int_eq(status, rows[i].fault == NULL ? SLUICE_OK : SLUICE_INVALID);
        if (rows[i].fault != NULL)
            ck_assert_str_eq(error.text, rows[i].fault);
        sluice_value_free(value);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {problems_come_in_the_order_of_the_source,
                                  a_thousand_problems_are_enough,
                                  long_texts_are_cut_at_a_character,
                                  lines_hold_no_control_characters,
                                  the_first_error_becomes_an_error,
                                  descriptions_are_read_and_refused,
                                  NULL};
    return kit_run("problem", tests);
}
