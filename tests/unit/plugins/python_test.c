/* Tests of tests/fixtures/python.c: what Python 3.11 prints for the same values. */
#include "tests/fixtures/python.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sluice_value *map;

static void setup(void)
{
    map = sluice_value_new_map();
    ck_assert_ptr_nonnull(map);
}

static void teardown(void)
{
    sluice_value_free(map);
}

static void prints(const char *repr, const char *compact)
{
    size_t size = 0;
    char *text = python_repr(map, &size);
    ck_assert_str_eq(text, repr);
    ck_assert_uint_eq(size, strlen(repr));
    free(text);
    text = python_compact(map, &size);
    ck_assert_str_eq(text, compact);
    ck_assert_uint_eq(size, strlen(compact));
    free(text);
}

START_TEST(an_empty_map)
{
    prints("{}", "{}");
}
END_TEST

START_TEST(every_kind_of_value)
{
    sluice_value_set_number(map, "b", 0.5);
    sluice_value_set_bool(map, "a", true);
    sluice_value_set_null(map, "");
    sluice_value *list = sluice_value_set_list(map, "l");
    sluice_value_append_number(list, 1);
    sluice_value_append_text(list, sluice_text_of("a"));
    sluice_value_append_bool(list, false);
    sluice_value *inner = sluice_value_append_map(list);
    sluice_value_set_list(inner, "k");
    sluice_value_set_map(map, "m");
    prints("{'': None, 'a': True, 'b': 0.5, 'l': [1.0, 'a', False, {'k': []}], 'm': {}}",
           "{\"\":null,\"a\":true,\"b\":0.5,\"l\":[1.0,\"a\",false,{\"k\":[]}],\"m\":{}}");
}
END_TEST

START_TEST(only_json_sorts_inner_maps)
{
    sluice_value *inner = sluice_value_set_map(map, "m");
    sluice_value_set_number(inner, "z", 1);
    sluice_value_set_number(inner, "a", 2);
    prints("{'m': {'z': 1.0, 'a': 2.0}}", "{\"m\":{\"a\":2.0,\"z\":1.0}}");
}
END_TEST

static const struct {
    double number;
    const char *repr, *json;
} numbers[] = {
    {0.0, "0.0", NULL},
    {-0.0, "-0.0", NULL},
    {1.0, "1.0", NULL},
    {-3.0, "-3.0", NULL},
    {0.1, "0.1", NULL},
    {0.0001, "0.0001", NULL},
    {0.00001234, "1.234e-05", NULL},
    {123456.789, "123456.789", NULL},
    {9007199254740992.0, "9007199254740992.0", NULL},
    {9999999999999998.0, "9999999999999998.0", NULL},
    {1e16, "1e+16", NULL},
    {1.5e16, "1.5e+16", NULL},
    {1e100, "1e+100", NULL},
    {1.7976931348623157e308, "1.7976931348623157e+308", NULL},
    {5e-324, "5e-324", NULL},
    {2.0 / 3, "0.6666666666666666", NULL},
    {1e22, "1e+22", NULL},
    {(double)NAN, "nan", "NaN"},
    {(double)INFINITY, "inf", "Infinity"},
    {-(double)INFINITY, "-inf", "-Infinity"},
};

START_TEST(numbers_have_the_fewest_digits)
{
    const char *repr = numbers[_i].repr, *json = numbers[_i].json == NULL ? repr : numbers[_i].json;
    char expected[2][64];
    snprintf(expected[0], sizeof(expected[0]), "{'n': %s}", repr);
    snprintf(expected[1], sizeof(expected[1]), "{\"n\":%s}", json);
    sluice_value_set_number(map, "n", numbers[_i].number);
    prints(expected[0], expected[1]);
}
END_TEST

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
    const char *text;
    size_t size;
    const char *repr, *json;
} texts[] = {
    {TEXT("plain"), "'plain'", "\"plain\""},
    {TEXT("it's"), "\"it's\"", "\"it's\""},
    {TEXT("say \"x\""), "'say \"x\"'", "\"say \\\"x\\\"\""},
    {TEXT("'\""), "'\\'\"'", "\"'\\\"\""},
    {TEXT("a\\b\n\r\t"), "'a\\\\b\\n\\r\\t'", "\"a\\\\b\\n\\r\\t\""},
    {TEXT("\0\x01\x1f\x7f\b\f"), "'\\x00\\x01\\x1f\\x7f\\x08\\x0c'", "\"\\u0000\\u0001\\u001f\\u007f\\b\\f\""},
    {TEXT("ключ"), "'ключ'", "\"\\u043a\\u043b\\u044e\\u0447\""},
    {TEXT("\U0001F600"), "'\U0001F600'", "\"\\ud83d\\ude00\""},
    {TEXT("\xc2\x85\xc2\xa0\xe2\x80\xa8"), "'\\x85\\xa0\\u2028'", "\"\\u0085\\u00a0\\u2028\""},
    {TEXT("é"), "'é'", "\"\\u00e9\""},
};

START_TEST(texts_are_quoted)
{
    char expected[2][128];
    snprintf(expected[0], sizeof(expected[0]), "{'t': %s}", texts[_i].repr);
    snprintf(expected[1], sizeof(expected[1]), "{\"t\":%s}", texts[_i].json);
    sluice_value_set_text(map, sluice_text_of("t"), (sluice_text){texts[_i].text, texts[_i].size});
    prints(expected[0], expected[1]);
}
END_TEST

START_TEST(keys_sort_by_code_point)
{
    const char *keys[] = {"b", "\U0001F600", "a", "\xef\xbf\xbd", "B", "ab"};
    for (size_t i = 0; i < 6; i++)
        sluice_value_set_number(map, keys[i], (double)i);
    prints("{'B': 4.0, 'a': 2.0, 'ab': 5.0, 'b': 0.0, '\xef\xbf\xbd': 3.0, '\U0001F600': 1.0}",
           "{\"B\":4.0,\"a\":2.0,\"ab\":5.0,\"b\":0.0,\"\\ufffd\":3.0,\"\\ud83d\\ude00\":1.0}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixtures.python");
    TCase *tests = tcase_create("python");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_empty_map);
    tcase_add_test(tests, every_kind_of_value);
    tcase_add_test(tests, only_json_sorts_inner_maps);
    tcase_add_loop_test(tests, numbers_have_the_fewest_digits, 0, (int)(sizeof(numbers) / sizeof(numbers[0])));
    tcase_add_loop_test(tests, texts_are_quoted, 0, (int)(sizeof(texts) / sizeof(texts[0])));
    tcase_add_test(tests, keys_sort_by_code_point);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
