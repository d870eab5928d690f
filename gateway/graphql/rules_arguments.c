/* Rules about directives and arguments. */
#include "gateway/graphql/suggest.h"
#include "gateway/graphql/validate.h"

static const char *place_of(const struct node *node)
{
    static const char *const operations[] = {"QUERY", "MUTATION", "SUBSCRIPTION"};
    switch (node->kind) {
    case NODE_OPERATION: return operations[node->operation];
    case NODE_FIELD: return "FIELD";
    case NODE_FRAGMENT_SPREAD: return "FRAGMENT_SPREAD";
    case NODE_INLINE_FRAGMENT: return "INLINE_FRAGMENT";
    case NODE_FRAGMENT: return "FRAGMENT_DEFINITION";
    default: return "VARIABLE_DEFINITION";
    }
}

static bool may_be_at(const struct directive *directive, const char *place)
{
    for (size_t i = 0; i < directive->place_count; i++)
        if (sluice_text_is(sluice_text_of(directive->places[i]), place))
            return true;
    return false;
}

bool enter_known_directives(struct validation *v, const struct node *node)
{
    if (node->kind != NODE_DIRECTIVE)
        return true;
    const struct directive *directive = schema_directive_named(node->name);
    if (directive == NULL)
        report(v, node, "Unknown directive \"@%.*s\".", TEXT_ARGS(node->name));
    else if (!may_be_at(directive, place_of(v->parent)))
        report(v, node, "Directive \"@%s\" may not be used on %s.", directive->name, place_of(v->parent));
    return true;
}

/* None of the schema's directives is repeatable. */
bool enter_unique_directives_per_location(struct validation *v, const struct node *node)
{
    struct names seen = {0};
    for (const struct node *directive = node->directives; directive != NULL && !v->stopped;
         directive = directive->next) {
        if (schema_directive_named(directive->name) == NULL)
            continue;
        void **slot = names_slot(&seen, v->arena, directive->name);
        if (slot == NULL)
            return validation_no_memory(v);
        const struct node *first = *slot;
        if (first != NULL)
            problem_place(v->problems,
                          report(v, first, "The directive \"@%.*s\" can only be used once at this location.",
                                 TEXT_ARGS(directive->name)),
                          directive->at);
        else
            *slot = (void *)directive;
    }
    return true;
}

static bool known_directive_arguments(struct validation *v, const struct node *node)
{
    const struct directive *directive = schema_directive_named(node->name);
    for (const struct node *argument = node->arguments; directive != NULL && argument != NULL;
         argument = argument->next)
        if (schema_input_named(directive->arguments, directive->argument_count, argument->name) == NULL)
            report(v, argument, "Unknown argument \"%.*s\" on directive \"@%s\".%s", TEXT_ARGS(argument->name),
                   directive->name,
                   suggest_input(v->arena, directive->arguments, directive->argument_count, argument->name));
    return false;
}

bool enter_known_argument_names(struct validation *v, const struct node *node)
{
    const struct field *field = typeinfo_field(&v->info);
    const struct type *parent = typeinfo_parent(&v->info);
    if (node->kind == NODE_DIRECTIVE)
        return known_directive_arguments(v, node);
    if (node->kind == NODE_ARGUMENT && v->info.argument == NULL && field != NULL && parent != NULL)
        report(v, node, "Unknown argument \"%.*s\" on field \"%s.%s\".%s", TEXT_ARGS(node->name), parent->name,
               field->name, suggest_input(v->arena, field->arguments, field->argument_count, node->name));
    return true;
}

/*
 * Siblings of one name: one error for each name that comes twice, with the places of all. Names are told in the order
 * in which each comes first.
 */
static bool unique_siblings(struct validation *v, const struct node *first, const char *format)
{
    struct names names = {0};
    for (const struct node *node = first; node != NULL; node = node->next) {
        void **slot = names_slot(&names, v->arena, node->name);
        struct node_row *row = slot != NULL && *slot == NULL ? arena_zalloc(v->arena, sizeof *row)
                               : slot != NULL                ? *slot
                                                             : NULL;
        if (row == NULL)
            return validation_no_memory(v);
        *slot = row;
        if (!node_row_add(v, row, node))
            return false;
    }
    for (size_t i = 0; i < names.count; i++) {
        const struct node_row *row = names.entries[i].value;
        if (row->count < 2)
            continue;
        struct problem *problem = report_at(v, row->nodes[0]->name_at, "There can be only one %s%.*s\".", format,
                                            TEXT_ARGS(names.entries[i].key));
        for (size_t j = 1; j < row->count; j++)
            problem_place(v->problems, problem, row->nodes[j]->name_at);
    }
    return true;
}

bool enter_unique_argument_names(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_FIELD || node->kind == NODE_DIRECTIVE)
        return unique_siblings(v, node->arguments, "argument named \"");
    return true;
}

bool enter_unique_variable_names(struct validation *v, const struct node *node)
{
    if (node->kind != NODE_OPERATION)
        return true;
    v->variables = (struct names){0};
    for (struct node *definition = node->children; definition != NULL; definition = definition->next) {
        void **slot = names_slot(&v->variables, v->arena, definition->name);
        if (slot == NULL)
            return validation_no_memory(v);
        *slot = definition; /* the last of several counts */
    }
    return unique_siblings(v, node->children, "variable named \"$");
}

static void required(struct validation *v, const struct node *node, const struct input *inputs, size_t count,
                     const char *what, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (input_is_required(&inputs[i]) && node_find(node->arguments, sluice_text_of(inputs[i].name)) == NULL)
            report(v, node, "%s%s\" argument \"%s\" of type \"%s\" is required, but it was not provided.", what, name,
                   inputs[i].name, type_text(v->arena, inputs[i].type));
}

bool leave_provided_required_arguments(struct validation *v, const struct node *node)
{
    if (node->kind == NODE_DIRECTIVE) {
        const struct directive *directive = schema_directive_named(node->name);
        if (directive != NULL)
            required(v, node, directive->arguments, directive->argument_count, "Directive \"@", directive->name);
    } else if (node->kind == NODE_FIELD) {
        const struct field *field = typeinfo_field(&v->info);
        if (field == NULL)
            return false;
        required(v, node, field->arguments, field->argument_count, "Field \"", field->name);
    }
    return true;
}
