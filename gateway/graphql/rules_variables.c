/* Rules about variables, told when an operation ends. */
#include "gateway/graphql/validate.h"

bool leave_no_undefined_variables(struct validation *v, const struct node *node)
{
    const struct usages *usages = node->kind == NODE_OPERATION ? usages_of(v, node) : NULL;
    for (size_t i = 0; usages != NULL && i < usages->count && !v->stopped; i++) {
        const struct node *variable = usages->list[i].variable;
        if (names_get(&v->variables, variable->name) != NULL)
            continue;
        struct problem *problem;
        if (node->name.size > 0)
            problem = report(v, variable, "Variable \"$%.*s\" is not defined by operation \"%.*s\".",
                             TEXT_ARGS(variable->name), TEXT_ARGS(node->name));
        else
            problem = report(v, variable, "Variable \"$%.*s\" is not defined.", TEXT_ARGS(variable->name));
        problem_place(v->problems, problem, node->at);
    }
    return true;
}

bool leave_no_unused_variables(struct validation *v, const struct node *node)
{
    const struct usages *usages = node->kind == NODE_OPERATION ? usages_of(v, node) : NULL;
    struct names used = {0};
    for (size_t i = 0; usages != NULL && i < usages->count; i++) {
        void **slot = names_slot(&used, v->arena, usages->list[i].variable->name);
        if (slot == NULL)
            return validation_no_memory(v);
        *slot = v;
    }
    for (const struct node *definition = node->children; usages != NULL && definition != NULL;
         definition = definition->next) {
        if (names_get(&used, definition->name) != NULL)
            continue;
        if (node->name.size > 0)
            report(v, definition, "Variable \"$%.*s\" is never used in operation \"%.*s\".",
                   TEXT_ARGS(definition->name), TEXT_ARGS(node->name));
        else
            report(v, definition, "Variable \"$%.*s\" is never used.", TEXT_ARGS(definition->name));
    }
    return true;
}

/* May a variable of this type stand where `usage` is? A default on either side makes up for a null. */
static bool allowed(const struct type *type, const struct node *fallback, const struct usage *usage)
{
    if (usage->type->kind != TYPE_NON_NULL || type->kind == TYPE_NON_NULL)
        return type_is_subtype(type, usage->type);
    if ((fallback == NULL || fallback->kind == NODE_NULL) && usage->fallback == NULL)
        return false;
    return type_is_subtype(type, usage->type->of);
}

bool leave_variables_in_allowed_position(struct validation *v, const struct node *node)
{
    const struct usages *usages = node->kind == NODE_OPERATION ? usages_of(v, node) : NULL;
    for (size_t i = 0; usages != NULL && i < usages->count && !v->stopped; i++) {
        const struct usage *usage = &usages->list[i];
        const struct node *definition = names_get(&v->variables, usage->variable->name);
        const struct type *type =
            definition != NULL && usage->type != NULL ? schema_type_of_node(v->arena, definition->type) : NULL;
        if (type == NULL || allowed(type, definition->value, usage))
            continue;
        problem_place(v->problems,
                      report(v, definition, "Variable \"$%.*s\" of type \"%s\" used in position expecting type \"%s\".",
                             TEXT_ARGS(definition->name), type_text(v->arena, type), type_text(v->arena, usage->type)),
                      usage->variable->at);
    }
    return true;
}
