/* Tests of the fixtures that misbehave: what the host makes of them, seen through the test kit. */
#include "kit.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static struct kit kit;

static void teardown(void)
{
    kit_close(&kit);
}

#define ROGUE "tests/plugins/rogue"

static const struct {
    const char *plugin, *words;
} refused[] = {
    {"bad_magic", "not a plugin"},
    {"bad_major", "built for ABI 2.1, this executor speaks 1.1"},
    {"bad_minor", "built for ABI 1.2, this executor speaks 1.1"},
    {"bad_size", "bytes"},
    {"bad_null", "not a plugin"},
    {"bad_handlers", "has no handlers"},
    {"bad_function", "the handler \"handle\""},
    {"bad_fallback", "broken"},
    {"bad_open", "the model is not there; run tools/get-model first"},
    {"bad_silent_open", "invalid"},
    {"bad_worker_open", "no stream left on the device; use fewer workers"},
};

START_TEST(it_is_refused_with_a_reason)
{
    char name[64];
    snprintf(name, sizeof(name), "tests/plugins/%s", refused[_i].plugin);
    kit_refused(name, NULL, refused[_i].words);
}
END_TEST

START_TEST(documents_come_back_as_received)
{
    kit_open(&kit, ROGUE, NULL);
    kit_begin(&kit);
    sluice_value_set_number(sluice_document_edit_tags(kit_add(&kit, "a\0b", 3)), "n", 1);
    sluice_document_set_string(sluice_document_add_chunk(kit_add(&kit, "c", 1)), "chunk");
    kit_send(&kit, "/edit_fail", NULL);
    kit_failed(&kit, "ValueError('failed after editing')");
}
END_TEST

START_TEST(results_of_a_failure_are_dropped)
{
    kit_open(&kit, ROGUE, NULL);
    kit_post(&kit, "/results_fail", NULL, "a");
    kit_failed(&kit, "ValueError('failed after the results')");
    ck_assert_ptr_null(sluice_testkit_results(kit.kit));
}
END_TEST

START_TEST(a_long_error_is_cut_in_the_error_only)
{
    kit_open(&kit, ROGUE, NULL);
    kit_post(&kit, "/long_error", NULL, "a");
    ck_assert_int_eq(kit.status, SLUICE_EXECUTOR);
    ck_assert_int_eq(strncmp(kit.error.text, "ValueError('xxx", 15), 0);
    kit_post(&kit, "/any", NULL, "a");
    kit_text_is(&kit, 0, "a");
}
END_TEST

START_TEST(huge_results_arrive_up_to_a_limit)
{
    kit_open(&kit, ROGUE, NULL);
    kit_post(&kit, "/huge", "{\"bytes\": 8388608}", "a");
    ck_assert_int_eq(kit.status, SLUICE_OK);
    ck_assert_uint_eq(sluice_value_string(sluice_value_get(sluice_testkit_results(kit.kit), "huge")).size, 8388608);
    kit_post(&kit, "/huge", "{\"bytes\": 35000000}", "a");
    ck_assert_int_eq(kit.status, SLUICE_EXECUTOR);
    ck_assert_msg(strstr(kit.error.text, "too large") != NULL, "%s", kit.error.text);
}
END_TEST

START_TEST(an_answer_without_documents_is_an_answer)
{
    kit_open(&kit, ROGUE, NULL);
    kit_post(&kit, "/silent", NULL, "a");
    ck_assert_int_eq(kit.status, SLUICE_OK);
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), 0);
}
END_TEST

START_TEST(a_status_without_a_reason_is_a_runtime_error)
{
    static const char *const endpoints[][2] = {{"/status", "RuntimeError"}, {"/unnamed", "invalid"}};
    kit_open(&kit, ROGUE, NULL);
    for (size_t i = 0; i < 2; i++) {
        kit_post(&kit, endpoints[i][0], NULL, "a");
        ck_assert_int_eq(kit.status, SLUICE_EXECUTOR);
        ck_assert_msg(strstr(kit.error.text, endpoints[i][1]) != NULL, "%s", kit.error.text);
        ck_assert_int_eq(strncmp(kit.error.text, "RuntimeError(", 13), 0);
    }
}
END_TEST

START_TEST(who_says_that_it_failed_has_failed)
{
    kit_open(&kit, ROGUE, NULL);
    kit_post(&kit, "/liar", NULL, "a");
    kit_failed(&kit, "ValueError('failed all the same')");
}
END_TEST

START_TEST(crashes_end_the_process)
{
    kit_open(&kit, ROGUE, NULL);
    ck_assert(kit_died_of(kit_post_in_child(&kit, "/segv", NULL, 20000), SIGSEGV));
    ck_assert(kit_died_of(kit_post_in_child(&kit, "/abort", NULL, 20000), SIGABRT));
    ck_assert(WIFEXITED(kit_post_in_child(&kit, "/exit", NULL, 20000)));
    ck_assert(kit_died_of(kit_post_in_child(&kit, "/endless", NULL, 100), SIGKILL));
    ck_assert(kit_died_of(kit_post_in_child(&kit, "/spin", NULL, 100), SIGKILL));
    kit_post(&kit, "/slow", "{\"ms\": 1}", "a");
    kit_text_is(&kit, 0, "a");
    kit_post(&kit, "/deaf", "{\"ms\": 1}", "a");
    kit_text_is(&kit, 0, "a");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("misbehaving");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, it_is_refused_with_a_reason, 0, (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_test(tests, documents_come_back_as_received);
    tcase_add_test(tests, results_of_a_failure_are_dropped);
    tcase_add_test(tests, a_long_error_is_cut_in_the_error_only);
    tcase_add_test(tests, huge_results_arrive_up_to_a_limit);
    tcase_add_test(tests, an_answer_without_documents_is_an_answer);
    tcase_add_test(tests, a_status_without_a_reason_is_a_runtime_error);
    tcase_add_test(tests, who_says_that_it_failed_has_failed);
    tcase_add_test(tests, crashes_end_the_process);
    return kit_run("fixtures.misbehaving", tests);
}
