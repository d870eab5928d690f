/* Plugins that are found and hidden, and the JSON schema of their parameters. */
#include "tests/unit/suite.h"
#include "common/flow/description.h"
#include "tools/plugin/found.h"
#include "tools/plugin/schema.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct found found;
static sluice_error error;

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name)
{
    FILE *file = fopen(in_folder(name), "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/sluice-plugins-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
    static const char *const names[] = {"zebra.so", "echo.so", "notes.txt", ".so"};
    found_done(&found);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(in_folder(names[i]));
    rmdir(in_folder("folder.so"));
    rmdir(folder);
}

START_TEST(a_folder_goes_before_what_ships)
{
    make_file("zebra.so");
    make_file("echo.so");
    make_file("notes.txt");
    make_file(".so");
    mkdir(in_folder("folder.so"), 0700);
    ck_assert_msg(found_read(&found, folder, &error) == SLUICE_OK, "%s", error.text);
    ck_assert_uint_eq(found.count, 2);
    ck_assert(!found.folders[0].shipped && found.folders[1].shipped);
    ck_assert_uint_eq(found.folders[0].count, 2);
    ck_assert_str_eq(found.folders[0].plugins[0].name, "echo");
    ck_assert_str_eq(found.folders[0].plugins[1].name, "zebra");
    ck_assert_ptr_null(found.folders[0].plugins[0].hidden_by);
    size_t hidden = 0;
    for (size_t i = 0; i < found.folders[1].count; i++)
        if (found.folders[1].plugins[i].hidden_by != NULL) {
            hidden++;
            ck_assert_str_eq(found.folders[1].plugins[i].name, "echo");
            ck_assert_ptr_eq(found.folders[1].plugins[i].hidden_by, &found.folders[0].plugins[0]);
        }
    ck_assert_uint_eq(hidden, 1);
}
END_TEST

START_TEST(the_folder_of_the_shipped_ones_is_listed_once)
{
    ck_assert_int_eq(found_read(&found, folder, &error), SLUICE_OK);
    char *shipped = strdup(found.folders[1].path);
    found_done(&found);
    ck_assert_int_eq(found_read(&found, shipped, &error), SLUICE_OK);
    ck_assert_uint_eq(found.count, 1);
    ck_assert(found.folders[0].shipped);
    free(shipped);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
    ck_assert_int_eq(found_read(&found, in_folder("none"), &error), SLUICE_NOT_FOUND);
    ck_assert_str_eq(error.where, in_folder("none"));
    make_file("notes.txt");
    ck_assert_int_eq(found_read(&found, in_folder("notes.txt"), &error), SLUICE_SYSTEM);
}
END_TEST

static void schema_is(const char *description, const char *const *pieces)
{
    sluice_value *value = NULL;
    struct buffer json;
    buffer_init(&json, BUFFER_NO_LIMIT);
    ck_assert_msg(description_from_text(description, strlen(description), &value, &error) == SLUICE_OK, "%s", error.text);
    schema_append(&json, value, "/x/y.so");
    for (; *pieces != NULL; pieces++)
        ck_assert_msg(strstr(buffer_text(&json), *pieces) != NULL, "no %s in %s", *pieces, buffer_text(&json));
    sluice_value_free(value);
    buffer_done(&json);
}

START_TEST(each_type_has_its_words)
{
    static const char description[] =
        "{\"name\": \"y\", \"version\": \"1.2\", \"help\": \"Says \\\"why\\\".\", \"abi\": [1, 0],"
        " \"handlers\": [{\"name\": \"all\", \"endpoint\": \"/default\"}, {\"name\": \"other\", \"endpoint\": null}],"
        " \"parameters\": ["
        "{\"name\": \"b\", \"type\": \"bool\", \"fallback\": \"true\", \"required\": false, \"help\": \"B.\"},"
        "{\"name\": \"i\", \"type\": \"integer\", \"fallback\": null, \"minimum\": 1, \"maximum\": 9, \"required\": true,"
        " \"help\": \"\"},"
        "{\"name\": \"n\", \"type\": \"number\", \"fallback\": \"0.5\", \"minimum\": 0, \"maximum\": 1, \"required\": false,"
        " \"help\": \"\"},"
        "{\"name\": \"s\", \"type\": \"string\", \"fallback\": \"\\\"a\\\"\", \"choices\": [\"a\", \"b\"], \"required\": false,"
        " \"help\": \"\"},"
        "{\"name\": \"c\", \"type\": \"string\", \"fallback\": null, \"choices\": [\"a\"], \"required\": true, \"help\": \"\"},"
        "{\"name\": \"l\", \"type\": \"list\", \"fallback\": null, \"required\": false, \"help\": \"\"},"
        "{\"name\": \"m\", \"type\": \"map\", \"fallback\": null, \"required\": false, \"help\": \"\"},"
        "{\"name\": \"a\", \"type\": \"any\", \"fallback\": null, \"required\": false, \"help\": \"\"}]}";
    static const char *const pieces[] = {
        "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"",
        "\"title\": \"y\"",
        "\"description\": \"Says \\\"why\\\".\"",
        "\"b\": {\"description\": \"B.\", \"type\": [\"boolean\", \"null\"], \"default\": true}",
        "\"i\": {\"description\": \"\", \"type\": \"integer\", \"minimum\": 1, \"maximum\": 9}",
        "\"n\": {\"description\": \"\", \"type\": [\"number\", \"null\"], \"minimum\": 0, \"maximum\": 1, \"default\": 0.5}",
        "\"s\": {\"description\": \"\", \"type\": [\"string\", \"null\"], \"enum\": [\"a\", \"b\", null], \"default\": \"a\"}",
        "\"c\": {\"description\": \"\", \"type\": \"string\", \"enum\": [\"a\"]}",
        "\"l\": {\"description\": \"\", \"type\": [\"array\", \"null\"]}",
        "\"m\": {\"description\": \"\", \"type\": [\"object\", \"null\"]}",
        "\"a\": {\"description\": \"\"}",
        "\"required\": [\"i\", \"c\"]",
        "\"additionalProperties\": false",
        "\"path\": \"/x/y.so\"",
        "\"abi\": [1, 0]",
        "\"endpoints\": [{\"endpoint\": \"/default\", \"handler\": \"all\"}, {\"endpoint\": null, \"handler\": \"other\"}]",
        NULL,
    };
    schema_is(description, pieces);
}
END_TEST

START_TEST(a_plugin_without_a_table_takes_anything)
{
    static const char description[] = "{\"name\": \"y\", \"version\": \"\", \"help\": \"\", \"abi\": [1, 0], \"handlers\": "
                                      "[{\"name\": \"all\", \"endpoint\": \"/default\"}]}";
    static const char *const pieces[] = {"\"properties\": {},\n  \"x-sluice\"", NULL};
    schema_is(description, pieces);
}
END_TEST

START_TEST(a_plugin_with_an_empty_table_takes_nothing)
{
    static const char description[] = "{\"name\": \"y\", \"version\": \"\", \"help\": \"\", \"abi\": [1, 0], \"handlers\": "
                                      "[{\"name\": \"all\", \"endpoint\": \"/default\"}], \"parameters\": []}";
    static const char *const pieces[] = {"\"properties\": {},\n  \"additionalProperties\": false", NULL};
    schema_is(description, pieces);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.plugin");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_folder_goes_before_what_ships);
    tcase_add_test(cases, the_folder_of_the_shipped_ones_is_listed_once);
    tcase_add_test(cases, a_folder_that_is_not_there_is_named);
    tcase_add_test(cases, each_type_has_its_words);
    tcase_add_test(cases, a_plugin_without_a_table_takes_anything);
    tcase_add_test(cases, a_plugin_with_an_empty_table_takes_nothing);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
