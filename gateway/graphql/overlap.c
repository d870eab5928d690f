/*
 * OverlappingFieldsCanBeMerged: two fields with one response name must be the same field with the same arguments,
 * unless they can never apply to one object. The letters are those of the algorithm's description in the package
 * graphql.
 */
#include "gateway/graphql/overlap.h"
#include "common/foundation/text.h"

#include <string.h>

enum { DETAIL_MAX = 1000, CONFLICT_NODES_MAX = 20 };

struct conflict {
    sluice_text name;
    const char *reason;
    struct node_row first, second;
    struct conflict *next;
};

struct conflicts {
    struct conflict *first, *last;
};

static struct conflict *find_conflict(struct validation *v, bool exclusive, sluice_text name, const struct detail *a,
                                      const struct detail *b);

static void add_conflict(struct conflicts *conflicts, struct conflict *conflict)
{
    if (conflict == NULL)
        return;
    if (conflicts->last != NULL)
        conflicts->last->next = conflict;
    else
        conflicts->first = conflict;
    conflicts->last = conflict;
}

static struct conflict *new_conflict(struct validation *v, sluice_text name, const char *reason, const struct node *a,
                                     const struct node *b)
{
    struct conflict *conflict = arena_zalloc(v->arena, sizeof *conflict);
    if (conflict == NULL || reason == NULL) {
        validation_no_memory(v);
        return NULL;
    }
    conflict->name = name;
    conflict->reason = reason;
    return node_row_add(v, &conflict->first, a) && node_row_add(v, &conflict->second, b) ? conflict : NULL;
}

/* (A) All fields of one collection with each other. */
static void conflicts_within(struct validation *v, struct conflicts *conflicts, const struct collected *collected)
{
    for (size_t i = 0; i < collected->fields.count; i++)
        for (const struct detail *a = collected->fields.entries[i].value; a != NULL; a = a->next)
            for (const struct detail *b = a->next; b != NULL && !v->stopped; b = b->next)
                add_conflict(conflicts, find_conflict(v, false, collected->fields.entries[i].key, a, b));
}

/* (D, F, H) Fields of one collection with those of another. */
static void conflicts_between(struct validation *v, struct conflicts *conflicts, bool exclusive,
                              const struct collected *one, const struct collected *other)
{
    if (other->fields.count == 0)
        return;
    for (size_t i = 0; i < one->fields.count && overlap_spend(v, 1); i++) {
        sluice_text name = one->fields.entries[i].key;
        const struct detail *others = names_get(&other->fields, name);
        for (const struct detail *a = one->fields.entries[i].value; others != NULL && a != NULL; a = a->next)
            for (const struct detail *b = others; b != NULL && !v->stopped; b = b->next)
                add_conflict(conflicts, find_conflict(v, exclusive, name, a, b));
    }
}

/* Was this pair compared already, as strictly as needed now? Notes that it is compared. */
static bool compared_already(void **slot, bool exclusive)
{
    uintptr_t before = (uintptr_t)*slot;
    if (before == COMPARED_OVERLAPPING || (exclusive && before == COMPARED_EXCLUSIVE))
        return true;
    *slot = (void *)(uintptr_t)(exclusive ? COMPARED_EXCLUSIVE : COMPARED_OVERLAPPING);
    return false;
}

/* (B, E, I) The fields of a collection with those of a fragment and of the fragments that it spreads. */
static void conflicts_with_fragment(struct validation *v, struct conflicts *conflicts, bool exclusive,
                                    struct collected *collected, sluice_text name)
{
    if (!overlap_spend(v, 1) || collected->fields.count == 0)
        return;
    void **compared = names_slot(&collected->compared, v->arena, name);
    if (compared == NULL) {
        validation_no_memory(v);
        return;
    }
    const struct node *fragment = fragment_named(v, name);
    if (compared_already(compared, exclusive) || fragment == NULL)
        return;
    struct collected *other = overlap_collect_fragment(v, fragment);
    if (other == NULL || other == collected || !validation_deeper(v))
        return;
    conflicts_between(v, conflicts, exclusive, collected, other);
    for (size_t i = 0; i < other->spreads.count && !v->stopped; i++)
        conflicts_with_fragment(v, conflicts, exclusive, collected, other->spreads.entries[i].key);
    v->recursion--;
}

