/* Tests of the plugin `tag`, which answers as Tagger in golden/flows does. */
#include "kit.h"

#include <check.h>
#include <string.h>
#include <time.h>

static struct kit kit;

static void teardown(void)
{
    kit_close(&kit);
}

static double tag_of(size_t index, const char *key)
{
    return sluice_value_number(sluice_value_get(sluice_document_tags(kit_document(&kit, index)), key), -1);
}

START_TEST(the_label_is_the_deployment)
{
    kit_open(&kit, "tag", NULL);
    kit_post(&kit, "/any", NULL, "a");
    kit_text_is(&kit, 0, "a|test");
    ck_assert_double_eq(tag_of(0, "test"), 1.0);
    ck_assert_uint_eq(sluice_value_size(sluice_document_tags(kit_document(&kit, 0))), 1);
}
END_TEST

START_TEST(label_and_suffix)
{
    kit_open(&kit, "tag", "{\"label\": \"ключ\", \"suffix\": \"-2\"}");
    kit_post(&kit, "/any", NULL, "");
    kit_text_is(&kit, 0, "|ключ-2");
    ck_assert_double_eq(tag_of(0, "ключ-2"), 1.0);
}
END_TEST

START_TEST(an_empty_label_is_none)
{
    kit_open(&kit, "tag", "{\"label\": \"\", \"suffix\": \"+\"}");
    kit_post(&kit, "/any", NULL, "a");
    kit_text_is(&kit, 0, "a|test+");
}
END_TEST

START_TEST(text_with_nul_bytes_stays_whole)
{
    kit_open(&kit, "tag", NULL);
    kit_begin(&kit);
    kit_add(&kit, "\0x\0", 3);
    kit_send(&kit, "/any", NULL);
    kit_equal(sluice_document_text(kit_document(&kit, 0)), "\0x\0|test", 8);
}
END_TEST

START_TEST(other_tags_stay_and_an_equal_one_is_replaced)
{
    kit_open(&kit, "tag", NULL);
    kit_begin(&kit);
    sluice_value *tags = sluice_document_edit_tags(kit_add(&kit, "a", 1));
    sluice_value_set_number(tags, "n", 7);
    sluice_value_set_string(tags, "test", "old");
    kit_send(&kit, "/any", NULL);
    ck_assert_double_eq(tag_of(0, "n"), 7);
    ck_assert_double_eq(tag_of(0, "test"), 1);
}
END_TEST

START_TEST(pod_is_written_on_demand)
{
    kit_open(&kit, "tag", "{\"pod\": true}");
    kit_post(&kit, "/any", NULL, "a");
    sluice_text pod = sluice_value_string(sluice_value_get(sluice_document_tags(kit_document(&kit, 0)), "pod"));
    kit_equal(pod, "test/rep-0", 10);
}
END_TEST

START_TEST(it_fails_at_the_first_text_that_holds_the_word)
{
    kit_open(&kit, "tag", "{\"fail_on\": \"bad\"}");
    kit_begin(&kit);
    kit_add(&kit, "good", 4);
    kit_add(&kit, "is bad too", 10);
    kit_add(&kit, "bad", 3);
    kit_send(&kit, "/any", NULL);
    kit_failed(&kit, "ValueError('cannot take is bad too')");
    kit_post(&kit, "/any", NULL, "good again");
    kit_text_is(&kit, 0, "good again|test");
}
END_TEST

START_TEST(it_fails_with_the_class_asked_for)
{
    kit_open(&kit, "tag", "{\"fail_on\": \"bad\", \"fail_with\": \"KeyError\"}");
    kit_post(&kit, "/any", NULL, "it's bad");
    kit_failed(&kit, "KeyError(\"cannot take it's bad\")");
}
END_TEST

START_TEST(a_failure_keeps_nul_bytes)
{
    kit_open(&kit, "tag", "{\"fail_on\": \"bad\"}");
    kit_begin(&kit);
    kit_add(&kit, "x\0bad", 5);
    kit_send(&kit, "/any", NULL);
    kit_failed(&kit, "ValueError('cannot take x\\x00bad')");
}
END_TEST

START_TEST(it_waits_once_per_call)
{
    struct timespec start, end;
    kit_open(&kit, "tag", "{\"delay_ms\": 60}");
    kit_begin(&kit);
    kit_add(&kit, "a", 1);
    kit_add(&kit, "b", 1);
    clock_gettime(CLOCK_MONOTONIC, &start);
    kit_send(&kit, "/any", NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double ms = (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
    kit_text_is(&kit, 1, "b|test");
    ck_assert_double_ge(ms, 60);
}
END_TEST

START_TEST(the_second_handler_is_unbound)
{
    kit_open(&kit, "tag", NULL);
    const sluice_handler *rows = kit_plugin("tag")->handlers;
    ck_assert_str_eq(rows[0].name, "tag");
    ck_assert_str_eq(rows[0].endpoint, "/default");
    ck_assert_str_eq(rows[1].name, "other");
    ck_assert_ptr_null(rows[1].endpoint);
    ck_assert_ptr_null(rows[2].name);
}
END_TEST

START_TEST(the_second_handler_has_its_own_label)
{
    static sluice_handler rows[] = {{"other", "/default", NULL}, {0}};
    static sluice_plugin plugin;
    plugin = *kit_plugin("tag");
    rows[0].function = plugin.handlers[1].function;
    plugin.handlers = rows;
    ck_assert_int_eq(sluice_testkit_open(&plugin, "{\"label\": \"L\"}", &kit.kit, &kit.error), SLUICE_OK);
    kit_post(&kit, "/any", NULL, "a");
    kit_text_is(&kit, 0, "a|L.other");
    ck_assert_double_eq(tag_of(0, "L.other"), 1);
}
END_TEST

static const struct {
    const char *uses_with, *words;
} refused[] = {
    {"{\"labels\": 1}", "label"},
    {"{\"label\": 5}", "label"},
    {"{\"delay_ms\": -1}", "delay_ms"},
    {"{\"fail_with\": \"OSError\"}", "KeyError"},
    {"{\"label\": \"a\\u0000b\"}", "NUL"},
};

START_TEST(bad_parameters_are_refused)
{
    kit_refused("tag", refused[_i].uses_with, refused[_i].words);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("tag");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_add_test(tests, the_label_is_the_deployment);
    tcase_add_test(tests, label_and_suffix);
    tcase_add_test(tests, an_empty_label_is_none);
    tcase_add_test(tests, text_with_nul_bytes_stays_whole);
    tcase_add_test(tests, other_tags_stay_and_an_equal_one_is_replaced);
    tcase_add_test(tests, pod_is_written_on_demand);
    tcase_add_test(tests, it_fails_at_the_first_text_that_holds_the_word);
    tcase_add_test(tests, it_fails_with_the_class_asked_for);
    tcase_add_test(tests, a_failure_keeps_nul_bytes);
    tcase_add_test(tests, it_waits_once_per_call);
    tcase_add_test(tests, the_second_handler_is_unbound);
    tcase_add_test(tests, the_second_handler_has_its_own_label);
    tcase_add_loop_test(tests, bad_parameters_are_refused, 0, (int)(sizeof(refused) / sizeof(refused[0])));
    return kit_run("plugins.tag", tests);
}
