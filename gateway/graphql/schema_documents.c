/* The types of documents and the roots. Source: the recorded introspection. */
#include "gateway/graphql/schema.h"

/* clang-format off: one line per entry */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct type required_document_input = {.kind = TYPE_NON_NULL, .of = &schema_document_input};
static const struct type list_required_document_input = {.kind = TYPE_LIST, .of = &required_document_input};
static const struct type required_document = {.kind = TYPE_NON_NULL, .of = &schema_document};
static const struct type list_required_document = {.kind = TYPE_LIST, .of = &required_document};
static const struct type required_list_required_document = {.kind = TYPE_NON_NULL, .of = &list_required_document};
static const struct type required_float = {.kind = TYPE_NON_NULL, .of = &schema_float};
static const struct type list_required_float = {.kind = TYPE_LIST, .of = &required_float};
static const struct type required_score_item = {.kind = TYPE_NON_NULL, .of = &schema_score_item};
static const struct type list_required_score_item = {.kind = TYPE_LIST, .of = &required_score_item};
static const struct type required_score = {.kind = TYPE_NON_NULL, .of = &schema_score};
static const struct type required_score_item_input = {.kind = TYPE_NON_NULL, .of = &schema_score_item_input};
static const struct type list_required_score_item_input = {.kind = TYPE_LIST, .of = &required_score_item_input};
static const struct type required_score_input = {.kind = TYPE_NON_NULL, .of = &schema_score_input};

static const struct input docs_arguments[] = {
    {"data", &list_required_document_input, "null", NULL},
    {"targetExecutor", &schema_string, "null", NULL},
    {"parameters", &schema_json, "null", NULL},
    {"execEndpoint", &schema_required_string, "\"/search\"", NULL},
};

static const struct field query_fields[] = {
    {"docs", &required_list_required_document, docs_arguments, COUNT(docs_arguments), NULL, FIELD_DOCS},
};

const struct type schema_query = {
    .kind = TYPE_OBJECT,
    .name = "Query",
    .fields = query_fields,
    .field_count = COUNT(query_fields),
};

static const struct field document_fields[] = {
    {"id", &schema_string, NULL, 0, NULL, FIELD_ID},
    {"parentId", &schema_string, NULL, 0, NULL, FIELD_PARENT_ID},
    {"granularity", &schema_int, NULL, 0, NULL, FIELD_GRANULARITY},
    {"adjacency", &schema_int, NULL, 0, NULL, FIELD_ADJACENCY},
    {"blob", &schema_base64, NULL, 0, NULL, FIELD_BLOB},
    {"tensor", &schema_ndarray, NULL, 0, NULL, FIELD_TENSOR},
    {"mimeType", &schema_string, NULL, 0, NULL, FIELD_MIME_TYPE},
    {"text", &schema_string, NULL, 0, NULL, FIELD_TEXT},
    {"weight", &schema_float, NULL, 0, NULL, FIELD_WEIGHT},
    {"uri", &schema_string, NULL, 0, NULL, FIELD_URI},
    {"tags", &schema_json, NULL, 0, NULL, FIELD_TAGS},
    {"offset", &schema_float, NULL, 0, NULL, FIELD_OFFSET},
    {"location", &list_required_float, NULL, 0, NULL, FIELD_LOCATION},
    {"embedding", &schema_ndarray, NULL, 0, NULL, FIELD_EMBEDDING},
    {"modality", &schema_string, NULL, 0, NULL, FIELD_MODALITY},
    {"evaluations", &list_required_score_item, NULL, 0, NULL, FIELD_EVALUATIONS},
    {"scores", &list_required_score_item, NULL, 0, NULL, FIELD_SCORES},
    {"chunks", &list_required_document, NULL, 0, NULL, FIELD_CHUNKS},
    {"matches", &list_required_document, NULL, 0, NULL, FIELD_MATCHES},
};

const struct type schema_document = {
    .kind = TYPE_OBJECT,
    .name = "StrawberryDocument",
    .fields = document_fields,
    .field_count = COUNT(document_fields),
};

const struct type schema_string = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_STRING,
    .name = "String",
    .description =
        "The `String` scalar type represents textual data, represented as UTF-8 character sequences. The String type "
        "is most often used by GraphQL to represent free-form human-readable text.",
};

const struct type schema_int = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_INT,
    .name = "Int",
    .description =
        "The `Int` scalar type represents non-fractional signed whole numeric values. Int can represent values "
        "between -(2^31) and 2^31 - 1.",
};

const struct type schema_base64 = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_BASE64,
    .name = "Base64",
};

const struct type schema_ndarray = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_NDARRAY,
    .name = "NdArray",
};

const struct type schema_float = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_FLOAT,
    .name = "Float",
    .description =
        "The `Float` scalar type represents signed double-precision fractional values as specified by [IEEE "
        "754](https://en.wikipedia.org/wiki/IEEE_floating_point).",
};

