#include "tests/unit/gateway/graphql/ask.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_calls(const struct ask *ask, const struct graphql *operation, struct rope *messages,
                         struct graphql_reply *replies)
{
    for (size_t i = 0; i < graphql_calls(operation); i++) {
        rope_init(&messages[i]);
        if (ask->executor != NULL)
            replies[i].failure = ask->executor(graphql_call(operation, i), &messages[i]);
        else
            ck_assert_int_eq(rope_append_rope(&messages[i], graphql_call(operation, i)), SLUICE_OK);
        replies[i].message = replies[i].failure == NULL ? &messages[i] : NULL;
    }
}

char *ask_text(const struct ask *ask)
{
    struct graphql_request request = {.query = sluice_text_of(ask->query),
                                      .variables = sluice_text_of(ask->variables),
                                      .operation_name = sluice_text_of(ask->operation_name),
                                      .limits = ask->limits};
    struct graphql *operation = NULL;
    struct rope messages[GRAPHQL_CALLS_MAX];
    struct graphql_reply replies[GRAPHQL_CALLS_MAX] = {0};
    struct buffer buffer;
    sluice_error error = {.text = ""};
    size_t size;
    if (ask->query_size > 0)
        request.query.size = ask->query_size;
    ck_assert_msg(graphql_prepare(&request, &operation, &error) == SLUICE_OK, "%s", error.text);
    answer_calls(ask, operation, messages, replies);
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    ck_assert_msg(graphql_finish(operation, replies, &buffer, &error) == SLUICE_OK, "%s", error.text);
    for (size_t i = 0; i < graphql_calls(operation); i++)
        rope_done(&messages[i]);
    graphql_free(operation);
    return (char *)buffer_take(&buffer, &size);
}

void ask_is(const char *query, const char *answer)
{
    char *text = ask_text(&(struct ask){.query = query});
    ck_assert_msg(strcmp(text, answer) == 0, "%s\n  gives  %s\n  wanted %s", query, text, answer);
    free(text);
}

struct value *json_value(struct arena *arena, sluice_text text)
{
    struct value *value = NULL;
    sluice_error error = {.text = ""};
    ck_assert_msg(value_from_json(arena, text, 500, &value, &error) == SLUICE_OK, "%s", error.text);
    return value;
}

static const struct value *member(const struct value *object, const char *key)
{
    return value_member(object, sluice_text_of(key));
}

static void describe(const struct value *error, struct buffer *buffer)
{
    const struct value *locations = member(error, "locations"), *path = member(error, "path");
    for (const struct value *place = locations != NULL ? locations->first : NULL; place != NULL; place = place->next)
        buffer_printf(buffer, "%lld:%lld ", (long long)member(place, "line")->integer,
                      (long long)member(place, "column")->integer);
    for (const struct value *step = path != NULL ? path->first : NULL; step != NULL; step = step->next) {
        buffer_append_text(buffer, step == path->first ? "path " : ".");
        if (step->kind == VALUE_STRING)
            buffer_printf(buffer, "%.*s", (int)step->text.size, step->text.data);
        else
            buffer_printf(buffer, "%lld", (long long)step->integer);
        if (step->next == NULL)
            buffer_append_byte(buffer, ' ');
    }
    sluice_text message = member(error, "message")->text;
    buffer_printf(buffer, "%.*s\n", (int)message.size, message.data);
}

void ask_errors_are(const struct ask *ask, const char *errors)
{
    char *text = ask_text(ask);
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct value *answer = json_value(arena, sluice_text_of(text));
    const struct value *list = member(answer, "errors");
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    for (const struct value *error = list != NULL ? list->first : NULL; error != NULL; error = error->next)
        describe(error, &buffer);
    ck_assert_msg(strcmp(buffer_text(&buffer), errors) == 0, "%s\n  gives  %s  wanted %s", ask->query,
                  buffer_text(&buffer), errors);
    buffer_done(&buffer);
    arena_free(arena);
    free(text);
}

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_UNSIGNED || value->kind == VALUE_FLOAT;
}

static double number_of(const struct value *value)
{
    return value->kind == VALUE_INT        ? (double)value->integer
           : value->kind == VALUE_UNSIGNED ? (double)value->natural
                                           : value->number;
}

static bool same_members(const struct value *a, const struct value *b)
{
    for (const struct value *item = a->first; item != NULL; item = item->next) {
        const struct value *other = value_member(b, item->key);
        if (other == NULL || !value_same(item, other))
            return false;
    }
    return a->count == b->count;
}

bool value_same(const struct value *a, const struct value *b)
{
    const struct value *other = b->kind == VALUE_LIST ? b->first : NULL;
    if (is_number(a) && is_number(b))
        return number_of(a) == number_of(b) || (number_of(a) != number_of(a) && number_of(b) != number_of(b));
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_BOOL: return a->boolean == b->boolean;
    case VALUE_STRING: return a->text.size == b->text.size && memcmp(a->text.data, b->text.data, a->text.size) == 0;
    case VALUE_OBJECT: return same_members(a, b);
    case VALUE_LIST:
        for (const struct value *item = a->first; item != NULL && other != NULL; item = item->next, other = other->next)
            if (!value_same(item, other))
                return false;
        return a->count == b->count;
    default: return true;
    }
}

char *read_whole_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    size_t size = 0, got, capacity = 1 << 16;
    char *text = malloc(capacity + 1);
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    while ((got = fread(text + size, 1, capacity - size, file)) > 0) {
        size += got;
        if (size == capacity)
            text = realloc(text, (capacity *= 2) + 1);
    }
    fclose(file);
    text[size] = '\0';
    *ret_size = size;
    return text;
}
