/* Syntax errors: text and place. The answers are those of the npm package graphql 16.15. */
#include "tests/unit/gateway/graphql/ask.h"
#include "tests/unit/suite.h"

/* clang-format off */
static const struct {
    const char *query, *errors;
} cases[] = {
    {"",
     "1:1 Syntax Error: Unexpected <EOF>.\n"},
    {"   ",
     "1:4 Syntax Error: Unexpected <EOF>.\n"},
    {"{",
     "1:2 Syntax Error: Expected Name, found <EOF>.\n"},
    {"}",
     "1:1 Syntax Error: Unexpected \"}\".\n"},
    {"{ a",
     "1:4 Syntax Error: Expected Name, found <EOF>.\n"},
    {"{ a(",
     "1:5 Syntax Error: Expected Name, found <EOF>.\n"},
    {"{ a() }",
     "1:5 Syntax Error: Expected Name, found \")\".\n"},
    {"{ a(b) }",
     "1:6 Syntax Error: Expected \":\", found \")\".\n"},
    {"{ a(b:) }",
     "1:7 Syntax Error: Unexpected \")\".\n"},
    {"{ a(b: $) }",
     "1:9 Syntax Error: Expected Name, found \")\".\n"},
    {"{}",
     "1:2 Syntax Error: Expected Name, found \"}\".\n"},
    {"{ ... }",
     "1:7 Syntax Error: Expected \"{\", found \"}\".\n"},
    {"{ ... on }",
     "1:10 Syntax Error: Expected Name, found \"}\".\n"},
    {"{ ...on { a } }",
     "1:9 Syntax Error: Expected Name, found \"{\".\n"},
    {"{ a: }",
     "1:6 Syntax Error: Expected Name, found \"}\".\n"},
    {"{ a: b: c }",
     "1:7 Syntax Error: Expected Name, found \":\".\n"},
    {"{ a b }}",
     "1:8 Syntax Error: Unexpected \"}\".\n"},
    {"query",
     "1:6 Syntax Error: Expected \"{\", found <EOF>.\n"},
    {"query {",
     "1:8 Syntax Error: Expected Name, found <EOF>.\n"},
    {"query Q(",
     "1:9 Syntax Error: Expected \"$\", found <EOF>.\n"},
    {"query ($a) { a }",
     "1:10 Syntax Error: Expected \":\", found \")\".\n"},
    {"query ($a: [Int) { a }",
     "1:16 Syntax Error: Expected \"]\", found \")\".\n"},
    {"query ($a: Int = $b) { a }",
     "1:18 Syntax Error: Unexpected variable \"$b\" in constant value.\n"},
    {"query ($a: Int = [$b]) { a }",
     "1:19 Syntax Error: Unexpected variable \"$b\" in constant value.\n"},
    {"query ($a: Int = {x: $}) { a }",
     "1:22 Syntax Error: Unexpected \"$\".\n"},
    {"query ($a: Int!!) { a }",
     "1:16 Syntax Error: Expected \"$\", found \"!\".\n"},
    {"query () { a }",
     "1:8 Syntax Error: Expected \"$\", found \")\".\n"},
    {"fragment on on A { a }",
     "1:10 Syntax Error: Unexpected Name \"on\".\n"},
    {"fragment A { a }",
     "1:12 Syntax Error: Expected \"on\", found \"{\".\n"},
    {"fragment A on { a }",
     "1:15 Syntax Error: Expected Name, found \"{\".\n"},
    {"fragment A on B",
     "1:16 Syntax Error: Expected \"{\", found <EOF>.\n"},
    {"notanoperation { a }",
     "1:1 Syntax Error: Unexpected Name \"notanoperation\".\n"},
    {"{ a } 5",
     "1:7 Syntax Error: Unexpected Int \"5\".\n"},
    {"\"desc\" { a }",
     "1:1 Syntax Error: Unexpected description, descriptions are not supported on shorthand queries.\n"},
    {"\"desc\" foo",
     "1:1 Syntax Error: Unexpected description, only GraphQL definitions support descriptions.\n"},
    {"\"desc\" query { __typename }",
     ""},
    {"extend foo",
     "1:8 Syntax Error: Unexpected Name \"foo\".\n"},
    {"extend",
     "1:7 Syntax Error: Unexpected <EOF>.\n"},
    {"extend type A",
     "1:14 Syntax Error: Unexpected <EOF>.\n"},
    {"type",
     "1:5 Syntax Error: Expected Name, found <EOF>.\n"},
    {"type A { a }",
     "1:12 Syntax Error: Expected \":\", found \"}\".\n"},
    {"type A { a: Int b }",
     "1:19 Syntax Error: Expected \":\", found \"}\".\n"},
    {"enum E { true }",
     "1:10 Syntax Error: Name \"true\" is reserved and cannot be used for an enum value.\n"},
    {"union U = ",
     "1:11 Syntax Error: Expected Name, found <EOF>.\n"},
    {"directive @a on FOO",
     "1:17 Syntax Error: Unexpected Name \"FOO\".\n"},
    {"directive a",
     "1:11 Syntax Error: Expected \"@\", found Name \"a\".\n"},
    {"schema",
     "1:7 Syntax Error: Expected \"{\", found <EOF>.\n"},
    {"schema { a: B }",
     "1:10 Syntax Error: Unexpected Name \"a\".\n"},
    {"input A { a: Int = $x }",
     "1:20 Syntax Error: Unexpected variable \"$x\" in constant value.\n"},
    {"{ a(b: 01) }",
     "1:9 Syntax Error: Invalid number, unexpected digit after 0: \"1\".\n"},
    {"{ a(b: -) }",
     "1:9 Syntax Error: Invalid number, expected digit but got: \")\".\n"},
    {"{ a(b: 1.) }",
     "1:10 Syntax Error: Invalid number, expected digit but got: \")\".\n"},
    {"{ a(b: 1.e1) }",
     "1:10 Syntax Error: Invalid number, expected digit but got: \"e\".\n"},
    {"{ a(b: 1e) }",
     "1:10 Syntax Error: Invalid number, expected digit but got: \")\".\n"},
    {"{ a(b: 1.0e-x) }",
     "1:13 Syntax Error: Invalid number, expected digit but got: \"x\".\n"},
    {"{ a(b: 1x) }",
     "1:9 Syntax Error: Invalid number, expected digit but got: \"x\".\n"},
    {"{ a(b: 0.1.2) }",
     "1:11 Syntax Error: Invalid number, expected digit but got: \".\".\n"},
    {"{ a(b: .5) }",
     "1:8 Syntax Error: Unexpected character: \".\".\n"},
    {"{ a(b: +1) }",
     "1:8 Syntax Error: Unexpected character: \"+\".\n"},
    {"{ a(b: 'x') }",
     "1:8 Syntax Error: Unexpected single quote character ('), did you mean to use a double quote (\")?\n"},
    {"{ a(b: \"x) }",
     "1:13 Syntax Error: Unterminated string.\n"},
    {"{ a(b: \"x\ny\") }",
     "1:10 Syntax Error: Unterminated string.\n"},
    {"{ a(b: \"\\x\") }",
     "1:9 Syntax Error: Invalid character escape sequence: \"\\x\".\n"},
    {"{ a(b: \"\\u12G4\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\u12G4\".\n"},
    {"{ a(b: \"\\u{}\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\u{}\".\n"},
    {"{ a(b: \"\\u{110000}\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\u{110000}\".\n"},
    {"{ a(b: \"\\u{D800}\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\u{D800}\".\n"},
    {"{ a(b: \"\\uD83D\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\uD83D\".\n"},
    {"{ a(b: \"\\uD83D\\u0041\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\uD83D\".\n"},
    {"{ a(b: \"\\u{1F600\") }",
     "1:9 Syntax Error: Invalid Unicode escape sequence: \"\\u{1F600\"\".\n"},
    {"{ a(b: \"\"\"x) }",
     "1:15 Syntax Error: Unterminated string.\n"},
    {"{ a(b: \"\"\"x\\\"\"\") }",
     "1:19 Syntax Error: Unterminated string.\n"},
    {"{ a ? }",
     "1:5 Syntax Error: Unexpected character: \"?\".\n"},
    {"{ a \303\251 }",
     "1:5 Syntax Error: Unexpected character: U+00E9.\n"},
    {"{ a \360\237\230\200 }",
     "1:5 Syntax Error: Unexpected character: U+1F600.\n"},
    {"{ a \007 }",
     "1:5 Syntax Error: Unexpected character: U+0007.\n"},
    {"{ a .. b }",
     "1:5 Syntax Error: Unexpected character: \".\".\n"},
    {"{ a @ }",
     "1:7 Syntax Error: Expected Name, found \"}\".\n"},
    {"{ a @b( }",
     "1:9 Syntax Error: Expected Name, found \"}\".\n"},
    {"{ a & b }",
     "1:5 Syntax Error: Expected Name, found \"&\".\n"},
    {"# only a comment",
     "1:17 Syntax Error: Unexpected <EOF>.\n"},
    {"\357\273\277{ a } }",
     "1:8 Syntax Error: Unexpected \"}\".\n"},
};
/* clang-format on */

