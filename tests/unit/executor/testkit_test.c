/*
 * <sluice/testkit.h> as an author uses it: probe.c is linked in, and loaded as a file. It aborts when a worker is closed by
 * another thread than opened it, or the executor before its workers.
 */
#include "tests/unit/suite.h"

#include <sluice/testkit.h>

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static sluice_testkit *kit;
static sluice_testkit_answer *answer;
static sluice_error error;

static void teardown(void)
{
    sluice_testkit_answer_free(answer);
    sluice_testkit_close(kit);
    answer = NULL;
    kit = NULL;
}

static void open_probe(const char *uses_with, uint32_t workers)
{
    sluice_testkit_options options = sluice_testkit_options_default();
    options.plugin = sluice_plugin_entry();
    options.uses_with = uses_with;
    options.workers = workers;
    ck_assert_msg(sluice_testkit_open_with(&options, &kit, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
}

static const char *built(const char *relative, char path[4096])
{
    const char *build = getenv("SLUICE_BUILD");
    snprintf(path, 4096, "%s/%s", build != NULL ? build : "build/dev", relative);
    return path;
}

/* Post and keep the answer in `answer`. */
static void post(sluice_testkit_request request)
{
    sluice_testkit_answer_free(answer);
    answer = NULL;
    ck_assert_msg(sluice_testkit_post(kit, &request, &answer, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
}

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void post_to(const char *endpoint)
{
    sluice_testkit_request request = sluice_testkit_request_default();
    request.endpoint = endpoint;
    post(request);
}

static const sluice_value *result(const char *key)
{
    return sluice_value_get(sluice_testkit_answer_results(answer), key);
}

static void result_is(const char *key, const char *text)
{
    sluice_text got = sluice_value_string(result(key));
    ck_assert_msg(sluice_text_is(got, text), "%s is \"%.*s\"", key, (int)got.size, got.data);
}

/* Two documents "a" and "b". */
static sluice_document_array *two(void)
{
    sluice_document_array *documents = sluice_document_array_new();
    sluice_document_set_string(sluice_document_array_append(documents), "a");
    sluice_document_set_string(sluice_document_array_append(documents), "b");
    return documents;
}

static bool texts_are(const sluice_document_array *documents, const char *first, const char *second)
{
    return sluice_document_array_size(documents) == 2 &&
           sluice_text_is(sluice_document_text(sluice_document_array_at(documents, 0)), first) &&
           sluice_text_is(sluice_document_text(sluice_document_array_at(documents, 1)), second);
}

/* ---- opening ---- */

START_TEST(a_file_is_loaded)
{
    char path[4096];
    ck_assert_int_eq(sluice_testkit_load(built("tests/plugins/probe.so", path), NULL, &kit, &error), SLUICE_OK);
    post_to("/info");
    result_is("class", "Probe");
    result_is("deployment", "test");
    result_is("pod", "test/rep-0");
}
END_TEST

START_TEST(what_is_no_plugin_is_refused)
{
    char path[4096];
    ck_assert_int_eq(sluice_testkit_load("/nowhere/plugin.so", NULL, &kit, &error), SLUICE_NOT_FOUND);
    ck_assert_str_eq(error.where, "/nowhere/plugin.so");
    ck_assert_int_eq(sluice_testkit_load(built("lib/libsluice.so", path), NULL, &kit, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_testkit_open(NULL, NULL, &kit, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "returned no table"));
    ck_assert_ptr_null(kit);
}
END_TEST

START_TEST(a_table_or_a_file_and_not_both)
{
    sluice_testkit_options options = sluice_testkit_options_default();
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_INVALID);
    options.plugin = sluice_plugin_entry();
    options.file = "x.so";
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "one of the two"));
}
END_TEST

START_TEST(the_number_of_workers_has_a_bound)
{
    sluice_testkit_options options = {.plugin = sluice_plugin_entry(), .workers = SLUICE_TESTKIT_WORKERS_MAX + 1};
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "1024"));
}
END_TEST

