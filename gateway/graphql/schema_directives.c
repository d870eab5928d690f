/* The directives, and the list of all types. Source: the recorded introspection. */
#include "gateway/graphql/schema.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const include_places[] = {"FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"};
static const struct input include_arguments[] = {
    {"if", &schema_required_boolean, NULL, "Included when true."},
};

static const char *const skip_places[] = {"FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"};
static const struct input skip_arguments[] = {
    {"if", &schema_required_boolean, NULL, "Skipped when true."},
};

static const char *const deprecated_places[] = {"FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INPUT_FIELD_DEFINITION", "ENUM_VALUE", "DIRECTIVE_DEFINITION"};
static const struct input deprecated_arguments[] = {
    {"reason", &schema_string, "\"No longer supported\"", 
     "Explains why this element was deprecated, usually also including a suggestion for how to access supported "
     "similar data. Formatted using the Markdown syntax, as specified by [CommonMark](https://commonmark.org/)."},
};

static const char *const specifiedBy_places[] = {"SCALAR"};
static const struct input specifiedBy_arguments[] = {
    {"url", &schema_required_string, NULL, "The URL that specifies the behavior of this scalar."},
};

static const char *const oneOf_places[] = {"INPUT_OBJECT"};

const struct directive schema_directives[] = {
    {"include", 
     "Directs the executor to include this field or fragment only when the `if` argument is true.", include_places, COUNT(include_places), include_arguments, COUNT(include_arguments)},
    {"skip", 
     "Directs the executor to skip this field or fragment when the `if` argument is true.", skip_places, COUNT(skip_places), skip_arguments, COUNT(skip_arguments)},
    {"deprecated", "Marks an element of a GraphQL schema as no longer supported.", deprecated_places, COUNT(deprecated_places), deprecated_arguments, COUNT(deprecated_arguments)},
    {"specifiedBy", "Exposes a URL that specifies the behavior of this scalar.", specifiedBy_places, COUNT(specifiedBy_places), specifiedBy_arguments, COUNT(specifiedBy_arguments)},
    {"oneOf", "Indicates an Input Object is a OneOf Input Object.", oneOf_places, COUNT(oneOf_places), NULL, 0},
};
const size_t schema_directive_count = COUNT(schema_directives);

const struct type *const schema_types[] = {
    &schema_query, &schema_document, &schema_string, &schema_int, &schema_base64, &schema_ndarray, &schema_float, &schema_json, &schema_score_item, &schema_score, &schema_score_interface, &schema_document_input, &schema_score_item_input, &schema_score_input, &schema_mutation, &schema_boolean, &schema_schema, &schema_type, &schema_type_kind, &schema_field, &schema_input_value, &schema_enum_value, &schema_directive, &schema_directive_location,
};
const size_t schema_type_count = COUNT(schema_types);