START_TEST(each_case_gives_its_errors)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ask_errors_are(&(struct ask){.query = cases[i].query}, cases[i].errors);
}
END_TEST

/* What the lexer makes of strings, numbers and what stands between tokens. */
START_TEST(tokens_mean_what_the_specification_says)
{
    ask_is(
        "\xEF\xBB\xBF{,,docs ( data:{id:\"a\" "
        "text:\"\\u00e9\\uD83D\\uDE00\\u{1F600}\\u{E9}\\b\\f\\n\\r\\t\\/\\\\\\\"\"}) # note {\r\n{text,,},}",
        "{\"data\": {\"docs\": [{\"text\": \"\\u00e9\\ud83d\\ude00\\ud83d\\ude00\\u00e9\\b\\f\\n\\r\\t/\\\\\\\"\"}]}}");
    ask_is("{ docs(data: [{weight: -0.5e1, granularity: 12, offset: 1E+2, location: [0, -0, 0.25]}]) { weight "
           "granularity offset location } }",
           "{\"data\": {\"docs\": [{\"weight\": -5.0, \"granularity\": 12, \"offset\": 100.0, \"location\": [0.0, 0.0, "
           "0.25]}]}}");
    ask_is("{ docs(data: {text: \"\"}) { text } }", "{\"data\": {\"docs\": [{\"text\": null}]}}");
}
END_TEST

