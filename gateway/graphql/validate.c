/* The walk, and the table of rules. */
#include "gateway/graphql/validate.h"
#include "common/foundation/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct rule {
    rule_function *enter, *leave;
} rules[] = {
  /* In the order of specifiedRules of the package graphql. SingleFieldSubscriptions has no place in a schema without
  * subscriptions; NoUndefinedVariables, NoUnusedVariables and VariablesInAllowedPosition share the definitions that
  * UniqueVariableNames takes down. */
    {enter_executable_definitions,         NULL                               },
    {enter_unique_operation_names,         NULL                               },
    {enter_lone_anonymous_operation,       NULL                               },
    {enter_known_type_names,               NULL                               },
    {enter_fragments_on_composite_types,   NULL                               },
    {enter_variables_are_input_types,      NULL                               },
    {enter_scalar_leafs,                   NULL                               },
    {enter_fields_on_correct_type,         NULL                               },
    {enter_unique_fragment_names,          NULL                               },
    {enter_known_fragment_names,           NULL                               },
    {enter_no_unused_fragments,            leave_no_unused_fragments          },
    {enter_possible_fragment_spreads,      NULL                               },
    {enter_no_fragment_cycles,             NULL                               },
    {enter_unique_variable_names,          NULL                               },
    {NULL,                                 leave_no_undefined_variables       },
    {NULL,                                 leave_no_unused_variables          },
    {enter_known_directives,               NULL                               },
    {enter_unique_directives_per_location, NULL                               },
    {enter_known_argument_names,           NULL                               },
    {enter_unique_argument_names,          NULL                               },
    {enter_values_of_correct_type,         NULL                               },
    {NULL,                                 leave_provided_required_arguments  },
    {NULL,                                 leave_variables_in_allowed_position},
    {enter_overlapping_fields,             NULL                               },
    {enter_unique_input_field_names,       leave_unique_input_field_names     },
    {enter_max_introspection_depth,        NULL                               },
};
enum { RULE_COUNT = sizeof rules / sizeof rules[0] };
_Static_assert((int)RULE_COUNT <= (int)RULES_MAX, "more rules than places");

bool validation_no_memory(struct validation *v)
{
    v->problems->no_memory = true;
    v->stopped = true;
    return false;
}

void validation_abort(struct validation *v)
{
    if (!v->stopped)
        problem_add(v->problems, "Validation aborted.");
    v->stopped = true;
}

bool validation_deeper(struct validation *v)
{
    if (v->recursion >= RECURSION_MAX || v->stopped) {
        validation_abort(v);
        return false;
    }
    v->recursion++;
    return true;
}

static struct problem *report_va(struct validation *v, uint32_t at, const char *format, va_list arguments)
{
    enum { MESSAGE_MAX = 4096 };
    if (v->stopped)
        return NULL;
    if (v->problems->count >= GRAPHQL_ERRORS_MAX) {
        problem_add(v->problems, "Too many validation errors, error limit reached. Validation aborted.");
        v->stopped = true;
        return NULL;
    }
    char message[MESSAGE_MAX];
    int size = vsnprintf(message, sizeof message, format, arguments);
    if (size >= MESSAGE_MAX)
        size = (int)text_cut(message, MESSAGE_MAX - 1);
    struct problem *problem = problem_add(v->problems, "%.*s", size, message);
    problem_place(v->problems, problem, at);
    return problem;
}

struct problem *report_at(struct validation *v, uint32_t at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct problem *problem = report_va(v, at, format, arguments);
    va_end(arguments);
    return problem;
}

struct problem *report(struct validation *v, const struct node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct problem *problem = report_va(v, node->at, format, arguments);
    va_end(arguments);
    return problem;
}

size_t node_parts(const struct node *node, struct node *parts[NODE_PARTS_MAX])
{
    struct node *all[NODE_PARTS_MAX] = {NULL};
    switch (node->kind) {
    case NODE_VARIABLE_DEFINITION:
        all[0] = node->variable, all[1] = node->type, all[2] = node->value, all[3] = node->directives;
        break;
    case NODE_OPERATION: all[0] = node->children, all[1] = node->directives, all[2] = node->selection_set; break;
    case NODE_FIELD:
    case NODE_DIRECTIVE:
    case NODE_FRAGMENT_SPREAD: all[0] = node->arguments, all[1] = node->directives, all[2] = node->selection_set; break;
    case NODE_INLINE_FRAGMENT:
    case NODE_FRAGMENT: all[0] = node->type, all[1] = node->directives, all[2] = node->selection_set; break;
    case NODE_LIST_TYPE:
    case NODE_NON_NULL_TYPE: all[0] = node->type; break;
    case NODE_ARGUMENT:
    case NODE_OBJECT_FIELD: all[0] = node->value; break;
    case NODE_DOCUMENT:
    case NODE_SELECTION_SET:
    case NODE_LIST:
    case NODE_OBJECT: all[0] = node->children; break;
    default: break;
    }
    size_t count = 0;
    for (size_t i = 0; i < NODE_PARTS_MAX; i++)
        if (all[i] != NULL)
            parts[count++] = all[i];
    return count;
}

static void enter_rules(struct validation *v, const struct node *node)
{
    for (size_t i = 0; i < RULE_COUNT && !v->stopped; i++)
        if (v->skipping[i] == NULL && rules[i].enter != NULL && !rules[i].enter(v, node))
            v->skipping[i] = node;
}

/* A rule that returns false here keeps the later ones from leaving the node, as it does in the package graphql. */
static void leave_rules(struct validation *v, const struct node *node)
{
    for (size_t i = 0; i < RULE_COUNT && !v->stopped; i++) {
        if (v->skipping[i] == node)
            v->skipping[i] = NULL;
        else if (v->skipping[i] == NULL && rules[i].leave != NULL && !rules[i].leave(v, node))
            return;
    }
}

static void walk(struct validation *v, const struct node *node, const struct node *parent)
{
    struct node *parts[NODE_PARTS_MAX];
    v->parent = parent;
    typeinfo_enter(&v->info, node);
    enter_rules(v, node);
    size_t count = node_parts(node, parts);
    for (size_t i = 0; i < count; i++)
        for (const struct node *child = parts[i]; child != NULL && !v->stopped; child = child->next)
            walk(v, child, node);
    v->parent = parent;
    leave_rules(v, node);
    typeinfo_leave(&v->info, node);
}

static bool collect_definitions(struct validation *v)
{
    for (struct node *node = v->document->children; node != NULL; node = node->next) {
        v->operation_count += node->kind == NODE_OPERATION;
        if (node->kind != NODE_FRAGMENT)
            continue;
        void **slot = names_slot(&v->fragments, v->arena, node->name);
        if (slot == NULL)
            return false;
        *slot = node;
    }
    return true;
}

void validate_query(struct problems *problems, struct node *document)
{
    struct arena *arena = problems->arena;
    struct validation *v = arena_zalloc(arena, sizeof *v);
    struct definition_facts *facts = arena_zalloc(arena, document->count * sizeof *facts);
    if (v == NULL || facts == NULL) {
        problems->no_memory = true;
        return;
    }
    v->problems = problems;
    v->arena = v->info.arena = arena;
    v->document = document;
    v->facts = facts;
    v->fragment_work = FRAGMENT_WORK_MAX;
    if (collect_definitions(v))
        walk(v, document, NULL);
    else
        validation_no_memory(v);
}
