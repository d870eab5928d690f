/* MaxIntrospectionDepth: lists of the introspection may not nest without end. */
#include "gateway/graphql/validate.h"

enum { INTROSPECTION_LISTS_MAX = 3 };

static bool is_list_field(const struct node *node)
{
    return node->kind == NODE_FIELD &&
           (sluice_text_is(node->name, "fields") || sluice_text_is(node->name, "interfaces") ||
            sluice_text_is(node->name, "possibleTypes") || sluice_text_is(node->name, "inputFields"));
}

/* Depths are kept as depth + 1 in the maps, so that 0 means unknown. */
static size_t known_depth(const struct names *names, sluice_text name)
{
    return (size_t)(uintptr_t)names_get(names, name);
}

static bool set_depth(struct validation *v, struct names *names, sluice_text name, size_t depth)
{
    void **slot = names_slot(names, v->arena, name);
    if (slot == NULL)
        return validation_no_memory(v);
    *slot = (void *)(uintptr_t)(depth + 1);
    return true;
}

static bool too_deep(struct validation *v, struct names *visited, const struct node *node, size_t depth);

static bool spread_too_deep(struct validation *v, struct names *visited, const struct node *node, size_t depth)
{
    const struct node *fragment = fragment_named(v, node->name);
    size_t exceeded = known_depth(&v->depth_exceeded, node->name);
    if (exceeded != 0 && exceeded <= depth + 1)
        return true;
    if (known_depth(visited, node->name) >= depth + 1 || known_depth(&v->depth_checked, node->name) >= depth + 1 ||
        fragment == NULL || !set_depth(v, visited, node->name, depth))
        return false;
    if (too_deep(v, visited, fragment, depth)) {
        set_depth(v, &v->depth_exceeded, node->name, depth);
        return true;
    }
    set_depth(v, &v->depth_checked, node->name, depth);
    return false;
}

static bool too_deep(struct validation *v, struct names *visited, const struct node *node, size_t depth)
{
    if (node->kind == NODE_FRAGMENT_SPREAD)
        return spread_too_deep(v, visited, node, depth);
    if (is_list_field(node) && ++depth >= INTROSPECTION_LISTS_MAX)
        return true;
    if (node->selection_set == NULL || !validation_deeper(v))
        return false;
    bool deep = false;
    for (const struct node *child = node->selection_set->children; child != NULL && !deep && !v->stopped;
         child = child->next)
        deep = too_deep(v, visited, child, depth);
    v->recursion--;
    return deep;
}

bool enter_max_introspection_depth(struct validation *v, const struct node *node)
{
    struct names visited = {0};
    if (node->kind != NODE_FIELD || (!sluice_text_is(node->name, "__schema") && !sluice_text_is(node->name, "__type")))
        return true;
    if (!too_deep(v, &visited, node, 0))
        return true;
    report(v, node, "Maximum introspection depth exceeded");
    return false;
}
