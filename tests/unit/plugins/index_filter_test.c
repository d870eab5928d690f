/* Filters on tags: every operator on every kind, the limits, what is refused. */
#include "executor/plugins/vector_index/filter.h"
#include "executor/plugins/vector_index/flat.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAGS                                                                                                           \
    "{\"year\": 2001, \"lang\": \"de\", \"draft\": false, \"nothing\": null, \"nan\": NaN, \"empty\": \"\", "            \
    "\"list\": [10, \"x\", {\"deep\": true}], \"map\": {\"a\": {\"b\": 7}}, \"a__b\": 1}"

static sluice_value *from_json(const char *json)
{
    sluice_value *value = NULL;
    sluice_error error = {0};
    ck_assert_msg(sluice_value_from_json(json, strlen(json), &value, &error) == SLUICE_OK, "%s: %s", json, error.text);
    return value;
}

static bool passes(const char *filter_json, const char *tags_json)
{
    sluice_value *source = from_json(filter_json), *tags = tags_json != NULL ? from_json(tags_json) : NULL;
    struct filter *filter = NULL;
    sluice_error error = {0};
    uint8_t *flat = NULL;
    size_t size = 0;
    ck_assert_msg(filter_new(source, &filter, &error) == SLUICE_OK, "%s: %s", filter_json, error.text);
    if (tags != NULL)
        ck_assert_int_eq(flat_write(tags, &flat, &size), SLUICE_OK);
    bool result = filter_passes(filter, flat);
    filter_free(filter);
    free(flat);
    sluice_value_free(source);
    sluice_value_free(tags);
    return result;
}

