/* target_executor as Python's re.match sees it, and its bounds. */
#include "gateway/router/pattern.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pattern_cache *cache;

static void set_up(void)
{
    cache = pattern_cache_new();
}

static void tear_down(void)
{
    pattern_cache_free(cache);
}

static bool matches(const char *text, const char *name)
{
    struct pattern *pattern = NULL;
    bool result = false;
    ck_assert_int_eq(pattern_get(cache, text, strlen(text), &pattern, NULL), SLUICE_OK);
    ck_assert_int_eq(pattern_match(pattern, name, &result, NULL), SLUICE_OK);
    pattern_unref(pattern);
    return result;
}

START_TEST(anchored_at_the_start_and_not_at_the_end)
{
    ck_assert(matches("ind", "index2"));
    ck_assert(matches("index", "index2"));
    ck_assert(!matches("dex", "index2"));
    ck_assert(matches(".*dex", "index2"));
    ck_assert(!matches("^index$", "index2"));
    ck_assert(matches("bar*", "ba") && matches("bar*", "barrr") && !matches("bar*", "foo"));
    ck_assert(matches("(encoder|index2)", "index2"));
    ck_assert(!matches("ENCODER", "encoder"));
    ck_assert(matches("d\xC3\xA9.", "d\xC3\xA9j\xC3\xA0"));
}
END_TEST

START_TEST(an_invalid_pattern_is_named)
{
    struct pattern *pattern = NULL;
    sluice_error error;
    ck_assert_int_eq(pattern_get(cache, "(", 1, &pattern, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "'('"));
    ck_assert_ptr_nonnull(strstr(error.text, "parenthesis"));
}
END_TEST

START_TEST(a_catastrophic_pattern_is_cut_off)
{
    struct pattern *pattern = NULL;
    sluice_error error;
    bool result;
    const char *text = "(a|aa)+$";
    ck_assert_int_eq(pattern_get(cache, text, strlen(text), &pattern, NULL), SLUICE_OK);
    ck_assert_int_eq(
        pattern_match(pattern, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", &result, &error),
        SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "too long to match"));
    pattern_unref(pattern);
}
END_TEST

START_TEST(length_is_bounded_at_the_edge)
{
    char text[PATTERN_SIZE_MAX + 1];
    memset(text, 'a', sizeof text);
    struct pattern *pattern = NULL;
    ck_assert_int_eq(pattern_get(cache, text, PATTERN_SIZE_MAX, &pattern, NULL), SLUICE_OK);
    pattern_unref(pattern);
    ck_assert_int_eq(pattern_get(cache, text, PATTERN_SIZE_MAX + 1, &pattern, NULL), SLUICE_INVALID);
}
END_TEST

START_TEST(more_patterns_than_the_cache_keeps)
{
    char text[16];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 2 * PATTERN_CACHE_MAX; i++) {
            snprintf(text, sizeof text, "p%d$", i);
            ck_assert(matches(text, text) == false);
            text[strlen(text) - 1] = '\0';
            ck_assert(matches(text, text));
        }
}
END_TEST

int main(void)
{
    TCase *pattern = tcase_create("pattern");
    tcase_add_checked_fixture(pattern, set_up, tear_down);
    tcase_add_test(pattern, anchored_at_the_start_and_not_at_the_end);
    tcase_add_test(pattern, an_invalid_pattern_is_named);
    tcase_add_test(pattern, a_catastrophic_pattern_is_cut_off);
    tcase_add_test(pattern, length_is_bounded_at_the_edge);
    tcase_add_test(pattern, more_patterns_than_the_cache_keeps);
    Suite *suite = suite_create("gateway.pattern");
    suite_add_tcase(suite, pattern);
    return suite_run(suite);
}
