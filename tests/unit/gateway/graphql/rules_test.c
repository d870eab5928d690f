/* The rules of the validation: text, order and places of their errors. The answers are those of the npm package
 * graphql 16.15. */
#include "tests/unit/gateway/graphql/ask.h"
#include "tests/unit/suite.h"

/* clang-format off */
static const struct {
    const char *query, *errors;
} cases[] = {
    {"type A { b: Int } { __typename }",
     "1:1 The \"A\" definition is not executable.\n"},
    {"schema { query: Query } { __typename }",
     "1:1 The schema definition is not executable.\n"},
    {"query A { __typename } query A { __typename }",
     "1:7 1:30 There can be only one operation named \"A\".\n"},
    {"{ __typename } query B { __typename }",
     "1:1 This anonymous operation must be the only defined operation.\n"},
    {"query($a: Nope, $b: Strin) { docs(data: $a, targetExecutor: $b) { ... on Missing { id } } }",
     "1:11 Unknown type \"Nope\".\n1:21 Unknown type \"Strin\". Did you mean \"String\"?\n1:74 Unknown type "
     "\"Missing\".\n"},
    {"{ docs { ... on String { x } ...F } } fragment F on Int { y }",
     "1:17 Fragment cannot condition on non composite type \"String\".\n1:53 Fragment \"F\" cannot condition on non "
     "composite type \"Int\".\n"},
    {"query($a: StrawberryDocument) { docs(data: $a) { id } }",
     "1:11 Variable \"$a\" cannot be non-input type \"StrawberryDocument\".\n1:7 1:44 Variable \"$a\" of type "
     "\"StrawberryDocument\" used in position expecting type \"[StrawberryDocumentInput!]\".\n"},
    {"{ docs { id { x } chunks } }",
     "1:13 Field \"id\" must not have a selection since type \"String\" has no subfields.\n1:19 Field \"chunks\" of "
     "type \"[StrawberryDocument!]\" must have a selection of subfields. Did you mean \"chunks { ... }\"?\n"},
    {"{ docs { foo mime_type ...F } } fragment F on Namedscoreinterface { nmae }",
     "1:10 Cannot query field \"foo\" on type \"StrawberryDocument\".\n1:14 Cannot query field \"mime_type\" on "
     "type \"StrawberryDocument\". Did you mean \"mimeType\"?\n1:24 Fragment \"F\" cannot be spread here as objects "
     "of type \"StrawberryDocument\" can never be of type \"Namedscoreinterface\".\n1:69 Cannot query field "
     "\"nmae\" on type \"Namedscoreinterface\".\n"},
    {"{ doc { id } }",
     "1:3 Cannot query field \"doc\" on type \"Query\". Did you mean \"docs\"?\n"},
    {"{ docs { ...F } } fragment F on StrawberryDocument { id } fragment F on StrawberryDocument { id }",
     "1:28 1:68 There can be only one fragment named \"F\".\n"},
    {"{ docs { ...Nope } }",
     "1:13 Unknown fragment \"Nope\".\n"},
    {"{ docs { id } } fragment F on StrawberryDocument { ...G } fragment G on StrawberryDocument { id }",
     "1:17 Fragment \"F\" is never used.\n1:59 Fragment \"G\" is never used.\n"},
    {"{ docs { ... on Namedscore { value } ...F ... on Query { __typename } } } fragment F on Namescoreitem { name }",
     "1:10 Fragment cannot be spread here as objects of type \"StrawberryDocument\" can never be of type "
     "\"Namedscore\".\n1:38 Fragment \"F\" cannot be spread here as objects of type \"StrawberryDocument\" can "
     "never be of type \"Namescoreitem\".\n1:43 Fragment cannot be spread here as objects of type "
     "\"StrawberryDocument\" can never be of type \"Query\".\n"},
    {"{ docs { scores { score { ... on Namedscoreinterface { value } } } } }",
     ""},
    {"{ docs { ...A } } fragment A on StrawberryDocument { chunks { ...B } } fragment B on StrawberryDocument { "
     "...C } fragment C on StrawberryDocument { ...A ...C }",
     "1:63 1:107 1:149 Cannot spread fragment \"A\" within itself via \"B\", \"C\".\n1:154 Cannot spread fragment "
     "\"C\" within itself.\n"},
    {"query($a: String, $b: String, $a: String, $a: Int) { docs(targetExecutor: $a, execEndpoint: \"/\") { id "
     "@skip(if: $b) } }",
     "1:8 1:32 1:44 There can be only one variable named \"$a\".\n1:43 1:75 Variable \"$a\" of type \"Int\" used in "
     "position expecting type \"String\".\n1:19 1:113 Variable \"$b\" of type \"String\" used in position expecting "
     "type \"Boolean!\".\n"},
    {"query Q { docs(data: $d) { ...F } } fragment F on StrawberryDocument { id @include(if: $x) }",
     "1:22 1:1 Variable \"$d\" is not defined by operation \"Q\".\n1:88 1:1 Variable \"$x\" is not defined by "
     "operation \"Q\".\n"},
    {"query Q($d: String, $e: Int) { docs(targetExecutor: $d) { id } }",
     "1:21 Variable \"$e\" is never used in operation \"Q\".\n"},
    {"query($d: String) { __typename }",
     "1:7 Variable \"$d\" is never used.\n"},
    {"query Q @skip(if: true) { docs { id @nope @deprecated @include(if: true) } }",
     "1:9 Directive \"@skip\" may not be used on QUERY.\n1:37 Unknown directive \"@nope\".\n1:43 Directive "
     "\"@deprecated\" may not be used on FIELD.\n"},
    {"query($x: Int @include(if: true)) { docs(data: {granularity: $x}) { id } }",
     "1:15 Directive \"@include\" may not be used on VARIABLE_DEFINITION.\n"},
    {"{ docs { id @skip(if: true) @skip(if: false) @nope @nope } }",
     "1:13 1:29 The directive \"@skip\" can only be used once at this location.\n1:46 Unknown directive "
     "\"@nope\".\n1:52 Unknown directive \"@nope\".\n"},
    {"{ docs(dat: [], foo: 1) { id(x: 1) @skip(iff: true, if: true) } }",
     "1:8 Unknown argument \"dat\" on field \"Query.docs\". Did you mean \"data\"?\n1:17 Unknown argument \"foo\" "
     "on field \"Query.docs\".\n1:30 Unknown argument \"x\" on field \"StrawberryDocument.id\".\n1:42 Unknown "
     "argument \"iff\" on directive \"@skip\". Did you mean \"if\"?\n"},
    {"{ docs(data: [], data: [], data: []) { id @skip(if: true, if: false) } }",
     "1:8 1:18 1:28 There can be only one argument named \"data\".\n1:49 1:59 There can be only one argument named "
     "\"if\".\n"},
    {"{ docs(data: 5, targetExecutor: 1, execEndpoint: null) { id } }",
     "1:14 Expected value of type \"[StrawberryDocumentInput!]\", found 5.\n1:33 String cannot represent a non "
     "string value: 1\n1:50 Expected value of type \"String!\", found null.\n"},
    {"{ docs(data: {granularity: 1.5, adjacency: 3000000000, text: blue, weight: \"x\", location: [1, null, true], "
     "mimeType: 1, scores: {name: \"a\"}, foo: 1, chunks: [{text: $v}, 7]}) { id @include(if: 1) } }",
     "1:28 Int cannot represent non-integer value: 1.5\n1:44 Int cannot represent non 32-bit signed integer value: "
     "3000000000\n1:62 String cannot represent a non string value: blue\n1:76 Float cannot represent non numeric "
     "value: \"x\"\n1:95 Expected value of type \"Float!\", found null.\n1:101 Float cannot represent non numeric "
     "value: true\n1:118 String cannot represent a non string value: 1\n1:129 Field \"Namescoreiteminput.score\" of "
     "required type \"Namedscoreinput!\" was not provided.\n1:142 Field \"foo\" is not defined by type "
     "\"StrawberryDocumentInput\".\n1:171 Expected value of type \"StrawberryDocumentInput!\", found 7.\n1:194 "
     "Boolean cannot represent a non boolean value: 1\n1:166 1:1 Variable \"$v\" is not defined.\n"},
    {"{ docs { id @skip } a: __type { name } }",
     "1:13 Directive \"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not provided.\n1:21 "
     "Field \"__type\" argument \"name\" of type \"String!\" is required, but it was not provided.\n"},
    {"query($d: String, $e: String, $n: Int, $l: [StrawberryDocumentInput], $b: Boolean) { docs(data: $d, "
     "execEndpoint: $e, parameters: $n) { id @skip(if: $b) } x: docs(data: $l) { id } }",
     "1:7 1:97 Variable \"$d\" of type \"String\" used in position expecting type "
     "\"[StrawberryDocumentInput!]\".\n1:31 1:131 Variable \"$n\" of type \"Int\" used in position expecting type "
     "\"JSONScalar\".\n1:71 1:150 Variable \"$b\" of type \"Boolean\" used in position expecting type "
     "\"Boolean!\".\n1:40 1:170 Variable \"$l\" of type \"[StrawberryDocumentInput]\" used in position expecting "
     "type \"[StrawberryDocumentInput!]\".\n"},
    {"query($b: Boolean = true, $e: String = null) { docs(execEndpoint: $e) { id @skip(if: $b) } }",
     "1:67 path docs Argument \"execEndpoint\" of non-null type \"String!\" must not be null.\n"},
    {"{ docs { k: id k: text chunks { j: id } chunks { j: uri } } docs(data: []) { id } }",
     "1:3 1:61 Fields \"docs\" conflict because they have differing arguments. Use different aliases on the fields "
     "to fetch both if this was intentional.\n1:10 1:16 Fields \"k\" conflict because \"id\" and \"text\" are "
     "different fields. Use different aliases on the fields to fetch both if this was intentional.\n1:24 1:33 1:41 "
     "1:50 Fields \"chunks\" conflict because subfields \"j\" conflict because \"id\" and \"uri\" are different "
     "fields. Use different aliases on the fields to fetch both if this was intentional.\n"},
    {"{ docs { ...A ...B } } fragment A on StrawberryDocument { x: id chunks { y: weight } } fragment B on "
     "StrawberryDocument { x: uri chunks { y: offset z: id } }",
     "1:59 1:123 Fields \"x\" conflict because \"id\" and \"uri\" are different fields. Use different aliases on "
     "the fields to fetch both if this was intentional.\n1:65 1:74 1:130 1:139 Fields \"chunks\" conflict because "
     "subfields \"y\" conflict because \"weight\" and \"offset\" are different fields. Use different aliases on the "
     "fields to fetch both if this was intentional.\n"},
    {"{ docs { ... on StrawberryDocument { k: id } k: text ... { k: uri } } }",
     "1:38 1:46 Fields \"k\" conflict because \"id\" and \"text\" are different fields. Use different aliases on "
     "the fields to fetch both if this was intentional.\n1:38 1:60 Fields \"k\" conflict because \"id\" and \"uri\" "
     "are different fields. Use different aliases on the fields to fetch both if this was intentional.\n1:46 1:60 "
     "Fields \"k\" conflict because \"text\" and \"uri\" are different fields. Use different aliases on the fields "
     "to fetch both if this was intentional.\n"},
    {"{ docs(data: {id: \"a\", id: \"b\", chunks: {id: \"c\", text: \"d\"}}) { id } }",
     "1:15 1:24 There can be only one input field named \"id\".\n"},
    {"{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
     "1:3 Maximum introspection depth exceeded\n"},
    {"mutation { __schema { queryType { name } } __type(name: \"Int\") { name } }",
     "1:12 Cannot query field \"__schema\" on type \"Mutation\".\n1:44 Cannot query field \"__type\" on type "
     "\"Mutation\".\n"},
    {"subscription S { docs { id } } query T { __typename }",
     "1:1 Schema is not configured to execute subscription operation.\n"},
    {"{ \303\251 }",
     "1:3 Syntax Error: Unexpected character: U+00E9.\n"},
    {"{ docs(targetExecutor: \"\303\251\360\237\230\200\") { nope } }",
     "1:33 Cannot query field \"nope\" on type \"StrawberryDocument\".\n"},
    {"{\r\n  docs {\r    no\n  }\n}",
     "3:5 Cannot query field \"no\" on type \"StrawberryDocument\".\n"},
};
/* clang-format on */

START_TEST(each_case_gives_its_errors)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ask_errors_are(&(struct ask){.query = cases[i].query}, cases[i].errors);
}
END_TEST

SUITE_MAIN("gateway.graphql_rules", each_case_gives_its_errors)
