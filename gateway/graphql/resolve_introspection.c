/* Fields of the introspection, from the schema's table: https://spec.graphql.org/October2021/#sec-Introspection. */
#include "gateway/graphql/execute.h"
#include "gateway/graphql/write.h"

static bool text(struct execution *execution, const char *value)
{
    if (value != NULL)
        complete_text(execution, sluice_text_of(value));
    else
        complete_null(execution);
    return true;
}

static bool truth(struct execution *execution, bool value)
{
    buffer_append_text(execution->out, value ? "true" : "false");
    return true;
}

static bool type(struct execution *execution, struct plan_field *field, const struct type *value,
                 const struct path *path)
{
    if (value != NULL)
        return complete_object(execution, field, (struct object){&schema_type, value}, path);
    complete_null(execution);
    return true;
}

static struct object type_at(const void *list, size_t index)
{
    return (struct object){&schema_type, ((const struct type *const *)list)[index]};
}

static struct object field_at(const void *list, size_t index)
{
    return (struct object){&schema_field, (const struct field *)list + index};
}

static struct object input_at(const void *list, size_t index)
{
    return (struct object){&schema_input_value, (const struct input *)list + index};
}

static struct object value_at(const void *list, size_t index)
{
    return (struct object){&schema_enum_value, (const struct enum_value *)list + index};
}

static struct object directive_at(const void *list, size_t index)
{
    return (struct object){&schema_directive, (const struct directive *)list + index};
}

/* A list that kinds of types have or have not. */
static bool list_if(struct execution *execution, bool has, struct plan_field *field, const void *list, size_t count,
                    item_function *item, const struct path *path)
{
    if (has)
        return complete_list(execution, field, list, count, item, path);
    complete_null(execution);
    return true;
}

static bool resolve_schema(struct execution *execution, struct plan_field *field, const struct path *path)
{
    switch (field->field->id) {
    case FIELD_TYPES: return complete_list(execution, field, schema_types, schema_type_count, type_at, path);
    case FIELD_QUERY_TYPE: return type(execution, field, &schema_query, path);
    case FIELD_MUTATION_TYPE: return type(execution, field, &schema_mutation, path);
    case FIELD_DIRECTIVES:
        return complete_list(execution, field, schema_directives, schema_directive_count, directive_at, path);
    default: complete_null(execution); return true; /* description, subscriptionType */
    }
}

static bool resolve_type(struct execution *execution, const struct type *object, struct plan_field *field,
                         const struct path *path)
{
    static const char *const kinds[] = {"SCALAR", "OBJECT",       "INTERFACE", "UNION",
                                        "ENUM",   "INPUT_OBJECT", "LIST",      "NON_NULL"};
    bool composite = type_is_composite(object);
    switch (field->field->id) {
    case FIELD_KIND: return text(execution, kinds[object->kind]);
    case FIELD_NAME: return text(execution, object->name);
    case FIELD_DESCRIPTION: return text(execution, object->description);
    case FIELD_FIELDS: return list_if(execution, composite, field, object->fields, object->field_count, field_at, path);
    case FIELD_INTERFACES:
        return list_if(execution, composite, field, &object->interface, object->interface != NULL, type_at, path);
    case FIELD_POSSIBLE_TYPES:
        return list_if(execution, object->kind == TYPE_INTERFACE, field, &object->possible, 1, type_at, path);
    case FIELD_ENUM_VALUES:
        return list_if(execution, object->kind == TYPE_ENUM, field, object->values, object->value_count, value_at,
                       path);
    case FIELD_INPUT_FIELDS:
        return list_if(execution, object->kind == TYPE_INPUT_OBJECT, field, object->inputs, object->input_count,
                       input_at, path);
    case FIELD_OF_TYPE: return type(execution, field, object->of, path);
    case FIELD_IS_ONE_OF:
        if (object->kind == TYPE_INPUT_OBJECT)
            return truth(execution, false);
        complete_null(execution);
        return true;
    default: complete_null(execution); return true; /* specifiedByURL: none of the scalars has one */
    }
}

static bool resolve_field(struct execution *execution, const struct field *object, struct plan_field *field,
                          const struct path *path)
{
    switch (field->field->id) {
    case FIELD_NAME: return text(execution, object->name);
    case FIELD_DESCRIPTION: return text(execution, object->description);
    case FIELD_ARGS: return complete_list(execution, field, object->arguments, object->argument_count, input_at, path);
    case FIELD_TYPE: return type(execution, field, object->type, path);
    case FIELD_IS_DEPRECATED: return truth(execution, false);
    default: complete_null(execution); return true; /* deprecationReason */
    }
}

static bool resolve_input(struct execution *execution, const struct input *object, struct plan_field *field,
                          const struct path *path)
{
    switch (field->field->id) {
    case FIELD_NAME: return text(execution, object->name);
    case FIELD_DESCRIPTION: return text(execution, object->description);
    case FIELD_TYPE: return type(execution, field, object->type, path);
    case FIELD_DEFAULT_VALUE: return text(execution, object->fallback);
    case FIELD_IS_DEPRECATED: return truth(execution, false);
    default: complete_null(execution); return true;
    }
}

static bool resolve_enum_value(struct execution *execution, const struct enum_value *object,
                               const struct plan_field *field)
{
    switch (field->field->id) {
    case FIELD_NAME: return text(execution, object->name);
    case FIELD_DESCRIPTION: return text(execution, object->description);
    case FIELD_IS_DEPRECATED: return truth(execution, false);
    default: complete_null(execution); return true;
    }
}

static bool places(struct execution *execution, const struct directive *object)
{
    buffer_append_byte(execution->out, '[');
    for (size_t i = 0; i < object->place_count; i++) {
        if (i > 0)
            buffer_append_text(execution->out, ", ");
        text(execution, object->places[i]);
    }
    buffer_append_byte(execution->out, ']');
    return true;
}

static bool resolve_directive(struct execution *execution, const struct directive *object, struct plan_field *field,
                              const struct path *path)
{
    switch (field->field->id) {
    case FIELD_NAME: return text(execution, object->name);
    case FIELD_DESCRIPTION: return text(execution, object->description);
    case FIELD_IS_REPEATABLE: return truth(execution, false);
    case FIELD_LOCATIONS: return places(execution, object);
    case FIELD_ARGS: return complete_list(execution, field, object->arguments, object->argument_count, input_at, path);
    case FIELD_IS_DEPRECATED: return truth(execution, false);
    default: complete_null(execution); return true;
    }
}

/* The two entrances, on the query type. */
static bool resolve_entrance(struct execution *execution, struct plan_field *field, const struct path *path)
{
    if (field->field->id == FIELD_META_SCHEMA)
        return complete_object(execution, field, (struct object){&schema_schema, NULL}, path);
    return type(execution, field, schema_type_named(field->arguments[0]->text), path);
}

bool resolve_introspection(struct execution *execution, struct object object, struct plan_field *field,
                           const struct path *path)
{
    if (object.type == &schema_schema)
        return resolve_schema(execution, field, path);
    if (object.type == &schema_type)
        return resolve_type(execution, object.data, field, path);
    if (object.type == &schema_field)
        return resolve_field(execution, object.data, field, path);
    if (object.type == &schema_input_value)
        return resolve_input(execution, object.data, field, path);
    if (object.type == &schema_enum_value)
        return resolve_enum_value(execution, object.data, field);
    if (object.type == &schema_directive)
        return resolve_directive(execution, object.data, field, path);
    return resolve_entrance(execution, field, path);
}
