/* The types of the introspection itself. Source: the recorded introspection. */
#include "gateway/graphql/schema.h"

/* clang-format off: one line per entry */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct type required_type = {.kind = TYPE_NON_NULL, .of = &schema_type};
static const struct type list_required_type = {.kind = TYPE_LIST, .of = &required_type};
static const struct type required_list_required_type = {.kind = TYPE_NON_NULL, .of = &list_required_type};
static const struct type required_directive = {.kind = TYPE_NON_NULL, .of = &schema_directive};
static const struct type list_required_directive = {.kind = TYPE_LIST, .of = &required_directive};
static const struct type required_list_required_directive = {.kind = TYPE_NON_NULL, .of = &list_required_directive};
static const struct type required_type_kind = {.kind = TYPE_NON_NULL, .of = &schema_type_kind};
static const struct type required_field = {.kind = TYPE_NON_NULL, .of = &schema_field};
static const struct type list_required_field = {.kind = TYPE_LIST, .of = &required_field};
static const struct type required_enum_value = {.kind = TYPE_NON_NULL, .of = &schema_enum_value};
static const struct type list_required_enum_value = {.kind = TYPE_LIST, .of = &required_enum_value};
static const struct type required_input_value = {.kind = TYPE_NON_NULL, .of = &schema_input_value};
static const struct type list_required_input_value = {.kind = TYPE_LIST, .of = &required_input_value};
static const struct type required_list_required_input_value = {.kind = TYPE_NON_NULL, .of = &list_required_input_value};
static const struct type required_directive_location = {.kind = TYPE_NON_NULL, .of = &schema_directive_location};
static const struct type list_required_directive_location = {.kind = TYPE_LIST, .of = &required_directive_location};
static const struct type required_list_required_directive_location =
    {.kind = TYPE_NON_NULL, .of = &list_required_directive_location};
static const struct type required_schema = {.kind = TYPE_NON_NULL, .of = &schema_schema};

static const struct input deprecated_arguments_required[] = {
    {"includeDeprecated", &schema_required_boolean, "false", NULL},
};

static const struct field schema_fields[] = {
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"types", &required_list_required_type, NULL, 0, "A list of all types supported by this server.", FIELD_TYPES},
    {"queryType", &required_type, NULL, 0, "The type that query operations will be rooted at.", FIELD_QUERY_TYPE},
    {"mutationType", &schema_type, NULL, 0,
     "If this server supports mutation, the type that mutation operations will be rooted at.", FIELD_MUTATION_TYPE},
    {"subscriptionType", &schema_type, NULL, 0,
     "If this server supports subscription, the type that subscription operations will be rooted at.",
     FIELD_SUBSCRIPTION_TYPE},
    {"directives", &required_list_required_directive, deprecated_arguments_required, COUNT(deprecated_arguments_required),
     "A list of all directives supported by this server.", FIELD_DIRECTIVES},
};

const struct type schema_schema = {
    .kind = TYPE_OBJECT,
    .name = "__Schema",
    .description =
        "A GraphQL Schema defines the capabilities of a GraphQL server. It exposes all available types and "
        "directives on the server, as well as the entry points for query, mutation, and subscription operations.",
    .fields = schema_fields,
    .field_count = COUNT(schema_fields),
};

static const struct input deprecated_arguments[] = {
    {"includeDeprecated", &schema_boolean, "false", NULL},
};

static const struct field type_fields[] = {
    {"kind", &required_type_kind, NULL, 0, NULL, FIELD_KIND},
    {"name", &schema_string, NULL, 0, NULL, FIELD_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"specifiedByURL", &schema_string, NULL, 0, NULL, FIELD_SPECIFIED_BY_URL},
    {"fields", &list_required_field, deprecated_arguments, COUNT(deprecated_arguments), NULL, FIELD_FIELDS},
    {"interfaces", &list_required_type, NULL, 0, NULL, FIELD_INTERFACES},
    {"possibleTypes", &list_required_type, NULL, 0, NULL, FIELD_POSSIBLE_TYPES},
    {"enumValues", &list_required_enum_value, deprecated_arguments, COUNT(deprecated_arguments),
     NULL, FIELD_ENUM_VALUES},
    {"inputFields", &list_required_input_value, deprecated_arguments, COUNT(deprecated_arguments),
     NULL, FIELD_INPUT_FIELDS},
    {"ofType", &schema_type, NULL, 0, NULL, FIELD_OF_TYPE},
    {"isOneOf", &schema_boolean, NULL, 0, NULL, FIELD_IS_ONE_OF},
};

