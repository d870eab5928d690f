/* The scalars: what they accept. */
#include "gateway/graphql/value.h"
#include "gateway/graphql/graphql.h"
#include "gateway/graphql/validate.h"
#include "common/json/base64.h"
#include "common/json/json.h"
#include "common/json/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_UNSIGNED || value->kind == VALUE_FLOAT;
}

static double number_of(const struct value *value)
{
    if (value->kind == VALUE_INT)
        return (double)value->integer;
    return value->kind == VALUE_UNSIGNED ? (double)value->natural : value->number;
}

static struct value *refuse(struct arena *arena, const char **ret_problem, bool *ret_expected, const char *what,
                            const char *shown)
{
    *ret_problem = arena_printf(arena, "%s: %s", what, shown);
    *ret_expected = false;
    return NULL;
}

static struct value *as_int(struct arena *arena, struct value *value, const char **ret_problem, bool *ret_expected)
{
    if (!is_number(value) || floor(number_of(value)) != number_of(value) || !isfinite(number_of(value)))
        return refuse(arena, ret_problem, ret_expected, "Int cannot represent non-integer value",
                      value_text(arena, value));
    if (number_of(value) > INT32_MAX || number_of(value) < INT32_MIN)
        return refuse(arena, ret_problem, ret_expected, "Int cannot represent non 32-bit signed integer value",
                      value_text(arena, value));
    struct value *whole = value_new(arena, VALUE_INT);
    if (whole != NULL)
        whole->integer = (int64_t)number_of(value);
    return whole;
}

static struct value *as_base64(struct arena *arena, struct value *value, const char **ret_problem)
{
    size_t size;
    if (value->kind != VALUE_STRING) {
        *ret_problem = "Base64 is written as a text";
        return NULL;
    }
    uint8_t *room = arena_alloc(arena, base64_room(value->text.size));
    if (room == NULL || !base64_read(value->text.data, value->text.size, room, &size)) {
        *ret_problem = "the text is no base64: its padding does not suffice";
        return NULL;
    }
    return value;
}

/* Any JSON is fine, so the events say so. */
static bool yes(void *context)
{
    (void)context;
    return true;
}

static bool yes_text(void *context, const char *text, size_t size)
{
    (void)context, (void)text, (void)size;
    return true;
}

static bool yes_boolean(void *context, bool value)
{
    (void)context, (void)value;
    return true;
}

static bool yes_numbers(void *context, enum json_numbers kind, const void *values, size_t count)
{
    (void)context, (void)kind, (void)values, (void)count;
    return true;
}

static struct value *as_json(struct arena *arena, struct value *value, const char **ret_problem)
{
    static const struct json_events events = {.begin_object = yes,
                                              .key = yes_text,
                                              .end_object = yes,
                                              .begin_array = yes,
                                              .end_array = yes,
                                              .null = yes,
                                              .boolean = yes_boolean,
                                              .string = yes_text,
                                              .numbers = yes_numbers};
    sluice_error error;
    if (value->kind != VALUE_STRING) {
        *ret_problem = "JSONScalar is written as a text that holds JSON";
        return NULL;
    }
    if (json_read(value->text.data, value->text.size, SLUICE_DEFAULT_DEPTH, &events, NULL, "JSONScalar", &error) ==
        SLUICE_OK)
        return value;
    *ret_problem = arena_printf(arena, "the text is no JSON: %s", error.text);
    return NULL;
}

/* What is wrong with a list as an array of numbers; NULL: nothing. *unknown: it holds a variable without a value yet.
 */
static const char *list_problem(struct numbers *array, const struct value *list, bool *unknown)
{
    const char *problem = numbers_begin(array);
    for (const struct value *item = list->first; item != NULL && problem == NULL; item = item->next) {
        switch (item->kind) {
        case VALUE_LIST: problem = list_problem(array, item, unknown); break;
        case VALUE_BOOL: problem = numbers_add_bool(array, item->boolean); break;
        case VALUE_INT: problem = numbers_add(array, JSON_INTEGERS, &item->integer, 1); break;
        case VALUE_UNSIGNED: problem = numbers_add(array, JSON_UNSIGNED, &item->natural, 1); break;
        case VALUE_FLOAT: problem = numbers_add(array, JSON_DOUBLES, &item->number, 1); break;
        case VALUE_ABSENT: *unknown = true; return NULL;
        default: problem = "only numbers and lists of numbers may be in it";
        }
        if (*unknown)
            return NULL;
    }
    return problem != NULL ? problem : numbers_end(array);
}

/* What is no list at all passes here, as in the original, and is refused when the request is made. */
static struct value *as_ndarray(struct value *value, bool variables_known, const char **ret_problem)
{
    struct numbers array;
    bool unknown = false;
    if (value->kind != VALUE_LIST)
        return value;
    numbers_init(&array, (size_t)GRAPHQL_MEMORY_MAX);
    *ret_problem = list_problem(&array, value, &unknown);
    numbers_done(&array);
    if (unknown && variables_known)
        *ret_problem = "a variable in it has no value";
    return *ret_problem == NULL ? value : NULL;
}

