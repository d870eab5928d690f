#include "executor/host/failure.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct buffer status;

static void set_up(void)
{
    buffer_init(&status, BUFFER_NO_LIMIT);
}

static void tear_down(void)
{
    buffer_done(&status);
}

static void describes(const char *expected)
{
    sluice_text text = failure_description(&status);
    ck_assert_msg(sluice_text_is(text, expected), "%.*s", (int)text.size, text.data);
}

START_TEST(the_message_has_the_recorded_form)
{
    sluice_text argument = sluice_text_of("bad");
    failure_write(&status, "ValueError", &argument, 1, NULL, "Tagger");
    static const char expected[] = "\x08\x01"
                                   "\x12\x11ValueError('bad')"
                                   "\x1a\x19\x0a\x0aValueError\x12\x03" "bad" "\x22\x06Tagger";
    ck_assert_uint_eq(status.size, sizeof expected - 1);
    ck_assert_mem_eq(status.data, expected, sizeof expected - 1);
}
END_TEST

START_TEST(no_argument_and_several_are_quoted_as_repr_does)
{
    failure_write(&status, "E", NULL, 0, NULL, "X");
    describes("E()");
    sluice_text arguments[] = {sluice_text_of("it's"), sluice_text_of("a\nb"), {"\0", 1}};
    failure_write(&status, "E", arguments, 3, NULL, "X");
    describes("E(\"it's\", 'a\\nb', '\\x00')");
}
END_TEST

START_TEST(a_description_of_ones_own_wins)
{
    failure_write(&status, "E", NULL, 0, "what happened", "X");
    describes("what happened");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_replaced)
{
    failure_write(&status, "E", NULL, 0, "a\xFF\xC3\xA4\xC3", "X");
    describes("a\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD");
}
END_TEST

START_TEST(long_text_is_cut_at_the_limit)
{
    char *text = malloc(FAILURE_TEXT_MAX + 2);
    memset(text, 'x', FAILURE_TEXT_MAX + 1);
    text[FAILURE_TEXT_MAX + 1] = '\0';
    failure_write(&status, "E", NULL, 0, text, "X");
    ck_assert_uint_eq(failure_description(&status).size, FAILURE_TEXT_MAX);
    text[FAILURE_TEXT_MAX] = '\0';
    failure_write(&status, "E", NULL, 0, text, "X");
    describes(text);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.failure");
    TCase *tcase = tcase_create("failure");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, the_message_has_the_recorded_form);
    tcase_add_test(tcase, no_argument_and_several_are_quoted_as_repr_does);
    tcase_add_test(tcase, a_description_of_ones_own_wins);
    tcase_add_test(tcase, bytes_that_are_no_text_are_replaced);
    tcase_add_test(tcase, long_text_is_cut_at_the_limit);
    return suite_run(suite);
}
