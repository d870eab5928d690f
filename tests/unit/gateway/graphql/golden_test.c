/*
 * The requests that were recorded at Jina's /graphql, with stand-ins for its executors. Data must be equal, and of
 * errors the number, the places and the paths. What differs on purpose, and what needs the real executors or HTTP, is
 * named here.
 */
#include "tests/unit/gateway/graphql/ask.h"
#include "tests/unit/suite.h"

#include "common/document/codec.h"
#include "common/wire/wire.h"
#include "gateway/envelope/envelope.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "tests/golden/graphql/"

static const char *const deviations[] = {
    /* blob is decoded once, not twice */
    "blob_literal", "blob_echo_double",
    /* scores are accepted */
    "scores_input", "scores_input_literal",
    /* no data is an empty list */
    "data_null", "data_omitted", "data_variable_missing",
    /* an exception of an executor is told */
    "executor_fails",
    /* 1 and 0 in tags stay numbers */
    "tags_string", "tags_literal_string"};

/* Endpoints whose stand-in is not worth having; the running gateway is compared for these. */
static const char *const real_executors[] = {"/describe", "/params", "/full", "/floats", "/nan", "/sleep", "/die"};

/* ---- stand-ins ---- */

static void append_content(const sluice_document_array *array, struct rope *ret_message)
{
    struct block *content = NULL, *head;
    struct buffer buffer;
    ck_assert_int_eq(document_array_write_content(array, &content, NULL), SLUICE_OK);
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    wire_append_tag(&buffer, REQUEST_DATA, WIRE_BYTES);
    wire_append_varint(&buffer, content->size);
    head = block_new(buffer.size);
    memcpy(head->data, buffer.data, buffer.size);
    ck_assert_int_eq(rope_append(ret_message, head, head->data, head->size), SLUICE_OK);
    ck_assert_int_eq(rope_append(ret_message, content, content->data, content->size), SLUICE_OK);
    block_unref(head);
    block_unref(content);
    buffer_done(&buffer);
}

/* One match for each document, as the recorded /search makes it. */
static void search(sluice_document_array *array)
{
    char text[256];
    for (size_t i = 0; i < sluice_document_array_size(array); i++) {
        sluice_document *document = sluice_document_array_at(array, i), *match = sluice_document_add_match(document);
        sluice_text id = sluice_document_id(document), of = sluice_document_text(document);
        int size = snprintf(text, sizeof text, "m-%.*s", (int)id.size, id.data);
        ck_assert_int_eq(sluice_document_set_id(match, text, (size_t)size), SLUICE_OK);
        size = snprintf(text, sizeof text, "match of %.*s", (int)of.size, of.data);
        ck_assert_int_eq(sluice_document_set_text(match, text, (size_t)size), SLUICE_OK);
        sluice_score score = {.value = 0.1F, .op_name = sluice_text_of("op")};
        ck_assert_int_eq(sluice_document_set_score(match, "cosine", &score), SLUICE_OK);
    }
}

static void replace(sluice_document_array *array)
{
    static const char *const both[][2] = {
        {"new1", "one"},
        {"new2", "two"}
    };
    sluice_document_array_clear(array);
    for (size_t i = 0; i < 2; i++) {
        sluice_document *document = sluice_document_array_append(array);
        ck_assert_int_eq(sluice_document_set_id(document, both[i][0], strlen(both[i][0])), SLUICE_OK);
        ck_assert_int_eq(sluice_document_set_string(document, both[i][1]), SLUICE_OK);
    }
}

static bool span_is(struct span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

/* A header with a status of code 1 and the description "x". */
static const char failed_header[] = "\x0A\x07\x12\x05\x08\x01\x12\x01x";

static const char *worker(const struct rope *request, struct rope *ret_message)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct envelope envelope;
    sluice_document_array *array = NULL;
    ck_assert_int_eq(envelope_read(request, 64, arena, &envelope, NULL), SLUICE_OK);
    ck_assert_int_eq(document_array_read_content(&envelope.data, NULL, &array, NULL), SLUICE_OK);
    bool mine = envelope.target.size == 0 || span_is(envelope.target, "worker");
    if (mine && span_is(envelope.endpoint, "/search"))
        search(array);
    else if (mine && span_is(envelope.endpoint, "/replace"))
        replace(array);
    append_content(array, ret_message);
    if (mine && span_is(envelope.endpoint, "/fail"))
        ck_assert_int_eq(rope_append(ret_message, NULL, failed_header, sizeof failed_header - 1), SLUICE_OK);
    sluice_document_array_free(array);
    envelope_done(&envelope);
    arena_free(arena);
    return NULL;
}

/* ---- cases ---- */

static const struct value *member(const struct value *object, const char *key)
{
    return object != NULL && object->kind == VALUE_OBJECT ? value_member(object, sluice_text_of(key)) : NULL;
}