/* (C, G, J) Two fragments, and those that they spread. */
static void conflicts_of_fragments(struct validation *v, struct conflicts *conflicts, bool exclusive, sluice_text name,
                                   sluice_text other_name)
{
    const struct node *a = fragment_named(v, name), *b = fragment_named(v, other_name);
    if (!overlap_spend(v, 2) || a == NULL || b == NULL || a == b)
        return;
    void **compared = a < b ? overlap_pair(v, &v->overlap->pairs, a, b) : overlap_pair(v, &v->overlap->pairs, b, a);
    if (compared == NULL || compared_already(compared, exclusive))
        return;
    struct collected *one = overlap_collect_fragment(v, a), *other = overlap_collect_fragment(v, b);
    if (one == NULL || other == NULL || !validation_deeper(v))
        return;
    conflicts_between(v, conflicts, exclusive, one, other);
    for (size_t i = 0; i < other->spreads.count && !v->stopped; i++)
        conflicts_of_fragments(v, conflicts, exclusive, name, other->spreads.entries[i].key);
    for (size_t i = 0; i < one->spreads.count && !v->stopped; i++)
        conflicts_of_fragments(v, conflicts, exclusive, one->spreads.entries[i].key, other_name);
    v->recursion--;
}

static struct conflicts conflicts_of_subfields(struct validation *v, bool exclusive, const struct detail *a,
                                               const struct detail *b)
{
    struct conflicts conflicts = {NULL, NULL};
    const struct type *type_a = a->field != NULL ? type_named(a->field->type) : NULL;
    const struct type *type_b = b->field != NULL ? type_named(b->field->type) : NULL;
    struct collected *one = overlap_collect(v, type_a, a->node->selection_set);
    struct collected *other = overlap_collect(v, type_b, b->node->selection_set);
    if (one == NULL || other == NULL || !validation_deeper(v))
        return conflicts;
    conflicts_between(v, &conflicts, exclusive, one, other);
    for (size_t i = 0; i < other->spreads.count && !v->stopped; i++)
        conflicts_with_fragment(v, &conflicts, exclusive, one, other->spreads.entries[i].key);
    for (size_t i = 0; i < one->spreads.count && !v->stopped; i++)
        conflicts_with_fragment(v, &conflicts, exclusive, other, one->spreads.entries[i].key);
    for (size_t i = 0; i < one->spreads.count; i++)
        for (size_t j = 0; j < other->spreads.count && !v->stopped; j++)
            conflicts_of_fragments(v, &conflicts, exclusive, one->spreads.entries[i].key,
                                   other->spreads.entries[j].key);
    v->recursion--;
    return conflicts;
}

static const char *abbreviated(struct validation *v, const char *text)
{
    size_t size = strlen(text);
    return size <= DETAIL_MAX ? text : arena_printf(v->arena, "%.*s...", (int)text_cut(text, DETAIL_MAX), text);
}

/* Of the nodes of each conflict the last ones, as long as there is room. */
static bool add_nodes(struct validation *v, struct node_row *to, const struct conflicts *conflicts, bool second)
{
    for (const struct conflict *conflict = conflicts->first; conflict != NULL; conflict = conflict->next) {
        const struct node_row *row = second ? &conflict->second : &conflict->first;
        size_t room = CONFLICT_NODES_MAX - to->count;
        for (size_t i = row->count > room ? row->count - room : 0; i < row->count; i++)
            if (!node_row_add(v, to, row->nodes[i]))
                return false;
        if (to->count >= CONFLICT_NODES_MAX)
            return true;
    }
    return true;
}

static struct conflict *subfield_conflict(struct validation *v, const struct conflicts *conflicts, sluice_text name,
                                          const struct detail *a, const struct detail *b)
{
    const char *message = "";
    if (conflicts->first == NULL || v->stopped)
        return NULL;
    for (const struct conflict *conflict = conflicts->first; conflict != NULL && message != NULL;
         conflict = conflict->next) {
        message = arena_printf(v->arena, "%s%ssubfields \"%.*s\" conflict because %s", message,
                               message[0] != '\0' ? " and " : "", TEXT_ARGS(conflict->name), conflict->reason);
        if (message == NULL || strlen(message) > DETAIL_MAX)
            break;
    }
    struct conflict *conflict =
        new_conflict(v, name, message != NULL ? abbreviated(v, message) : NULL, a->node, b->node);
    if (conflict == NULL || !add_nodes(v, &conflict->first, conflicts, false) ||
        !add_nodes(v, &conflict->second, conflicts, true))
        return NULL;
    return conflict;
}

