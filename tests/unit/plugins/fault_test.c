/* Tests of the plugin `fault`: each fault by uses_with and by the parameters of a request, and chance that repeats itself. */
#include "kit.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static struct kit kit;

static void teardown(void)
{
    kit_close(&kit);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void post_three(const char *parameters)
{
    kit_begin(&kit);
    for (char text = 'a'; text <= 'c'; text++)
        kit_add(&kit, &text, 1);
    kit_send(&kit, "/any", parameters);
}

/* The texts of the answer, one letter each. */
static void answered(const char *texts)
{
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), strlen(texts));
    for (size_t i = 0; texts[i] != '\0'; i++)
        kit_equal(sluice_document_text(kit_document(&kit, i)), texts + i, 1);
}

START_TEST(without_settings_nothing_happens)
{
    kit_open(&kit, "fault", NULL);
    post_three(NULL);
    answered("abc");
}
END_TEST

static const struct {
    const char *wrong, *texts;
} answers[] = {
    {"none", "abc"}, {"drop", "bc"}, {"duplicate", "abcabc"}, {"reverse", "cba"}, {"empty", ""},
};

START_TEST(wrong_answers)
{
    char setting[64];
    snprintf(setting, sizeof(setting), "{\"wrong\": \"%s\"}", answers[_i].wrong);
    kit_open(&kit, "fault", setting);
    post_three(NULL);
    answered(answers[_i].texts);
    post_three("{\"wrong\": \"none\"}");
    answered("abc");
    kit_post(&kit, "/any", NULL, NULL);
    ck_assert_int_eq(kit.status, SLUICE_OK);
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), 0);
    kit_close(&kit);

    kit_open(&kit, "fault", NULL);
    post_three(setting);
    answered(answers[_i].texts);
    post_three(NULL);
    answered("abc");
}
END_TEST

START_TEST(duplicates_have_the_same_ids)
{
    kit_open(&kit, "fault", "{\"wrong\": \"duplicate\"}");
    post_three(NULL);
    kit_equal(sluice_document_id(kit_document(&kit, 0)), "d0", 2);
    kit_equal(sluice_document_id(kit_document(&kit, 3)), "d0", 2);
}
END_TEST

START_TEST(wrong_ids)
{
    kit_open(&kit, "fault", "{\"wrong\": \"ids\"}");
    post_three(NULL);
    answered("abc");
    kit_equal(sluice_document_id(kit_document(&kit, 2)), "not-the-id-you-sent", 19);
}
END_TEST

START_TEST(garbage_takes_the_place_of_the_content)
{
    kit_open(&kit, "fault", NULL);
    post_three("{\"wrong\": \"garbage\"}");
    ck_assert_int_eq(sluice_document_content(kit_document(&kit, 0)), SLUICE_CONTENT_BLOB);
    kit_equal(sluice_document_blob(kit_document(&kit, 2)), "\0\xC3(\xFF\xFE", 5);
}
END_TEST

START_TEST(a_wrong_status_is_a_failure)
{
    kit_open(&kit, "fault", NULL);
    post_three("{\"wrong\": \"status\"}");
    ck_assert_int_eq(kit.status, SLUICE_EXECUTOR);
    ck_assert_ptr_nonnull(strstr(kit.error.text, "RuntimeError"));
}
END_TEST

START_TEST(failures_have_the_name_and_text_asked_for)
{
    kit_open(&kit, "fault", "{\"error_rate\": 1}");
    post_three(NULL);
    kit_failed(&kit, "RuntimeError('fault on request')");
    post_three("{\"error_name\": \"OSError\", \"error_text\": \"disk's \\u0000 full\"}");
    kit_failed(&kit, "OSError(\"disk's \\x00 full\")");
    post_three("{\"error_rate\": 0}");
    answered("abc");
}
END_TEST

/* Which of the next calls fail, as letters. */
static void draw(char *fates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kit_post(&kit, "/any", NULL, "a");
        fates[i] = kit.status == SLUICE_OK ? '.' : 'X';
    }
    fates[count] = '\0';
}

START_TEST(a_seed_repeats_itself)
{
    char first[401], again[401], other[401];
    kit_open(&kit, "fault", "{\"error_rate\": 0.25, \"seed\": 7}");
    draw(first, 400);
    kit_close(&kit);
    kit_open(&kit, "fault", "{\"error_rate\": 0.25, \"seed\": 7}");
    draw(again, 400);
    kit_close(&kit);
    kit_open(&kit, "fault", "{\"error_rate\": 0.25, \"seed\": 8}");
    draw(other, 400);
    ck_assert_str_eq(first, again);
    ck_assert_str_ne(first, other);
    size_t failed = 0;
    for (size_t i = 0; i < 400; i++)
        failed += first[i] == 'X';
    ck_assert_uint_gt(failed, 60); /* 100 expected, standard deviation below 9 */
    ck_assert_uint_lt(failed, 140);
}
END_TEST

START_TEST(without_a_seed_runs_differ)
{
    char first[201], other[201];
    kit_open(&kit, "fault", "{\"error_rate\": 0.5}");
    draw(first, 200);
    kit_close(&kit);
    kit_open(&kit, "fault", "{\"error_rate\": 0.5}");
    draw(other, 200);
    ck_assert_str_ne(first, other);
}
END_TEST

