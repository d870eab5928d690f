#include "gateway/graphql/schema.h"

#include <string.h>

const struct type *schema_type_named(sluice_text name)
{
    for (size_t i = 0; i < schema_type_count; i++)
        if (sluice_text_is(name, schema_types[i]->name))
            return schema_types[i];
    return NULL;
}

const struct type *schema_root(enum operation_kind operation)
{
    switch (operation) {
    case OPERATION_QUERY: return &schema_query;
    case OPERATION_MUTATION: return &schema_mutation;
    default: return NULL;
    }
}

const struct directive *schema_directive_named(sluice_text name)
{
    for (size_t i = 0; i < schema_directive_count; i++)
        if (sluice_text_is(name, schema_directives[i].name))
            return &schema_directives[i];
    return NULL;
}

const struct field *schema_field_of(const struct type *type, sluice_text name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (sluice_text_is(name, type->fields[i].name))
            return &type->fields[i];
    return NULL;
}

const struct field *schema_field_or_meta(const struct type *parent, sluice_text name)
{
    if (parent == &schema_query && sluice_text_is(name, schema_meta_schema.name))
        return &schema_meta_schema;
    if (parent == &schema_query && sluice_text_is(name, schema_meta_type.name))
        return &schema_meta_type;
    if (type_is_composite(parent) && sluice_text_is(name, schema_meta_typename.name))
        return &schema_meta_typename;
    return schema_field_of(parent, name);
}

const struct input *schema_input_named(const struct input *inputs, size_t count, sluice_text name)
{
    for (size_t i = 0; i < count; i++)
        if (sluice_text_is(name, inputs[i].name))
            return &inputs[i];
    return NULL;
}

const struct type *schema_type_of_node(struct arena *arena, const struct node *node)
{
    if (node->kind == NODE_NAMED_TYPE)
        return schema_type_named(node->name);
    const struct type *of = schema_type_of_node(arena, node->type);
    struct type *type = of != NULL ? arena_zalloc(arena, sizeof *type) : NULL;
    if (type != NULL) {
        type->kind = node->kind == NODE_LIST_TYPE ? TYPE_LIST : TYPE_NON_NULL;
        type->of = of;
    }
    return type;
}

const struct type *type_named(const struct type *type)
{
    while (type != NULL && type->of != NULL)
        type = type->of;
    return type;
}

const struct type *type_nullable(const struct type *type)
{
    return type != NULL && type->kind == TYPE_NON_NULL ? type->of : type;
}

bool type_is_leaf(const struct type *type)
{
    return type != NULL && (type->kind == TYPE_SCALAR || type->kind == TYPE_ENUM);
}

bool type_is_composite(const struct type *type)
{
    return type != NULL && (type->kind == TYPE_OBJECT || type->kind == TYPE_INTERFACE || type->kind == TYPE_UNION);
}

bool type_is_input(const struct type *type)
{
    const struct type *named = type_named(type);
    return type_is_leaf(named) || (named != NULL && named->kind == TYPE_INPUT_OBJECT);
}

bool type_is_output(const struct type *type)
{
    const struct type *named = type_named(type);
    return type_is_leaf(named) || type_is_composite(named);
}

bool input_is_required(const struct input *input)
{
    return input->type->kind == TYPE_NON_NULL && input->fallback == NULL;
}

bool type_same(const struct type *a, const struct type *b)
{
    if (a == b)
        return true;
    return a != NULL && b != NULL && a->of != NULL && a->kind == b->kind && type_same(a->of, b->of);
}

bool type_is_subtype(const struct type *maybe, const struct type *of)
{
    if (type_same(maybe, of))
        return true;
    if (of->kind == TYPE_NON_NULL)
        return maybe->kind == TYPE_NON_NULL && type_is_subtype(maybe->of, of->of);
    if (maybe->kind == TYPE_NON_NULL)
        return type_is_subtype(maybe->of, of);
    if (of->kind == TYPE_LIST || maybe->kind == TYPE_LIST)
        return of->kind == maybe->kind && type_is_subtype(maybe->of, of->of);
    return of->kind == TYPE_INTERFACE && maybe->interface == of;
}

bool types_overlap(const struct type *a, const struct type *b)
{
    const struct type *object_a = a->kind == TYPE_INTERFACE ? a->possible : a;
    const struct type *object_b = b->kind == TYPE_INTERFACE ? b->possible : b;
    return object_a == object_b;
}

const char *type_text(struct arena *arena, const struct type *type)
{
    if (type->of == NULL)
        return type->name;
    const char *inner = type_text(arena, type->of);
    const char *text = type->kind == TYPE_LIST ? arena_printf(arena, "[%s]", inner) : arena_printf(arena, "%s!", inner);
    return text != NULL ? text : "?";
}
