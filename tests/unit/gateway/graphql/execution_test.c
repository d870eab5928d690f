/* Variables, arguments, merging, order, nulls, introspection, replies that fail. */
#include "tests/unit/gateway/graphql/ask.h"
#include "tests/unit/suite.h"

#include "common/document/codec.h"
#include "common/wire/wire.h"
#include "gateway/envelope/envelope.h"

#include <math.h>
#include <string.h>

static void answer_is(const struct ask *ask, const char *answer)
{
    char *text = ask_text(ask);
    ck_assert_msg(strcmp(text, answer) == 0, "%s\n  gives  %s\n  wanted %s", ask->query, text, answer);
    free(text);
}

START_TEST(fields_merge_in_the_order_of_their_first_occurrence)
{
    ask_is("{ docs(data: {id: \"a\", text: \"t\", chunks: {id: \"c\", text: \"u\"}}) { chunks { id } text ...F id "
           "chunks { text "
           "id } z: id } __typename } fragment F on StrawberryDocument { uri text chunks { uri } }",
           "{\"data\": {\"docs\": [{\"chunks\": [{\"id\": \"c\", \"uri\": null, \"text\": \"u\"}], \"text\": \"t\", "
           "\"uri\": "
           "null, \"id\": \"a\", \"z\": \"a\"}], \"__typename\": \"Query\"}}");
}
END_TEST

START_TEST(directives_leave_out_fields_and_fragments)
{
    const char *query =
        "query($y: Boolean!, $n: Boolean = false) { docs(data: {id: \"a\"}) { a: id @include(if: $y) b: id "
        "@include(if: $n) c: id @skip(if: $y) d: id @skip(if: $n) @include(if: $y) ...F @skip(if: $y) ... "
        "@include(if: $n) { e: id } } x: docs(data: []) @skip(if: true) { id } } fragment F on "
        "StrawberryDocument { f: id }";
    answer_is(&(struct ask){.query = query, .variables = "{\"y\": true}"},
              "{\"data\": {\"docs\": [{\"a\": \"a\", \"d\": \"a\"}]}}");
    answer_is(&(struct ask){.query = query, .variables = "{\"y\": false, \"n\": true}"},
              "{\"data\": {\"docs\": [{\"b\": \"a\", \"c\": \"a\", \"f\": \"a\", \"e\": \"a\"}]}}");
}
END_TEST

START_TEST(a_directive_without_a_value_is_an_error_of_what_it_stands_in)
{
    const char *variables = "{\"i\": null}";
    ask_errors_are(
        &(struct ask){.query = "query($i: Boolean = true) { docs(data: {id: \"a\"}) { id @include(if: $i) } }",
                      .variables = variables},
        "1:69 path docs.0 Argument \"if\" of non-null type \"Boolean!\" must not be null.\n");
    ask_errors_are(
        &(struct ask){.query = "query($i: Boolean = true) { __typename @skip(if: $i) }", .variables = variables},
        "1:50 Argument \"if\" of non-null type \"Boolean!\" must not be null.\n");
    answer_is(
        &(struct ask){.query = "query($i: Boolean = true) { docs(data: {id: \"a\", chunks: {id: \"c\"}}) { id chunks { "
                               "id @skip(if: $i) } } }",
                      .variables = variables},
        "{\"data\": {\"docs\": [{\"id\": \"a\", \"chunks\": null}]}, \"errors\": [{\"message\": \"Argument \\\"if\\\" "
        "of "
        "non-null type \\\"Boolean!\\\" must not be null.\", \"locations\": [{\"line\": 1, \"column\": 97}], \"path\": "
        "[\"docs\", 0, \"chunks\", 0]}]}");
}
END_TEST