static struct value *from_value(struct arena *arena, const struct type *type, struct value *value, bool variables_known,
                                const char **ret_problem, bool *ret_expected)
{
    *ret_expected = true;
    *ret_problem = NULL;
    if (type->kind == TYPE_ENUM)
        return NULL; /* no argument and no field of an input has an enumeration */
    switch (type->scalar) {
    case SCALAR_STRING:
        if (value->kind == VALUE_STRING)
            return value;
        return refuse(arena, ret_problem, ret_expected, "String cannot represent a non string value",
                      value_text(arena, value));
    case SCALAR_FLOAT:
        if (is_number(value) && isfinite(number_of(value)))
            return value;
        return refuse(arena, ret_problem, ret_expected, "Float cannot represent non numeric value",
                      value_text(arena, value));
    case SCALAR_BOOLEAN:
        if (value->kind == VALUE_BOOL)
            return value;
        return refuse(arena, ret_problem, ret_expected, "Boolean cannot represent a non boolean value",
                      value_text(arena, value));
    case SCALAR_INT: return as_int(arena, value, ret_problem, ret_expected);
    case SCALAR_BASE64: return as_base64(arena, value, ret_problem);
    case SCALAR_JSON: return as_json(arena, value, ret_problem);
    case SCALAR_NDARRAY: return as_ndarray(value, variables_known, ret_problem);
    }
    return NULL;
}

struct value *scalar_from_value(struct arena *arena, const struct type *type, struct value *value,
                                const char **ret_problem, bool *ret_expected)
{
    return from_value(arena, type, value, true, ret_problem, ret_expected);
}

/* ---- literals ---- */

static struct value *plain_value(struct arena *arena, const struct node *node, const struct names *variables);

static struct value *plain_variable(struct arena *arena, const struct node *node, const struct names *variables)
{
    const struct value *known = variables != NULL ? names_get(variables, node->name) : NULL;
    struct value *value = value_new(arena, VALUE_ABSENT);
    if (known != NULL && value != NULL) {
        *value = *known;
        value->next = NULL;
    }
    return value;
}

/* Digits as a number. What does not fit 64 bits becomes a double. */
static struct value *plain_number(struct arena *arena, const struct node *node)
{
    struct value *value = value_new(arena, VALUE_FLOAT);
    char *end = NULL, *digits = arena_text_of(arena, node->name.data, node->name.size);
    if (value == NULL || digits == NULL)
        return NULL;
    value->number = strtod(digits, &end);
    if (node->kind == NODE_FLOAT)
        return value;
    if (digits[0] != '-' && value->number > 9e18 && value->number < 1.9e19) {
        char *from = digits;
        unsigned long long natural = strtoull(from, &end, 10);
        if (natural > INT64_MAX && natural < UINT64_MAX) {
            value->kind = VALUE_UNSIGNED;
            value->natural = natural;
            return value;
        }
    }
    if (value->number >= -9.2e18 && value->number <= 9.22337203685477e18) {
        value->kind = VALUE_INT;
        value->integer = strtoll(digits, &end, 10);
    }
    return value;
}

static struct value *plain_children(struct arena *arena, const struct node *node, const struct names *variables)
{
    struct value *value = value_new(arena, node->kind == NODE_LIST ? VALUE_LIST : VALUE_OBJECT);
    struct value **link = value != NULL ? &value->first : NULL;
    for (const struct node *child = node->children; value != NULL && child != NULL; child = child->next) {
        struct value *item = plain_value(arena, node->kind == NODE_LIST ? child : child->value, variables);
        if (item == NULL)
            return NULL;
        item->key = child->name;
        *link = item;
        link = &item->next;
        value->count++;
    }
    return value;
}

/* A literal without regard to any type. NULL: no memory. */
static struct value *plain_value(struct arena *arena, const struct node *node, const struct names *variables)
{
    struct value *value;
    switch (node->kind) {
    case NODE_VARIABLE: return plain_variable(arena, node, variables);
    case NODE_INT:
    case NODE_FLOAT: return plain_number(arena, node);
    case NODE_STRING:
    case NODE_ENUM: return value_of_text(arena, node->name);
    case NODE_BOOLEAN:
        value = value_new(arena, VALUE_BOOL);
        if (value != NULL)
            value->boolean = sluice_text_is(node->name, "true");
        return value;
    case NODE_LIST:
    case NODE_OBJECT: return plain_children(arena, node, variables);
    default: return value_new(arena, VALUE_NULL);
    }
}

/* The scalars of the language take literals of their own kind only: no text of an enumeration, no 2.0 for Int. */
static bool is_own_kind(const struct type *type, const struct node *node, const char **ret_what)
{
    switch (type->scalar) {
    case SCALAR_STRING: *ret_what = "String cannot represent a non string value"; return node->kind == NODE_STRING;
    case SCALAR_INT: *ret_what = "Int cannot represent non-integer value"; return node->kind == NODE_INT;
    case SCALAR_FLOAT:
        *ret_what = "Float cannot represent non numeric value";
        return node->kind == NODE_INT || node->kind == NODE_FLOAT;
    case SCALAR_BOOLEAN: *ret_what = "Boolean cannot represent a non boolean value"; return node->kind == NODE_BOOLEAN;
    default: return true;
    }
}

struct value *scalar_from_literal(struct arena *arena, const struct type *type, const struct node *node,
                                  const struct names *variables, const char **ret_problem, bool *ret_expected)
{
    const char *what = NULL;
    *ret_problem = NULL;
    *ret_expected = true;
    if (type->kind != TYPE_ENUM && !is_own_kind(type, node, &what))
        return refuse(arena, ret_problem, ret_expected, what, node_text(arena, node));
    struct value *value = plain_value(arena, node, variables);
    if (value == NULL)
        return NULL;
    if (type->kind == TYPE_SCALAR && type->scalar == SCALAR_FLOAT && !isfinite(number_of(value)))
        return value; /* 1e999 is a literal of the language, and infinite as in the package */
    return from_value(arena, type, value, variables != NULL, ret_problem, ret_expected);
}
