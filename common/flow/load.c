#include "common/flow/loader.h"
#include "common/flow/override.h"
#include "common/flow/substitute.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MODEL_BYTES_MAX ((size_t)1 << 30)

/* ---- helpers that the parts share ---- */

const char *loader_text(struct loader *loader, const char *text)
{
    if (text == NULL)
        return NULL;
    const char *copy = arena_text(loader->arena, text);
    if (copy == NULL)
        loader->problems->no_memory = true;
    return copy;
}

const char *loader_absolute(struct loader *loader, const char *folder, const char *path)
{
    if (path[0] == '/')
        return loader_text(loader, path);
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    const char *joined =
        arena_printf(loader->arena, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
    if (joined == NULL)
        loader->problems->no_memory = true;
    return joined;
}

const char *const *loader_env(struct loader *loader, const struct node *map)
{
    static const char *const none[] = {NULL};
    size_t count = map != NULL ? map->count : 0;
    const char **list = arena_alloc(loader->arena, (2 * count + 1) * sizeof *list);
    if (list == NULL) {
        loader->problems->no_memory = true;
        return none;
    }
    for (size_t i = 0; i < count; i++) {
        const struct node *value = map->entries[i].value;
        list[2 * i] = loader_text(loader, map->entries[i].key);
        list[2 * i + 1] = loader_text(loader, value->kind == NODE_NULL ? "" : value->text);
    }
    list[2 * count] = NULL;
    return list;
}

struct flow_place loader_place(struct loader *loader, struct flow_place place)
{
    place.file =
        place.file == NULL || strcmp(place.file, loader->file) == 0 ? loader->file : loader_text(loader, place.file);
    return place;
}

uint64_t loader_ns(const struct node *node, enum key_where where, const char *key)
{
    int64_t ms = keys_integer(node, where, key);
    return ms > 0 ? (uint64_t)ms * 1000000 : 0;
}

struct flow_place loader_section_place(struct loader *loader, const struct node *section)
{
    const struct node *written = node_get(section, "place");
    if (!loader->options->resolved || written == NULL || written->kind != NODE_LIST || written->count != 2)
        return section != NULL ? loader_place(loader, section->place) : (struct flow_place){.file = loader->file};
    double line = written->items[0]->number, column = written->items[1]->number;
    bool good = line >= 0 && line <= UINT_MAX && column >= 0 && column <= UINT_MAX;
    return (struct flow_place){
        .file = loader->file, .line = good ? (unsigned)line : 0, .column = good ? (unsigned)column : 0};
}

/* ---- top level ---- */

static void check_version(struct loader *loader, const struct node *root)
{
    const struct node *version = node_get(root, "version");
    if (version == NULL || version->kind == NODE_NULL)
        return;
    bool good = version->kind == NODE_NUMBER
                    ? version->number == 1
                    : version->text != NULL && (strcmp(version->text, "1") == 0 || strcmp(version->text, "1.0") == 0);
    if (!good)
        problem_error(loader->problems, version->place, "version %s of the format is not known; 1 is",
                      version->text != NULL ? version->text : node_kind_name(version));
}

static void check_jtype(struct loader *loader, const struct node *root)
{
    static const char *const known[] = {"Flow", "AsyncFlow", NULL};
    const struct node *jtype = node_get(root, "jtype");
    const char *text = jtype != NULL ? jtype->text : NULL;
    if (text == NULL)
        problem_error(loader->problems, jtype != NULL ? jtype->place : root->place, "a Flow starts with `jtype: Flow`");
    else if (strcmp(text, "Deployment") == 0 || strcmp(text, "Gateway") == 0)
        problem_error(loader->problems, jtype->place, "a stand-alone %s is known, but not built yet; `jtype: Flow` is",
                      text);
    else if (strcmp(text, "Flow") != 0 && strcmp(text, "AsyncFlow") != 0)
        problem_error(loader->problems, jtype->place, "\"%s\" is no Flow; a Flow starts with `jtype: Flow`%s", text,
                      problem_suggestion(loader->problems, text, known));
}

static const struct node *get_executors(struct loader *loader, const struct node *root)
{
    const struct node *executors = keys_get(root, KEY_FLOW, "executors");
    if (executors != NULL && executors->count > FLOW_EXECUTORS_MAX) {
        problem_error(loader->problems, executors->place, "%zu executors are too many: at most %d", executors->count,
                      FLOW_EXECUTORS_MAX);
        return NULL;
    }
    return executors;
}

static void read_flow_settings(struct loader *loader)
{
    struct flow *flow = loader->flow;
    const struct node *with = loader->with, *name = keys_get(with, KEY_WITH, "name");
    const struct node *workspace = keys_get(with, KEY_WITH, "workspace"),
                      *loop = keys_get(with, KEY_WITH, "on_crash_loop");
    flow->name = loader_text(loader, keys_text(name));
    if (workspace != NULL && workspace->size > 0)
        flow->workspace = loader_absolute(loader, loader->folder, workspace->text);
    flow->on_crash_loop =
        loop != NULL && strcasecmp(loop->text, "stop") == 0 ? FLOW_ON_CRASH_LOOP_STOP : FLOW_ON_CRASH_LOOP_KEEP;
    flow->crash_loop_limit =
        (uint32_t)keys_integer(keys_get(with, KEY_WITH, "crash_loop_limit"), KEY_WITH, "crash_loop_limit");
    flow->env = loader_env(loader, keys_get(with, KEY_WITH, "env"));
}

/* ---- executors and graph ---- */

static void report_no_chain(struct loader *loader, const struct graph_item *items)
{
    const struct flow *flow = loader->flow;
    for (size_t i = 0; i < flow->executor_count; i++) {
        const struct flow_node *node = &flow->graph.nodes[i];
        struct flow_place place = items[i].needs_count > 0 ? items[i].needs[0].place : items[i].place;
        const char *what = node->previous_count > 1 ? "joins several branches"
                           : node->next_count > 1   ? "has several successors"
                           : node->next_count == 0  ? "has no successor"
                                                    : NULL;
        if (what != NULL && !items[i].floating)
            problem_error(loader->problems, place,
                          "executor \"%s\" %s; branches are known, but not built yet: only chains run", items[i].name,
                          what);
    }
}

static void build_graph(struct loader *loader, struct graph_item *items)
{
    struct flow *flow = loader->flow;
    size_t **needs = arena_zalloc(loader->scratch, (flow->executor_count + 1) * sizeof *needs);
    size_t *needs_count = arena_zalloc(loader->scratch, (flow->executor_count + 1) * sizeof *needs_count);
    sluice_status status = needs == NULL || needs_count == NULL
                               ? SLUICE_NO_MEMORY
                               : graph_build(loader->arena, items, flow->executor_count, loader->problems, &flow->graph,
                                             needs, needs_count);
    if (status == SLUICE_NO_MEMORY)
        loader->problems->no_memory = true;
    if (status != SLUICE_OK)
        return;
    for (size_t i = 0; i < flow->executor_count; i++) {
        flow->executors[i].needs = needs[i];
        flow->executors[i].needs_count = needs_count[i];
    }
    if (!flow->graph.chain)
        report_no_chain(loader, items);
}

static bool names_are_distinct(const struct flow *flow)
{
    for (size_t i = 0; i < flow->executor_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(flow->executors[i].name, flow->executors[k].name) == 0)
                return false;
    return true;
}

static void read_executors(struct loader *loader, const struct node *list)
{
    struct flow *flow = loader->flow;
    size_t count = list != NULL ? list->count : 0;
    bool whole = true;
    flow->executors = arena_zalloc(loader->arena, (count + 1) * sizeof *flow->executors);
    struct graph_item *items = arena_zalloc(loader->scratch, (count + 1) * sizeof *items);
    if (flow->executors == NULL || items == NULL) {
        loader->problems->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t errors = loader->problems->error_count;
        if (executor_load(loader, list->items[i], flow->executor_count, &flow->executors[flow->executor_count],
                          &items[flow->executor_count]))
            flow->executor_count++;
        else
            whole &= loader->problems->error_count == errors;
    }
    /* A graph with an item missing would report needs that are right. */
    if (whole && !loader->problems->no_memory && names_are_distinct(flow))
        build_graph(loader, items);
}

static void read_root(struct loader *loader, struct node *root)
{
    const struct flow_options *options = loader->options;
    if (!options->resolved) {
        struct substitution substitution = {.environment = options->environment,
                                            .context = options->context,
                                            .flow = true,
                                            .arena = loader->scratch,
                                            .problems = loader->problems};
        overrides_apply(root, options->overrides, loader->scratch, loader->problems);
        substitute(root, &substitution);
    }
    loader->root = root;
    keys_check(root, KEY_FLOW, "the Flow", options->resolved, loader->problems);
    check_jtype(loader, root);
    check_version(loader, root);
    const struct node *source = keys_get(root, KEY_FLOW, "source");
    if (options->resolved && source != NULL)
        loader->file = loader_text(loader, source->text);
    loader->flow->file = loader->file;
    loader->with = keys_get(root, KEY_FLOW, "with");
    keys_check(loader->with, KEY_WITH, "with", options->resolved, loader->problems);
    read_flow_settings(loader);
    gateway_load(loader, keys_get(root, KEY_FLOW, "gateway"));
    read_executors(loader, get_executors(loader, root));
}

/* ---- flow_load ---- */

/* The folder of the Flow's file as an absolute path. */
static const char *absolute_folder(struct loader *loader, const char *file)
{
    char current[PATH_MAX];
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    const char *folder =
        slash == NULL ? "" : arena_text_of(loader->arena, file, slash == file ? 1 : (size_t)(slash - file));
    if (folder == NULL || folder[0] == '/')
        return folder;
    if (getcwd(current, sizeof current) == NULL)
        snprintf(current, sizeof current, "/");
    return folder[0] == '\0' ? loader_text(loader, current) : loader_absolute(loader, current, folder);
}

static sluice_status load_into(struct loader *loader, const char *text, size_t size)
{
    const struct flow_options *options = loader->options;
    bool empty;
    loader->file = loader_text(loader, options->file != NULL ? options->file : "(flow)");
    loader->folder = absolute_folder(loader, options->file);
    if (loader->file == NULL || loader->folder == NULL)
        return SLUICE_NO_MEMORY;
    struct flow_place place = {.file = loader->file};
    struct node *root = node_read(text, size, place, options->resolved ? &node_limits_resolved : &node_limits_input,
                                  loader->scratch, loader->problems, &empty);
    place.line = place.column = 1;
    if (empty)
        problem_error(loader->problems, place, "the file is empty; a Flow starts with `jtype: Flow`");
    else if (root != NULL && root->kind != NODE_MAP)
        problem_error(loader->problems, root->place, "a Flow is a map that starts with `jtype: Flow`, not %s",
                      node_kind_name(root));
    else if (root != NULL)
        read_root(loader, root);
    return loader->problems->no_memory         ? SLUICE_NO_MEMORY
           : loader->problems->error_count > 0 ? SLUICE_INVALID
                                               : SLUICE_OK;
}

static struct flow *new_flow(void)
{
    struct arena *arena = arena_new(8 * 1024, MODEL_BYTES_MAX);
    struct flow *flow = arena != NULL ? arena_zalloc(arena, sizeof *flow) : NULL;
    if (flow == NULL) {
        arena_free(arena);
        return NULL;
    }
    flow->arena = arena;
    return flow;
}

sluice_status flow_load(const char *text, size_t size, const struct flow_options *options,
                        const struct flow_source *source, struct flow **ret_flow, struct flow_report *ret_report,
                        struct arena **ret_report_arena)
{
    static const struct flow_options none = {0};
    struct arena *report_arena = arena_new(4 * 1024, MODEL_BYTES_MAX), *scratch = arena_new(32 * 1024, MODEL_BYTES_MAX);
    struct flow *flow = new_flow();
    struct problems problems;
    *ret_report = (struct flow_report){0};
    *ret_report_arena = report_arena;
    problems_init(&problems, report_arena);
    sluice_status status = SLUICE_NO_MEMORY;
    if (report_arena != NULL && scratch != NULL && flow != NULL) {
        struct loader loader = {.options = options != NULL ? options : &none,
                                .source = source,
                                .arena = flow->arena,
                                .scratch = scratch,
                                .problems = &problems,
                                .flow = flow};
        status = load_into(&loader, text, size);
        if (problems_report(&problems, ret_report) != SLUICE_OK)
            status = SLUICE_NO_MEMORY;
    }
    problems_done(&problems);
    arena_free(scratch);
    if (status == SLUICE_OK)
        *ret_flow = flow;
    else
        flow_free(flow);
    return status;
}

struct flow *flow_free(struct flow *flow)
{
    if (flow == NULL)
        return NULL;
    for (size_t i = 0; i < flow->executor_count; i++) {
        sluice_value_free((sluice_value *)flow->executors[i].uses_with);
        sluice_value_free((sluice_value *)flow->executors[i].uses_requests);
    }
    arena_free(flow->arena);
    return NULL;
}