static void block_is(const char *block, const char *text)
{
    struct buffer query, answer;
    buffer_init(&query, BUFFER_NO_LIMIT);
    buffer_init(&answer, BUFFER_NO_LIMIT);
    buffer_printf(&query, "{ docs(data: {text: \"\"\"%s\"\"\"}) { text } }", block);
    buffer_printf(&answer, "{\"data\": {\"docs\": [{\"text\": %s}]}}", text);
    ask_is(buffer_text(&query), buffer_text(&answer));
    buffer_done(&query);
    buffer_done(&answer);
}

START_TEST(block_strings_lose_their_common_indentation)
{
    block_is("", "null");
    block_is(" \n \t\n", "null");
    block_is("a", "\"a\"");
    block_is("  a  ", "\"  a  \"");
    block_is("\n    a\n      b\n    c\n  ", "\"a\\n  b\\nc\"");
    block_is("first\n    a\n   b", "\"first\\n a\\nb\"");
    block_is("\n\n  a\n\n  b\n\n", "\"a\\n\\nb\"");
    block_is("\n\ta\n\t\tb", "\"a\\n\\tb\"");
    block_is("a\r\n  b\r  c", "\"a\\nb\\nc\"");
    block_is("x \\\"\"\" y \\n \"\" z", "\"x \\\"\\\"\\\" y \\\\n \\\"\\\" z\"");
    block_is("\n  a\n \n  b", "\"a\\n\\nb\"");
}
END_TEST

START_TEST(bytes_that_are_no_utf_8_are_refused)
{
    ask_errors_are(&(struct ask){.query = "{ a\xFF }"}, "Syntax Error: the query is no UTF-8.\n");
    ask_errors_are(&(struct ask){.query = "{ a\0b }", .query_size = 7},
                   "1:4 Syntax Error: Unexpected character: U+0000.\n");
}
END_TEST

SUITE_MAIN("gateway.graphql_syntax", each_case_gives_its_errors, tokens_mean_what_the_specification_says,
           block_strings_lose_their_common_indentation, bytes_that_are_no_utf_8_are_refused)
