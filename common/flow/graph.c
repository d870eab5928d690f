/*
 * Design notes: predecessors are resolved first, item by item; what is wrong is left out. A need on a later item is
 * either part of a cycle (found by walking back from it) or an order that the original never runs; both are refused, so
 * the order of the YAML is a topological order of any graph that is accepted.
 */
#include "common/flow/graph.h"
#include "common/foundation/buffer.h"

#include <stdlib.h>
#include <string.h>

struct builder {
    struct arena *arena;
    const struct graph_item *items;
    size_t count;
    struct problems *problems;
    size_t **needs;
    size_t *needs_count;
    bool *in_cycle; /* of a cycle that was reported */
    size_t errors_before;
};

static size_t find(const struct builder *builder, const char *name)
{
    for (size_t i = 0; i < builder->count; i++)
        if (strcmp(builder->items[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static size_t last_chained(const struct builder *builder, size_t before)
{
    while (before-- > 0)
        if (!builder->items[before].floating)
            return before;
    return FLOW_START;
}

static void report_unknown(const struct builder *builder, size_t item, const struct graph_need *need)
{
    const char **names = arena_alloc(builder->problems->arena, (builder->count + 2) * sizeof *names);
    if (names == NULL) {
        builder->problems->no_memory = true;
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < builder->count; i++)
        if (i != item)
            names[used++] = builder->items[i].name;
    names[used++] = "gateway";
    names[used] = NULL;
    problem_error(builder->problems, need->place, "executor \"%s\" needs \"%s\", which is no executor of this Flow%s",
                  builder->items[item].name, need->name, problem_suggestion(builder->problems, need->name, names));
}

/* The written needs of `item`, as numbers; wrong ones are reported, later ones kept for the search of cycles. */
static void resolve_written(struct builder *builder, size_t item)
{
    const struct graph_item *it = &builder->items[item];
    size_t *numbers = builder->needs[item], used = 0;
    for (size_t i = 0; i < it->needs_count; i++) {
        const struct graph_need *need = &it->needs[i];
        size_t number = strcmp(need->name, "gateway") == 0 ? FLOW_START : find(builder, need->name);
        bool twice = false;
        for (size_t k = 0; k < used; k++)
            twice |= numbers[k] == number;
        if (number == SIZE_MAX && strcmp(need->name, "gateway") != 0)
            report_unknown(builder, item, need);
        else if (number == item)
            problem_error(builder->problems, need->place, "executor \"%s\" needs itself", it->name);
        else if (twice)
            problem_error(builder->problems, need->place, "executor \"%s\" needs \"%s\" twice", it->name, need->name);
        else
            numbers[used++] = number;
    }
    builder->needs_count[item] = used;
}

static sluice_status resolve_open_ends(struct builder *builder, size_t item)
{
    bool *followed = arena_zalloc(builder->arena, item + 1);
    if (followed == NULL)
        return SLUICE_NO_MEMORY;
    for (size_t i = 0; i < item; i++)
        for (size_t n = 0; n < builder->needs_count[i]; n++)
            if (builder->needs[i][n] < item)
                followed[builder->needs[i][n]] = true;
    size_t used = 0;
    for (size_t i = 0; i < item; i++)
        if (!followed[i] && !builder->items[i].floating)
            builder->needs[item][used++] = i;
    builder->needs_count[item] = used;
    return SLUICE_OK;
}

static sluice_status resolve(struct builder *builder, size_t item)
{
    const struct graph_item *it = &builder->items[item];
    size_t room = it->join_all ? item : it->needs_count;
    builder->needs[item] = arena_alloc(builder->arena, (room + 1) * sizeof(size_t));
    if (builder->needs[item] == NULL)
        return SLUICE_NO_MEMORY;
    builder->needs_count[item] = 0;
    if (it->join && it->needs_count < 2)
        problem_error(builder->problems, it->place,
                      "executor \"%s\": `method: needs` joins at least two executors, listed in \"needs\"", it->name);
    if (it->join_all && resolve_open_ends(builder, item) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    if (!it->join_all && it->needs_count > 0)
        resolve_written(builder, item);
    if (builder->needs_count[item] == 0 && (it->needs_count == 0 || it->join_all)) {
        builder->needs[item][0] = last_chained(builder, item);
        builder->needs_count[item] = 1;
    }
    return SLUICE_OK;
}

/* A path from `from` back to `target` over needs, written into `path` from its end. Each node is looked at once. */
static size_t path_back(const struct builder *builder, size_t from, size_t target, bool *seen, size_t *path,
                        size_t depth)
{
    path[depth] = from;
    if (from == target)
        return depth + 1;
    seen[from] = true;
    for (size_t i = 0; i < builder->needs_count[from]; i++) {
        size_t next = builder->needs[from][i];
        if (next < builder->count && !seen[next]) {
            size_t length = path_back(builder, next, target, seen, path, depth + 1);
            if (length > 0)
                return length;
        }
    }
    return 0;
}

static struct flow_place place_of_need(const struct builder *builder, size_t item, size_t number)
{
    for (size_t i = 0; i < builder->items[item].needs_count; i++)
        if (strcmp(builder->items[item].needs[i].name, builder->items[number].name) == 0)
            return builder->items[item].needs[i].place;
    return builder->items[item].place;
}

/* `item` needs `later`, which stands behind it. */
static void report_later(const struct builder *builder, size_t item, size_t later, bool *seen, size_t *path)
{
    struct flow_place place = place_of_need(builder, item, later);
    memset(seen, 0, builder->count * sizeof *seen);
    size_t length = path_back(builder, later, item, seen, path, 0);
    if (length == 0) {
        problem_error(builder->problems, place, "executor \"%s\" needs \"%s\", which stands behind it; move \"%s\" up",
                      builder->items[item].name, builder->items[later].name, builder->items[later].name);
        return;
    }
    struct buffer text;
    buffer_init(&text, 4096);
    for (size_t i = 0; i < length; i++)
        builder->in_cycle[path[i]] = true;
    for (size_t i = 0; i < length; i++)
        buffer_printf(&text, "\"%s\" needs ", builder->items[i == 0 ? item : path[i - 1]].name);
    buffer_printf(&text, "\"%s\"", builder->items[item].name);
    problem_error(builder->problems, place, "a cycle: %s", buffer_text(&text));
    buffer_done(&text);
}

static sluice_status check_order(struct builder *builder)
{
    bool *seen = arena_alloc(builder->arena, builder->count + 1);
    size_t *path = arena_alloc(builder->arena, (builder->count + 1) * sizeof *path);
    builder->in_cycle = arena_zalloc(builder->arena, builder->count + 1);
    if (seen == NULL || path == NULL || builder->in_cycle == NULL)
        return SLUICE_NO_MEMORY;
    for (size_t i = 0; i < builder->count; i++)
        for (size_t n = 0; n < builder->needs_count[i]; n++)
            if (builder->needs[i][n] < builder->count && builder->needs[i][n] > i && builder->problems->left_out == 0)
                report_later(builder, i, builder->needs[i][n], seen, path);
    return SLUICE_OK;
}

/* Nodes that can never start because of a cycle before them. A node with a wrong need is reported already. */
static sluice_status check_reachable(struct builder *builder)
{
    bool *reached = arena_zalloc(builder->arena, builder->count + 1);
    if (reached == NULL)
        return SLUICE_NO_MEMORY;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < builder->count; i++) {
            bool ready = !reached[i];
            for (size_t n = 0; n < builder->needs_count[i]; n++)
                ready &= builder->needs[i][n] >= builder->count || reached[builder->needs[i][n]];
            if (ready)
                changed = reached[i] = true;
        }
    }
    for (size_t i = 0; i < builder->count; i++)
        if (!reached[i] && !builder->in_cycle[i])
            problem_error(builder->problems, builder->items[i].place,
                          "executor \"%s\" can never be reached: nothing leads from the gateway to what it needs",
                          builder->items[i].name);
    return SLUICE_OK;
}

static sluice_status add_edge(struct arena *arena, size_t **list, size_t *count, size_t value)
{
    size_t *longer = arena_alloc(arena, (*count + 1) * sizeof *longer);
    if (longer == NULL)
        return SLUICE_NO_MEMORY;
    if (*count > 0)
        memcpy(longer, *list, *count * sizeof *longer);
    longer[(*count)++] = value;
    *list = longer;
    return SLUICE_OK;
}

static sluice_status connect_nodes(struct builder *builder, struct flow_graph *graph)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < builder->count && status == SLUICE_OK; i++) {
        struct flow_node *node = &graph->nodes[i];
        for (size_t n = 0; n < builder->needs_count[i] && status == SLUICE_OK; n++) {
            size_t from = builder->needs[i][n];
            status = add_edge(builder->arena, &node->previous, &node->previous_count, from);
            if (status != SLUICE_OK)
                break;
            if (from == FLOW_START)
                status = add_edge(builder->arena, &graph->origins, &graph->origin_count, i);
            else
                status = add_edge(builder->arena, &graph->nodes[from].next, &graph->nodes[from].next_count, i);
        }
    }
    size_t last = last_chained(builder, builder->count);
    if (status == SLUICE_OK && last != FLOW_START)
        status = add_edge(builder->arena, &graph->nodes[last].next, &graph->nodes[last].next_count, FLOW_END);
    return status;
}

static bool is_chain(const struct builder *builder, const struct flow_graph *graph)
{
    for (size_t i = 0; i < builder->count; i++)
        if (builder->items[i].floating || graph->nodes[i].next_count != 1 || graph->nodes[i].previous_count != 1)
            return false;
    return true;
}

static int compare_strings(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The model lists predecessors by name, as the original makes its edges. */
static sluice_status sort_needs(struct builder *builder)
{
    for (size_t i = 0; i < builder->count; i++) {
        size_t count = builder->needs_count[i], *needs = builder->needs[i];
        const char **names = arena_alloc(builder->arena, (count + 1) * sizeof *names);
        if (names == NULL)
            return SLUICE_NO_MEMORY;
        for (size_t n = 0; n < count; n++)
            names[n] = needs[n] == FLOW_START ? "gateway" : builder->items[needs[n]].name;
        if (count > 1)
            qsort(names, count, sizeof *names, compare_strings);
        for (size_t n = 0; n < count; n++)
            needs[n] = strcmp(names[n], "gateway") == 0 ? FLOW_START : find(builder, names[n]);
    }
    return SLUICE_OK;
}

sluice_status graph_build(struct arena *arena, const struct graph_item *items, size_t count, struct problems *problems,
                          struct flow_graph *ret_graph, size_t **needs, size_t *needs_count)
{
    struct builder builder = {.arena = arena,
                              .items = items,
                              .count = count,
                              .problems = problems,
                              .needs = needs,
                              .needs_count = needs_count,
                              .errors_before = problems->error_count};
    struct flow_graph graph = {0};
    for (size_t i = 0; i < count; i++)
        if (resolve(&builder, i) != SLUICE_OK)
            return SLUICE_NO_MEMORY;
    if (check_order(&builder) != SLUICE_OK || check_reachable(&builder) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    if (problems->error_count > builder.errors_before)
        return SLUICE_INVALID;
    graph.nodes = arena_zalloc(arena, (count + 1) * sizeof *graph.nodes);
    graph.order = arena_alloc(arena, (count + 1) * sizeof *graph.order);
    if (graph.nodes == NULL || graph.order == NULL || connect_nodes(&builder, &graph) != SLUICE_OK ||
        sort_needs(&builder) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        graph.order[i] = i;
    graph.chain = is_chain(&builder, &graph);
    *ret_graph = graph;
    return SLUICE_OK;
}
