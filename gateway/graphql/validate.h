/*
 * validate.h - the rules of https://spec.graphql.org/October2021/#sec-Validation. Private to gateway/graphql.
 *
 * As in the package graphql, all rules watch one walk through the document, so that their errors come in its order. A
 * rule is a pair of functions; what it remembers lies in struct validation. A rule that does not want to see what is
 * below a node says so by returning false from `enter`.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_VALIDATE_H
#define SLUICE_GATEWAY_GRAPHQL_VALIDATE_H

#include "gateway/graphql/graphql.h"
#include "gateway/graphql/names.h"
#include "gateway/graphql/problem.h"
#include "gateway/graphql/schema.h"

/* Errors are in `problems`; none: the document is valid. */
void validate_query(struct problems *problems, struct node *document);

/* ---- between the files of the validation ---- */

/* The types around the node that is being visited. Each stack's last entry counts; entries may be NULL. */
enum { TYPE_STACK_MAX = 2 * GRAPHQL_DEPTH_MAX + 16 };

struct type_stack {
    const struct type *entries[TYPE_STACK_MAX];
    size_t count;
};

struct typeinfo {
    struct arena *arena;
    struct type_stack types, parents, inputs;
    const struct field *fields[TYPE_STACK_MAX];
    size_t field_count;
    const char *fallbacks[TYPE_STACK_MAX]; /* of the argument or input field; NULL: none */
    size_t fallback_count;
    const struct directive *directive;
    const struct input *argument;
};

void typeinfo_enter(struct typeinfo *info, const struct node *node);
void typeinfo_leave(struct typeinfo *info, const struct node *node);
const struct type *typeinfo_type(const struct typeinfo *info);
const struct type *typeinfo_parent(const struct typeinfo *info);
const struct type *typeinfo_input(const struct typeinfo *info);
const struct type *typeinfo_parent_input(const struct typeinfo *info);
const struct field *typeinfo_field(const struct typeinfo *info);
const char *typeinfo_fallback(const struct typeinfo *info);

/* What lies below a node, in the order of the walk: lists of siblings. */
enum { NODE_PARTS_MAX = 4 };
size_t node_parts(const struct node *node, struct node *parts[NODE_PARTS_MAX]);

/* A row of nodes that grows. */
struct node_row {
    const struct node **nodes;
    size_t count, capacity;
};

/* One use of a variable, with what its place expects. */
struct usage {
    const struct node *variable;
    const struct type *type;
    const char *fallback;
};

struct usages {
    struct usage *list;
    size_t count, capacity;
    bool known;
};

/* Of one definition of the document. */
struct definition_facts {
    struct usages usages;     /* in itself */
    struct usages all_usages; /* of an operation: with those of its fragments */
    struct node_row spreads;
    bool spreads_known;
};

enum { RULES_MAX = 32 };

/* Work on fragments and on overlapping fields that a document may cause. */
enum { FRAGMENT_WORK_MAX = 50000, OVERLAP_WORK_MAX = 500000 };

/* Fragments may lead from one to the other as far as there are any; rules that follow them give up here. */
enum { RECURSION_MAX = 2000 };

struct overlap; /* overlap.c */

struct validation {
    struct problems *problems;
    struct arena *arena;
    struct node *document;
    struct typeinfo info;
    const struct node *parent;              /* of the node that is visited */
    const struct node *skipping[RULES_MAX]; /* by rule: the node below which it sees nothing */
    bool stopped;                           /* too many errors, too much work or no memory */
    long fragment_work;
    size_t recursion;
    struct names fragments;         /* by name, the last definition of each */
    struct definition_facts *facts; /* by node->number */
    size_t operation_count;
    struct names operation_names, fragment_names;
    struct names variables; /* of the operation that is visited: its definitions */
    struct node_row operations, fragment_row;
    struct names checked_cycles, path_position; /* NoFragmentCycles */
    struct node_row spread_path;
    struct names *input_names;                  /* UniqueInputFieldNames: of the object that is visited */
    struct names depth_checked, depth_exceeded; /* MaxIntrospectionDepth */
    struct overlap *overlap;
};

/* Report an error at a node, or at its name; further places by problem_place(). */
struct problem *report(struct validation *v, const struct node *node, const char *format, ...) SLUICE_PRINTF(3, 4);
struct problem *report_at(struct validation *v, uint32_t at, const char *format, ...) SLUICE_PRINTF(3, 4);
void validation_abort(struct validation *v);     /* too much work */
bool validation_no_memory(struct validation *v); /* stops; always false */

bool node_row_add(struct validation *v, struct node_row *row, const struct node *node);
const struct node *fragment_named(const struct validation *v, sluice_text name);
const struct node_row *fragment_spreads(struct validation *v, const struct node *definition);
/* Fragments that these operations use, directly or not, in the order of a breadth-first search. */
bool fragments_of(struct validation *v, const struct node_row *operations, struct node_row *ret_fragments);
const struct usages *usages_of(struct validation *v, const struct node *operation);
bool spend_fragment_work(struct validation *v, size_t cost);
bool validation_deeper(
    struct validation *v); /* false: too deep, aborted; else v->recursion is counted down by the caller */

/* How a value stands in messages: on one line, cut when it is long. In the arena. */
const char *node_text(struct arena *arena, const struct node *value);

typedef bool rule_function(struct validation *v, const struct node *node);

/* By rule; leave may be absent. rules_definitions.c, rules_fragments.c, rules_types.c, rules_arguments.c,
 * rules_values.c, rules_variables.c, overlap.c, rule_depth.c. */
rule_function enter_executable_definitions, enter_unique_operation_names, enter_lone_anonymous_operation,
    enter_known_type_names, enter_fragments_on_composite_types, enter_variables_are_input_types, enter_scalar_leafs,
    enter_fields_on_correct_type, enter_unique_fragment_names, enter_known_fragment_names, enter_no_unused_fragments,
    leave_no_unused_fragments, enter_possible_fragment_spreads, enter_no_fragment_cycles, enter_unique_variable_names,
    leave_no_undefined_variables, leave_no_unused_variables, enter_known_directives,
    enter_unique_directives_per_location, enter_known_argument_names, enter_unique_argument_names,
    enter_values_of_correct_type, leave_provided_required_arguments, leave_variables_in_allowed_position,
    enter_overlapping_fields, enter_unique_input_field_names, leave_unique_input_field_names,
    enter_max_introspection_depth;

#endif