START_TEST(the_executor_is_who_the_options_say)
{
    sluice_testkit_options options = {.plugin = sluice_plugin_entry(), .name = "encoder", .class_name = "MyEncoder",
                                      .workspace = "/tmp/base", .replica = 3};
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_OK);
    sluice_testkit_request request = {.endpoint = "/info", .request_id = "r7", .parameters = "{\"MyEncoder\": {\"k\": 2}}"};
    post(request);
    result_is("class", "MyEncoder");
    result_is("deployment", "encoder");
    result_is("pod", "encoder/rep-3");
    result_is("workspace", "/tmp/base/MyEncoder/0");
    result_is("endpoint", "/info");
    result_is("request", "r7");
    ck_assert(sluice_value_number(sluice_value_get(result("parameters"), "k"), 0) == 2);
}
END_TEST

START_TEST(uses_requests_binds_anew)
{
    sluice_testkit_options options = {.plugin = sluice_plugin_entry(), .uses_requests = "{\"/other\": \"edit\"}"};
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_OK);
    post_to("/other");
    ck_assert(sluice_testkit_answer_bound(answer));
    post_to("/edit");
    ck_assert(!sluice_testkit_answer_bound(answer));
    teardown();
    options.uses_requests = "{\"/other\": \"edti\"}";
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "edti"));
    options.uses_requests = "[";
    ck_assert_int_eq(sluice_testkit_open_with(&options, &kit, &error), SLUICE_INVALID);
}
END_TEST

START_TEST(uses_with_is_yaml_or_json)
{
    char path[4096];
    open_probe("closed: \"\"", 1);
    teardown();
    ck_assert_int_eq(sluice_testkit_load(built("lib/sluice/plugins/tag.so", path), "{labl: x}", &kit, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "label"));
    ck_assert_int_eq(sluice_testkit_load(path, "[1]", &kit, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "must be a map"));
    ck_assert_int_eq(sluice_testkit_load(path, "{", &kit, &error), SLUICE_INVALID);
}
END_TEST

START_TEST(an_executor_or_worker_that_does_not_open)
{
    char path[4096];
    for (uint32_t workers = 1; workers <= 3; workers += 2) {
        sluice_testkit_options options = {.file = built("tests/plugins/bad_worker_open.so", path), .workers = workers};
        ck_assert_int_ne(sluice_testkit_open_with(&options, &kit, &error), SLUICE_OK);
        ck_assert_ptr_nonnull(strstr(error.text, "a worker of the executor"));
    }
    ck_assert_int_ne(sluice_testkit_load(built("tests/plugins/bad_open.so", path), NULL, &kit, &error), SLUICE_OK);
    ck_assert_ptr_nonnull(strstr(error.text, "did not open"));
    ck_assert_ptr_null(kit);
}
END_TEST

/* ---- calls ---- */

