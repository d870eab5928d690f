/* Rules about the definitions of a document: what may be there, and their names. */
#include "gateway/graphql/validate.h"

bool enter_executable_definitions(struct validation *v, const struct node *node)
{
    if (node->kind != NODE_DOCUMENT)
        return false;
    for (const struct node *definition = node->children; definition != NULL; definition = definition->next) {
        if (definition->kind != NODE_TYPE_SYSTEM)
            continue;
        if (definition->name.size > 0)
            report(v, definition, "The \"%.*s\" definition is not executable.", TEXT_ARGS(definition->name));
        else
            report(v, definition, "The schema definition is not executable.");
    }
    return false;
}

/* The names of operations and of fragments are told alike. */
static bool unique_name(struct validation *v, struct names *names, const struct node *node, const char *what)
{
    void **slot = names_slot(names, v->arena, node->name);
    if (slot == NULL)
        return validation_no_memory(v);
    const struct node *first = *slot;
    if (first != NULL)
        problem_place(
            v->problems,
            report_at(v, first->name_at, "There can be only one %s named \"%.*s\".", what, TEXT_ARGS(node->name)),
            node->name_at);
    else
        *slot = (void *)node;
    return false;
}

bool enter_unique_operation_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_OPERATION && node->name.size > 0)
        return unique_name(v, &v->operation_names, node, "operation");
    return node->kind == NODE_DOCUMENT;
}

bool enter_lone_anonymous_operation(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_OPERATION && node->name.size == 0 && v->operation_count > 1)
        report(v, node, "This anonymous operation must be the only defined operation.");
    return node->kind == NODE_DOCUMENT;
}

bool enter_unique_fragment_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_FRAGMENT)
        return unique_name(v, &v->fragment_names, node, "fragment");
    return node->kind == NODE_DOCUMENT;
}

bool enter_known_fragment_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_FRAGMENT_SPREAD && fragment_named(v, node->name) == NULL)
        report_at(v, node->name_at, "Unknown fragment \"%.*s\".", TEXT_ARGS(node->name));
    return true;
}

bool enter_no_unused_fragments(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_OPERATION)
        node_row_add(v, &v->operations, node);
    else if (node->kind == NODE_FRAGMENT)
        node_row_add(v, &v->fragment_row, node);
    return node->kind == NODE_DOCUMENT;
}

bool leave_no_unused_fragments(struct validation *v, const struct node *node)
{
    struct node_row used = {0};
    struct names names = {0};
    if (node->kind != NODE_DOCUMENT || !fragments_of(v, &v->operations, &used))
        return true;
    for (size_t i = 0; i < used.count; i++) {
        void **slot = names_slot(&names, v->arena, used.nodes[i]->name);
        if (slot == NULL)
            return validation_no_memory(v);
        *slot = v;
    }
    for (size_t i = 0; i < v->fragment_row.count; i++) {
        const struct node *fragment = v->fragment_row.nodes[i];
        if (names_get(&names, fragment->name) == NULL)
            report(v, fragment, "Fragment \"%.*s\" is never used.", TEXT_ARGS(fragment->name));
    }
    return true;
}

/* ---- NoFragmentCycles ---- */

static void report_cycle(struct validation *v, sluice_text name, size_t from)
{
    const char *via = "";
    const struct node **path = v->spread_path.nodes;
    size_t count = v->spread_path.count;
    enum { NAMED_MAX = 20 }; /* of a long way, the message names so many */
    for (size_t i = from; i + 1 < count && via != NULL && i < from + NAMED_MAX; i++)
        via = arena_printf(v->arena, "%s%s\"%.*s\"", via, i == from ? " via " : ", ", TEXT_ARGS(path[i]->name));
    struct problem *problem = report(v, path[from], "Cannot spread fragment \"%.*s\" within itself%s.", TEXT_ARGS(name),
                                     via != NULL ? via : "");
    for (size_t i = from + 1; i < count; i++)
        problem_place(v->problems, problem, path[i]->at);
}

static void follow_spreads(struct validation *v, const struct node *fragment);

static void follow_spread(struct validation *v, const struct node *spread)
{
    void **position = names_slot(&v->path_position, v->arena, spread->name);
    if (position == NULL) {
        validation_no_memory(v);
        return;
    }
    if (!node_row_add(v, &v->spread_path, spread))
        return;
    const struct node *fragment = fragment_named(v, spread->name);
    if (*position != NULL)
        report_cycle(v, spread->name, (size_t)(uintptr_t)*position - 1);
    else if (fragment != NULL)
        follow_spreads(v, fragment);
    v->spread_path.count--;
}

static void follow_spreads(struct validation *v, const struct node *fragment)
{
    void **checked = names_slot(&v->checked_cycles, v->arena, fragment->name);
    if (checked == NULL || *checked != NULL)
        return;
    *checked = v;
    const struct node_row *spreads = fragment_spreads(v, fragment);
    void **position = names_slot(&v->path_position, v->arena, fragment->name);
    if (spreads == NULL || position == NULL || !validation_deeper(v))
        return;
    *position = (void *)(uintptr_t)(v->spread_path.count + 1);
    for (size_t i = 0; i < spreads->count && !v->stopped; i++)
        follow_spread(v, spreads->nodes[i]);
    position = names_slot(&v->path_position, v->arena, fragment->name); /* the map may have moved */
    if (position != NULL)
        *position = NULL;
    v->recursion--;
}

bool enter_no_fragment_cycles(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_FRAGMENT)
        follow_spreads(v, node);
    return node->kind == NODE_DOCUMENT;
}