const struct type schema_type = {
    .kind = TYPE_OBJECT,
    .name = "__Type",
    .description =
        "The fundamental unit of any GraphQL Schema is the type. There are many kinds of types in GraphQL as "
        "represented by the `__TypeKind` enum.\n\nDepending on the kind of a type, certain fields describe "
        "information about that type. Scalar types provide no information beyond a name, description and optional "
        "`specifiedByURL`, while Enum types provide their values. Object and Interface types provide the fields they "
        "describe. Abstract types, Union and Interface, provide the Object types possible at runtime. List and "
        "NonNull types compose other types.",
    .fields = type_fields,
    .field_count = COUNT(type_fields),
};

static const struct enum_value type_kind_values[] = {
    {"SCALAR", "Indicates this type is a scalar."},
    {"OBJECT", "Indicates this type is an object. `fields` and `interfaces` are valid fields."},
    {"INTERFACE", "Indicates this type is an interface. `fields`, `interfaces`, and `possibleTypes` are valid fields."},
    {"UNION", "Indicates this type is a union. `possibleTypes` is a valid field."},
    {"ENUM", "Indicates this type is an enum. `enumValues` is a valid field."},
    {"INPUT_OBJECT", "Indicates this type is an input object. `inputFields` is a valid field."},
    {"LIST", "Indicates this type is a list. `ofType` is a valid field."},
    {"NON_NULL", "Indicates this type is a non-null. `ofType` is a valid field."},
};

const struct type schema_type_kind = {
    .kind = TYPE_ENUM,
    .name = "__TypeKind",
    .description = "An enum describing what kind of type a given `__Type` is.",
    .values = type_kind_values,
    .value_count = COUNT(type_kind_values),
};

static const struct field field_fields[] = {
    {"name", &schema_required_string, NULL, 0, NULL, FIELD_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"args", &required_list_required_input_value, deprecated_arguments, COUNT(deprecated_arguments), NULL, FIELD_ARGS},
    {"type", &required_type, NULL, 0, NULL, FIELD_TYPE},
    {"isDeprecated", &schema_required_boolean, NULL, 0, NULL, FIELD_IS_DEPRECATED},
    {"deprecationReason", &schema_string, NULL, 0, NULL, FIELD_DEPRECATION_REASON},
};

const struct type schema_field = {
    .kind = TYPE_OBJECT,
    .name = "__Field",
    .description =
        "Object and Interface types are described by a list of Fields, each of which has a name, potentially a list "
        "of arguments, and a return type.",
    .fields = field_fields,
    .field_count = COUNT(field_fields),
};

static const struct field input_value_fields[] = {
    {"name", &schema_required_string, NULL, 0, NULL, FIELD_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"type", &required_type, NULL, 0, NULL, FIELD_TYPE},
    {"defaultValue", &schema_string, NULL, 0,
     "A GraphQL-formatted string representing the default value for this input value.", FIELD_DEFAULT_VALUE},
    {"isDeprecated", &schema_required_boolean, NULL, 0, NULL, FIELD_IS_DEPRECATED},
    {"deprecationReason", &schema_string, NULL, 0, NULL, FIELD_DEPRECATION_REASON},
};

const struct type schema_input_value = {
    .kind = TYPE_OBJECT,
    .name = "__InputValue",
    .description =
        "Arguments provided to Fields or Directives and the input fields of an InputObject are represented as Input "
        "Values which describe their type and optionally a default value.",
    .fields = input_value_fields,
    .field_count = COUNT(input_value_fields),
};

static const struct field enum_value_fields[] = {
    {"name", &schema_required_string, NULL, 0, NULL, FIELD_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"isDeprecated", &schema_required_boolean, NULL, 0, NULL, FIELD_IS_DEPRECATED},
    {"deprecationReason", &schema_string, NULL, 0, NULL, FIELD_DEPRECATION_REASON},
};

