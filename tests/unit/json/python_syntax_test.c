/*
 * What CPython's json says of texts that are none: message, position, line and column as json.loads() of Python 3.11 raises
 * them (JSONDecodeError.msg, .pos, .lineno, .colno). NULL: it takes the text.
 */
#include "common/json/python_syntax.h"
#include "tests/unit/suite.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *text, *message;
    size_t position, line, column;
} cases[] = {
    {"", "Expecting value", 0, 1, 1},
    {" \012\011", "Expecting value", 3, 2, 2},
    {"{", "Expecting property name enclosed in double quotes", 1, 1, 2},
    {"[", "Expecting value", 1, 1, 2},
    {"{\"a\"", "Expecting ':' delimiter", 4, 1, 5},
    {"{\"a\":", "Expecting value", 5, 1, 6},
    {"{\"a\": 1", "Expecting ',' delimiter", 7, 1, 8},
    {"{\"a\": 1,", "Expecting property name enclosed in double quotes", 8, 1, 9},
    {"{\"a\": 1,}", "Expecting property name enclosed in double quotes", 8, 1, 9},
    {"[1,]", "Expecting value", 3, 1, 4},
    {"[1", "Expecting ',' delimiter", 2, 1, 3},
    {"[1 2]", "Expecting ',' delimiter", 3, 1, 4},
    {"{\"a\" 1}", "Expecting ':' delimiter", 5, 1, 6},
    {"{a: 1}", "Expecting property name enclosed in double quotes", 1, 1, 2},
    {"{'a': 1}", "Expecting property name enclosed in double quotes", 1, 1, 2},
    {"{\"a\": 1} x", "Extra data", 9, 1, 10},
    {"1 2", "Extra data", 2, 1, 3},
    {"tru", "Expecting value", 0, 1, 1},
    {"nul", "Expecting value", 0, 1, 1},
    {"fals", "Expecting value", 0, 1, 1},
    {"truex", "Extra data", 4, 1, 5},
    {"-", "Expecting value", 0, 1, 1},
    {"-x", "Expecting value", 0, 1, 1},
    {"+1", "Expecting value", 0, 1, 1},
    {"01", "Extra data", 1, 1, 2},
    {"1.", "Extra data", 1, 1, 2},
    {"1.e5", "Extra data", 1, 1, 2},
    {"1e", "Extra data", 1, 1, 2},
    {"1e+", "Extra data", 1, 1, 2},
    {".5", "Expecting value", 0, 1, 1},
    {"-Infinity", NULL, 0, 1, 1},
    {"-Infinit", "Expecting value", 0, 1, 1},
    {"NaN", NULL, 0, 1, 1},
    {"Nan", "Expecting value", 0, 1, 1},
    {"Infinity", NULL, 0, 1, 1},
    {"\"", "Unterminated string starting at", 0, 1, 1},
    {"\"abc", "Unterminated string starting at", 0, 1, 1},
    {"\"a\001b\"", "Invalid control character at", 2, 1, 3},
    {"\"a\012b\"", "Invalid control character at", 2, 1, 3},
    {"\"\\", "Unterminated string starting at", 0, 1, 1},
    {"\"\\x\"", "Invalid \\escape", 1, 1, 2},
    {"\"\\u12\"", "Invalid \\uXXXX escape", 2, 1, 3},
    {"\"\\u12", "Invalid \\uXXXX escape", 2, 1, 3},
    {"\"\\u123", "Invalid \\uXXXX escape", 2, 1, 3},
    {"\"\\u1234", "Invalid \\uXXXX escape", 2, 1, 3},
    {"\"\\u12G4 \"", "Invalid \\uXXXX escape", 2, 1, 3},
    {"\"\\ud83d\\ude00\"", NULL, 0, 1, 1},
    {"\"\\ud83d\\u12\"", "Invalid \\uXXXX escape", 8, 1, 9},
    {"\"\\ud83d\\uXXXX\"", "Invalid \\uXXXX escape", 8, 1, 9},
    {"\"\\ud83dx\"", NULL, 0, 1, 1},
    {"\"\\ud83d\\u0041\"", NULL, 0, 1, 1},
    {"\"\\ud83d\\n\"", NULL, 0, 1, 1},
    {"\"\\uABCD\\uabcd\"", NULL, 0, 1, 1},
    {"[\"\303\251\342\202\254\360\237\230\200\", ", "Expecting value", 8, 1, 9},
    {"[\"\303\251\",\012 \"\\q\"]", "Invalid \\escape", 8, 2, 3},
    {"\012\012  {\"\303\251\": \012 \?}", "Expecting value", 12, 4, 2},
    {"{\"a\": [1, {\"b\": }]}", "Expecting value", 16, 1, 17},
    {"[{\"a\":1}, {\"b\":2}", "Expecting ',' delimiter", 17, 1, 18},
    {"{\"a\":1 \"b\":2}", "Expecting ',' delimiter", 7, 1, 8},
    {"{,}", "Expecting property name enclosed in double quotes", 1, 1, 2},
    {"[,]", "Expecting value", 1, 1, 2},
    {"{\"a\":,}", "Expecting value", 5, 1, 6},
    {"[1,,2]", "Expecting value", 3, 1, 4},
    {"x", "Expecting value", 0, 1, 1},
    {"{\"a\": tru}", "Expecting value", 6, 1, 7},
    {"[true, false, null, 1.5e-3, \"x\"", "Expecting ',' delimiter", 31, 1, 32},
    {"\"ab\\\"c", "Unterminated string starting at", 0, 1, 1},
    {"[1]]", "Extra data", 3, 1, 4},
    {"{}}", "Extra data", 2, 1, 3},
    {"{\"a\":1}\012\012x", "Extra data", 9, 3, 1},
    {"\"\\u 123\"", "Invalid \\uXXXX escape", 2, 1, 3},
    {"[-]", "Expecting value", 1, 1, 2},
    {"[1.5.5]", "Expecting ',' delimiter", 4, 1, 5},
    {"{\"a\":\"\011\"}", "Invalid control character at", 6, 1, 7},
};
/* clang-format on */

START_TEST(it_is_said_as_python_says_it)
{
    const char *text = cases[_i].text;
    size_t size = strlen(text);
    char *copy = malloc(size + 1); /* a sanitizer sees a look beyond its end */
    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, text, size);
    struct python_syntax found = python_syntax_of(copy + 1, size);
    free(copy);
    if (cases[_i].message == NULL) {
        ck_assert_msg(found.message == NULL, "%s: %s", text, found.message);
        return;
    }
    ck_assert_msg(found.message != NULL, "%s is taken", text);
    ck_assert_msg(strcmp(found.message, cases[_i].message) == 0, "%s: %s", text, found.message);
    ck_assert_msg(found.position == cases[_i].position && found.line == cases[_i].line && found.column == cases[_i].column,
                  "%s: position %zu, line %zu, column %zu", text, found.position, found.line, found.column);
}
END_TEST

/* Python ends by its own limit there; a text this deep was refused before anybody asks. */
START_TEST(what_is_nested_too_deeply_is_not_said)
{
    static char text[100000];
    memset(text, '[', sizeof text);
    ck_assert_ptr_null(python_syntax_of(text, sizeof text).message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json.python_syntax");
    TCase *group = tcase_create("python_syntax");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_loop_test(group, it_is_said_as_python_says_it, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(group, what_is_nested_too_deeply_is_not_said);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
