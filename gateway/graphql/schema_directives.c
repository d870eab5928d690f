/* The directives, and the list of all types. Source: the recorded introspection. */
#include "gateway/graphql/schema.h"

/* clang-format off: one line per entry */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const include_places[] = {"FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"};
static const struct input include_arguments[] = {
    {"if", &schema_required_boolean, NULL, "Included when true."},
};

static const char *const skip_places[] = {"FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"};
static const struct input skip_arguments[] = {
    {"if", &schema_required_boolean, NULL, "Skipped when true."},
};

static const char *const deprecated_places[] = {"FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INPUT_FIELD_DEFINITION",
                                                "ENUM_VALUE", "DIRECTIVE_DEFINITION"};
static const struct input deprecated_arguments[] = {
    {"reason", &schema_string, "\"No longer supported\"",
     "Explains why this element was deprecated, usually also including a suggestion for how to access supported "
     "similar data. Formatted using the Markdown syntax, as specified by [CommonMark](https://commonmark.org/)."},
};

static const char *const specified_by_places[] = {"SCALAR"};
static const struct input specified_by_arguments[] = {
    {"url", &schema_required_string, NULL, "The URL that specifies the behavior of this scalar."},
};

static const char *const one_of_places[] = {"INPUT_OBJECT"};

const struct directive schema_directives[] = {
    {.name = "include",
     .description = "Directs the executor to include this field or fragment only when the `if` argument is true.",
     .places = include_places,
     .place_count = COUNT(include_places),
     .arguments = include_arguments,
     .argument_count = COUNT(include_arguments)},
    {.name = "skip",
     .description = "Directs the executor to skip this field or fragment when the `if` argument is true.",
     .places = skip_places,
     .place_count = COUNT(skip_places),
     .arguments = skip_arguments,
     .argument_count = COUNT(skip_arguments)},
    {.name = "deprecated",
     .description = "Marks an element of a GraphQL schema as no longer supported.",
     .places = deprecated_places,
     .place_count = COUNT(deprecated_places),
     .arguments = deprecated_arguments,
     .argument_count = COUNT(deprecated_arguments)},
    {.name = "specifiedBy",
     .description = "Exposes a URL that specifies the behavior of this scalar.",
     .places = specified_by_places,
     .place_count = COUNT(specified_by_places),
     .arguments = specified_by_arguments,
     .argument_count = COUNT(specified_by_arguments)},
    {.name = "oneOf",
     .description = "Indicates an Input Object is a OneOf Input Object.",
     .places = one_of_places,
     .place_count = COUNT(one_of_places)},
};
const size_t schema_directive_count = COUNT(schema_directives);

const struct type *const schema_types[] = {
    &schema_query, &schema_document, &schema_string, &schema_int, &schema_base64, &schema_ndarray, &schema_float,
    &schema_json, &schema_score_item, &schema_score, &schema_score_interface, &schema_document_input,
    &schema_score_item_input, &schema_score_input, &schema_mutation, &schema_boolean, &schema_schema, &schema_type,
    &schema_type_kind, &schema_field, &schema_input_value, &schema_enum_value, &schema_directive,
    &schema_directive_location,
};
const size_t schema_type_count = COUNT(schema_types);