static bool is_in(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

static bool needs_real_executor(const char *body)
{
    for (size_t i = 0; i < sizeof real_executors / sizeof real_executors[0]; i++) {
        if (strstr(body, real_executors[i]) != NULL)
            return true;
    }
    return false;
}

/* Ids that are random here and there: 32 digits are as good as 32 others. */
static bool same_data(const struct value *ours, const struct value *theirs)
{
    if (ours->kind == VALUE_STRING && theirs->kind == VALUE_STRING && ours->text.size == 32 && theirs->text.size == 32)
        return true;
    if (ours->kind != theirs->kind || (ours->kind != VALUE_OBJECT && ours->kind != VALUE_LIST))
        return value_same(ours, theirs);
    const struct value *other = theirs->first;
    for (const struct value *item = ours->first; item != NULL && other != NULL;
         item = item->next, other = other->next) {
        const struct value *match = ours->kind == VALUE_OBJECT ? value_member(theirs, item->key) : other;
        if (match == NULL || !same_data(item, match))
            return false;
    }
    return ours->count == theirs->count;
}

static bool same_part(const struct value *ours, const struct value *theirs, const char *name)
{
    const struct value *a = member(ours, name), *b = member(theirs, name);
    return a == NULL || b == NULL ? a == b : value_same(a, b);
}

static bool same_answer(const struct value *ours, const struct value *theirs)
{
    const struct value *mine = member(ours, "errors"), *other = member(theirs, "errors");
    mine = mine != NULL ? mine->first : NULL;
    other = other != NULL ? other->first : NULL;
    for (; mine != NULL && other != NULL; mine = mine->next, other = other->next)
        if (!same_part(mine, other, "locations") || !same_part(mine, other, "path") ||
            member(mine, "message")->text.size == 0)
            return false;
    return mine == NULL && other == NULL && same_data(member(ours, "data"), member(theirs, "data"));
}

/* The recorded answer, when it is one with status 200; NULL otherwise. */
static const struct value *recorded(struct arena *arena, const char *name)
{
    char path[512];
    size_t size;
    snprintf(path, sizeof path, FOLDER "%s.response.json", name);
    char *text = read_whole_file(path, &size);
    const struct value *response = json_value(arena, (sluice_text){text, size});
    const struct value *first = member(response, "responses")->first, *body = member(first, "body_text");
    free(text);
    if (member(first, "body_edited") != NULL) { /* a description was taken out of it, but is in here */
        text = read_whole_file(FOLDER "introspection.json", &size);
        const struct value *whole = json_value(arena, (sluice_text){text, size});
        free(text);
        return whole;
    }
    if (member(first, "status")->integer != 200 || body == NULL || body->text.size == 0 || body->text.data[0] != '{')
        return NULL;
    return json_value(arena, body->text);
}

enum { NOT_OURS, EQUAL, DEVIATION, FALSE_DEVIATION, DIFFERENT };

static int replay(struct arena *arena, const char *name, const char *body)
{
    const struct value *request = json_value(arena, sluice_text_of(body));
    const struct value *query = member(request, "query"), *operation = member(request, "operationName");
    const char *variables = strstr(body, "\"variables\": ");
    if (query == NULL || query->kind != VALUE_STRING || needs_real_executor(body) || strcmp(name, "down") == 0)
        return NOT_OURS;
    const struct value *theirs = recorded(arena, name);
    if (theirs == NULL || theirs->kind != VALUE_OBJECT)
        return NOT_OURS;
    /* `variables` is the member before the last in what Jina's client sends. */
    char *given = variables != NULL ? arena_text(arena, variables + strlen("\"variables\": ")) : NULL;
    char *end = given != NULL ? strstr(given, ", \"operationName\"") : NULL;
    if (end != NULL)
        *end = '\0';
    char *text = ask_text(&(struct ask){
        .query = query->text.data,
        .query_size = query->text.size,
        .variables = end != NULL ? given : NULL,
        .operation_name = operation != NULL && operation->kind == VALUE_STRING ? operation->text.data : NULL,
        .executor = worker});
    bool same = same_answer(json_value(arena, sluice_text_of(text)), theirs);
    bool expected = is_in(deviations, sizeof deviations / sizeof deviations[0], name);
    if (same == expected)
        printf("%s\n  ours: %.400s\n", name, text);
    free(text);
    return same ? expected ? FALSE_DEVIATION : EQUAL : expected ? DEVIATION : DIFFERENT;
}

START_TEST(recorded_requests_get_the_recorded_answers)
{
    enum { EQUAL_MIN = 75 };
    int counts[DIFFERENT + 1] = {0};
    DIR *folder = opendir(FOLDER);
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        size_t size, length = strlen(entry->d_name);
        char path[512], *dot = length > 8 ? entry->d_name + length - 8 : NULL;
        if (dot == NULL || strcmp(dot, ".request") != 0)
            continue;
        snprintf(path, sizeof path, FOLDER "%s", entry->d_name);
        char *text = read_whole_file(path, &size), *body = strstr(text, "\r\n\r\n{\"query\": ");
        *dot = '\0';
        if (strncmp(text, "POST", 4) == 0 && body != NULL && strstr(text, "\r\n\r\n{\"query\": \n") == NULL &&
            text[size - 1] == '}') {
            struct arena *arena = arena_new(1 << 16, ARENA_NO_LIMIT);
            counts[replay(arena, entry->d_name, body + 4)]++;
            arena_free(arena);
        }
        free(text);
    }
    closedir(folder);
    fflush(stdout);
    printf("%d equal, %d deviations, %d unexplained\n", counts[EQUAL], counts[DEVIATION], counts[DIFFERENT]);
    ck_assert_int_eq(counts[DIFFERENT], 0);
    ck_assert_int_eq(counts[FALSE_DEVIATION], 0);
    ck_assert_uint_eq((unsigned)counts[DEVIATION], sizeof deviations / sizeof deviations[0]);
    ck_assert_int_ge(counts[EQUAL], EQUAL_MIN);
}
END_TEST

SUITE_MAIN("gateway.graphql_golden", recorded_requests_get_the_recorded_answers)
