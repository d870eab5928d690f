#include "executor/host/describe.h"
#include "executor/host/plugin.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static sluice_status pass(sluice_call *call)
{
    (void)call;
    return SLUICE_OK;
}

static const sluice_handler handlers[] = {{"a", "/a", pass}, {"loose", NULL, pass}, {0}};
static const char *const choices[] = {"x", "y\"z", NULL};
static const sluice_parameter parameters[] = {
    {.name = "n", .type = SLUICE_PARAMETER_INTEGER, .fallback = "3", .minimum = -1, .maximum = 2.5, .help = "A\nnumber."},
    {.name = "c", .type = SLUICE_PARAMETER_STRING, .choices = choices, .required = true},
    {0}};

static sluice_plugin plugin(void)
{
    return (sluice_plugin){SLUICE_PLUGIN_HEADER, .name = "Name", .version = "1.2", .help = "H.", .handlers = handlers};
}

static void describes(const sluice_plugin *table, const char *expected)
{
    struct buffer json;
    buffer_init(&json, BUFFER_NO_LIMIT);
    describe_plugin(table, &json);
    ck_assert_str_eq(buffer_text(&json), expected);
    buffer_done(&json);
}

START_TEST(a_plugin_without_a_table_of_parameters)
{
    sluice_plugin table = plugin();
    describes(&table, "{\"name\": \"Name\", \"version\": \"1.2\", \"help\": \"H.\", \"abi\": [1, 1], \"handlers\": "
                      "[{\"name\": \"a\", \"endpoint\": \"/a\"}, {\"name\": \"loose\", \"endpoint\": null}]}\n");
}
END_TEST

START_TEST(parameters_with_all_they_have)
{
    sluice_plugin table = plugin();
    table.parameters = parameters;
    struct buffer json;
    buffer_init(&json, BUFFER_NO_LIMIT);
    describe_plugin(&table, &json);
    const char *found = strstr(buffer_text(&json), "\"parameters\": ");
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found, "\"parameters\": [{\"name\": \"n\", \"type\": \"integer\", \"fallback\": \"3\", \"minimum\": -1, "
                            "\"maximum\": 2.5, \"required\": false, \"help\": \"A\\nnumber.\"}, {\"name\": \"c\", "
                            "\"type\": \"string\", \"fallback\": null, \"choices\": [\"x\", \"y\\\"z\"], \"required\": "
                            "true, \"help\": \"\"}]}\n");
    buffer_done(&json);
}
END_TEST

#define REFUSED(test, words, ...)                                                  \
    START_TEST(test)                                                               \
    {                                                                              \
        sluice_plugin table = plugin();                                            \
        sluice_error error;                                                        \
        ck_assert_int_eq(plugin_check(&table, "x.so", &error), SLUICE_OK);         \
        __VA_ARGS__;                                                               \
        ck_assert_int_eq(plugin_check(&table, "x.so", &error), SLUICE_INVALID);    \
        ck_assert_str_eq(error.where, "x.so");                                     \
        ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);        \
    }                                                                              \
    END_TEST

static const sluice_handler none[] = {{0}};
static const sluice_handler without_function[] = {{"a", "/a", NULL}, {0}};
static const sluice_parameter no_json[] = {{.name = "p", .fallback = "abc"}, {0}};

REFUSED(another_major_is_refused, "built for ABI 2.1, this executor speaks 1.1", table.major = 2)
REFUSED(a_newer_minor_is_refused, "built for ABI 1.7, this executor speaks 1.1", table.minor = 7)
REFUSED(wrong_magic_is_refused, "not a plugin", table.magic = 1)
REFUSED(a_short_table_is_refused, "needs at least", table.struct_size--)
REFUSED(no_name_is_refused, "no name", table.name = NULL)
REFUSED(no_handlers_are_refused, "no handlers", table.handlers = none)
REFUSED(a_handler_without_function_is_refused, "\"a\"", table.handlers = without_function)
REFUSED(a_default_that_is_no_json_is_refused, "\"p\"", table.parameters = no_json)

START_TEST(a_longer_table_is_accepted)
{
    sluice_plugin table = plugin();
    table.struct_size += 8;
    ck_assert_int_eq(plugin_check(&table, "x.so", NULL), SLUICE_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.describe");
    TCase *tcase = tcase_create("describe");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_plugin_without_a_table_of_parameters);
    tcase_add_test(tcase, parameters_with_all_they_have);
    tcase_add_test(tcase, another_major_is_refused);
    tcase_add_test(tcase, a_newer_minor_is_refused);
    tcase_add_test(tcase, wrong_magic_is_refused);
    tcase_add_test(tcase, a_short_table_is_refused);
    tcase_add_test(tcase, no_name_is_refused);
    tcase_add_test(tcase, no_handlers_are_refused);
    tcase_add_test(tcase, a_handler_without_function_is_refused);
    tcase_add_test(tcase, a_default_that_is_no_json_is_refused);
    tcase_add_test(tcase, a_longer_table_is_accepted);
    return suite_run(suite);
}
