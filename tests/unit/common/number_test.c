/* Numbers in a locale whose decimal point is a comma, which is made here: few machines have one. */
#include "tests/unit/suite.h"
#include "common/foundation/number.h"

#include <sluice/document.h>

#include <check.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[64];

static void command(const char *start, const char *end)
{
    char line[512];
    snprintf(line, sizeof line, "%s %s%s", start, folder, end);
    ck_assert_msg(system(line) == 0, "%s", line);
}

static void set_up(void)
{
    char text[16];
    snprintf(folder, sizeof folder, "/tmp/sluice-locale-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    command("localedef --no-archive -i de_DE -f UTF-8", "/comma >/dev/null 2>&1"); /* Debian's package locales */
    setenv("LOCPATH", folder, 1);
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "comma"));
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5"); /* else nothing would be tested */
}

static void tear_down(void)
{
    setlocale(LC_ALL, "C");
    command("rm -r", "");
}

START_TEST(numbers_have_a_point)
{
    char text[NUMBER_EXACT_SIZE], *end;
    ck_assert_str_eq(number_exact(0.5, text), "0.5");
    ck_assert_str_eq(number_exact(-1.7976931348623157e308, text), "-1.7976931348623157e+308");
    ck_assert_int_eq(number_print(text, sizeof text, "%d %.2f", 7, 1234.5), 9);
    ck_assert_str_eq(text, "7 1234.50");
    ck_assert_double_eq(number_read("1.5,", &end), 1.5);
    ck_assert_str_eq(end, ",");
    errno = 0;
    ck_assert_double_eq(number_read("1e999", &end), HUGE_VAL);
    ck_assert_int_eq(errno, ERANGE);
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0,5"); /* the locale of the program is as it was */
}
END_TEST

START_TEST(json_has_a_point)
{
    static const char json[] = "{\"a\":0.5,\"b\":1.5e-400,\"c\":1e16}";
    sluice_error error;
    sluice_value *value = NULL;
    char *text = NULL;
    ck_assert_msg(sluice_value_from_json(json, sizeof json - 1, &value, &error) == SLUICE_OK, "%s", error.text);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(value, "a"), -1), 0.5);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(value, "b"), -1), 0); /* too small for a double */
    ck_assert_int_eq(sluice_value_to_json(value, &text, &error), SLUICE_OK);
    ck_assert_ptr_nonnull(strstr(text, "0.5"));
    ck_assert_ptr_null(strstr(text, "0,5"));
    free(text);
    sluice_value_free(value);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("common.number");
    TCase *cases = tcase_create("comma");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, numbers_have_a_point);
    tcase_add_test(cases, json_has_a_point);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