START_TEST(the_short_form)
{
    sluice_document_array *sent = two(), *got = NULL;
    ck_assert_int_eq(sluice_testkit_open(sluice_plugin_entry(), NULL, &kit, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_testkit_call(kit, "/edit", sent, NULL, &got, &error), SLUICE_OK);
    ck_assert(texts_are(got, "a!", "b!"));
    ck_assert_ptr_null(sluice_testkit_results(kit));
    sluice_document_array_free(got);
    ck_assert_int_eq(sluice_testkit_call(kit, "/fail", sent, NULL, &got, &error), SLUICE_EXECUTOR);
    ck_assert_str_eq(error.text, "ValueError(\"it's bad\")");
    ck_assert(texts_are(got, "a", "b"));
    sluice_document_array_free(got);
    ck_assert_int_eq(sluice_testkit_call(kit, "/read", sent, NULL, NULL, &error), SLUICE_OK);
    ck_assert(sluice_value_number(sluice_value_get(sluice_testkit_results(kit), "documents"), 0) == 2);
    ck_assert_int_eq(sluice_testkit_call(kit, "/read", sent, "{", NULL, &error), SLUICE_INVALID);
    ck_assert_ptr_null(sluice_testkit_results(kit));
    sluice_document_array_free(sent);
}
END_TEST

START_TEST(an_answer_tells_everything)
{
    sluice_document_array *sent = two();
    sluice_testkit_request request = {.endpoint = "/edit", .documents = sent};
    open_probe(NULL, 1);
    double began = now_seconds();
    post(request);
    double seconds = now_seconds() - began;
    sluice_document_array_free(sent); /* only read until the post returned */
    ck_assert(sluice_testkit_answer_bound(answer) && !sluice_testkit_answer_failed(answer));
    ck_assert(!sluice_testkit_answer_untouched(answer));
    ck_assert(texts_are(sluice_testkit_answer_documents(answer), "a!", "b!"));
    ck_assert_ptr_null(sluice_testkit_answer_results(answer));
    ck_assert_uint_eq(sluice_testkit_answer_failure_text(answer).size, 0);
    ck_assert_uint_eq(sluice_testkit_answer_failure_argument_count(answer), 0);
    ck_assert_uint_eq(sluice_testkit_answer_failure_argument(answer, 0).size, 0);
    ck_assert_uint_eq(sluice_testkit_answer_worker(answer), 0);
    ck_assert_double_gt(sluice_testkit_answer_seconds(answer), 0);
    ck_assert_double_le(sluice_testkit_answer_seconds(answer), seconds);
}
END_TEST

START_TEST(what_no_handler_opened_is_untouched)
{
    sluice_document_array *sent = two();
    open_probe(NULL, 1);
    post((sluice_testkit_request){.endpoint = "/pass", .documents = sent});
    ck_assert(sluice_testkit_answer_untouched(answer) && sluice_testkit_answer_bound(answer));
    post((sluice_testkit_request){.endpoint = "/look", .documents = sent});
    ck_assert(sluice_testkit_answer_untouched(answer) && sluice_testkit_answer_bound(answer));
    ck_assert(sluice_value_number(result("documents"), 0) == 2);
    post((sluice_testkit_request){.endpoint = "/nobody", .documents = sent});
    ck_assert(sluice_testkit_answer_untouched(answer) && !sluice_testkit_answer_bound(answer));
    ck_assert(texts_are(sluice_testkit_answer_documents(answer), "a", "b"));
    post((sluice_testkit_request){.endpoint = "/replace", .documents = sent});
    ck_assert_uint_eq(sluice_document_array_size(sluice_testkit_answer_documents(answer)), 3);
    post_to(NULL);
    ck_assert_uint_eq(sluice_document_array_size(sluice_testkit_answer_documents(answer)), 0);
    sluice_document_array_free(sent);
}
END_TEST

START_TEST(a_failure_has_its_parts)
{
    sluice_document_array *sent = two();
    open_probe(NULL, 1);
    post((sluice_testkit_request){.endpoint = "/fail_with", .documents = sent});
    ck_assert(sluice_testkit_answer_failed(answer));
    ck_assert(!sluice_testkit_answer_untouched(answer));
    ck_assert(sluice_text_is(sluice_testkit_answer_failure_name(answer), "KeyError"));
    ck_assert(sluice_text_is(sluice_testkit_answer_failure_executor(answer), "Probe"));
    ck_assert_uint_eq(sluice_testkit_answer_failure_argument_count(answer), 2);
    ck_assert(sluice_text_is(sluice_testkit_answer_failure_argument(answer, 0), "one"));
    ck_assert(sluice_text_is(sluice_testkit_answer_failure_argument(answer, 1), "t\xEF\xBF\xBDwo"));
    ck_assert_uint_eq(sluice_testkit_answer_failure_argument(answer, 2).size, 0);
    ck_assert_ptr_null(sluice_testkit_answer_results(answer));
    ck_assert(texts_are(sluice_testkit_answer_documents(answer), "a", "b"));
    post_to("/status");
    ck_assert(sluice_text_is(sluice_testkit_answer_failure_name(answer), "RuntimeError"));
    sluice_document_array_free(sent);
}
END_TEST

/* ---- deadlines and cancels ---- */

START_TEST(a_deadline_ends_what_looks_at_it)
{
    open_probe(NULL, 1);
    post_to("/info");
    ck_assert(!sluice_value_bool(result("deadline"), true));
    post((sluice_testkit_request){.endpoint = "/info", .timeout_seconds = 1e12});
    ck_assert(sluice_value_bool(result("deadline"), false));
    post((sluice_testkit_request){.endpoint = "/wait", .timeout_seconds = 0.05});
    ck_assert(sluice_value_bool(result("cancelled"), false));
    ck_assert(sluice_testkit_answer_seconds(answer) >= 0.05);
    post((sluice_testkit_request){.endpoint = "/wait", .timeout_seconds = -1});
    ck_assert(sluice_value_bool(result("cancelled"), false));
}
END_TEST

START_TEST(a_cancel_before_the_post_is_for_it_alone)
{
    open_probe(NULL, 1);
    sluice_testkit_cancel(kit);
    ck_assert_int_eq(sluice_testkit_call(kit, "/wait", NULL, "no JSON", NULL, &error), SLUICE_INVALID); /* it did not run */
    post_to("/wait");
    ck_assert(sluice_value_bool(result("cancelled"), false));
    post((sluice_testkit_request){.endpoint = "/overlap", .parameters = "{\"inside\": 2, \"ms\": 2}"}); /* sleeps undisturbed */
    ck_assert(!sluice_testkit_answer_failed(answer));
}
END_TEST

static void *cancel(void *unused)
{
    (void)unused;
    sluice_testkit_cancel(kit);
    return NULL;
}

START_TEST(a_cancel_comes_from_another_thread)
{
    pthread_t thread;
    open_probe(NULL, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, NULL), 0);
    post_to("/wait");
    ck_assert(sluice_value_bool(result("cancelled"), false));
    pthread_join(thread, NULL);
}
END_TEST

