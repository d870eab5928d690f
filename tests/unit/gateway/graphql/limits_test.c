/* Every limit at its edge, and texts that would be expensive. */
#include "tests/unit/gateway/graphql/ask.h"
#include "tests/unit/suite.h"

#include "gateway/graphql/validate.h"

#include <stdio.h>
#include <string.h>

static struct buffer text;

static void begin(const char *start)
{
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, start);
}

static void repeat(const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_append_text(&text, part);
}

/* Is `part` in the answer to what was built? */
static bool answer_has(const char *part)
{
    char *answer = ask_text(&(struct ask){.query = buffer_text(&text), .query_size = text.size});
    bool has = strstr(answer, part) != NULL;
    if (!has)
        printf("%.300s\n", answer);
    free(answer);
    buffer_done(&text);
    return has;
}

START_TEST(nesting_ends_at_its_limit)
{
    /* The root's set and that of docs are two of the levels. */
    for (size_t over = 0; over <= 1; over++) {
        begin("{ docs { ");
        repeat("chunks { ", GRAPHQL_DEPTH_MAX - 2 + over);
        repeat("id ", 1);
        repeat("} ", GRAPHQL_DEPTH_MAX + over);
        ck_assert(answer_has(over ? "nests deeper than 100 levels" : "{\"data\": {\"docs\": []}}"));
    }
    for (size_t over = 0; over <= 1; over++) {
        begin("query($x: ");
        repeat("[", GRAPHQL_DEPTH_MAX + over);
        repeat("Int", 1);
        repeat("]", GRAPHQL_DEPTH_MAX + over);
        repeat(") { __typename }", 1);
        ck_assert(answer_has(over ? "nests deeper than 100 levels" : "is never used"));
    }
    begin("{ docs(data: ");
    repeat("[", 1000000);
    ck_assert(answer_has("nests deeper than 100 levels"));
}
END_TEST

START_TEST(a_chain_of_fragments_ends_at_its_limit)
{
    enum { LEVELS_EACH = 2 }; /* the spread and the set of chunks */
    for (size_t over = 0; over <= 1; over++) {
        size_t count = (GRAPHQL_SPREAD_DEPTH_MAX - 3) / LEVELS_EACH + over;
        begin("{ docs { ...F0 } } ");
        for (size_t i = 0; i < count; i++)
            buffer_printf(&text, "fragment F%zu on StrawberryDocument { chunks { ...F%zu } } ", i, i + 1);
        buffer_printf(&text, "fragment F%zu on StrawberryDocument { id } ", count);
        ck_assert(answer_has(over ? "nests deeper than 500 levels" : "{\"data\": {\"docs\": []}}"));
    }
    begin("{ docs { ...F0 } } ");
    for (size_t i = 0; i < 8000; i++)
        buffer_printf(&text, "fragment F%zu on StrawberryDocument { chunks { ...F%zu } id } ", i, i + 1);
    ck_assert(answer_has("Validation aborted."));
}
END_TEST

START_TEST(aliases_end_at_their_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        begin("{ docs { ");
        for (size_t i = 0; i < GRAPHQL_ALIASES_MAX + over; i++)
            buffer_printf(&text, "a%zu: id ", i);
        repeat("} }", 1);
        ck_assert(answer_has(over ? "more than 1000 aliases" : "{\"data\": {\"docs\": []}}"));
    }
}
END_TEST

START_TEST(calls_end_at_their_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        begin("{ ");
        for (size_t i = 0; i < GRAPHQL_CALLS_MAX + over; i++)
            buffer_printf(&text, "a%zu: docs { id } ", i);
        repeat("}", 1);
        ck_assert(answer_has(over ? "more than 64 fields \\\"docs\\\"" : "\"a63\": []}}"));
    }
}
END_TEST

