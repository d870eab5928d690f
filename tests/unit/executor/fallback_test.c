#include "executor/host/fallback.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const good[] = {"0",       "-1.5e-7",  "\"\"",   "\"a \\u00e4 \\n\"",       "true",
                                   "null",    " [ ] ",    "{}",     "[1, \"a\", {\"b\": [null]}]", "{\"a\": 1, \"b\": {}}",
                                   "1E+2",    "false"};
static const char *const bad[] = {"",      "x",       "not quoted", "'a'",     "\"a",     "01",     "1.",  ".5", "+1",
                                  "tru",   "truex",   "[1,]",       "[1 2]",   "{a: 1}",  "{\"a\"}", "{\"a\": 1,}", "1 2",
                                  "\"\\x\"", "\"\\u12\"", "\"a\nb\"",  "[",       "{\"a\": ",  "-", "1e"};

START_TEST(json_is_accepted)
{
    ck_assert_msg(fallback_is_json(good[_i]), "refused: %s", good[_i]);
}
END_TEST

START_TEST(anything_else_is_refused)
{
    ck_assert_msg(!fallback_is_json(bad[_i]), "accepted: %s", bad[_i]);
}
END_TEST

START_TEST(depth_is_bounded)
{
    char text[2 * (FALLBACK_DEPTH_MAX + 1) + 1];
    for (size_t depth = FALLBACK_DEPTH_MAX; depth <= FALLBACK_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        ck_assert_int_eq(fallback_is_json(text), depth == FALLBACK_DEPTH_MAX);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.fallback");
    TCase *tcase = tcase_create("fallback");
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, json_is_accepted, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tcase, anything_else_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tcase, depth_is_bounded);
    return suite_run(suite);
}