const struct type schema_json = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_JSON,
    .name = "JSONScalar",
    .description =
        "The GenericScalar scalar type represents a generic GraphQL scalar value that could be: List or Object.",
};

static const struct field score_item_fields[] = {
    {"name", &schema_required_string, NULL, 0, NULL, FIELD_NAME},
    {"score", &required_score, NULL, 0, NULL, FIELD_SCORE},
};

const struct type schema_score_item = {
    .kind = TYPE_OBJECT,
    .name = "Namescoreitem",
    .fields = score_item_fields,
    .field_count = COUNT(score_item_fields),
};

static const struct field score_fields[] = {
    {"value", &schema_float, NULL, 0, NULL, FIELD_VALUE},
    {"opName", &schema_string, NULL, 0, NULL, FIELD_OP_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"refId", &schema_string, NULL, 0, NULL, FIELD_REF_ID},
};

const struct type schema_score = {
    .kind = TYPE_OBJECT,
    .name = "Namedscore",
    .fields = score_fields,
    .field_count = COUNT(score_fields),
    .interface = &schema_score_interface,
};

static const struct field score_interface_fields[] = {
    {"value", &schema_float, NULL, 0, NULL, FIELD_VALUE},
    {"opName", &schema_string, NULL, 0, NULL, FIELD_OP_NAME},
    {"description", &schema_string, NULL, 0, NULL, FIELD_DESCRIPTION},
    {"refId", &schema_string, NULL, 0, NULL, FIELD_REF_ID},
};

const struct type schema_score_interface = {
    .kind = TYPE_INTERFACE,
    .name = "Namedscoreinterface",
    .fields = score_interface_fields,
    .field_count = COUNT(score_interface_fields),
    .possible = &schema_score,
};

static const struct input document_input_inputs[] = {
    {"id", &schema_string, "null", NULL},
    {"parentId", &schema_string, "null", NULL},
    {"granularity", &schema_int, "null", NULL},
    {"adjacency", &schema_int, "null", NULL},
    {"blob", &schema_base64, "null", NULL},
    {"tensor", &schema_ndarray, "null", NULL},
    {"mimeType", &schema_string, "null", NULL},
    {"text", &schema_string, "null", NULL},
    {"weight", &schema_float, "null", NULL},
    {"uri", &schema_string, "null", NULL},
    {"tags", &schema_json, "null", NULL},
    {"offset", &schema_float, "null", NULL},
    {"location", &list_required_float, "null", NULL},
    {"embedding", &schema_ndarray, "null", NULL},
    {"modality", &schema_string, "null", NULL},
    {"evaluations", &list_required_score_item_input, "null", NULL},
    {"scores", &list_required_score_item_input, "null", NULL},
    {"chunks", &list_required_document_input, "null", NULL},
    {"matches", &list_required_document_input, "null", NULL},
};

const struct type schema_document_input = {
    .kind = TYPE_INPUT_OBJECT,
    .name = "StrawberryDocumentInput",
    .inputs = document_input_inputs,
    .input_count = COUNT(document_input_inputs),
};

static const struct input score_item_input_inputs[] = {
    {"name", &schema_required_string, NULL, NULL},
    {"score", &required_score_input, NULL, NULL},
};

const struct type schema_score_item_input = {
    .kind = TYPE_INPUT_OBJECT,
    .name = "Namescoreiteminput",
    .inputs = score_item_input_inputs,
    .input_count = COUNT(score_item_input_inputs),
};

static const struct input score_input_inputs[] = {
    {"value", &schema_float, "null", NULL},
    {"opName", &schema_string, "null", NULL},
    {"description", &schema_string, "null", NULL},
    {"refId", &schema_string, "null", NULL},
};

const struct type schema_score_input = {
    .kind = TYPE_INPUT_OBJECT,
    .name = "Namedscoreinput",
    .inputs = score_input_inputs,
    .input_count = COUNT(score_input_inputs),
};

static const struct field mutation_fields[] = {
    {"docs", &required_list_required_document, docs_arguments, COUNT(docs_arguments), NULL, FIELD_DOCS},
};

const struct type schema_mutation = {
    .kind = TYPE_OBJECT,
    .name = "Mutation",
    .fields = mutation_fields,
    .field_count = COUNT(mutation_fields),
};

const struct type schema_boolean = {
    .kind = TYPE_SCALAR,
    .scalar = SCALAR_BOOLEAN,
    .name = "Boolean",
    .description = "The `Boolean` scalar type represents `true` or `false`.",
};

const struct type schema_required_boolean = {.kind = TYPE_NON_NULL, .of = &schema_boolean};
const struct type schema_required_string = {.kind = TYPE_NON_NULL, .of = &schema_string};
