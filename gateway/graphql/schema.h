/*
 * schema.h - the one schema, as a static table. Private to gateway/graphql.
 *
 * It is what Jina 3.34.0 and 3.5.0 answer to an introspection, with the introspection types of that answer; the order
 * of types, fields and directives is theirs too.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_SCHEMA_H
#define SLUICE_GATEWAY_GRAPHQL_SCHEMA_H

#include "common/foundation/arena.h"
#include "gateway/graphql/ast.h"

enum type_kind {
    TYPE_SCALAR,
    TYPE_OBJECT,
    TYPE_INTERFACE,
    TYPE_UNION,
    TYPE_ENUM,
    TYPE_INPUT_OBJECT,
    TYPE_LIST,
    TYPE_NON_NULL
};

enum scalar_type {
    SCALAR_STRING,
    SCALAR_INT,
    SCALAR_FLOAT,
    SCALAR_BOOLEAN,
    SCALAR_BASE64,
    SCALAR_NDARRAY,
    SCALAR_JSON
};

struct type;

/* An argument of a field or a directive, or a field of an input object. */
struct input {
    const char *name;
    const struct type *type;
    const char *fallback; /* the default as GraphQL text; NULL: none */
    const char *description;
};

/* Which field it is; fields of one name share one. */
enum field_id {
    FIELD_META_SCHEMA,
    FIELD_META_TYPE,
    FIELD_META_TYPENAME,
    FIELD_DOCS,
    FIELD_ID,
    FIELD_PARENT_ID,
    FIELD_GRANULARITY,
    FIELD_ADJACENCY,
    FIELD_BLOB,
    FIELD_TENSOR,
    FIELD_MIME_TYPE,
    FIELD_TEXT,
    FIELD_WEIGHT,
    FIELD_URI,
    FIELD_TAGS,
    FIELD_OFFSET,
    FIELD_LOCATION,
    FIELD_EMBEDDING,
    FIELD_MODALITY,
    FIELD_EVALUATIONS,
    FIELD_SCORES,
    FIELD_CHUNKS,
    FIELD_MATCHES,
    FIELD_NAME,
    FIELD_SCORE,
    FIELD_VALUE,
    FIELD_OP_NAME,
    FIELD_DESCRIPTION,
    FIELD_REF_ID,
    FIELD_TYPES,
    FIELD_QUERY_TYPE,
    FIELD_MUTATION_TYPE,
    FIELD_SUBSCRIPTION_TYPE,
    FIELD_DIRECTIVES,
    FIELD_KIND,
    FIELD_SPECIFIED_BY_URL,
    FIELD_FIELDS,
    FIELD_INTERFACES,
    FIELD_POSSIBLE_TYPES,
    FIELD_ENUM_VALUES,
    FIELD_INPUT_FIELDS,
    FIELD_OF_TYPE,
    FIELD_IS_ONE_OF,
    FIELD_ARGS,
    FIELD_TYPE,
    FIELD_IS_DEPRECATED,
    FIELD_DEPRECATION_REASON,
    FIELD_DEFAULT_VALUE,
    FIELD_IS_REPEATABLE,
    FIELD_LOCATIONS,
};

struct field {
    const char *name;
    const struct type *type;
    const struct input *arguments;
    size_t argument_count;
    const char *description;
    enum field_id id;
};

struct enum_value {
    const char *name, *description;
};

struct type {
    enum type_kind kind;
    enum scalar_type scalar;
    const char *name, *description;
    const struct type *of; /* list, non-null */
    const struct field *fields;
    size_t field_count;
    const struct input *inputs;
    size_t input_count;
    const struct enum_value *values;
    size_t value_count;
    const struct type *interface; /* that an object implements, at most one */
    const struct type *possible;  /* object of an interface, exactly one */
};

struct directive {
    const char *name, *description;
    const char *const *places;
    size_t place_count;
    const struct input *arguments;
    size_t argument_count;
};

extern const struct type schema_query, schema_mutation, schema_document, schema_score_item, schema_score,
    schema_score_interface, schema_document_input, schema_score_item_input, schema_score_input, schema_string,
    schema_int, schema_float, schema_boolean, schema_base64, schema_ndarray, schema_json, schema_schema, schema_type,
    schema_type_kind, schema_field, schema_input_value, schema_enum_value, schema_directive, schema_directive_location;
extern const struct type schema_required_boolean, schema_required_string;

/* In the order of the introspection. */
extern const struct type *const schema_types[];
extern const size_t schema_type_count;
extern const struct directive schema_directives[];
extern const size_t schema_directive_count;

/* The fields that every query type (__schema, __type) and every composite type (__typename) has unseen. */
extern const struct field schema_meta_schema, schema_meta_type, schema_meta_typename;

const struct type *schema_type_named(sluice_text name); /* NULL: there is none */
const struct type *schema_root(enum operation_kind operation);
const struct directive *schema_directive_named(sluice_text name);
const struct field *schema_field_of(const struct type *type, sluice_text name); /* own fields only */
const struct field *schema_field_or_meta(const struct type *parent, sluice_text name);
const struct input *schema_input_named(const struct input *inputs, size_t count, sluice_text name);

/* The type that a query writes. NULL: it names an unknown type (or no memory). */
const struct type *schema_type_of_node(struct arena *arena, const struct node *node);

bool type_is_input(const struct type *type); /* NULL is none of these */
bool type_is_output(const struct type *type);
bool type_is_leaf(const struct type *type);
bool type_is_composite(const struct type *type);
bool input_is_required(const struct input *input);
const struct type *type_named(const struct type *type);    /* without lists and non-nulls; NULL for NULL */
const struct type *type_nullable(const struct type *type); /* without an outer non-null */
bool type_same(const struct type *a, const struct type *b);
bool type_is_subtype(const struct type *maybe, const struct type *of);
bool types_overlap(const struct type *a, const struct type *b); /* composite ones */

/* "[StrawberryDocument!]!", in the arena; "?" when there is no memory. */
const char *type_text(struct arena *arena, const struct type *type);

#endif