START_TEST(variables_are_coerced)
{
    const char *query =
        "query($d: [StrawberryDocumentInput!]) { docs(data: $d) { id granularity weight location embedding } }";
    answer_is(&(struct ask){.query = query,
                            .variables =
                                "{\"d\": {\"id\": \"a\", \"granularity\": 2.0, \"weight\": 1, \"location\": 3, "
                                "\"embedding\": [[1, 2], [3, 4]], \"text\": null}}"},
              "{\"data\": {\"docs\": [{\"id\": \"a\", \"granularity\": 2, \"weight\": 1.0, \"location\": [3.0], "
              "\"embedding\": "
              "[[1, 2], [3, 4]]}]}}");
    ask_errors_are(
        &(struct ask){.query = query, .variables = "{\"d\": [{\"id\": 5, \"weight\": \"x\"}, null, {\"di\": 1}]}"},
        "1:7 Variable \"$d\" got invalid value 5 at \"d[0].id\"; String cannot represent a non string value: 5\n"
        "1:7 Variable \"$d\" got invalid value \"x\" at \"d[0].weight\"; Float cannot represent non numeric value: "
        "\"x\"\n"
        "1:7 Variable \"$d\" got invalid value null at \"d[1]\"; Expected non-nullable type "
        "\"StrawberryDocumentInput!\" not to be null.\n"
        "1:7 Variable \"$d\" got invalid value { di: 1 } at \"d[2]\"; Field \"di\" is not defined by type "
        "\"StrawberryDocumentInput\". Did you mean \"id\"?\n");
    ask_errors_are(
        &(struct ask){.query =
                          "query($a: String!, $b: Int!) { docs(execEndpoint: $a, data: {granularity: $b}) { id } }",
                      .variables = "{\"b\": null}"},
        "1:7 Variable \"$a\" of required type \"String!\" was not provided.\n"
        "1:20 Variable \"$b\" of non-null type \"Int!\" must not be null.\n");
    answer_is(
        &(struct ask){.query = "query($a: String = \"x\", $w: Float, $x: NdArray) { docs(data: [{text: $a, weight: $w, "
                               "embedding: $x}]) { text weight embedding } }",
                      .variables = "{\"x\": [true, false]}"},
        "{\"data\": {\"docs\": [{\"text\": \"x\", \"weight\": null, \"embedding\": [true, false]}]}}");
}
END_TEST

START_TEST(variables_must_be_an_object)
{
    static const char *const bad[] = {"[]", "5", "\"x\"", "{", "{\"a\": }", "nope"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct graphql_request request = {.query = sluice_text_of("{ __typename }"),
                                          .variables = sluice_text_of(bad[i])};
        struct graphql *operation = NULL;
        sluice_error error = {.text = ""};
        ck_assert_int_eq(graphql_prepare(&request, &operation, &error), SLUICE_INVALID);
        ck_assert_ptr_null(operation);
        ck_assert_str_ne(error.text, "");
    }
    answer_is(&(struct ask){.query = "{ __typename }", .variables = " null "},
              "{\"data\": {\"__typename\": \"Query\"}}");
}
END_TEST

START_TEST(the_operation_is_chosen_by_name)
{
    const char *query = "query A { __typename } mutation B { __typename }";
    answer_is(&(struct ask){.query = query}, "{\"data\": {\"__typename\": \"Query\"}}");
    answer_is(&(struct ask){.query = query, .operation_name = ""}, "{\"data\": {\"__typename\": \"Query\"}}");
    answer_is(&(struct ask){.query = query, .operation_name = "B"}, "{\"data\": {\"__typename\": \"Mutation\"}}");
    answer_is(&(struct ask){.query = query, .operation_name = "C"},
              "{\"data\": null, \"errors\": [{\"message\": \"Unknown operation named \\\"C\\\".\"}]}");
    struct graphql_request request = {.query = sluice_text_of(query), .queries_only = true};
    struct graphql *operation = NULL;
    ck_assert_int_eq(graphql_prepare(&request, &operation, NULL), SLUICE_OK);
    graphql_free(operation);
    request.operation_name = sluice_text_of("B");
    ck_assert_int_eq(graphql_prepare(&request, &operation, NULL), SLUICE_UNIMPLEMENTED);
}
END_TEST

/* ---- requests ---- */

static bool span_is(struct span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

START_TEST(a_call_becomes_a_request)
{
    const char *query =
        "mutation { a: docs(data: [{id: \"x\"}], targetExecutor: \"enc\", parameters: \"{\\\"k\\\": 3}\", "
        "execEndpoint: \"/index\") { id } b: docs { id } }";
    struct graphql_request request = {.query = sluice_text_of(query)};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct graphql *operation = NULL;
    sluice_value *parameters = NULL;
    ck_assert_int_eq(graphql_prepare(&request, &operation, NULL), SLUICE_OK);
    ck_assert_uint_eq(graphql_calls(operation), 2);
    ck_assert(graphql_serial(operation));
    struct envelope first, second;
    ck_assert_int_eq(envelope_read(graphql_call(operation, 0), 64, arena, &first, NULL), SLUICE_OK);
    ck_assert_int_eq(envelope_read(graphql_call(operation, 1), 64, arena, &second, NULL), SLUICE_OK);
    ck_assert(span_is(first.endpoint, "/index") && span_is(first.target, "enc"));
    ck_assert_int_eq(value_read_struct(first.parameters.data, first.parameters.size, NULL, &parameters, NULL),
                     SLUICE_OK);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(parameters, "k"), 0), 3);
    ck_assert_uint_eq(first.request_id.size, 32);
    ck_assert(span_is(second.endpoint, "/search") && second.target.size == 0);
    sluice_value_free(parameters);
    envelope_done(&first);
    envelope_done(&second);
    graphql_free(operation);
    arena_free(arena);
}
END_TEST

