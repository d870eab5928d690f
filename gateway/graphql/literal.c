/* Literals and arguments of a valid document, with the variables put in. */
#include "gateway/graphql/value.h"
#include "gateway/graphql/validate.h"

static struct value *remember(struct problems *problems, struct value *value)
{
    problems->no_memory |= value == NULL;
    return value;
}

/* A copy that can be linked into one list or object. */
static struct value *linkable(struct problems *problems, const struct value *value)
{
    struct value *copy = remember(problems, arena_copy(problems->arena, value, sizeof *value));
    if (copy != NULL)
        copy->next = NULL;
    return copy;
}

static bool is_missing(const struct node *node, const struct names *variables)
{
    return node->kind == NODE_VARIABLE && (variables == NULL || names_get(variables, node->name) == NULL);
}

static struct value *literal_list(struct problems *problems, const struct node *node, const struct type *type,
                                  const struct names *variables)
{
    struct value *list = remember(problems, value_new(problems->arena, VALUE_LIST));
    struct value **link = list != NULL ? &list->first : NULL;
    const struct node *first = node->kind == NODE_LIST ? node->children : node;
    for (const struct node *item = first; list != NULL && item != NULL;
         item = node->kind == NODE_LIST ? item->next : NULL) {
        struct value *value = NULL;
        if (node->kind == NODE_LIST && is_missing(item, variables) && type->of->kind != TYPE_NON_NULL)
            value = remember(problems, value_new(problems->arena, VALUE_NULL));
        else
            value = literal_value(problems, item, type->of, variables);
        value = value != NULL ? linkable(problems, value) : NULL;
        if (value == NULL)
            return NULL;
        *link = value;
        link = &value->next;
        list->count++;
    }
    return list;
}

static struct value *literal_object(struct problems *problems, const struct node *node, const struct type *type,
                                    const struct names *variables)
{
    struct value *object = remember(problems, value_new(problems->arena, VALUE_OBJECT));
    struct value **link = object != NULL ? &object->first : NULL;
    if (node->kind != NODE_OBJECT)
        return NULL;
    for (size_t i = 0; object != NULL && i < type->input_count; i++) {
        const struct input *input = &type->inputs[i];
        const struct node *field = node_find(node->children, sluice_text_of(input->name));
        if (field == NULL || is_missing(field->value, variables)) {
            if (input_is_required(input))
                return NULL;
            continue; /* every default is null, which is the same as nothing */
        }
        struct value *value = literal_value(problems, field->value, input->type, variables);
        value = value != NULL ? linkable(problems, value) : NULL;
        if (value == NULL)
            return NULL;
        value->key = sluice_text_of(input->name);
        *link = value;
        link = &value->next;
        object->count++;
    }
    return object;
}

struct value *literal_value(struct problems *problems, const struct node *node, const struct type *type,
                            const struct names *variables)
{
    static const struct names none = {0};
    const char *problem;
    bool expected;
    if (node->kind == NODE_VARIABLE) {
        struct value *value = is_missing(node, variables) ? NULL : names_get(variables, node->name);
        return value != NULL && value->kind == VALUE_NULL && type->kind == TYPE_NON_NULL ? NULL : value;
    }
    if (type->kind == TYPE_NON_NULL)
        return node->kind == NODE_NULL ? NULL : literal_value(problems, node, type->of, variables);
    if (node->kind == NODE_NULL)
        return remember(problems, value_new(problems->arena, VALUE_NULL));
    if (type->kind == TYPE_LIST)
        return literal_list(problems, node, type, variables);
    if (type->kind == TYPE_INPUT_OBJECT)
        return literal_object(problems, node, type, variables);
    return scalar_from_literal(problems->arena, type, node, variables != NULL ? variables : &none, &problem, &expected);
}

/* The default of an argument, which the schema writes as GraphQL: null, false or a text without escapes. */
static struct value *fallback_value(struct problems *problems, const char *fallback)
{
    sluice_text text = sluice_text_of(fallback);
    if (text.data[0] == '"')
        return remember(problems, value_of_text(problems->arena, (sluice_text){text.data + 1, text.size - 2}));
    return remember(problems, value_new(problems->arena, sluice_text_is(text, "null") ? VALUE_NULL : VALUE_BOOL));
}

/* An error at `at`; always false. */
static bool refuse(struct problems *problems, const struct input *input, uint32_t at, const char *kind,
                   const char *problem)
{
    problem_place(problems,
                  problem_add(problems, "Argument \"%s\" of %s type \"%s\" %s.", input->name, kind,
                              type_text(problems->arena, input->type), problem),
                  at);
    return false;
}

static bool coerce_argument(struct problems *problems, const struct node *node, const struct input *input,
                            const struct names *variables, struct value **ret_value)
{
    const struct node *argument = node_find(node->arguments, sluice_text_of(input->name));
    if (argument == NULL || is_missing(argument->value, variables)) {
        if (input->fallback != NULL)
            *ret_value = fallback_value(problems, input->fallback);
        else if (input->type->kind == TYPE_NON_NULL && argument == NULL)
            return refuse(problems, input, node->at, "required", "was not provided");
        else if (input->type->kind == TYPE_NON_NULL)
            return refuse(problems, input, argument->value->at, "required",
                          "was provided a variable which was not provided a runtime value");
        return !problems->no_memory;
    }
    const struct node *literal = argument->value;
    const struct value *variable = literal->kind == NODE_VARIABLE ? names_get(variables, literal->name) : NULL;
    bool is_null = literal->kind == NODE_NULL || (variable != NULL && variable->kind == VALUE_NULL);
    if (is_null && input->type->kind == TYPE_NON_NULL)
        return refuse(problems, input, literal->at, "non-null", "must not be null");
    *ret_value = literal_value(problems, literal, input->type, variables);
    if (*ret_value != NULL)
        return true;
    problem_place(problems,
                  problem_add(problems, "Argument \"%s\" has invalid value %s.", input->name,
                              node_text(problems->arena, literal)),
                  literal->at);
    return false;
}

bool coerce_arguments(struct problems *problems, const struct node *node, const struct input *inputs, size_t count,
                      const struct names *variables, struct value **ret_arguments)
{
    for (size_t i = 0; i < count; i++) {
        ret_arguments[i] = NULL;
        if (!coerce_argument(problems, node, &inputs[i], variables, &ret_arguments[i]))
            return false;
    }
    return true;
}
