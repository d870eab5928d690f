/* Tests of the twins: what the originals answered, from golden/flows and golden/grpc. */
#include "kit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kit kit;

static void teardown(void)
{
    kit_close(&kit);
}

#define TWIN(name) "tests/plugins/twin_" name

static void results_are(const char *json)
{
    sluice_value *expected = NULL;
    ck_assert_int_eq(sluice_value_from_json(json, strlen(json), &expected, NULL), SLUICE_OK);
    char *text = NULL;
    ck_assert_int_eq(sluice_value_to_json(sluice_testkit_results(kit.kit), &text, NULL), SLUICE_OK);
    ck_assert_msg(sluice_value_equal(expected, sluice_testkit_results(kit.kit)), "%s instead of %s", text, json);
    free(text);
    sluice_value_free(expected);
}

static void tag_is(size_t index, const char *key, const char *text)
{
    kit_equal(sluice_value_string(sluice_value_get(sluice_document_tags(kit_document(&kit, index)), key)), text, strlen(text));
}

START_TEST(crud_marks_by_endpoint)
{
    static const char *const marks[][2] = {
        {"/index", "a|test.index"}, {"/search", "a|test.search"}, {"/update", "a|test.change"}, {"/delete", "a|test.change"}};
    kit_open(&kit, TWIN("crud"), NULL);
    for (size_t i = 0; i < 4; i++) {
        kit_post(&kit, marks[i][0], NULL, "a");
        kit_text_is(&kit, 0, marks[i][1]);
    }
    kit_post(&kit, "/other", NULL, "a");
    kit_text_is(&kit, 0, "a");
}
END_TEST

START_TEST(results_counts_and_adds)
{
    kit_open(&kit, TWIN("results"), "{\"results\": {\"x\": [1, \"two\", {\"three\": 3}], \"n\": null, \"by\": \"me\"}}");
    kit_post(&kit, "/any", NULL, "a");
    results_are("{\"count\": 1, \"by\": \"me\", \"x\": [1, \"two\", {\"three\": 3}], \"n\": null}");
    kit_close(&kit);
    kit_open(&kit, TWIN("results"), NULL);
    kit_post(&kit, "/any", NULL, NULL);
    results_are("{\"count\": 0, \"by\": \"test\"}");
}
END_TEST

START_TEST(echo_shows_its_parameters)
{
    kit_open(&kit, TWIN("echo"), "{\"results\": true}");
    kit_post(&kit, "/any", "{\"x\": 1, \"m\": {\"a__x\": 1, \"l\": [2.5, null, true, \"s\", {\"q\": []}]}, \"e\": \"é\"}", "a");
    const char *seen = "{\"e\":\"\\u00e9\",\"m\":{\"a__x\":1.0,\"l\":[2.5,null,true,\"s\",{\"q\":[]}]},\"x\":1.0}";
    tag_is(0, "test.params", seen);
    kit_equal(sluice_value_string(sluice_value_get(sluice_testkit_results(kit.kit), "params")), seen, strlen(seen));
    kit_close(&kit);
    kit_open(&kit, TWIN("echo"), NULL);
    kit_post(&kit, "/any", NULL, "a");
    tag_is(0, "test.params", "{}");
    ck_assert_ptr_null(sluice_testkit_results(kit.kit));
}
END_TEST

#define BAD_RETURN "The return type must be DocList / Dict / `None`, but getting "

static const struct {
    const char *kind, *description;
} bad_returns[] = {
    {"document", "TypeError(\"" BAD_RETURN "<Document ('id', 'text') at new>\")"},
    {"list", "TypeError(\"" BAD_RETURN "[<Document ('id', 'text') at new>]\")"},
    {"text", "TypeError(\"" BAD_RETURN "'text'\")"},
    {"number", "TypeError('" BAD_RETURN "7')"},
    {"true", "TypeError('" BAD_RETURN "True')"},
    {"false", "TypeError('" BAD_RETURN "False')"},
    {"zero", "TypeError('" BAD_RETURN "0')"},
    {"nonsense", "KeyError('nonsense')"},
};

START_TEST(odd_returns_what_no_handler_may)
{
    char parameters[64];
    snprintf(parameters, sizeof(parameters), "{\"kind\": \"%s\"}", bad_returns[_i].kind);
    kit_open(&kit, TWIN("odd"), NULL);
    kit_post(&kit, "/any", parameters, "a");
    kit_failed(&kit, bad_returns[_i].description);
    kit_close(&kit);
    kit_open(&kit, TWIN("odd"), parameters);
    kit_post(&kit, "/any", NULL, "a");
    kit_failed(&kit, bad_returns[_i].description);
    kit_post(&kit, "/any", "{\"kind\": \"none\"}", "a");
    kit_text_is(&kit, 0, "a");
}
END_TEST

START_TEST(odd_returns_documents_and_maps)
{
    kit_open(&kit, TWIN("odd"), NULL);
    kit_post(&kit, "/any", NULL, "a");
    kit_text_is(&kit, 0, "a");
    ck_assert_ptr_null(sluice_testkit_results(kit.kit));
    kit_post(&kit, "/any", "{\"kind\": \"new\"}", "a");
    kit_text_is(&kit, 0, "new");
    kit_equal(sluice_document_id(kit_document(&kit, 0)), "new", 3);
    kit_post(&kit, "/any", "{\"kind\": \"empty\"}", "a");
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), 0);
    kit_post(&kit, "/any", "{\"kind\": \"map\"}", "a");
    results_are("{\"a\": 1}");
    kit_post(&kit, "/any", "{\"kind\": \"empty map\"}", "a");
    ck_assert_ptr_nonnull(sluice_testkit_results(kit.kit));
    results_are("{}");
    kit_post(&kit, "/any", "{\"kind\": \"nested map\"}", "a");
    results_are("{\"a\": {\"b\": [1, \"x\", null, true]}}");
    kit_text_is(&kit, 0, "a");
}
END_TEST

