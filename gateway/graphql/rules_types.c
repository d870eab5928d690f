/* Rules about types and fields. */
#include "gateway/graphql/suggest.h"
#include "gateway/graphql/validate.h"

bool enter_known_type_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_NAMED_TYPE && schema_type_named(node->name) == NULL)
        report(v, node, "Unknown type \"%.*s\".%s", TEXT_ARGS(node->name), suggest_type(v->arena, node->name));
    return true;
}

bool enter_fragments_on_composite_types(struct validation *v, const struct node *node)
{
    if ((node->kind != NODE_INLINE_FRAGMENT && node->kind != NODE_FRAGMENT) || node->type == NULL)
        return true;
    const struct type *type = schema_type_named(node->type->name);
    if (type == NULL || type_is_composite(type))
        return true;
    if (node->kind == NODE_FRAGMENT)
        report(v, node->type, "Fragment \"%.*s\" cannot condition on non composite type \"%s\".", TEXT_ARGS(node->name),
               type->name);
    else
        report(v, node->type, "Fragment cannot condition on non composite type \"%s\".", type->name);
    return true;
}

bool enter_variables_are_input_types(struct validation *v, const struct node *node)
{
    if (node->kind != NODE_VARIABLE_DEFINITION)
        return true;
    const struct type *type = schema_type_of_node(v->arena, node->type);
    if (type != NULL && !type_is_input(type))
        report(v, node->type, "Variable \"$%.*s\" cannot be non-input type \"%s\".", TEXT_ARGS(node->name),
               type_text(v->arena, type));
    return true;
}

bool enter_scalar_leafs(struct validation *v, const struct node *node)
{
    const struct type *type = typeinfo_type(&v->info);
    if (node->kind != NODE_FIELD || type == NULL)
        return true;
    bool leaf = type_is_leaf(type_named(type));
    if (leaf && node->selection_set != NULL)
        report(v, node->selection_set, "Field \"%.*s\" must not have a selection since type \"%s\" has no subfields.",
               TEXT_ARGS(node->name), type_text(v->arena, type));
    else if (!leaf && node->selection_set == NULL)
        report(v, node,
               "Field \"%.*s\" of type \"%s\" must have a selection of subfields. Did you mean \"%.*s { ... }\"?",
               TEXT_ARGS(node->name), type_text(v->arena, type), TEXT_ARGS(node->name));
    return true;
}

/* The only interface has all fields of the only type that implements it, so no inline fragment would help. */
bool enter_fields_on_correct_type(struct validation *v, const struct node *node)
{
    const struct type *parent = typeinfo_parent(&v->info);
    if (node->kind == NODE_FIELD && parent != NULL && typeinfo_field(&v->info) == NULL)
        report(v, node, "Cannot query field \"%.*s\" on type \"%s\".%s", TEXT_ARGS(node->name), parent->name,
               suggest_field(v->arena, parent, node->name));
    return true;
}

static void report_spread(struct validation *v, const struct node *node, const struct type *parent,
                          const struct type *type)
{
    if (node->kind == NODE_FRAGMENT_SPREAD)
        report(v, node,
               "Fragment \"%.*s\" cannot be spread here as objects of type \"%s\" can never be of type \"%s\".",
               TEXT_ARGS(node->name), parent->name, type->name);
    else
        report(v, node, "Fragment cannot be spread here as objects of type \"%s\" can never be of type \"%s\".",
               parent->name, type->name);
}

bool enter_possible_fragment_spreads(struct validation *v, const struct node *node)
{
    const struct type *parent = typeinfo_parent(&v->info), *type = NULL;
    if (node->kind == NODE_INLINE_FRAGMENT) {
        type = typeinfo_type(&v->info);
    } else if (node->kind == NODE_FRAGMENT_SPREAD) {
        const struct node *fragment = fragment_named(v, node->name);
        type = fragment != NULL ? schema_type_named(fragment->type->name) : NULL;
    }
    if (type_is_composite(type) && parent != NULL && !types_overlap(type, parent))
        report_spread(v, node, parent, type);
    return true;
}
