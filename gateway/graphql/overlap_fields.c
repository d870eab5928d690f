/* What fields are compared, and the comparisons that need no other field. */
#include "gateway/graphql/overlap.h"

#include <string.h>

bool overlap_spend(struct validation *v, size_t cost)
{
    v->overlap->work -= (long)cost;
    if (v->overlap->work < 0)
        validation_abort(v);
    return !v->stopped;
}

void **overlap_pair(struct validation *v, struct names *names, const void *a, const void *b)
{
    const void *pair[2] = {a, b};
    void **slot = NULL;
    const char *key = arena_copy(v->arena, pair, sizeof pair);
    if (key != NULL)
        slot = names_slot(names, v->arena, (sluice_text){key, sizeof pair});
    if (slot == NULL)
        validation_no_memory(v);
    return slot;
}

static bool add_field(struct validation *v, struct collected *collected, const struct type *parent,
                      const struct node *node)
{
    struct detail *detail = arena_zalloc(v->arena, sizeof *detail);
    void **slot = names_slot(&collected->fields, v->arena, node_response_name(node));
    if (detail == NULL || slot == NULL)
        return validation_no_memory(v);
    detail->parent = parent;
    detail->node = node;
    if (parent != NULL && (parent->kind == TYPE_OBJECT || parent->kind == TYPE_INTERFACE))
        detail->field = schema_field_of(parent, node->name);
    struct detail *last = *slot;
    if (last == NULL) {
        detail->next = detail; /* a ring, of which the map holds the last */
    } else {
        detail->next = last->next;
        last->next = detail;
    }
    *slot = detail;
    return true;
}

static bool collect(struct validation *v, struct collected *collected, const struct type *parent,
                    const struct node *set)
{
    for (const struct node *node = set->children; node != NULL; node = node->next) {
        bool good = true;
        if (node->kind == NODE_FIELD) {
            good = add_field(v, collected, parent, node);
        } else if (node->kind == NODE_FRAGMENT_SPREAD) {
            good = names_slot(&collected->spreads, v->arena, node->name) != NULL || validation_no_memory(v);
        } else {
            const struct type *type = node->type != NULL ? schema_type_named(node->type->name) : parent;
            good = collect(v, collected, type, node->selection_set);
        }
        if (!good)
            return false;
    }
    return true;
}

/* Rings become lists that begin with the first. */
static void open_rings(struct collected *collected)
{
    for (size_t i = 0; i < collected->fields.count; i++) {
        struct detail *last = collected->fields.entries[i].value, *first = last->next;
        last->next = NULL;
        collected->fields.entries[i].value = first;
    }
}

struct collected *overlap_collect(struct validation *v, const struct type *parent, const struct node *set)
{
    void **slot = overlap_pair(v, &v->overlap->collected, parent, set);
    if (slot == NULL || *slot != NULL)
        return slot != NULL ? *slot : NULL;
    struct collected *collected = arena_zalloc(v->arena, sizeof *collected);
    if (collected == NULL || !collect(v, collected, parent, set)) {
        validation_no_memory(v);
        return NULL;
    }
    open_rings(collected);
    return *slot = collected;
}

struct collected *overlap_collect_fragment(struct validation *v, const struct node *fragment)
{
    return overlap_collect(v, schema_type_named(fragment->type->name), fragment->selection_set);
}

static bool same_values(struct validation *v, const struct node *a, const struct node *b);

static bool same_lists(struct validation *v, const struct node *a, const struct node *b)
{
    const struct node *other = b->children;
    for (const struct node *item = a->children; item != NULL; item = item->next, other = other->next)
        if (!same_values(v, item, other))
            return false;
    return true;
}

/* Arguments, and fields of objects, may be in any order. Looking each up costs, so it is counted as work. */
static bool same_by_name(struct validation *v, const struct node *first, const struct node *others, size_t count)
{
    enum { COMPARED_PER_WORK = 16 };
    if (!overlap_spend(v, count * count / COMPARED_PER_WORK + 1))
        return true;
    for (const struct node *item = first; item != NULL; item = item->next) {
        const struct node *other = node_find(others, item->name);
        if (other == NULL || !same_values(v, item->value, other->value))
            return false;
    }
    return true;
}

static bool same_values(struct validation *v, const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    if (a->kind == NODE_LIST)
        return same_lists(v, a, b);
    if (a->kind == NODE_OBJECT)
        return same_by_name(v, a->children, b->children, a->count);
    return node_named(a, b->name) && a->block == b->block;
}

static size_t count_siblings(const struct node *node)
{
    size_t count = 0;
    for (; node != NULL; node = node->next)
        count++;
    return count;
}

bool overlap_same_arguments(struct validation *v, const struct node *a, const struct node *b)
{
    size_t count = count_siblings(a->arguments);
    return count == count_siblings(b->arguments) && same_by_name(v, a->arguments, b->arguments, count);
}

bool overlap_types_conflict(const struct type *a, const struct type *b)
{
    if (a == b)
        return false;
    if (a->kind == TYPE_LIST || b->kind == TYPE_LIST || a->kind == TYPE_NON_NULL || b->kind == TYPE_NON_NULL)
        return a->kind != b->kind || overlap_types_conflict(a->of, b->of);
    return type_is_leaf(a) || type_is_leaf(b);
}