START_TEST(a_call_that_cannot_be_made_stops_what_comes_after_it)
{
    const char *bad = "{ a: docs { id } b: docs(parameters: \"[1]\") { id } c: docs { id } }";
    struct buffer text;
    struct graphql *operation = NULL;
    buffer_init(&text, BUFFER_NO_LIMIT);
    struct graphql_request request = {.query = sluice_text_of(bad)};
    ck_assert_int_eq(graphql_prepare(&request, &operation, NULL), SLUICE_OK);
    ck_assert_uint_eq(graphql_calls(operation), 0);
    graphql_free(operation);
    buffer_printf(&text, "mutation %s", bad);
    request.query = sluice_text_of(buffer_text(&text));
    ck_assert_int_eq(graphql_prepare(&request, &operation, NULL), SLUICE_OK);
    ck_assert_uint_eq(graphql_calls(operation), 1);
    graphql_free(operation);
    buffer_done(&text);
}
END_TEST

/* ---- replies ---- */

static const char *not_reached(const struct rope *request, struct rope *ret_message)
{
    (void)request, (void)ret_message;
    return "the deployment encoder cannot be reached";
}

START_TEST(a_reply_that_failed_is_the_only_error)
{
    answer_is(
        &(struct ask){.query = "{ docs(data: {id: \"a\"}) { id } b: docs { id } }", .executor = not_reached},
        "{\"data\": null, \"errors\": [{\"message\": \"the deployment encoder cannot be reached\", \"locations\": "
        "[{\"line\": 1, \"column\": 3}], \"path\": [\"docs\"]}]}");
    answer_is(
        &(struct ask){.query = "mutation { docs { id } b: docs(parameters: \"[1]\") { id } }", .executor = not_reached},
        "{\"data\": null, \"errors\": [{\"message\": \"the deployment encoder cannot be reached\", \"locations\": "
        "[{\"line\": 1, \"column\": 12}], \"path\": [\"docs\"]}]}");
}
END_TEST

/* The request with a header whose status tells of an exception. */
static const char *handler_failed(const struct rope *request, struct rope *ret_message)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    size_t header = wire_begin_message(&buffer, REQUEST_HEADER);
    size_t status = wire_begin_message(&buffer, HEADER_STATUS);
    wire_append_uint(&buffer, STATUS_CODE, 1);
    wire_append_text(&buffer, STATUS_DESCRIPTION, "ValueError('bad shape')");
    wire_end_message(&buffer, status);
    wire_end_message(&buffer, header);
    struct block *block = block_new(buffer.size);
    memcpy(block->data, buffer.data, buffer.size);
    ck_assert_int_eq(rope_append_rope(ret_message, request), SLUICE_OK);
    ck_assert_int_eq(rope_append(ret_message, block, block->data, block->size), SLUICE_OK);
    block_unref(block);
    buffer_done(&buffer);
    return NULL;
}

START_TEST(an_exception_comes_beside_the_documents)
{
    answer_is(&(struct ask){.query = "{ docs(data: {id: \"a\"}) { id } }", .executor = handler_failed},
              "{\"data\": {\"docs\": [{\"id\": \"a\"}]}, \"errors\": [{\"message\": \"ValueError('bad shape')\", "
              "\"locations\": "
              "[{\"line\": 1, \"column\": 3}], \"path\": [\"docs\"]}]}");
}
END_TEST

static const char *rubbish(const struct rope *request, struct rope *ret_message)
{
    static const uint8_t bytes[] = {0x22, 0x04, 0x0A, 0x7F, 0x01, 0x02}; /* data, whose first document is cut short */
    (void)request;
    ck_assert_int_eq(rope_append(ret_message, NULL, bytes, sizeof bytes), SLUICE_OK);
    return NULL;
}

START_TEST(a_reply_that_cannot_be_read_is_an_error)
{
    char *text = ask_text(&(struct ask){.query = "{ docs { id } }", .executor = rubbish});
    ck_assert_ptr_nonnull(
        strstr(text, "{\"data\": null, \"errors\": [{\"message\": \"the documents that came back cannot be read: "));
    free(text);
}
END_TEST

static void append_documents(const sluice_document_array *array, struct rope *ret_message)
{
    struct buffer buffer;
    struct block *content = NULL, *head;
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

/* A document whose numbers have no form in GraphQL. */
static const char *odd_numbers(const struct rope *request, struct rope *ret_message)
{
    static const float places[] = {1, NAN, 2};
    static const double pair[] = {1, 2};
    const uint32_t shape[] = {1};
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(array);
    (void)request;
    sluice_document_set_granularity(document, 3000000000U);
    sluice_document_set_weight(document, -INFINITY);
    ck_assert_int_eq(sluice_document_set_location(document, places, 3), SLUICE_OK);
    sluice_tensor tensor = {
        .dtype = SLUICE_DTYPE_COMPLEX128, .shape = shape, .dimensions = 1, .data = pair, .size = 16};
    ck_assert_int_eq(sluice_document_set_embedding(document, &tensor), SLUICE_OK);
    const double nan = NAN;
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_FLOAT64, .shape = shape, .dimensions = 1, .data = &nan, .size = 8};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    append_documents(array, ret_message);
    sluice_document_array_free(array);
    return NULL;
}

