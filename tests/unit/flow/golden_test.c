/* The Flows of the recordings: chains load, the rest is refused as not built yet. */
#include "tests/unit/flow/kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char any[] = "{\"name\": \"x\", \"handlers\": [], \"parameters\": null}";
static const struct kit_text plugins[] = {
    {"Tagger",
     "{\"name\": \"tag\", \"version\": \"1.0\", \"abi\": [1, 0], \"handlers\": [{\"name\": \"tag\", \"endpoint\": "
     "\"/default\"}, "
     "{\"name\": \"other\", \"endpoint\": null}], \"parameters\": ["
     "{\"name\": \"label\", \"type\": \"string\", \"fallback\": null}, {\"name\": \"suffix\", \"type\": \"string\", "
     "\"fallback\": null},"
     "{\"name\": \"delay_ms\", \"type\": \"integer\", \"fallback\": \"0\", \"minimum\": 0, \"maximum\": 60000},"
     "{\"name\": \"fail_on\", \"type\": \"string\", \"fallback\": null},"
     "{\"name\": \"fail_with\", \"type\": \"string\", \"fallback\": \"\\\"ValueError\\\"\", \"choices\": "
     "[\"ValueError\", \"KeyError\"]},"
     "{\"name\": \"pod\", \"type\": \"bool\", \"fallback\": \"false\"}]}"},
    {"Crud",
     "{\"name\": \"crud\", \"handlers\": [{\"name\": \"index\"}, {\"name\": \"search\"}, {\"name\": \"change\"}]}"},
    {"Batch", any},
    {"Results",                                                                                                       any},
    {"Drop",                                                                                                             any},
    {"Grow",    any},
    {"Chunker",                                                                                                        any},
    {"Matcher",                                                                                                             any},
    {"Setter",                                                                                                       any},
    {"Echo",                                                                                                     any},
    {"Parts",                                                                                                             any},
    {"Odd",any},
    {"Info",                                                                                                      any},
    {0                                                                                                            }
};

static char *path_of(const char *folder, const char *name)
{
    static char path[1000];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static bool is_yaml(const char *name)
{
    return strlen(name) > 4 && strcmp(name + strlen(name) - 4, ".yml") == 0;
}

/* Runs `look` over every Flow of a folder; how many. */
static size_t each_of(const char *folder, struct flow_source source, void (*look)(struct kit *kit, const char *name))
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    ck_assert_msg(directory != NULL, "%s", folder);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (!is_yaml(entry->d_name))
            continue;
        char *text = kit_read(path_of(folder, entry->d_name));
        struct kit kit = {.source = source, .options = {.file = entry->d_name}};
        kit_load(&kit, text);
        look(&kit, entry->d_name);
        kit_done(&kit);
        free(text);
        count++;
    }
    closedir(directory);
    return count;
}

static size_t each(const char *folder, void (*look)(struct kit *kit, const char *name))
{
    kit_plugins = plugins;
    return each_of(folder, kit_source(), look);
}

static void must_load(struct kit *kit, const char *name)
{
    ck_assert_msg(kit->flow != NULL, "%s", kit_lines(kit));
    ck_assert_msg(kit->flow->graph.chain, "%s", name);
    /* The only thing to remark is that steps.py is Python. */
    ck_assert_uint_eq(kit->report.count, kit->flow->executor_count);
    for (size_t i = 0; i < kit->report.count; i++)
        ck_assert_msg(strstr(kit->report.problems[i].text, "steps.py\" is no plugin (.so) and is ignored") != NULL,
                      "%s", kit_lines(kit));
    for (size_t i = 0; i < kit->flow->executor_count; i++)
        ck_assert_str_eq(kit->flow->executors[i].class_name, kit->flow->executors[i].uses);
    kit_expect_round_trip(kit->flow);
}

START_TEST(chains_load)
{
    ck_assert_uint_eq(each("tests/golden/flows", must_load), 14);
}
END_TEST

static void must_be_refused(struct kit *kit, const char *name)
{
    ck_assert_msg(kit->flow == NULL, "%s loads", name);
    for (size_t i = 0; i < kit->report.count; i++) {
        const struct flow_problem *problem = &kit->report.problems[i];
        bool known = strstr(problem->text, "not built yet") != NULL ||
                     /* info: an executor file that the make-believe source does not have */
                     strstr(problem->text, "make/info.yml") != NULL;
        ck_assert_msg(problem->severity == FLOW_WARNING || known, "%s: %s", name, kit_lines(kit));
    }
}

START_TEST(other_shapes_are_not_built_yet)
{
    ck_assert_uint_eq(each("tests/unit/flow/shapes", must_be_refused), 35);
}
END_TEST

static void must_round_trip(struct kit *kit, const char *name)
{
    ck_assert_msg(kit->flow != NULL, "%s: %s", name, kit_lines(kit));
    ck_assert_uint_eq(kit->report.count, 0);
    kit_expect_round_trip(kit->flow);
}

/* The example Flows of the tree, without their plugins: those are for the tests that run them. */
START_TEST(examples_load)
{
    ck_assert_uint_gt(each_of("flows", (struct flow_source){0}, must_round_trip), 0);
}
END_TEST

START_TEST(parameters_come_with_their_defaults)
{
    kit_plugins = plugins;
    char *text = kit_read("tests/golden/flows/raise-chain.yml");
    struct kit kit = {.source = kit_source()};
    kit_load(&kit, text);
    const sluice_value *with = kit.flow->executors[1].uses_with;
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(with, "fail_on")), "bad"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(with, "fail_with")), "ValueError"));
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(with, "delay_ms"), -1), 0);
    ck_assert_ptr_null(sluice_value_get(with, "label"));
    ck_assert_str_eq(kit.flow->executors[1].plugin, "/plugins/Tagger.so");
    kit_done(&kit);
    free(text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {chains_load, other_shapes_are_not_built_yet, examples_load,
                                  parameters_come_with_their_defaults, NULL};
    return kit_run("golden", tests);
}