START_TEST(tokens_end_at_their_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        begin("{ docs { ");
        repeat("id,", GRAPHQL_TOKENS_MAX - 5 + over);
        repeat("} }", 1);
        ck_assert(answer_has(over ? "contains more that 200000 tokens" : "\"data\": "));
    }
}
END_TEST

START_TEST(a_query_ends_at_its_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        begin("{ __typename }");
        while (text.size < GRAPHQL_QUERY_MAX + over)
            repeat(" ", 1);
        ck_assert(answer_has(over ? "the query is too long" : "{\"data\": {\"__typename\": \"Query\"}}"));
    }
}
END_TEST

START_TEST(errors_end_at_their_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        begin("{ docs { ");
        for (size_t i = 0; i < GRAPHQL_ERRORS_MAX + over; i++)
            buffer_printf(&text, "zzzzzzzz%zu ", i);
        repeat("} }", 1);
        char *answer = ask_text(&(struct ask){.query = buffer_text(&text)});
        ck_assert((strstr(answer, "Too many validation errors") != NULL) == (over == 1));
        free(answer);
        buffer_done(&text);
    }
}
END_TEST

static char *ask_with_bad_variables(size_t count)
{
    begin("{\"d\": [");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s5", i > 0 ? "," : "");
    repeat("]}", 1);
    char *answer = ask_text(&(struct ask){.query = "query($d: [StrawberryDocumentInput!]) { docs(data: $d) { id } }",
                                          .variables = buffer_text(&text)});
    buffer_done(&text);
    return answer;
}

START_TEST(errors_of_variables_end_at_their_limit)
{
    char *at = ask_with_bad_variables(GRAPHQL_VARIABLE_ERRORS_MAX);
    char *over = ask_with_bad_variables(GRAPHQL_VARIABLE_ERRORS_MAX + 1);
    ck_assert_ptr_null(strstr(at, "Too many errors processing variables"));
    ck_assert_ptr_nonnull(strstr(over, "Too many errors processing variables"));
    free(at);
    free(over);
}
END_TEST

START_TEST(variables_nest_up_to_their_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        begin("{\"d\": ");
        repeat("[", GRAPHQL_VARIABLES_DEPTH_MAX - 1 + over);
        repeat("]", GRAPHQL_VARIABLES_DEPTH_MAX - 1 + over);
        repeat("}", 1);
        char *answer = ask_text(&(struct ask){.query = "{ __typename }", .variables = buffer_text(&text)});
        ck_assert_str_eq(answer, over ? "{\"data\": null, \"errors\": [{\"message\": \"A member of the request, such as "
                                        "\\\"variables\\\", nests deeper than 256 levels.\"}]}"
                                      : "{\"data\": {\"__typename\": \"Query\"}}");
        free(answer);
        buffer_done(&text);
    }
}
END_TEST

/* Fragments that each spread the next one twice, under two names: 2 to the power of 30 fields without bounds. */
START_TEST(fragments_that_multiply_stay_cheap)
{
    begin("{ docs(data: {id: \"a\"}) { ...F0 } } ");
    for (size_t i = 0; i < 30; i++)
        buffer_printf(&text, "fragment F%zu on StrawberryDocument { a: chunks { ...F%zu } b: chunks { ...F%zu } } ", i,
                      i + 1, i + 1);
    repeat("fragment F30 on StrawberryDocument { id }", 1);
    ck_assert(answer_has("\"data\": {\"docs\": [{\"a\": null, \"b\": null}]}"));
}
END_TEST