START_TEST(it_waits)
{
    kit_open(&kit, "fault", "{\"delay_ms\": 40}");
    double start = now_ms();
    post_three(NULL);
    ck_assert_double_ge(now_ms() - start, 40);
    start = now_ms();
    post_three("{\"delay_ms\": 80}");
    ck_assert_double_ge(now_ms() - start, 80);
    answered("abc");
}
END_TEST

/* Of some draws one is likely to be long, so the sum has a lower bound; which ones they are is the seed's. */
START_TEST(jitter_comes_on_top)
{
    kit_open(&kit, "fault", "{\"delay_ms\": 5, \"jitter_ms\": 60, \"seed\": 1}");
    double start = now_ms();
    for (int i = 0; i < 8; i++)
        post_three(NULL);
    ck_assert_double_ge(now_ms() - start, 8 * 5 + 60);
}
END_TEST

static const struct {
    const char *crash;
    int signal; /* 0: ends with status 0; -1: does not end */
} crashes[] = {
    {"segv", SIGSEGV},
    {"abort", SIGABRT},
    {"exit", 0},
    {"hang", SIGKILL},
};

START_TEST(it_crashes_on_request)
{
    char setting[64];
    snprintf(setting, sizeof(setting), "{\"crash\": \"%s\"}", crashes[_i].crash);
    int limit_ms = crashes[_i].signal == SIGKILL ? 200 : 20000;
    kit_open(&kit, "fault", setting);
    int status = kit_post_in_child(&kit, "/any", NULL, limit_ms);
    if (crashes[_i].signal == 0)
        ck_assert(WIFEXITED(status));
    else
        ck_assert_msg(kit_died_of(status, crashes[_i].signal), "status %x", (unsigned)status);
    kit_close(&kit);

    kit_open(&kit, "fault", NULL);
    status = kit_post_in_child(&kit, "/any", setting, limit_ms);
    ck_assert(crashes[_i].signal == 0 ? WIFEXITED(status) : kit_died_of(status, crashes[_i].signal));
}
END_TEST

START_TEST(so_many_calls_go_well_first)
{
    kit_open(&kit, "fault", "{\"crash\": \"abort\", \"crash_after\": 3}");
    for (int i = 0; i < 3; i++) {
        post_three(NULL);
        answered("abc");
    }
    ck_assert(kit_died_of(kit_post_in_child(&kit, "/any", NULL, 20000), SIGABRT));
    ck_assert(!WIFSIGNALED(kit_post_in_child(&kit, "/any", "{\"crash\": \"none\"}", 20000)));
}
END_TEST

static const struct {
    const char *parameters, *description;
} wrong_parameters[] = {
    {"{\"delay_ms\": -1}", "ValueError('delay_ms must be a number from 0 to 3.6e+06')"},
    {"{\"delay_ms\": NaN}", "ValueError('delay_ms must be a number from 0 to 3.6e+06')"},
    {"{\"error_rate\": 1.5}", "ValueError('error_rate must be a number from 0 to 1')"},
    {"{\"error_rate\": \"1\"}", "ValueError('error_rate must be a number from 0 to 1')"},
    {"{\"crash\": \"burn\"}", "ValueError('crash must be one of none, segv, abort, exit, hang')"},
    {"{\"wrong\": 1}", "ValueError('wrong must be one of none, drop, duplicate, reverse, empty, ids, garbage, status')"},
    {"{\"error_text\": 1}", "ValueError('error_text must be a string')"},
    {"{\"error_name\": \"\"}", "ValueError('error_name must have 1 to 127 bytes, none of them NUL')"},
};

START_TEST(a_wrong_parameter_fails_the_call)
{
    kit_open(&kit, "fault", NULL);
    post_three(wrong_parameters[_i].parameters);
    kit_failed(&kit, wrong_parameters[_i].description);
}
END_TEST

START_TEST(wrong_settings_do_not_start)
{
    kit_refused("fault", "{\"error_rate\": 2}", "error_rate");
    kit_refused("fault", "{\"crash\": \"burn\"}", "segv");
    kit_refused("fault", "{\"seed\": -1}", "seed");
    kit_refused("fault", "{\"seed\": 1.5}", "seed");
    kit_refused("fault", "{\"error_name\": \"\"}", "error_name");
    kit_refused("fault", "{\"delay\": 1}", "delay");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fault");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, without_settings_nothing_happens);
    tcase_add_loop_test(tests, wrong_answers, 0, (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tests, duplicates_have_the_same_ids);
    tcase_add_test(tests, wrong_ids);
    tcase_add_test(tests, garbage_takes_the_place_of_the_content);
    tcase_add_test(tests, a_wrong_status_is_a_failure);
    tcase_add_test(tests, failures_have_the_name_and_text_asked_for);
    tcase_add_test(tests, a_seed_repeats_itself);
    tcase_add_test(tests, without_a_seed_runs_differ);
    tcase_add_test(tests, it_waits);
    tcase_add_test(tests, jitter_comes_on_top);
    tcase_add_loop_test(tests, it_crashes_on_request, 0, (int)(sizeof(crashes) / sizeof(crashes[0])));
    tcase_add_test(tests, so_many_calls_go_well_first);
    tcase_add_loop_test(tests, a_wrong_parameter_fails_the_call, 0,
                        (int)(sizeof(wrong_parameters) / sizeof(wrong_parameters[0])));
    tcase_add_test(tests, wrong_settings_do_not_start);
    return kit_run("plugins.fault", tests);
}
