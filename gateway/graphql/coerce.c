/* Variables and arguments: from what was given to what the types want. */
#include "gateway/graphql/value.h"
#include "gateway/graphql/graphql.h"
#include "gateway/graphql/suggest.h"

#include <string.h>

struct coercion {
    struct problems *problems;
    struct arena *arena;
    const struct node *definition; /* of the variable */
    size_t errors;                 /* in all variables so far */
    bool stopped;
};

/* Where in a variable: ".chunks[0]". */
struct steps {
    const struct steps *outer;
    sluice_text key;
    size_t index;
};

static const char *steps_text(struct arena *arena, const struct steps *steps)
{
    if (steps == NULL)
        return "";
    const char *before = steps_text(arena, steps->outer);
    const char *text = steps->key.data != NULL ? arena_printf(arena, "%s.%.*s", before, TEXT_ARGS(steps->key))
                                               : arena_printf(arena, "%s[%zu]", before, steps->index);
    return text != NULL ? text : "";
}

/* One more error, at the variable's definition. */
static struct problem *add_error(struct coercion *c)
{
    if (c->errors >= GRAPHQL_VARIABLE_ERRORS_MAX) {
        if (!c->stopped)
            problem_add(c->problems, "Too many errors processing variables, error limit reached. Execution aborted.");
        c->stopped = true;
        return NULL;
    }
    c->errors++;
    return c->problems->last;
}

#define COERCION_FAIL(c, ...)                                                                                          \
    do {                                                                                                               \
        if ((c)->errors < GRAPHQL_VARIABLE_ERRORS_MAX)                                                                 \
            problem_place((c)->problems, problem_add((c)->problems, __VA_ARGS__), (c)->definition->at);                \
        add_error(c);                                                                                                  \
    } while (0)

static struct value *invalid(struct coercion *c, const struct value *value, const struct steps *steps,
                             const char *problem)
{
    sluice_text name = c->definition->name;
    const char *place = steps_text(c->arena, steps), *text = value_text(c->arena, value);
    if (place[0] != '\0')
        COERCION_FAIL(c, "Variable \"$%.*s\" got invalid value %s at \"%.*s%s\"; %s", TEXT_ARGS(name), text,
                      TEXT_ARGS(name), place, problem);
    else
        COERCION_FAIL(c, "Variable \"$%.*s\" got invalid value %s; %s", TEXT_ARGS(name), text, problem);
    return NULL;
}

static struct value *coerce(struct coercion *c, struct value *value, const struct type *type,
                            const struct steps *steps);

static struct value *coerce_list(struct coercion *c, struct value *value, const struct type *type,
                                 const struct steps *steps)
{
    struct value *list = value_new(c->arena, VALUE_LIST);
    if (list == NULL)
        return NULL;
    struct value **link = &list->first, *first = value->kind == VALUE_LIST ? value->first : value;
    for (struct value *item = first, *next; item != NULL && !c->stopped; item = next) {
        struct steps step = {.outer = steps, .index = list->count};
        next = value->kind == VALUE_LIST ? item->next : NULL;
        struct value *coerced = coerce(c, item, type->of, value->kind == VALUE_LIST ? &step : steps);
        list->count++;
        if (coerced == NULL)
            continue; /* told; the rest is looked at for its errors */
        coerced->next = NULL;
        *link = coerced;
        link = &coerced->next;
    }
    return list;
}

static void unknown_members(struct coercion *c, const struct value *value, const struct type *type,
                            const struct steps *steps)
{
    for (const struct value *member = value->first; member != NULL && !c->stopped; member = member->next) {
        if (schema_input_named(type->inputs, type->input_count, member->key) != NULL)
            continue;
        const char *problem =
            arena_printf(c->arena, "Field \"%.*s\" is not defined by type \"%s\".%s", TEXT_ARGS(member->key),
                         type->name, suggest_input(c->arena, type->inputs, type->input_count, member->key));
        invalid(c, value, steps, problem != NULL ? problem : "");
    }
}