static const struct {
    const char *filter;
    bool passes;
} rows[] = {
    {"{}", true},
    {"{\"tags__year\": {\"$eq\": 2001}}", true},
    {"{\"tags__year\": {\"$eq\": \"2001\"}}", false},
    {"{\"tags__year\": {\"$ne\": 2001}}", false},
    {"{\"tags__year\": {\"$neq\": 2000}}", true},
    {"{\"tags__year\": {\"$gt\": 2000}}", true},
    {"{\"tags__year\": {\"$gt\": 2001}}", false},
    {"{\"tags__year\": {\"$gte\": 2001}}", true},
    {"{\"tags__year\": {\"$lt\": 2001}}", false},
    {"{\"tags__year\": {\"$lte\": 2001}}", true},
    {"{\"tags__year\": {\"$gt\": 2000, \"$lt\": 2002}}", true},
    {"{\"tags__year\": {\"$gt\": 2000, \"$lt\": 2001}}", false},
    {"{\"tags__year\": {\"$gt\": \"a\"}}", false},
    {"{\"tags__lang\": {\"$gt\": \"d\"}}", true},
    {"{\"tags__lang\": {\"$lt\": \"de-AT\"}}", true},
    {"{\"tags__lang\": {\"$gte\": \"df\"}}", false},
    {"{\"tags__lang\": {\"$in\": [\"en\", \"de\"]}}", true},
    {"{\"tags__lang\": {\"$in\": []}}", false},
    {"{\"tags__lang\": {\"$nin\": [\"en\", 1, null]}}", true},
    {"{\"tags__draft\": {\"$eq\": false}}", true},
    {"{\"tags__draft\": {\"$eq\": 0}}", false},
    {"{\"tags__draft\": {\"$exists\": true}}", true},
    {"{\"tags__nothing\": {\"$exists\": true}}", false},
    {"{\"tags__nothing\": {\"$eq\": null}}", true},
    {"{\"tags__absent\": {\"$eq\": null}}", true},
    {"{\"tags__absent\": {\"$eq\": \"\"}}", false},
    {"{\"tags__absent\": {\"$ne\": 1}}", true},
    {"{\"tags__absent\": {\"$gt\": 1}}", false},
    {"{\"tags__absent\": {\"$in\": [null]}}", true},
    {"{\"tags__absent\": {\"$nin\": [1]}}", true},
    {"{\"tags__absent\": {\"$exists\": false}}", true},
    {"{\"tags__empty\": {\"$eq\": \"\"}}", true},
    {"{\"tags__nan\": {\"$eq\": NaN}}", false},
    {"{\"tags__nan\": {\"$lte\": 1}}", false},
    {"{\"tags__list__0\": {\"$eq\": 10}}", true},
    {"{\"tags__list__2__deep\": {\"$eq\": true}}", true},
    {"{\"tags__list__3\": {\"$exists\": true}}", false},
    {"{\"tags__list__99999999999999999999999\": {\"$exists\": true}}", false},
    {"{\"tags__list__\": {\"$exists\": true}}", false},
    {"{\"tags__list__x\": {\"$exists\": true}}", false},
    {"{\"tags__map__a__b\": {\"$gte\": 7}}", true},
    {"{\"tags__map__a\": {\"$exists\": true}}", true},
    {"{\"tags__map__a\": {\"$eq\": 7}}", false},
    {"{\"tags__year__a\": {\"$exists\": true}}", false},
    {"{\"$and\": [{\"tags__year\": {\"$gt\": 1}}, {\"tags__lang\": {\"$eq\": \"de\"}}]}", true},
    {"{\"$and\": [{\"tags__year\": {\"$gt\": 1}}, {\"tags__lang\": {\"$eq\": \"en\"}}]}", false},
    {"{\"$or\": [{\"tags__year\": {\"$gt\": 3000}}, {\"tags__lang\": {\"$eq\": \"de\"}}]}", true},
    {"{\"$or\": [{\"tags__year\": {\"$gt\": 3000}}, {\"tags__lang\": {\"$eq\": \"en\"}}]}", false},
    {"{\"$not\": {\"tags__year\": {\"$gt\": 3000}}}", true},
    {"{\"$not\": [{\"tags__year\": {\"$gt\": 3000}}, {\"tags__lang\": {\"$eq\": \"de\"}}]}", true},
    {"{\"$not\": {\"$not\": {\"tags__year\": {\"$eq\": 2001}}}}", true},
    {"{\"$not\": {}}", false},
    {"{\"tags__year\": {\"$eq\": 2001}, \"$or\": [{\"tags__lang\": {\"$eq\": \"x\"}}, {\"$and\": [{}]}]}", true},
    {"{\"tags__year\": {\"$eq\": 2002}, \"$or\": [{\"tags__lang\": {\"$eq\": \"de\"}}]}", false},
};

START_TEST(operators)
{
    ck_assert_msg(passes(rows[_i].filter, TAGS) == rows[_i].passes, "%s", rows[_i].filter);
}
END_TEST

START_TEST(documents_without_tags)
{
    ck_assert(passes("{\"tags__a\": {\"$exists\": false}}", NULL));
    ck_assert(!passes("{\"tags__a\": {\"$gt\": 1}}", NULL));
    ck_assert(passes("{\"tags__a__b\": {\"$ne\": 1}}", "{}"));
}
END_TEST

static void refused(const char *json, const char *words)
{
    sluice_value *source = from_json(json);
    struct filter *filter = NULL;
    sluice_error error = {0};
    ck_assert_msg(filter_new(source, &filter, &error) == SLUICE_INVALID, "%s", json);
    ck_assert_msg(strstr(error.text, words) != NULL, "\"%s\" is not in: %s", words, error.text);
    sluice_value_free(source);
}