/* The same over documents that nest, so that the answer itself would grow without bounds. */
static void finish_endless_answer(size_t answer_max, const char *words)
{
    enum { LEVELS = 30 };
    begin("{ docs(data: {");
    repeat("chunks: {", LEVELS);
    repeat("id: \"x\"", 1);
    repeat("}", LEVELS);
    repeat("}) { ...F0 } } ", 1);
    for (size_t i = 0; i < LEVELS; i++)
        buffer_printf(&text, "fragment F%zu on StrawberryDocument { a: chunks { ...F%zu } b: chunks { ...F%zu } } ", i,
                      i + 1, i + 1);
    buffer_printf(&text, "fragment F%d on StrawberryDocument { id }", LEVELS);
    struct graphql_request request = {
        .query = {buffer_text(&text), text.size}
    };
    struct graphql *operation = NULL;
    struct buffer answer;
    sluice_error error = {.text = ""};
    ck_assert_int_eq(graphql_prepare(&request, &operation, &error), SLUICE_OK);
    const struct graphql_reply reply = {.message = graphql_call(operation, 0)};
    buffer_init(&answer, answer_max);
    ck_assert_int_eq(graphql_finish(operation, &reply, &answer, &error), SLUICE_OK);
    ck_assert_ptr_nonnull(strstr(buffer_text(&answer), words));
    ck_assert_uint_lt(answer.size, 200);
    buffer_done(&answer);
    graphql_free(operation);
    buffer_done(&text);
}

START_TEST(an_endless_answer_ends_at_a_limit)
{
    finish_endless_answer(1 << 20, "The answer is larger than it may be.");
    finish_endless_answer(BUFFER_NO_LIMIT, "The answer needs more memory than an operation may use."); /* GRAPHQL_MEMORY_BASE */
}
END_TEST

/* Comparing every field with every other would take hours. */
START_TEST(fields_of_one_name_stay_cheap)
{
    begin("{ docs { ");
    repeat("x: chunks { id } ", 900);
    repeat("} }", 1);
    ck_assert(answer_has("Validation aborted."));
    begin("{ a: docs(data: {");
    for (size_t i = 0; i < 8000; i++)
        buffer_printf(&text, "f%zu: 1 ", i);
    size_t size = text.size;
    char *half = malloc(size);
    memcpy(half, text.data + 2, size - 2);
    repeat("}) { id } ", 1);
    buffer_append(&text, half, size - 2);
    repeat("}) { id } }", 1);
    free(half);
    ck_assert(answer_has("Validation aborted."));
}
END_TEST

START_TEST(an_answer_ends_at_the_limit_of_its_buffer)
{
    struct graphql_request request = {.query = sluice_text_of("{ __typename }")};
    const size_t size = strlen("{\"data\": {\"__typename\": \"Query\"}}");
    for (size_t less = 0; less <= 1; less++) {
        struct graphql *operation = NULL;
        struct buffer answer;
        ck_assert_int_eq(graphql_prepare(&request, &operation, NULL), SLUICE_OK);
        buffer_init(&answer, size - less);
        ck_assert_int_eq(graphql_finish(operation, NULL, &answer, NULL), less ? SLUICE_LIMIT : SLUICE_OK);
        buffer_done(&answer);
        graphql_free(operation);
    }
}
END_TEST

START_TEST(limits_of_documents_hold)
{
    const sluice_limits limits = {.documents = 2};
    ask_errors_are(&(struct ask){.query = "{ docs(data: [{id: \"a\"}, {id: \"b\"}]) { id } }", .limits = &limits}, "");
    char *answer =
        ask_text(&(struct ask){.query = "{ docs(data: [{id: \"a\"}, {id: \"b\"}, {}]) { id } }", .limits = &limits});
    ck_assert_ptr_nonnull(strstr(answer, "more documents than the limit"));
    free(answer);
}
END_TEST

SUITE_MAIN("gateway.graphql_limits", nesting_ends_at_its_limit, a_chain_of_fragments_ends_at_its_limit,
           aliases_end_at_their_limit, calls_end_at_their_limit, tokens_end_at_their_limit, a_query_ends_at_its_limit,
           errors_end_at_their_limit, errors_of_variables_end_at_their_limit, variables_nest_up_to_their_limit,
           fragments_that_multiply_stay_cheap, an_endless_answer_ends_at_a_limit, fields_of_one_name_stay_cheap,
           an_answer_ends_at_the_limit_of_its_buffer, limits_of_documents_hold)