static struct value *coerce_object(struct coercion *c, struct value *value, const struct type *type,
                                   const struct steps *steps)
{
    if (value->kind != VALUE_OBJECT) {
        const char *problem = arena_printf(c->arena, "Expected type \"%s\" to be an object.", type->name);
        return invalid(c, value, steps, problem != NULL ? problem : "");
    }
    struct value *object = value_new(c->arena, VALUE_OBJECT);
    struct value **link = object != NULL ? &object->first : NULL;
    for (size_t i = 0; object != NULL && i < type->input_count && !c->stopped; i++) {
        const struct input *input = &type->inputs[i];
        struct steps step = {.outer = steps, .key = sluice_text_of(input->name)};
        struct value *member = value_member(value, step.key);
        if (member == NULL && input_is_required(input)) {
            const char *problem = arena_printf(c->arena, "Field \"%s\" of required type \"%s\" was not provided.",
                                               input->name, type_text(c->arena, input->type));
            invalid(c, value, steps, problem != NULL ? problem : "");
        }
        struct value *coerced = member != NULL ? coerce(c, member, input->type, &step) : NULL;
        if (coerced == NULL)
            continue;
        coerced->key = step.key;
        coerced->next = NULL;
        *link = coerced;
        link = &coerced->next;
        object->count++;
    }
    unknown_members(c, value, type, steps);
    return object;
}

static struct value *coerce_leaf(struct coercion *c, struct value *value, const struct type *type,
                                 const struct steps *steps)
{
    const char *problem = NULL;
    bool expected;
    struct value *coerced = scalar_from_value(c->arena, type, value, &problem, &expected);
    if (coerced == NULL) {
        if (expected)
            problem = arena_printf(c->arena, "Expected type \"%s\".%s%s", type->name, problem != NULL ? " " : "",
                                   problem != NULL ? problem : "");
        return invalid(c, value, steps, problem != NULL ? problem : "");
    }
    struct value *copy = arena_copy(c->arena, coerced, sizeof *coerced);
    c->problems->no_memory |= copy == NULL;
    return copy;
}

/* NULL: an error has been told. */
static struct value *coerce(struct coercion *c, struct value *value, const struct type *type, const struct steps *steps)
{
    if (type->kind == TYPE_NON_NULL) {
        if (!value_is_null(value))
            return coerce(c, value, type->of, steps);
        const char *problem =
            arena_printf(c->arena, "Expected non-nullable type \"%s\" not to be null.", type_text(c->arena, type));
        return invalid(c, value, steps, problem != NULL ? problem : "");
    }
    if (value_is_null(value))
        return value_new(c->arena, VALUE_NULL);
    if (type->kind == TYPE_LIST)
        return coerce_list(c, value, type, steps);
    if (type->kind == TYPE_INPUT_OBJECT)
        return coerce_object(c, value, type, steps);
    return coerce_leaf(c, value, type, steps);
}

/* One variable; NULL with no new error: it has no value. */
static struct value *coerce_variable(struct coercion *c, const struct node *definition, const struct value *given)
{
    const struct type *type = schema_type_of_node(c->arena, definition->type);
    struct value *value = given != NULL && type != NULL ? value_member(given, definition->name) : NULL;
    c->definition = definition;
    if (type == NULL)
        return NULL; /* no memory: validation let no other pass */
    if (value == NULL && definition->value != NULL)
        return literal_value(c->problems, definition->value, type, NULL);
    if (value == NULL) {
        if (type->kind == TYPE_NON_NULL)
            COERCION_FAIL(c, "Variable \"$%.*s\" of required type \"%s\" was not provided.",
                          TEXT_ARGS(definition->name), type_text(c->arena, type));
        return NULL;
    }
    if (value_is_null(value) && type->kind == TYPE_NON_NULL) {
        COERCION_FAIL(c, "Variable \"$%.*s\" of non-null type \"%s\" must not be null.", TEXT_ARGS(definition->name),
                      type_text(c->arena, type));
        return NULL;
    }
    return coerce(c, value, type, NULL);
}

bool coerce_variables(struct problems *problems, const struct node *operation, const struct value *given,
                      struct names *ret_variables)
{
    struct coercion c = {.problems = problems, .arena = problems->arena};
    size_t before = problems->count;
    for (const struct node *node = operation->children; node != NULL && !c.stopped; node = node->next) {
        struct value *value = coerce_variable(&c, node, given);
        if (value == NULL)
            continue;
        void **slot = names_slot(ret_variables, problems->arena, node->name);
        if (slot == NULL)
            problems->no_memory = true;
        else
            *slot = value;
    }
    return problems->count == before && !problems->no_memory;
}
