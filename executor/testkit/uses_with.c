/* uses_with.c - the parameters as the start of a Flow takes them: the same reader, the same table, the same words. */
#include "common/flow/description.h"
#include "common/flow/report.h"
#include "executor/host/describe.h"
#include "executor/testkit/kit.h"

#include <string.h>

/* JSON is YAML, so one reader takes both. */
static sluice_status apply(const sluice_value *description, const char *text, const char *executor,
                           sluice_value **ret_map, sluice_error *error)
{
    static const struct flow_place place = {.file = "uses_with"};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    if (arena == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, place.file, "no memory to read it");
    struct problems problems;
    struct flow_report report = {0};
    struct node *node = NULL;
    sluice_value *map = NULL;
    bool empty = true;
    problems_init(&problems, arena);
    if (text != NULL)
        node = node_read(text, strlen(text), place, &node_limits_input, arena, &problems, &empty);
    if (node != NULL && node->kind != NODE_MAP)
        problem_error(&problems, node->place, "uses_with must be a map, not %s", node_kind_name(node));
    else if (node != NULL || empty)
        map = description_apply(description, node, executor, place, arena, &problems);
    sluice_status status = problems_report(&problems, &report);
    if (status == SLUICE_OK)
        status = flow_report_error(&report, error);
    else
        sluice_fail(error, status, place.file, "no memory to read it");
    problems_done(&problems);
    arena_free(arena);
    if (status == SLUICE_OK && map == NULL)
        map = sluice_value_new_map();
    if (status == SLUICE_OK && map == NULL)
        status = sluice_fail(error, SLUICE_NO_MEMORY, place.file, "no memory to read it");
    if (status == SLUICE_OK)
        *ret_map = map;
    else
        sluice_value_free(map);
    return status;
}

sluice_status kit_check_uses_with(const sluice_plugin *plugin, const char *text, const char *executor,
                                  sluice_value **ret_map, sluice_error *error)
{
    struct buffer json;
    sluice_value *description = NULL;
    buffer_init(&json, BUFFER_NO_LIMIT);
    describe_plugin(plugin, &json);
    sluice_status status = description_from_text(buffer_text(&json), json.size, &description, error);
    buffer_done(&json);
    if (status == SLUICE_OK)
        status = apply(description, text, executor, ret_map, error);
    sluice_value_free(description);
    return status;
}
