#include "tests/unit/flow/kit.h"
#include "common/flow/description.h"
#include "common/flow/report.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "tests/unit/flow/equal.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kit_text nothing[] = {{0}};
const struct kit_text *kit_files = nothing, *kit_plugins = nothing;

void kit_load_bytes(struct kit *kit, const void *text, size_t size)
{
    kit->flow = NULL;
    kit->status = flow_load(text, size, &kit->options, &kit->source, &kit->flow, &kit->report, &kit->arena);
    ck_assert((kit->status == SLUICE_OK) == (kit->flow != NULL));
    ck_assert((kit->status == SLUICE_OK) == (kit->report.error_count == 0));
}

void kit_load(struct kit *kit, const char *text)
{
    kit_load_bytes(kit, text, strlen(text));
}

void kit_done(struct kit *kit)
{
    kit->flow = flow_free(kit->flow);
    kit->arena = arena_free(kit->arena);
}

/* ---- the make-believe source ---- */

static const char *find(const struct kit_text *texts, const char *name)
{
    for (; texts->name != NULL; texts++)
        if (strcmp(texts->name, name) == 0)
            return texts->text;
    return NULL;
}

static sluice_status read_file(void *context, const char *path, struct arena *arena, const char **ret_text,
                               size_t *ret_size, sluice_error *error)
{
    (void)context;
    const char *text = find(kit_files, path);
    if (text == NULL)
        return sluice_fail(error, SLUICE_NOT_FOUND, path, "cannot open: No such file or directory");
    *ret_text = arena_text(arena, text);
    *ret_size = strlen(text);
    return SLUICE_OK;
}

static sluice_status find_plugin(void *context, const char *name, const char *folder, struct arena *arena,
                                 const char **ret_path, sluice_error *error)
{
    (void)context;
    (void)folder;
    size_t size = strlen(name) - (strlen(name) > 3 && strcmp(name + strlen(name) - 3, ".so") == 0 ? 3 : 0);
    char base[100];
    snprintf(base, sizeof base, "%.*s", (int)size, name);
    if (find(kit_plugins, base) == NULL)
        return sluice_fail(error, SLUICE_NOT_FOUND, name, "there is no plugin \"%s\"", name);
    *ret_path = arena_printf(arena, "/plugins/%s.so", base);
    return SLUICE_OK;
}

/* Descriptions live until the program ends: a load keeps none. */
static sluice_status describe(void *context, const char *path, const sluice_value **ret_description,
                              sluice_error *error)
{
    (void)context;
    static struct {
        char path[200];
        sluice_value *description;
    } known[64];
    size_t i = 0;
    for (; i < 64 && known[i].description != NULL; i++)
        if (strcmp(known[i].path, path) == 0) {
            *ret_description = known[i].description;
            return SLUICE_OK;
        }
    ck_assert_uint_lt(i, 64);
    char base[100];
    ck_assert_int_eq(sscanf(path, "/plugins/%99[^.]", base), 1);
    const char *text = find(kit_plugins, base);
    ck_assert_ptr_nonnull(text);
    snprintf(known[i].path, sizeof known[i].path, "%s", path);
    sluice_status status = description_from_text(text, strlen(text), &known[i].description, error);
    *ret_description = known[i].description;
    return status;
}

struct flow_source kit_source(void)
{
    return (struct flow_source){.read_file = read_file, .find_plugin = find_plugin, .describe = describe};
}

/* ---- reports ---- */

const char *kit_lines(const struct kit *kit)
{
    static char text[64 * 1024];
    struct buffer lines;
    buffer_init(&lines, sizeof text - 1);
    ck_assert_int_eq(flow_check_text(&kit->report, &lines), SLUICE_OK);
    snprintf(text, sizeof text, "%s", buffer_text(&lines));
    buffer_done(&lines);
    return text;
}

static void expect(struct kit *kit, const char *text, const char *lines)
{
    kit->options.file = "f.yml";
    kit_load(kit, text);
    ck_assert_str_eq(kit_lines(kit), lines);
    if (kit->flow != NULL)
        kit_expect_round_trip(kit->flow);
    kit_done(kit);
}

void kit_expect(const char *text, const char *lines)
{
    struct kit kit = {0};
    expect(&kit, text, lines);
}

void kit_expect_with_plugins(const char *text, const char *lines)
{
    struct kit kit = {.source = kit_source()};
    expect(&kit, text, lines);
}

void kit_expect_round_trip(const struct flow *flow)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    ck_assert_int_eq(flow_write(flow, &text), SLUICE_OK);
    struct kit again = {.options = {.resolved = true}};
    kit_load_bytes(&again, text.data, text.size);
    ck_assert_msg(again.report.count == 0, "%s\n%s", kit_lines(&again), buffer_text(&text));
    const char *difference = flow_difference(flow, again.flow);
    ck_assert_msg(difference == NULL, "%s differs after writing:\n%s", difference, buffer_text(&text));
    kit_done(&again);
    buffer_done(&text);
}

char *kit_read(const char *path)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    sluice_error error;
    ck_assert_msg(file_read_path(path, &text, &error) == SLUICE_OK, "%s: %s", path, error.text);
    buffer_append_byte(&text, '\0');
    size_t size;
    return (char *)buffer_take(&text, &size);
}

int kit_run(const char *name, const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *tests_of_suite = tcase_create(name);
    tcase_set_timeout(tests_of_suite, 60); /* of one test, with sanitizers on a busy machine */
    for (; *tests != NULL; tests++)
        tcase_add_test(tests_of_suite, *tests);
    suite_add_tcase(suite, tests_of_suite);
    return suite_run(suite);
}