static const struct {
    const char *filter, *words;
} wrong[] = {
    {"{\"year\": {\"$gt\": 1}}", "\"year\" is no key of a filter; use \"tags__NAME\""},
    {"{\"tags__\": {\"$gt\": 1}}", "\"tags__\" is no key"},
    {"{\"$xor\": []}", "\"$xor\" is no key of a filter"},
    {"{\"tags__year\": 2000}", "\"tags__year\" needs a map with an operator, such as {\"$eq\": 1}"},
    {"{\"tags__year\": {}}", "needs a map with an operator"},
    {"{\"tags__year\": {\"$regex\": \"a\"}}", "there is no operator \"$regex\"; use $eq"},
    {"{\"tags__year\": {\"$in\": 3}}", "$in takes a list of numbers"},
    {"{\"tags__year\": {\"$nin\": [[1]]}}", "$nin takes a list of numbers"},
    {"{\"tags__year\": {\"$exists\": 1}}", "$exists takes true or false"},
    {"{\"tags__year\": {\"$eq\": []}}", "$eq takes a number, a string, true, false or null"},
    {"{\"tags__year\": {\"$ne\": {}}}", "$ne takes a number"},
    {"{\"tags__year\": {\"$lt\": null}}", "$lt takes a number or a string"},
    {"{\"$and\": {}}", "$and takes a list of filters"},
    {"{\"$or\": [1]}", "a filter is a map"},
    {"{\"$or\": []}", "the list of $or is empty"},
    {"{\"$not\": 1}", "$not takes a list of filters, or one filter"},
};

START_TEST(what_is_wrong_is_said)
{
    refused(wrong[_i].filter, wrong[_i].words);
}
END_TEST

/* A filter of so many conditions, nested so deep, with so many values, or one more. */
static char *build(const char *before, const char *piece, int count, const char *after)
{
    size_t size = strlen(before) + (size_t)count * (strlen(piece) + 16) + strlen(after) + 1, at;
    char *json = malloc(size);
    ck_assert_ptr_nonnull(json);
    at = (size_t)snprintf(json, size, "%s", before);
    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(json + at, size - at, "%s%s", i > 0 ? ", " : "", piece);
    snprintf(json + at, size - at, "%s", after);
    return json;
}

START_TEST(the_edges_of_the_limits)
{
    /* the map, $and, and two nodes for each filter in its list */
    char *most = build("{\"$and\": [", "{\"tags__a\": {\"$ne\": 1}}", (FILTER_NODES_MAX - 2) / 2, "]}");
    char *more = build("{\"$and\": [", "{\"tags__a\": {\"$ne\": 1}}", FILTER_NODES_MAX / 2, "]}");
    ck_assert(passes(most, TAGS));
    refused(more, "at most 256 conditions and joins");
    free(most);
    free(more);
    most = build("{\"tags__year\": {\"$in\": [", "2001", FILTER_VALUES_MAX, "]}}");
    more = build("{\"tags__year\": {\"$in\": [", "2001", FILTER_VALUES_MAX + 1, "]}}");
    ck_assert(passes(most, TAGS));
    refused(more, "at most 10000 values");
    free(most);
    free(more);
}
END_TEST

START_TEST(the_edge_of_the_depth)
{
    char json[1024];
    for (int depth = FILTER_DEPTH_MAX; depth <= FILTER_DEPTH_MAX + 1; depth++) {
        size_t at = 0;
        for (int i = 1; i < depth; i++)
            at += (size_t)snprintf(json + at, sizeof json - at, "{\"$not\": ");
        at += (size_t)snprintf(json + at, sizeof json - at, "{}");
        for (int i = 1; i < depth; i++)
            at += (size_t)snprintf(json + at, sizeof json - at, "}");
        if (depth == FILTER_DEPTH_MAX)
            ck_assert(!passes(json, TAGS));
        else
            refused(json, "at most 16 deep");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins.index.filter");
    TCase *tests = tcase_create("filter");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, operators, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tests, documents_without_tags);
    tcase_add_loop_test(tests, what_is_wrong_is_said, 0, sizeof wrong / sizeof wrong[0]);
    tcase_add_test(tests, the_edges_of_the_limits);
    tcase_add_test(tests, the_edge_of_the_depth);
    return suite_run(suite);
}
