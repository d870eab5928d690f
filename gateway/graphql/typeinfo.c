/* Which types are around the node that a walk visits. */
#include "gateway/graphql/validate.h"

#include <assert.h>

static void push(struct type_stack *stack, const struct type *type)
{
    assert(stack->count < TYPE_STACK_MAX); /* the parser bounds the nesting */
    stack->entries[stack->count++] = type;
}

static void pop(struct type_stack *stack)
{
    stack->count--;
}

static const struct type *last(const struct type_stack *stack)
{
    return stack->count > 0 ? stack->entries[stack->count - 1] : NULL;
}

const struct type *typeinfo_type(const struct typeinfo *info)
{
    return last(&info->types);
}

const struct type *typeinfo_parent(const struct typeinfo *info)
{
    return last(&info->parents);
}

const struct type *typeinfo_input(const struct typeinfo *info)
{
    return last(&info->inputs);
}

const struct type *typeinfo_parent_input(const struct typeinfo *info)
{
    return info->inputs.count > 1 ? info->inputs.entries[info->inputs.count - 2] : NULL;
}

const struct field *typeinfo_field(const struct typeinfo *info)
{
    return info->field_count > 0 ? info->fields[info->field_count - 1] : NULL;
}

const char *typeinfo_fallback(const struct typeinfo *info)
{
    return info->fallback_count > 0 ? info->fallbacks[info->fallback_count - 1] : NULL;
}

static const struct type *only_input(const struct type *type)
{
    return type_is_input(type) ? type : NULL;
}

static const struct type *only_output(const struct type *type)
{
    return type_is_output(type) ? type : NULL;
}

static void push_input(struct typeinfo *info, const struct type *type, const char *fallback)
{
    assert(info->fallback_count < TYPE_STACK_MAX);
    info->fallbacks[info->fallback_count++] = fallback;
    push(&info->inputs, only_input(type));
}

static void enter_field(struct typeinfo *info, const struct node *node)
{
    const struct type *parent = typeinfo_parent(info);
    const struct field *field = parent != NULL ? schema_field_or_meta(parent, node->name) : NULL;
    assert(info->field_count < TYPE_STACK_MAX);
    info->fields[info->field_count++] = field;
    push(&info->types, field != NULL ? only_output(field->type) : NULL);
}

static void enter_fragment(struct typeinfo *info, const struct node *node)
{
    const struct type *type =
        node->type != NULL ? schema_type_of_node(info->arena, node->type) : type_named(typeinfo_type(info));
    push(&info->types, only_output(type));
}

static void enter_argument(struct typeinfo *info, const struct node *node)
{
    const struct field *field = typeinfo_field(info);
    if (info->directive != NULL)
        info->argument = schema_input_named(info->directive->arguments, info->directive->argument_count, node->name);
    else if (field != NULL)
        info->argument = schema_input_named(field->arguments, field->argument_count, node->name);
    else
        info->argument = NULL;
    push_input(info, info->argument != NULL ? info->argument->type : NULL,
               info->argument != NULL ? info->argument->fallback : NULL);
}

static void enter_list(struct typeinfo *info)
{
    const struct type *list = type_nullable(typeinfo_input(info));
    push_input(info, list != NULL && list->kind == TYPE_LIST ? list->of : list, NULL);
}

static void enter_object_field(struct typeinfo *info, const struct node *node)
{
    const struct type *object = type_named(typeinfo_input(info));
    const struct input *input = NULL;
    if (object != NULL && object->kind == TYPE_INPUT_OBJECT)
        input = schema_input_named(object->inputs, object->input_count, node->name);
    push_input(info, input != NULL ? input->type : NULL, input != NULL ? input->fallback : NULL);
}

void typeinfo_enter(struct typeinfo *info, const struct node *node)
{
    const struct type *named;
    switch (node->kind) {
    case NODE_SELECTION_SET:
        named = type_named(typeinfo_type(info));
        push(&info->parents, type_is_composite(named) ? named : NULL);
        break;
    case NODE_FIELD: enter_field(info, node); break;
    case NODE_DIRECTIVE: info->directive = schema_directive_named(node->name); break;
    case NODE_OPERATION: push(&info->types, schema_root(node->operation)); break;
    case NODE_INLINE_FRAGMENT:
    case NODE_FRAGMENT: enter_fragment(info, node); break;
    case NODE_VARIABLE_DEFINITION: push(&info->inputs, only_input(schema_type_of_node(info->arena, node->type))); break;
    case NODE_ARGUMENT: enter_argument(info, node); break;
    case NODE_LIST: enter_list(info); break;
    case NODE_OBJECT_FIELD: enter_object_field(info, node); break;
    default: break;
    }
}

void typeinfo_leave(struct typeinfo *info, const struct node *node)
{
    switch (node->kind) {
    case NODE_SELECTION_SET: pop(&info->parents); break;
    case NODE_FIELD:
        info->field_count--;
        pop(&info->types);
        break;
    case NODE_DIRECTIVE: info->directive = NULL; break;
    case NODE_OPERATION:
    case NODE_INLINE_FRAGMENT:
    case NODE_FRAGMENT: pop(&info->types); break;
    case NODE_VARIABLE_DEFINITION: pop(&info->inputs); break;
    case NODE_ARGUMENT:
        info->argument = NULL;
        info->fallback_count--;
        pop(&info->inputs);
        break;
    case NODE_LIST:
    case NODE_OBJECT_FIELD:
        info->fallback_count--;
        pop(&info->inputs);
        break;
    default: break;
    }
}