/* ---- workers ---- */

START_TEST(one_worker_runs_in_this_thread)
{
    open_probe(NULL, 0); /* 0 is 1; probe compares the threads */
    post_to("/info");
    ck_assert(sluice_value_bool(result("own_worker"), false));
}
END_TEST

enum { WORKERS = 4, MANY = 200 };

START_TEST(as_many_handlers_as_workers_run_at_once)
{
    sluice_testkit_request requests[WORKERS];
    sluice_testkit_answer *answers[WORKERS];
    open_probe(NULL, WORKERS);
    for (size_t i = 0; i < WORKERS; i++) {
        requests[i] = sluice_testkit_request_default();
        requests[i].endpoint = "/overlap";
        requests[i].parameters = "{\"inside\": 4, \"ms\": 60000}"; /* each waits until four are inside */
    }
    ck_assert_int_eq(sluice_testkit_post_many(kit, requests, WORKERS, answers, &error), SLUICE_OK);
    unsigned seen = 0;
    for (size_t i = 0; i < WORKERS; i++) {
        const sluice_value *most = sluice_value_get(sluice_testkit_answer_results(answers[i]), "most");
        ck_assert(sluice_value_number(most, 0) == WORKERS);
        seen |= 1u << sluice_testkit_answer_worker(answers[i]);
        sluice_testkit_answer_free(answers[i]);
    }
    ck_assert_uint_eq(seen, (1u << WORKERS) - 1);
    post_to("/info");
    ck_assert(sluice_value_bool(result("own_worker"), false));
}
END_TEST

/* Every answer is that of its request, whoever ran it. */
static void many_with(uint32_t workers)
{
    static sluice_testkit_request requests[MANY];
    static sluice_testkit_answer *answers[MANY];
    static char ids[MANY][16];
    open_probe(NULL, workers);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "r%zu", i);
        requests[i] = sluice_testkit_request_default();
        requests[i].endpoint = "/info";
        requests[i].request_id = ids[i];
    }
    ck_assert_int_eq(sluice_testkit_post_many(kit, requests, MANY, answers, &error), SLUICE_OK);
    for (size_t i = 0; i < MANY; i++) {
        const sluice_value *results = sluice_testkit_answer_results(answers[i]);
        ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(results, "request")), ids[i]));
        ck_assert(sluice_value_bool(sluice_value_get(results, "own_worker"), false));
        sluice_testkit_answer_free(answers[i]);
    }
    teardown();
}

