/* Rules about the values of arguments and defaults. */
#include "gateway/graphql/suggest.h"
#include "gateway/graphql/validate.h"
#include "gateway/graphql/value.h"

/* A literal where a leaf type is wanted, or where something else is that it cannot be. */
static void check_literal(struct validation *v, const struct node *node)
{
    const struct type *wanted = typeinfo_input(&v->info), *type = type_named(wanted);
    const char *problem = NULL;
    bool expected = true;
    if (wanted == NULL)
        return;
    if (type_is_leaf(type) && scalar_from_literal(v->arena, type, node, NULL, &problem, &expected) != NULL)
        return;
    if (!expected)
        report(v, node, "%s", problem);
    else
        report(v, node, "Expected value of type \"%s\", found %s%s%s", type_text(v->arena, wanted),
               node_text(v->arena, node), problem != NULL ? "; " : "", problem != NULL ? problem : ".");
}

static bool check_list(struct validation *v, const struct node *node)
{
    const struct type *type = type_nullable(typeinfo_parent_input(&v->info));
    if (type != NULL && type->kind == TYPE_LIST)
        return true;
    check_literal(v, node);
    return false;
}

static bool check_object(struct validation *v, const struct node *node)
{
    const struct type *type = type_named(typeinfo_input(&v->info));
    if (type == NULL || type->kind != TYPE_INPUT_OBJECT) {
        check_literal(v, node);
        return false;
    }
    for (size_t i = 0; i < type->input_count; i++)
        if (input_is_required(&type->inputs[i]) &&
            node_find(node->children, sluice_text_of(type->inputs[i].name)) == NULL)
            report(v, node, "Field \"%s.%s\" of required type \"%s\" was not provided.", type->name,
                   type->inputs[i].name, type_text(v->arena, type->inputs[i].type));
    return true;
}

static void check_object_field(struct validation *v, const struct node *node)
{
    const struct type *parent = type_named(typeinfo_parent_input(&v->info));
    if (typeinfo_input(&v->info) == NULL && parent != NULL && parent->kind == TYPE_INPUT_OBJECT)
        report(v, node, "Field \"%.*s\" is not defined by type \"%s\".%s", TEXT_ARGS(node->name), parent->name,
               suggest_input(v->arena, parent->inputs, parent->input_count, node->name));
}

bool enter_values_of_correct_type(struct validation *v, const struct node *node)
{
    const struct type *wanted = typeinfo_input(&v->info);
    switch (node->kind) {
    case NODE_LIST: return check_list(v, node);
    case NODE_OBJECT: return check_object(v, node);
    case NODE_OBJECT_FIELD: check_object_field(v, node); break;
    case NODE_NULL:
        if (wanted != NULL && wanted->kind == TYPE_NON_NULL)
            report(v, node, "Expected value of type \"%s\", found null.", type_text(v->arena, wanted));
        break;
    case NODE_ENUM:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING:
    case NODE_BOOLEAN: check_literal(v, node); break;
    default: break;
    }
    return true;
}

/* The names of an object's fields; the maps of the objects around it are kept as a chain. */
struct object_names {
    struct names names;
    struct object_names *outer;
};

bool enter_unique_input_field_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_OBJECT) {
        struct object_names *object = arena_zalloc(v->arena, sizeof *object);
        if (object == NULL)
            return validation_no_memory(v);
        object->outer = (struct object_names *)v->input_names;
        v->input_names = &object->names;
    } else if (node->kind == NODE_OBJECT_FIELD) {
        void **slot = names_slot(v->input_names, v->arena, node->name);
        if (slot == NULL)
            return validation_no_memory(v);
        const struct node *first = *slot;
        if (first == NULL)
            *slot = (void *)node;
        else
            problem_place(v->problems,
                          report_at(v, first->name_at, "There can be only one input field named \"%.*s\".",
                                    TEXT_ARGS(node->name)),
                          node->name_at);
    }
    return true;
}

bool leave_unique_input_field_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_OBJECT)
        v->input_names = (struct names *)((struct object_names *)v->input_names)->outer;
    return true;
}
