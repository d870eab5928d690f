/*
 * graphql.h - the GraphQL engine for the one schema of a Flow: documents in, documents out.
 *
 * Language: https://spec.graphql.org/October2021/. Texts, places and order of errors follow the npm package graphql 16,
 * against which tests/graphql compares. Schema and meaning: docs/graphql.md.
 *
 * Executing means requests to the router in between, so there are two steps:
 *
 *   graphql_prepare()   reads the query and the variables, checks them, and makes one DataRequestProto per field `docs`
 *   graphql_finish()    takes the replies to these and writes the answer
 *
 * A query that is wrong, an introspection or a lone __typename has no calls; graphql_finish() then writes the answer at
 * once. No sockets, no threads, no state between two operations: one operation belongs to one thread at a time, several
 * may run side by side. Both steps are work for a worker thread, not for an event loop.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_H
#define SLUICE_GATEWAY_GRAPHQL_H

#include "common/foundation/block.h"
#include "common/foundation/buffer.h"

#include <sluice/document.h>

#include <stdbool.h>

/* Limits. Reaching one is an entry in `errors`, never a crash. */
enum {
    GRAPHQL_QUERY_MAX = 8 << 20,       /* bytes of a query */
    GRAPHQL_TOKENS_MAX = 200000,       /* of a query; commas and comments are none */
    GRAPHQL_DEPTH_MAX = 100,           /* nested selections, lists, objects and types together */
    GRAPHQL_SPREAD_DEPTH_MAX = 500,    /* the same, with every fragment in its place */
    GRAPHQL_VARIABLES_DEPTH_MAX = 256, /* nested lists and objects of the variables */
    GRAPHQL_ALIASES_MAX = 1000,        /* of a query */
    GRAPHQL_CALLS_MAX = 64,            /* fields `docs` of an operation: requests to the Flow */
    GRAPHQL_ERRORS_MAX = 100,          /* of validation; one more says that there would be more */
    GRAPHQL_VARIABLE_ERRORS_MAX = 50,  /* of variables */
    GRAPHQL_WORK_MAX = 20000000        /* fields completed for one answer */
};
/* Bytes of one operation: query, variables and requests. What is small may not become large. */
#define GRAPHQL_MEMORY_MAX ((size_t)1 << 30)
/* Bytes of an answer: one large text may be asked for under a thousand names. */
#define GRAPHQL_ANSWER_MAX ((size_t)1 << 30)
enum { GRAPHQL_MEMORY_BASE = 256 << 20, GRAPHQL_MEMORY_PER_BYTE = 64 };

struct graphql_request {
    sluice_text query;
    sluice_text variables;       /* JSON text of an object; empty or `null`: none */
    sluice_text operation_name;  /* empty: the first operation, as the original does */
    bool queries_only;           /* over GET: a mutation is refused with SLUICE_UNIMPLEMENTED */
    const sluice_limits *limits; /* of documents, in and out; NULL: the defaults */
};

struct graphql; /* an operation between its two steps */

/*
 * The first step. What `request` points to must outlive the operation.
 *   SLUICE_OK             *ret_operation is there, with its calls or with its errors
 *   SLUICE_INVALID        the variables are no JSON object
 *   SLUICE_UNIMPLEMENTED  a mutation where `queries_only` is set
 *   SLUICE_NO_MEMORY, SLUICE_SYSTEM (the JSON module is not installed)
 * A limit of those above that is reached is no failure: graphql_finish() writes it.
 * On failure *ret_operation is untouched.
 */
sluice_status graphql_prepare(const struct graphql_request *request, struct graphql **ret_operation,
                              sluice_error *error);
/*
 * The same from the body of a POST, `{"query": ..., "variables": ..., "operationName": ...}`; other members are
 * ignored. `body` must outlive the operation. SLUICE_INVALID with a text for the client, where that is Jina's: the body
 * is no JSON, or there is no query in it (no member, null or an empty text).
 */
sluice_status graphql_prepare_body(sluice_text body, const sluice_limits *limits, struct graphql **ret_operation,
                                   sluice_error *error);

/* The texts of Jina for requests without a query, of unreadable JSON, and of a mutation over GET. */
extern const char graphql_no_query[], graphql_no_json[], graphql_no_mutation[];

struct graphql *graphql_free(struct graphql *operation); /* NULL is fine; returns NULL */

size_t graphql_calls(const struct graphql *operation);

/* A mutation's calls are made one after the other, and none after one that failed; those of a query may overlap. */
bool graphql_serial(const struct graphql *operation);

/* The DataRequestProto of call `index`, valid until graphql_free(). */
const struct rope *graphql_call(const struct graphql *operation, size_t index);

/*
 * The reply to a call. `message` is the whole DataRequestProto that came back; without one `failure` is the text for
 * the client (design 4a, third row). An executor's failure is a message whose header says so: its documents are in the
 * answer and its description is in `errors`. The reply must outlive graphql_finish().
 */
struct graphql_reply {
    const struct rope *message; /* NULL: there is none */
    const char *failure;
    bool no_data; /* the executor died: only the description in the message's header is told, as for a failure */
};

/*
 * The second step, once: write into `answer`, which is empty, `{"data": ..., "errors": [...]}` with the spaces and the ASCII escapes of
 * Python's json. `replies` has graphql_calls() entries; those behind a failed one of a serial operation may be empty. A
 * reply that cannot be read is an entry in `errors`. What is larger than the buffer's limit becomes an
 * entry in `errors`, too; SLUICE_LIMIT when not even that fits; SLUICE_NO_MEMORY, SLUICE_SYSTEM.
 */
sluice_status graphql_finish(struct graphql *operation, const struct graphql_reply *replies, struct buffer *answer,
                             sluice_error *error);

#endif
