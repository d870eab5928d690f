/* Which fragments and variables a definition uses; asked for by several rules, found once. */
#include "gateway/graphql/validate.h"

#include <string.h>

/* Make room for one more in a list of `size` bytes per entry. */
static void *grown(struct validation *v, void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    size_t more = *capacity == 0 ? 4 : *capacity * 2;
    void *copy = arena_alloc(v->arena, more * size);
    if (copy == NULL) {
        validation_no_memory(v);
        return NULL;
    }
    if (count > 0)
        memcpy(copy, list, count * size);
    *capacity = more;
    return copy;
}

bool node_row_add(struct validation *v, struct node_row *row, const struct node *node)
{
    const struct node **nodes = grown(v, row->nodes, row->count, &row->capacity, sizeof(struct node *));
    if (nodes == NULL)
        return false;
    row->nodes = nodes;
    row->nodes[row->count++] = node;
    return true;
}

bool spend_fragment_work(struct validation *v, size_t cost)
{
    v->fragment_work -= (long)cost;
    if (v->fragment_work < 0)
        validation_abort(v);
    return v->fragment_work >= 0;
}

const struct node *fragment_named(const struct validation *v, sluice_text name)
{
    return names_get(&v->fragments, name);
}

/* The last selection set that was met is looked into first: the order in which the package graphql finds them. */
static bool find_spreads(struct validation *v, const struct node *definition, struct node_row *spreads)
{
    struct node_row sets = {0};
    bool good = node_row_add(v, &sets, definition->selection_set);
    while (good && sets.count > 0) {
        const struct node *set = sets.nodes[--sets.count];
        for (const struct node *node = set->children; good && node != NULL; node = node->next) {
            if (node->kind == NODE_FRAGMENT_SPREAD)
                good = node_row_add(v, spreads, node);
            else if (node->selection_set != NULL)
                good = node_row_add(v, &sets, node->selection_set);
        }
    }
    return good;
}

const struct node_row *fragment_spreads(struct validation *v, const struct node *definition)
{
    struct definition_facts *facts = &v->facts[definition->number];
    if (!facts->spreads_known && !find_spreads(v, definition, &facts->spreads))
        return NULL;
    facts->spreads_known = true;
    return &facts->spreads;
}

static bool add_names(struct validation *v, struct names *names, const struct node_row *spreads)
{
    for (size_t i = 0; i < spreads->count; i++)
        if (names_slot(names, v->arena, spreads->nodes[i]->name) == NULL)
            return validation_no_memory(v);
    return true;
}

bool fragments_of(struct validation *v, const struct node_row *operations, struct node_row *ret_fragments)
{
    struct names names = {0};
    for (size_t i = 0; i < operations->count; i++) {
        const struct node_row *spreads = fragment_spreads(v, operations->nodes[i]);
        if (spreads == NULL || !add_names(v, &names, spreads))
            return false;
    }
    if (!spend_fragment_work(v, names.count))
        return false;
    for (size_t i = 0; i < names.count; i++) { /* the row grows on the way */
        const struct node *fragment = fragment_named(v, names.entries[i].key);
        if (fragment == NULL)
            continue;
        const struct node_row *spreads = fragment_spreads(v, fragment);
        if (spreads == NULL || !node_row_add(v, ret_fragments, fragment) || !spend_fragment_work(v, spreads->count) ||
            !add_names(v, &names, spreads))
            return false;
    }
    return true;
}

static bool add_usage(struct validation *v, struct usages *usages, struct usage usage)
{
    struct usage *list = grown(v, usages->list, usages->count, &usages->capacity, sizeof usage);
    if (list == NULL)
        return false;
    usages->list = list;
    usages->list[usages->count++] = usage;
    return true;
}

static bool find_usages(struct validation *v, struct typeinfo *info, const struct node *node, struct usages *usages)
{
    struct node *parts[NODE_PARTS_MAX];
    if (node->kind == NODE_VARIABLE_DEFINITION)
        return true;
    bool good = true;
    typeinfo_enter(info, node);
    if (node->kind == NODE_VARIABLE)
        good = add_usage(v, usages, (struct usage){node, typeinfo_input(info), typeinfo_fallback(info)});
    size_t count = node_parts(node, parts);
    for (size_t i = 0; i < count; i++)
        for (const struct node *child = parts[i]; child != NULL && good; child = child->next)
            good = find_usages(v, info, child, usages);
    typeinfo_leave(info, node);
    return good;
}

static const struct usages *own_usages(struct validation *v, const struct node *definition)
{
    struct usages *usages = &v->facts[definition->number].usages;
    if (usages->known)
        return usages;
    struct typeinfo *info = arena_zalloc(v->arena, sizeof *info);
    if (info == NULL) {
        validation_no_memory(v);
        return NULL;
    }
    info->arena = v->arena;
    usages->known = find_usages(v, info, definition, usages);
    return usages->known ? usages : NULL;
}

static bool add_usages(struct validation *v, struct usages *to, const struct usages *from)
{
    for (size_t i = 0; from != NULL && i < from->count; i++)
        if (!add_usage(v, to, from->list[i]))
            return false;
    return from != NULL;
}

const struct usages *usages_of(struct validation *v, const struct node *operation)
{
    struct usages *all = &v->facts[operation->number].all_usages;
    struct node_row one = {.nodes = &operation, .count = 1, .capacity = 1}, fragments = {0};
    if (all->known)
        return all;
    if (!add_usages(v, all, own_usages(v, operation)) || !fragments_of(v, &one, &fragments) ||
        !spend_fragment_work(v, fragments.count))
        return NULL;
    for (size_t i = 0; i < fragments.count; i++) {
        const struct usages *usages = own_usages(v, fragments.nodes[i]);
        if (!add_usages(v, all, usages) || !spend_fragment_work(v, 2 * usages->count))
            return NULL;
    }
    all->known = true;
    return all;
}