/* Deferred calls leave their one worker free, so four are inside at once; each is completed in a thread of its own. */
START_TEST(deferred_calls_are_waited_for)
{
    sluice_document_array *sent = two();
    sluice_testkit_request requests[WORKERS];
    sluice_testkit_answer *answers[WORKERS];
    for (uint32_t workers = 1; workers <= 2; workers++) {
        open_probe(NULL, workers);
        for (size_t i = 0; i < WORKERS; i++) {
            requests[i] = sluice_testkit_request_default();
            requests[i].endpoint = "/later";
            requests[i].documents = sent;
            requests[i].parameters = "{\"inside\": 4, \"ms\": 60000}";
        }
        ck_assert_int_eq(sluice_testkit_post_many(kit, requests, WORKERS, answers, &error), SLUICE_OK);
        for (size_t i = 0; i < WORKERS; i++) {
            const sluice_value *most = sluice_value_get(sluice_testkit_answer_results(answers[i]), "most");
            ck_assert(sluice_value_number(most, 0) == WORKERS);
            ck_assert(texts_are(sluice_testkit_answer_documents(answers[i]), "a!", "b!"));
            sluice_testkit_answer_free(answers[i]);
        }
        post((sluice_testkit_request){.endpoint = "/at_once", .documents = sent});
        ck_assert(!sluice_testkit_answer_failed(answer));
        ck_assert(texts_are(sluice_testkit_answer_documents(answer), "a!", "b!"));
        teardown();
    }
    sluice_document_array_free(sent);
}
END_TEST

START_TEST(many_requests_with_one_and_with_four_workers)
{
    many_with(1);
    many_with(4);
}
END_TEST

START_TEST(one_bad_request_of_many_and_none_runs)
{
    sluice_testkit_request requests[] = {{.endpoint = "/turn"}, {.endpoint = "/turn", .parameters = "[]"}};
    sluice_testkit_answer *answers[2] = {NULL, NULL};
    open_probe(NULL, 2);
    ck_assert_int_eq(sluice_testkit_post_many(kit, requests, 2, answers, &error), SLUICE_INVALID);
    ck_assert_ptr_null(answers[0]);
    ck_assert_int_eq(sluice_testkit_post_many(kit, NULL, 0, NULL, &error), SLUICE_OK);
    post_to("/turn");
    ck_assert(sluice_value_number(result("turn"), -1) == 0);
}
END_TEST

START_TEST(requests_of_another_header_are_read_by_its_size)
{
    struct later {
        sluice_testkit_request request;
        const char *more;
    } requests[2] = {{.request = {.endpoint = "/pass"}}, {.request = {.endpoint = "/nobody"}}};
    sluice_testkit_answer *answers[2];
    requests[0].request.struct_size = requests[1].request.struct_size = sizeof requests[0];
    open_probe(NULL, 1);
    ck_assert_int_eq(sluice_testkit_post_many(kit, &requests[0].request, 2, answers, &error), SLUICE_OK);
    ck_assert(sluice_testkit_answer_bound(answers[0]) && !sluice_testkit_answer_bound(answers[1]));
    sluice_testkit_answer_free(answers[0]);
    sluice_testkit_answer_free(answers[1]);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
    sluice_testkit_close(NULL);
    sluice_testkit_answer_free(NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_file_is_loaded, what_is_no_plugin_is_refused, a_table_or_a_file_and_not_both, the_number_of_workers_has_a_bound,
        the_executor_is_who_the_options_say, uses_requests_binds_anew, uses_with_is_yaml_or_json,
        an_executor_or_worker_that_does_not_open, the_short_form, an_answer_tells_everything,
        what_no_handler_opened_is_untouched, a_failure_has_its_parts, a_deadline_ends_what_looks_at_it,
        a_cancel_before_the_post_is_for_it_alone, a_cancel_comes_from_another_thread, one_worker_runs_in_this_thread,
        as_many_handlers_as_workers_run_at_once, deferred_calls_are_waited_for, many_requests_with_one_and_with_four_workers,
        one_bad_request_of_many_and_none_runs, requests_of_another_header_are_read_by_its_size, closing_nothing_is_fine,
    };
    Suite *suite = suite_create("executor.testkit");
    TCase *group = tcase_create("testkit");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, NULL, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(group, tests[i]);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
