/*
 * execute.h - from a valid operation to its answer. Private to gateway/graphql.
 *
 * Source: https://spec.graphql.org/October2021/#sec-Execution. What an operation selects becomes plans: rows of fields,
 * merged by response name, made when a value of their type is met first and used for every further one. The answer is
 * written as values are completed; a null that has to take its parents along cuts the text back to where they began.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_EXECUTE_H
#define SLUICE_GATEWAY_GRAPHQL_EXECUTE_H

#include "common/json/json.h"
#include "gateway/graphql/graphql.h"
#include "gateway/graphql/value.h"

struct plan;

/* One field of a plan: all its occurrences in the query. */
struct plan_field {
    sluice_text key;          /* in the answer */
    const struct node *first; /* the first occurrence; its arguments count */
    const struct node **nodes;
    uint32_t *places; /* of all occurrences, for errors */
    size_t count, capacity;
    const struct field *field;
    struct plan *plan;        /* of its selection sets; NULL: not made yet, or none */
    struct value **arguments; /* NULL: not known yet, or none */
};

struct plan {
    const struct type *type;
    struct plan_field **fields;
    size_t count;
    const char *problem; /* a directive without a value: no object of this plan can be completed */
    uint32_t problem_at;
};

/* A call of `docs`. */
struct call {
    const struct plan_field *field;
    struct rope message;
};

struct graphql {
    struct arena *arena;
    struct problems problems;
    struct node *document;
    const struct node *operation; /* NULL: the errors are the answer */
    struct names fragments;       /* by name */
    struct names variables;
    struct plan *root;
    struct call *calls;
    size_t call_count;
    const sluice_limits *limits;
    bool failed;       /* the answer has no data, whatever the replies */
    const char *over;  /* the limit that ended all; this sentence is then the whole answer. NULL: none */
};

/* ---- plan.c ---- */

/* The plan of the selection sets of `field` (the root: of the operation) for objects of `type`. NULL: no memory, noted.
 */
struct plan *plan_of(struct graphql *operation, struct plan_field *field, const struct type *type);
struct plan *plan_of_operation(struct graphql *operation);

/* Does any fragment, put in its place, make the query deeper than GRAPHQL_SPREAD_DEPTH_MAX? For valid documents. */
bool plan_too_deep(const struct graphql *operation);

/* ---- request.c ---- */

/* The DataRequestProto of a call from its arguments. False: an error without path is the last in the problems. */
bool request_of_arguments(struct graphql *operation, const struct plan_field *field, struct value *const *arguments,
                          struct rope *ret_message);

/* ---- execute.c ---- */

struct execution {
    struct graphql *operation;
    struct buffer *out;
    json_print_double print;
    json_print_doubles print_row;
    size_t work;
    sluice_status status; /* not SLUICE_OK: everything ends, there is no answer */
    bool exhausted;       /* GRAPHQL_WORK_MAX: the answer is an error */
};

/* What an object's fields are taken from. */
struct object {
    const struct type *type;
    const void *data;
};

typedef struct object item_function(const void *list, size_t index);
typedef bool leaf_function(struct execution *execution, const void *list, size_t index, const struct plan_field *field,
                           const struct path *path);

/*
 * Complete a value: append it. False: it is an error, told, and null goes up. The first form is for objects and the
 * second for lists of them; `list` is handed to `item`.
 */
bool complete_object(struct execution *execution, struct plan_field *field, struct object object,
                     const struct path *path);
bool complete_list(struct execution *execution, struct plan_field *field, const void *list, size_t count,
                   item_function *item, const struct path *path);
void complete_null(struct execution *execution);
void complete_text(struct execution *execution, sluice_text text);
void complete_text_or_null(struct execution *execution, sluice_text text); /* empty: null */

/* An error of a field; always false. */
bool field_error(struct execution *execution, const struct plan_field *field, const struct path *path,
                 const char *format, ...) SLUICE_PRINTF(4, 5);

/* The arguments of a field, in the order of the schema. NULL: an error, told. */
struct value **arguments_of(struct execution *execution, struct plan_field *field, const struct path *path);

/* resolve_document.c, resolve_introspection.c: complete one field of an object. */
bool resolve_document(struct execution *execution, struct object object, struct plan_field *field,
                      const struct path *path);
bool resolve_introspection(struct execution *execution, struct object object, struct plan_field *field,
                           const struct path *path);

/* `{"data": ...` and the errors. `replies` as in graphql_finish(). */
sluice_status execute_operation(struct graphql *operation, const struct graphql_reply *replies, struct buffer *answer,
                                sluice_error *error);

/* ---- reply.c ---- */

/* A reply's documents and what its header says of a failure. */
struct reply_documents {
    sluice_document_array *documents; /* free it */
    const char *failure;              /* of an executor, in the operation's arena; NULL: none */
};

/* SLUICE_OK, or why the documents cannot be read. */
sluice_status reply_read(struct graphql *operation, const struct rope *message, struct reply_documents *ret_reply,
                         sluice_error *error);

#endif
