/*
 * value.h - values while an operation is worked on: variables and arguments. Private to gateway/graphql.
 *
 * Values live in the operation's arena. What coercion gives has the form that its type wants: Int an integer, Float a
 * number, String, Base64 and JSONScalar a text (of base64, of JSON), NdArray lists of numbers, an input object its
 * known fields. Sources: https://spec.graphql.org/October2021/#sec-Coercing-Variable-Values and #sec-Input-Coercion of
 * each type; the package graphql for texts.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_VALUE_H
#define SLUICE_GATEWAY_GRAPHQL_VALUE_H

#include "gateway/graphql/names.h"
#include "gateway/graphql/problem.h"
#include "gateway/graphql/schema.h"

enum value_kind {
    VALUE_ABSENT, /* a variable that has no value (yet) */
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_UNSIGNED, /* above INT64_MAX */
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_OBJECT
};

struct value {
    enum value_kind kind;
    bool boolean;
    union {
        int64_t integer;
        uint64_t natural;
        double number;
        sluice_text text;
        struct {
            struct value *first;
            size_t count;
        };
    };
    struct value *next; /* in a list or object */
    sluice_text key;    /* in an object */
};

struct value *value_new(struct arena *arena, enum value_kind kind); /* NULL: no memory */
struct value *value_of_text(struct arena *arena, sluice_text text);
struct value *value_member(const struct value *object, sluice_text key); /* the last of several; NULL: none */
bool value_is_null(const struct value *value);                           /* NULL, absent or null */

/* For messages, as the package's inspect() prints it, cut when it is long. In the arena. */
const char *value_text(struct arena *arena, const struct value *value);

/* A JSON text as a value; SLUICE_INVALID, SLUICE_LIMIT, SLUICE_NO_MEMORY with a text for people. */
sluice_status value_from_json(struct arena *arena, sluice_text json, size_t depth, struct value **ret_value,
                              sluice_error *error);

/* ---- scalars: what a value must be ---- */

/*
 * The value as the scalar `type` wants it. NULL: it cannot be one; *ret_problem says why (in the arena), after the
 * words "Expected type ...". when *ret_expected is set.
 */
struct value *scalar_from_value(struct arena *arena, const struct type *type, struct value *value,
                                const char **ret_problem, bool *ret_expected);
/* The same of a literal; `variables` NULL: they are not known yet, and a place that holds one is taken for good. */
struct value *scalar_from_literal(struct arena *arena, const struct type *type, const struct node *node,
                                  const struct names *variables, const char **ret_problem, bool *ret_expected);

/* ---- coercion ---- */

/*
 * The variables of an operation from those of the request (NULL: none). `ret_variables` maps names to values; a
 * variable without a value is not in it. False: errors are in `problems`.
 */
bool coerce_variables(struct problems *problems, const struct node *operation, const struct value *given,
                      struct names *ret_variables);

/* The value of a literal for a type. NULL: it has none (invalid; or no memory, noted). */
struct value *literal_value(struct problems *problems, const struct node *node, const struct type *type,
                            const struct names *variables);

/*
 * The arguments of a field or directive. `ret_arguments` has `count` places; one without value is NULL. False: an error
 * that has neither path nor further places is the last in `problems`.
 */
bool coerce_arguments(struct problems *problems, const struct node *node, const struct input *inputs, size_t count,
                      const struct names *variables, struct value **ret_arguments);

#endif