START_TEST(what_has_no_form_is_null_with_an_error)
{
    const char *query = "{ docs { granularity weight location embedding tensor } }";
    char *text = ask_text(&(struct ask){.query = query, .executor = odd_numbers});
    ck_assert_ptr_nonnull(strstr(text,
                                 "{\"data\": {\"docs\": [{\"granularity\": null, \"weight\": null, \"location\": null, "
                                 "\"embedding\": null, \"tensor\": [NaN]}]}, \"errors\": ["));
    free(text);
    ask_errors_are(
        &(struct ask){.query = "{ docs { granularity weight location embedding } }", .executor = odd_numbers},
        "1:10 path docs.0.granularity Int cannot represent non 32-bit signed integer value: 3000000000\n"
        "1:22 path docs.0.weight Float cannot represent non numeric value: -Infinity\n"
        "1:29 path docs.0.location.1 Float cannot represent non numeric value: NaN\n"
        "1:38 path docs.0.embedding the array has no form as a nested list: its element type has none\n");
}
END_TEST

START_TEST(ids_that_are_not_given_are_random)
{
    char *text = ask_text(&(struct ask){.query = "{ docs(data: {text: \"a\"}) { id } }"});
    ck_assert_uint_eq(strlen(text), strlen("{\"data\": {\"docs\": [{\"id\": \"\"}]}}") + 32);
    free(text);
}
END_TEST

START_TEST(introspection_tells_kinds_and_types)
{
    ask_is("{ __type(name: \"Namescoreiteminput\") { kind inputFields { name defaultValue type { kind name ofType { "
           "name } } } "
           "fields { name } } }",
           "{\"data\": {\"__type\": {\"kind\": \"INPUT_OBJECT\", \"inputFields\": [{\"name\": \"name\", "
           "\"defaultValue\": null, "
           "\"type\": {\"kind\": \"NON_NULL\", \"name\": null, \"ofType\": {\"name\": \"String\"}}}, {\"name\": "
           "\"score\", "
           "\"defaultValue\": null, \"type\": {\"kind\": \"NON_NULL\", \"name\": null, \"ofType\": {\"name\": "
           "\"Namedscoreinput\"}}}], \"fields\": null}}}");
    ask_is(
        "query($n: String!) { a: __type(name: \"Nope\") { name } __schema { queryType { name } subscriptionType { name "
        "} } }"
        " query B { __typename }",
        "{\"data\": null, \"errors\": [{\"message\": \"This anonymous operation must be the only defined operation.\", "
        "\"locations\": [{\"line\": 1, \"column\": 1}]}, {\"message\": \"Variable \\\"$n\\\" is never used.\", "
        "\"locations\": "
        "[{\"line\": 1, \"column\": 7}]}]}");
    ask_is("{ a: __type(name: \"Nope\") { name } __schema { queryType { __typename name } subscriptionType { name } "
           "directives { "
           "name args { name } } } }",
           "{\"data\": {\"a\": null, \"__schema\": {\"queryType\": {\"__typename\": \"__Type\", \"name\": \"Query\"}, "
           "\"subscriptionType\": null, \"directives\": [{\"name\": \"include\", \"args\": [{\"name\": \"if\"}]}, "
           "{\"name\": "
           "\"skip\", \"args\": [{\"name\": \"if\"}]}, {\"name\": \"deprecated\", \"args\": [{\"name\": \"reason\"}]}, "
           "{\"name\": "
           "\"specifiedBy\", \"args\": [{\"name\": \"url\"}]}, {\"name\": \"oneOf\", \"args\": []}]}}}");
}
END_TEST

SUITE_MAIN("gateway.graphql_execution", fields_merge_in_the_order_of_their_first_occurrence,
           directives_leave_out_fields_and_fragments, a_directive_without_a_value_is_an_error_of_what_it_stands_in,
           variables_are_coerced, variables_must_be_an_object, the_operation_is_chosen_by_name,
           a_call_becomes_a_request, a_call_that_cannot_be_made_stops_what_comes_after_it,
           a_reply_that_failed_is_the_only_error, an_exception_comes_beside_the_documents,
           a_reply_that_cannot_be_read_is_an_error, what_has_no_form_is_null_with_an_error,
           ids_that_are_not_given_are_random, introspection_tells_kinds_and_types)
