/* Which fields an object has in the answer: CollectFields() of the specification. */
#include "gateway/graphql/execute.h"

#include <string.h>

struct collecting {
    struct graphql *operation;
    struct plan *plan;
    struct names fields;  /* response name -> struct plan_field */
    struct names visited; /* fragments */
};

static bool no_memory(struct graphql *operation)
{
    operation->problems.no_memory = true;
    return false;
}

/* The value of `if` of a directive of the node; `absent` when there is no such directive. False: it has no value. */
static bool condition(struct collecting *c, const struct node *node, const char *name, bool absent, bool *ret_value)
{
    struct problems *problems = &c->operation->problems;
    const struct node *directive = node_find(node->directives, sluice_text_of(name));
    const struct directive *known = schema_directive_named(sluice_text_of(name));
    struct value *value = NULL;
    struct problem *before = problems->last;
    *ret_value = absent;
    if (directive == NULL)
        return true;
    if (coerce_arguments(problems, directive, known->arguments, known->argument_count, &c->operation->variables,
                         &value)) {
        *ret_value = value->boolean;
        return true;
    }
    if (problems->last == before || problems->no_memory)
        return no_memory(c->operation);
    c->plan->problem = problems->last->message; /* told anew for each object that it concerns */
    c->plan->problem_at = problems->last->places[0];
    problem_remove_last(problems, before);
    return false;
}

/* False: the plan has a problem. */
static bool included(struct collecting *c, const struct node *node, bool *ret_included)
{
    bool skip, include;
    *ret_included = false;
    if (!condition(c, node, "skip", false, &skip))
        return false;
    if (skip)
        return true;
    if (!condition(c, node, "include", true, &include))
        return false;
    *ret_included = include;
    return true;
}

static bool grow(struct arena *arena, struct plan_field *field)
{
    size_t capacity = field->capacity == 0 ? 1 : field->capacity * 2;
    const struct node **nodes = arena_alloc(arena, capacity * sizeof *nodes);
    uint32_t *places = arena_alloc(arena, capacity * sizeof *places);
    if (nodes == NULL || places == NULL)
        return false;
    if (field->count > 0) {
        memcpy(nodes, field->nodes, field->count * sizeof *nodes);
        memcpy(places, field->places, field->count * sizeof *places);
    }
    field->nodes = nodes;
    field->places = places;
    field->capacity = capacity;
    return true;
}

static bool add_field(struct collecting *c, const struct node *node)
{
    struct arena *arena = c->operation->arena;
    sluice_text key = node_response_name(node);
    void **slot = names_slot(&c->fields, arena, key);
    if (slot == NULL)
        return no_memory(c->operation);
    struct plan_field *field = *slot;
    if (field == NULL) {
        field = arena_zalloc(arena, sizeof *field);
        if (field == NULL)
            return no_memory(c->operation);
        field->key = key;
        field->first = node;
        field->field = schema_field_or_meta(c->plan->type, node->name);
        *slot = field;
    }
    if (field->count == field->capacity && !grow(arena, field))
        return no_memory(c->operation);
    field->places[field->count] = node->at;
    field->nodes[field->count++] = node;
    return true;
}

/* Objects only have one interface, so a condition is met by the type itself or its interface. */
static bool applies(const struct type *type, const struct node *fragment)
{
    return fragment->type == NULL || sluice_text_is(fragment->type->name, type->name) ||
           (type->interface != NULL && sluice_text_is(fragment->type->name, type->interface->name));
}

static bool collect(struct collecting *c, const struct node *set);

static bool collect_spread(struct collecting *c, const struct node *node)
{
    void **visited = names_slot(&c->visited, c->operation->arena, node->name);
    const struct node *fragment = names_get(&c->operation->fragments, node->name);
    bool wanted;
    if (visited == NULL)
        return no_memory(c->operation);
    if (*visited != NULL)
        return true;
    if (!included(c, node, &wanted))
        return false;
    if (!wanted)
        return true;
    *visited = c;
    return fragment == NULL || !applies(c->plan->type, fragment) || collect(c, fragment->selection_set);
}

static bool collect(struct collecting *c, const struct node *set)
{
    for (const struct node *node = set->children; node != NULL; node = node->next) {
        bool wanted, good = true;
        if (node->kind == NODE_FRAGMENT_SPREAD)
            good = collect_spread(c, node);
        else if (!included(c, node, &wanted))
            good = false;
        else if (wanted && node->kind == NODE_FIELD)
            good = add_field(c, node);
        else if (wanted && applies(c->plan->type, node))
            good = collect(c, node->selection_set);
        if (!good)
            return false;
    }
    return true;
}

/* What was collected, as an array. */
static struct plan *finish(struct collecting *c)
{
    struct plan *plan = c->plan;
    plan->fields = arena_alloc(c->operation->arena, (c->fields.count + 1) * sizeof *plan->fields);
    if (plan->fields == NULL || c->operation->problems.no_memory) {
        no_memory(c->operation);
        return NULL;
    }
    for (size_t i = 0; i < c->fields.count; i++)
        plan->fields[i] = c->fields.entries[i].value;
    plan->count = c->fields.count;
    return plan;
}

static bool begin(struct collecting *c, struct graphql *operation, const struct type *type)
{
    *c = (struct collecting){.operation = operation, .plan = arena_zalloc(operation->arena, sizeof *c->plan)};
    if (c->plan == NULL)
        return no_memory(operation);
    c->plan->type = type;
    return true;
}

struct plan *plan_of(struct graphql *operation, struct plan_field *field, const struct type *type)
{
    struct collecting c;
    if (field->plan != NULL)
        return field->plan;
    if (!begin(&c, operation, type))
        return NULL;
    for (size_t i = 0; i < field->count; i++)
        if (field->nodes[i]->selection_set != NULL && !collect(&c, field->nodes[i]->selection_set))
            break;
    return field->plan = finish(&c);
}

struct plan *plan_of_operation(struct graphql *operation)
{
    struct collecting c;
    if (!begin(&c, operation, schema_root(operation->operation->operation)))
        return NULL;
    collect(&c, operation->operation->selection_set);
    return finish(&c);
}

/* ---- depth ---- */

struct depths {
    const struct graphql *operation;
    size_t *below; /* by fragment number: levels in it + 1; 0: not known */
};

/* How many levels lie below; more than `room` is given as room + 1. */
static size_t levels(struct depths *depths, const struct node *set, size_t room)
{
    size_t most = 0;
    for (const struct node *node = set != NULL ? set->children : NULL; node != NULL && most <= room;
         node = node->next) {
        size_t here = 0;
        if (room == 0)
            return 1;
        if (node->kind == NODE_FRAGMENT_SPREAD) {
            const struct node *fragment = names_get(&depths->operation->fragments, node->name);
            if (fragment == NULL)
                continue;
            size_t *known = &depths->below[fragment->number];
            here = *known != 0 ? *known - 1 : levels(depths, fragment->selection_set, room - 1);
            if (here < room)
                *known = here + 1;
        } else if (node->selection_set != NULL) {
            here = levels(depths, node->selection_set, room - 1);
        }
        most = here + 1 > most ? here + 1 : most;
    }
    return most;
}

bool plan_too_deep(const struct graphql *operation)
{
    struct depths depths = {operation, arena_zalloc(operation->arena, operation->document->count * sizeof(size_t))};
    return depths.below == NULL ||
           levels(&depths, operation->operation->selection_set, GRAPHQL_SPREAD_DEPTH_MAX) > GRAPHQL_SPREAD_DEPTH_MAX;
}