START_TEST(tool_answers_documents)
{
    static const char *const texts[][2] = {{"/any", "x"}, {"/append", "x!"}, {"/new", "new"}, {"/setparam", "x"}};
    kit_open(&kit, TWIN("tool"), NULL);
    for (size_t i = 0; i < 4; i++) {
        kit_post(&kit, texts[i][0], NULL, "x");
        kit_text_is(&kit, 0, texts[i][1]);
    }
    kit_post(&kit, "/clear", NULL, "x");
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), 0);
    kit_post(&kit, "/matrix", NULL, "x");
    kit_text_is(&kit, 0, "(None, None, ['d0'])");
    kit_post(&kit, "/dict", NULL, "x");
    kit_text_is(&kit, 0, "x");
    results_are("{\"a\": 1, \"b\": [1, \"x\", null, true], \"c\": {\"d\": 0.5}}");
}
END_TEST

START_TEST(tool_prints_parameters_as_python_does)
{
    kit_open(&kit, TWIN("tool"), NULL);
    kit_post(&kit, "/params",
             "{\"i\": 1, \"n\": null, \"\": \"e\", \"d\": {\"x\": {\"y\": 2}}, \"l\": [1, \"a\", null, {\"k\": [true]}], \"f\": 0.5, "
             "\"к\": \"\U0001F600\", \"t\": true, \"s\": \"text\"}",
             "x");
    kit_text_is(&kit, 0,
                "{'': 'e', 'd': {'x': {'y': 2.0}}, 'f': 0.5, 'i': 1.0, 'l': [1.0, 'a', None, {'k': [True]}], 'n': None, 's': "
                "'text', 't': True, 'к': '\U0001F600'}");
    kit_post(&kit, "/params", NULL, NULL);
    kit_text_is(&kit, 0, "{}");
}
END_TEST

START_TEST(tool_fails)
{
    kit_open(&kit, TWIN("tool"), NULL);
    kit_post(&kit, "/raise", NULL, "x");
    kit_failed(&kit, "ValueError('bad', 3)");
    kit_post(&kit, "/raise_empty", NULL, "x");
    kit_failed(&kit, "CustomError()");
    kit_post(&kit, "/raise_unicode", NULL, "x");
    kit_failed(&kit, "KeyError('ключ \U0001F600')");
    kit_post(&kit, "/badreturn", NULL, "x");
    kit_failed(&kit, "TypeError('" BAD_RETURN "5')");
    kit_post(&kit, "/sleep", NULL, "x");
    kit_failed(&kit, "KeyError('s')");
}
END_TEST

START_TEST(tool_sleeps_the_longest)
{
    kit_open(&kit, TWIN("tool"), NULL);
    kit_begin(&kit);
    sluice_value_set_number(sluice_document_edit_tags(kit_add(&kit, "a", 1)), "s", 0.05);
    sluice_value_set_number(sluice_document_edit_tags(kit_add(&kit, "b", 1)), "s", 0.01);
    kit_send(&kit, "/sleep", NULL);
    kit_text_is(&kit, 1, "b");
    kit_post(&kit, "/sleep", NULL, NULL);
    ck_assert_int_eq(kit.status, SLUICE_OK);
}
END_TEST

START_TEST(first_and_second)
{
    for (int i = 0; i < 2; i++) {
        kit_open(&kit, i == 0 ? TWIN("first") : TWIN("second"), NULL);
        kit_post(&kit, "/tag", NULL, "x");
        kit_text_is(&kit, 0, "x>test");
        kit_post(&kit, "/dict", NULL, "x");
        results_are("{\"from\": \"test\", \"n\": 2}");
        kit_post(&kit, "/params", "{\"k\": 1}", "x");
        tag_is(0, "test", "{'k': 1.0}");
        kit_post(&kit, "/onlyfirst", NULL, "x");
        kit_text_is(&kit, 0, i == 0 ? "x>only" : "x");
        kit_post(&kit, "/fail_first", NULL, "x");
        if (i == 0)
            kit_failed(&kit, "RuntimeError('first failed')");
        else
            kit_text_is(&kit, 0, "second was called");
        kit_post(&kit, "/fail_second", NULL, "x");
        if (i == 1)
            kit_failed(&kit, "RuntimeError('second failed')");
        else
            kit_text_is(&kit, 0, "x");
        kit_close(&kit);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("twins");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, crud_marks_by_endpoint);
    tcase_add_test(tests, results_counts_and_adds);
    tcase_add_test(tests, echo_shows_its_parameters);
    tcase_add_loop_test(tests, odd_returns_what_no_handler_may, 0, (int)(sizeof(bad_returns) / sizeof(bad_returns[0])));
    tcase_add_test(tests, odd_returns_documents_and_maps);
    tcase_add_test(tests, tool_answers_documents);
    tcase_add_test(tests, tool_prints_parameters_as_python_does);
    tcase_add_test(tests, tool_fails);
    tcase_add_test(tests, tool_sleeps_the_longest);
    tcase_add_test(tests, first_and_second);
    return kit_run("fixtures.twins", tests);
}
