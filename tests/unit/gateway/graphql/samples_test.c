/* The committed sample of generated requests: answers and places of errors as the package graphql gave them. */
#include "tests/unit/gateway/graphql/ask.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLE_COUNT = 200 };

static const struct value *member(const struct value *object, const char *key)
{
    const struct value *value = value_member(object, sluice_text_of(key));
    ck_assert_msg(value != NULL, "a sample has no %s", key);
    return value;
}

/* The package's answers have this where an id is random. */
static bool same_data(const struct value *ours, const struct value *theirs)
{
    if (theirs->kind == VALUE_STRING && sluice_text_is(theirs->text, "*RANDOM*"))
        return ours->kind == VALUE_STRING && ours->text.size == 32;
    if ((theirs->kind != VALUE_OBJECT && theirs->kind != VALUE_LIST) || ours->kind != theirs->kind)
        return value_same(ours, theirs);
    const struct value *other = theirs->first;
    for (const struct value *item = ours->first; item != NULL && other != NULL;
         item = item->next, other = other->next) {
        if (ours->kind == VALUE_OBJECT && value_member(theirs, item->key) == NULL)
            return false;
        if (!same_data(item, ours->kind == VALUE_OBJECT ? value_member(theirs, item->key) : other))
            return false;
    }
    return ours->count == theirs->count;
}

static bool same_part(const struct value *ours, const struct value *theirs, const char *name)
{
    const struct value *a = value_member(ours, sluice_text_of(name)), *b = value_member(theirs, sluice_text_of(name));
    return a == NULL || b == NULL ? a == b : value_same(a, b);
}

static bool same_errors(const struct value *answer, const struct value *theirs)
{
    const struct value *list = value_member(answer, sluice_text_of("errors"));
    const struct value *ours = list != NULL ? list->first : NULL, *other = theirs->first;
    for (; ours != NULL && other != NULL; ours = ours->next, other = other->next)
        if (!same_part(ours, other, "locations") || !same_part(ours, other, "path"))
            return false;
    return ours == NULL && other == NULL;
}

static void check_sample(sluice_text line)
{
    struct arena *arena = arena_new(1 << 16, ARENA_NO_LIMIT);
    const struct value *sample = json_value(arena, line);
    sluice_text query = member(sample, "query")->text;
    char *text = ask_text(&(struct ask){.query = query.data,
                                        .query_size = query.size,
                                        .variables = member(sample, "variables")->text.data,
                                        .operation_name = member(sample, "operationName")->text.data});
    const struct value *answer = json_value(arena, sluice_text_of(text));
    ck_assert_msg(same_data(member(answer, "data"), member(sample, "data")), "data differ:\n%.*s\n%s", (int)line.size,
                  line.data, text);
    ck_assert_msg(same_errors(answer, member(sample, "errors")), "errors differ:\n%.*s\n%s", (int)line.size, line.data,
                  text);
    free(text);
    arena_free(arena);
}

START_TEST(samples_give_what_the_package_gives)
{
    size_t size, count = 0;
    char *text = read_whole_file("tests/unit/gateway/graphql/samples.jsonl", &size), *at = text, *end;
    for (; (end = strchr(at, '\n')) != NULL; at = end + 1, count++)
        check_sample((sluice_text){at, (size_t)(end - at)});
    ck_assert_uint_eq(count, SAMPLE_COUNT);
    free(text);
}
END_TEST

SUITE_MAIN("gateway.graphql_samples", samples_give_what_the_package_gives)