static bool is_simple_leaf(const struct detail *detail)
{
    return detail->node->arguments == NULL && detail->node->selection_set == NULL;
}

/* Why two fields that may meet in one object differ; NULL: they do not. */
static const char *difference(struct validation *v, const struct detail *a, const struct detail *b)
{
    const char *text = NULL;
    if (node_named(a->node, b->node->name))
        return overlap_same_arguments(v, a->node, b->node) ? NULL : "they have differing arguments";
    text = arena_printf(v->arena, "\"%.*s\" and \"%.*s\" are different fields", TEXT_ARGS(a->node->name),
                        TEXT_ARGS(b->node->name));
    return text != NULL ? text : "they are different fields";
}

static struct conflict *find_conflict(struct validation *v, bool exclusive, sluice_text name, const struct detail *a,
                                      const struct detail *b)
{
    const struct type *type_a = a->field != NULL ? a->field->type : NULL;
    const struct type *type_b = b->field != NULL ? b->field->type : NULL;
    if (a->parent != b->parent && a->parent != NULL && b->parent != NULL && a->parent->kind == TYPE_OBJECT &&
        b->parent->kind == TYPE_OBJECT)
        exclusive = true;
    if (!overlap_spend(v, 2))
        return NULL;
    if (is_simple_leaf(a) && is_simple_leaf(b) && type_a == type_b && node_named(a->node, b->node->name))
        return NULL;
    const char *reason = exclusive ? NULL : difference(v, a, b);
    if (reason == NULL && type_a != NULL && type_b != NULL && overlap_types_conflict(type_a, type_b))
        reason = arena_printf(v->arena, "they return conflicting types \"%s\" and \"%s\"", type_text(v->arena, type_a),
                              type_text(v->arena, type_b));
    if (reason != NULL)
        return new_conflict(v, name, reason, a->node, b->node);
    if (a->node->selection_set == NULL || b->node->selection_set == NULL)
        return NULL;
    struct conflicts conflicts = conflicts_of_subfields(v, exclusive, a, b);
    return subfield_conflict(v, &conflicts, name, a, b);
}

static struct conflicts conflicts_of_set(struct validation *v, const struct node *set)
{
    struct conflicts conflicts = {NULL, NULL};
    struct collected *collected = overlap_collect(v, typeinfo_parent(&v->info), set);
    if (collected == NULL)
        return conflicts;
    conflicts_within(v, &conflicts, collected);
    const struct names *spreads = &collected->spreads;
    if (collected->fields.count == 0 && spreads->count <= 1)
        return conflicts;
    for (size_t i = 0; i < spreads->count && !v->stopped; i++) {
        conflicts_with_fragment(v, &conflicts, false, collected, spreads->entries[i].key);
        for (size_t j = i + 1; j < spreads->count && !v->stopped; j++)
            conflicts_of_fragments(v, &conflicts, false, spreads->entries[i].key, spreads->entries[j].key);
    }
    return conflicts;
}

static void report_conflict(struct validation *v, const struct conflict *conflict)
{
    struct problem *problem =
        report(v, conflict->first.nodes[0],
               "Fields \"%.*s\" conflict because %s. Use different aliases on the fields to fetch "
               "both if this was intentional.",
               TEXT_ARGS(conflict->name), conflict->reason);
    for (size_t i = 1; i < conflict->first.count; i++)
        problem_place(v->problems, problem, conflict->first.nodes[i]->at);
    for (size_t i = 0; i < conflict->second.count; i++)
        problem_place(v->problems, problem, conflict->second.nodes[i]->at);
}

bool enter_overlapping_fields(struct validation *v, const struct node *node)
{
    if (node->kind != NODE_SELECTION_SET || v->parent->kind == NODE_INLINE_FRAGMENT)
        return true;
    if (node->count <= 1 && (node->children == NULL || node->children->kind != NODE_INLINE_FRAGMENT))
        return true;
    if (v->overlap == NULL) {
        v->overlap = arena_zalloc(v->arena, sizeof *v->overlap);
        if (v->overlap == NULL)
            return validation_no_memory(v);
        v->overlap->work = OVERLAP_WORK_MAX;
    }
    struct conflicts conflicts = conflicts_of_set(v, node);
    for (const struct conflict *conflict = conflicts.first; conflict != NULL && !v->stopped; conflict = conflict->next)
        report_conflict(v, conflict);
    return true;
}
