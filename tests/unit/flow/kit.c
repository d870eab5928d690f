#include "tests/unit/flow/kit.h"
#include "common/flow/description.h"
#include "common/flow/report.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"

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

static sluice_status read_file(void *context, const char *path, struct arena *arena, const char **ret_text, size_t *ret_size,
                               sluice_error *error)
{
    (void)context;
    const char *text = find(kit_files, path);
    if (text == NULL)
        return sluice_fail(error, SLUICE_NOT_FOUND, path, "cannot open: No such file or directory");
    *ret_text = arena_text(arena, text);
    *ret_size = strlen(text);
    return SLUICE_OK;
}

static sluice_status find_plugin(void *context, const char *name, const char *folder, struct arena *arena, const char **ret_path,
                                 sluice_error *error)
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
static sluice_status describe(void *context, const char *path, const sluice_value **ret_description, sluice_error *error)
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

/* ---- equality ---- */

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_env(const char *const *a, const char *const *b)
{
    for (; *a != NULL && *b != NULL; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return *a == *b;
}

static bool same_numbers(const size_t *a, size_t a_count, const size_t *b, size_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static bool same_place(const struct flow_place *a, const struct flow_place *b)
{
    return a->line == b->line && a->column == b->column;
}

#define DIFFERS(condition, what) \
    if (!(condition))            \
        return what

static const char *gateway_difference(const struct flow_gateway *a, const struct flow_gateway *b)
{
    DIFFERS(same_place(&a->place, &b->place), "gateway.place");
    DIFFERS(same_text(a->name, b->name), "gateway.name");
    DIFFERS(same_text(a->host, b->host), "gateway.host");
    DIFFERS(a->front_count == b->front_count, "gateway.front_count");
    for (size_t i = 0; i < a->front_count; i++)
        DIFFERS(a->fronts[i].protocol == b->fronts[i].protocol && a->fronts[i].port == b->fronts[i].port, "gateway.fronts");
    DIFFERS(a->prefetch == b->prefetch, "gateway.prefetch");
    DIFFERS(a->timeout_send_ns == b->timeout_send_ns, "gateway.timeout_send");
    DIFFERS(a->timeout_ready_ns == b->timeout_ready_ns, "gateway.timeout_ready");
    DIFFERS(a->drain_timeout_ns == b->drain_timeout_ns, "gateway.drain_timeout");
    DIFFERS(a->compatibility_3_5 == b->compatibility_3_5, "gateway.compatibility");
    DIFFERS(a->limits.max_message_bytes == b->limits.max_message_bytes, "max_message_bytes");
    DIFFERS(a->limits.max_bytes_in_flight == b->limits.max_bytes_in_flight, "max_bytes_in_flight");
    DIFFERS(a->limits.max_in_flight == b->limits.max_in_flight, "max_in_flight");
    DIFFERS(a->limits.max_in_flight_per_client == b->limits.max_in_flight_per_client, "max_in_flight_per_client");
    DIFFERS(a->limits.max_queue_per_executor == b->limits.max_queue_per_executor, "max_queue_per_executor");
    DIFFERS(a->limits.max_depth == b->limits.max_depth, "max_depth");
    DIFFERS(a->limits.max_header_bytes == b->limits.max_header_bytes, "max_header_bytes");
    DIFFERS(same_env(a->env, b->env), "gateway.env");
    return NULL;
}

static const char *executor_difference(const struct flow_executor *a, const struct flow_executor *b)
{
    DIFFERS(same_place(&a->place, &b->place), "place");
    DIFFERS(same_text(a->name, b->name), "name");
    DIFFERS(same_text(a->uses, b->uses), "uses");
    DIFFERS(same_text(a->plugin, b->plugin), "plugin");
    DIFFERS(same_text(a->class_name, b->class_name), "class_name");
    DIFFERS(same_text(a->metas_name, b->metas_name), "metas_name");
    DIFFERS(same_text(a->description, b->description), "description");
    DIFFERS(same_text(a->workspace, b->workspace), "workspace");
    DIFFERS(sluice_value_equal(a->uses_with, b->uses_with), "uses_with");
    DIFFERS(sluice_value_equal(a->uses_requests, b->uses_requests), "uses_requests");
    DIFFERS(same_env(a->env, b->env), "env");
    DIFFERS(a->workers == b->workers, "workers");
    DIFFERS(a->replicas == b->replicas, "replicas");
    DIFFERS(a->timeout_ready_ns == b->timeout_ready_ns, "timeout_ready");
    DIFFERS(a->stuck_timeout_ns == b->stuck_timeout_ns, "stuck_timeout");
    DIFFERS(a->window_bytes == b->window_bytes, "window_bytes");
    DIFFERS(a->window_requests == b->window_requests, "window_requests");
    DIFFERS(a->floating == b->floating && a->external == b->external, "floating, external");
    DIFFERS(same_numbers(a->needs, a->needs_count, b->needs, b->needs_count), "needs");
    return NULL;
}

const char *kit_difference(const struct flow *a, const struct flow *b)
{
    DIFFERS(same_text(a->name, b->name), "name");
    DIFFERS(same_text(a->file, b->file), "file");
    DIFFERS(same_text(a->workspace, b->workspace), "workspace");
    DIFFERS(a->on_crash_loop == b->on_crash_loop, "on_crash_loop");
    DIFFERS(a->crash_loop_limit == b->crash_loop_limit, "crash_loop_limit");
    DIFFERS(same_env(a->env, b->env), "env");
    DIFFERS(a->executor_count == b->executor_count, "executor_count");
    const char *difference = gateway_difference(&a->gateway, &b->gateway);
    for (size_t i = 0; i < a->executor_count && difference == NULL; i++) {
        difference = executor_difference(&a->executors[i], &b->executors[i]);
        const struct flow_node *x = &a->graph.nodes[i], *y = &b->graph.nodes[i];
        DIFFERS(same_numbers(x->next, x->next_count, y->next, y->next_count), "graph.next");
        DIFFERS(same_numbers(x->previous, x->previous_count, y->previous, y->previous_count), "graph.previous");
    }
    DIFFERS(same_numbers(a->graph.origins, a->graph.origin_count, b->graph.origins, b->graph.origin_count), "graph.origins");
    DIFFERS(a->graph.chain == b->graph.chain, "graph.chain");
    return difference;
}

void kit_expect_round_trip(const struct flow *flow)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    ck_assert_int_eq(flow_write(flow, &text), SLUICE_OK);
    struct kit again = {.options = {.resolved = true}};
    kit_load_bytes(&again, text.data, text.size);
    ck_assert_msg(again.report.count == 0, "%s\n%s", kit_lines(&again), buffer_text(&text));
    const char *difference = kit_difference(flow, again.flow);
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
    for (; *tests != NULL; tests++)
        tcase_add_test(tests_of_suite, *tests);
    suite_add_tcase(suite, tests_of_suite);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