const struct type schema_enum_value = {
    .kind = TYPE_OBJECT,
    .name = "__EnumValue",
    .description =
        "One possible value for a given Enum. Enum values are unique values, not a placeholder for a string or "
        "numeric value. However an Enum value is returned in a JSON response as a string.",
    .fields = enum_value_fields,
    .field_count = COUNT(enum_value_fields),
};

static const struct field directive_fields[] = {
    {"name", &schema_required_string, NULL, 0, NULL, FIELD_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"isRepeatable", &schema_required_boolean, NULL, 0, NULL, FIELD_IS_REPEATABLE},
    {"locations", &required_list_required_directive_location, NULL, 0, NULL, FIELD_LOCATIONS},
    {"args", &required_list_required_input_value, deprecated_arguments, COUNT(deprecated_arguments), NULL, FIELD_ARGS},
    {"isDeprecated", &schema_required_boolean, NULL, 0, NULL, FIELD_IS_DEPRECATED},
    {"deprecationReason", &schema_string, NULL, 0, NULL, FIELD_DEPRECATION_REASON},
};

const struct type schema_directive = {
    .kind = TYPE_OBJECT,
    .name = "__Directive",
    .description =
        "A Directive provides a way to describe alternate runtime execution and type validation behavior in a "
        "GraphQL document.\n\nIn some cases, you need to provide options to alter GraphQL's execution behavior in "
        "ways field arguments will not suffice, such as conditionally including or skipping a field. Directives "
        "provide this by describing additional information to the executor.",
    .fields = directive_fields,
    .field_count = COUNT(directive_fields),
};

static const struct enum_value directive_location_values[] = {
    {"QUERY", "Location adjacent to a query operation."},
    {"MUTATION", "Location adjacent to a mutation operation."},
    {"SUBSCRIPTION", "Location adjacent to a subscription operation."},
    {"FIELD", "Location adjacent to a field."},
    {"FRAGMENT_DEFINITION", "Location adjacent to a fragment definition."},
    {"FRAGMENT_SPREAD", "Location adjacent to a fragment spread."},
    {"INLINE_FRAGMENT", "Location adjacent to an inline fragment."},
    {"VARIABLE_DEFINITION", "Location adjacent to a variable definition."},
    {"SCHEMA", "Location adjacent to a schema definition."},
    {"SCALAR", "Location adjacent to a scalar definition."},
    {"OBJECT", "Location adjacent to an object type definition."},
    {"FIELD_DEFINITION", "Location adjacent to a field definition."},
    {"ARGUMENT_DEFINITION", "Location adjacent to an argument definition."},
    {"INTERFACE", "Location adjacent to an interface definition."},
    {"UNION", "Location adjacent to a union definition."},
    {"ENUM", "Location adjacent to an enum definition."},
    {"ENUM_VALUE", "Location adjacent to an enum value definition."},
    {"INPUT_OBJECT", "Location adjacent to an input object type definition."},
    {"INPUT_FIELD_DEFINITION", "Location adjacent to an input object field definition."},
    {"DIRECTIVE_DEFINITION", "Location adjacent to a directive definition."},
};

const struct type schema_directive_location = {
    .kind = TYPE_ENUM,
    .name = "__DirectiveLocation",
    .description =
        "A Directive can be adjacent to many parts of the GraphQL language, a __DirectiveLocation describes one such "
        "possible adjacencies.",
    .values = directive_location_values,
    .value_count = COUNT(directive_location_values),
};

static const struct input type_arguments[] = {
    {"name", &schema_required_string, NULL, NULL},
};

const struct field schema_meta_schema = {"__schema", &required_schema, NULL, 0, NULL, FIELD_META_SCHEMA};
const struct field schema_meta_type = {"__type", &schema_type, type_arguments, COUNT(type_arguments), NULL,
    FIELD_META_TYPE};
const struct field schema_meta_typename = {"__typename", &schema_required_string, NULL, 0, NULL, FIELD_META_TYPENAME};
