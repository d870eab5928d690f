/* ask.h - one GraphQL request and its answer, for the tests of gateway/graphql. */
#ifndef SLUICE_TESTS_GRAPHQL_ASK_H
#define SLUICE_TESTS_GRAPHQL_ASK_H

#include "gateway/graphql/graphql.h"
#include "gateway/graphql/value.h"

/* What a call of `docs` is answered with; appends to `ret_message`. NULL: the documents as they were sent. */
typedef const char *executor_function(const struct rope *request, struct rope *ret_message); /* NULL, or a failure */

struct ask {
    const char *query, *variables, *operation_name; /* NULL: none */
    size_t query_size;                              /* 0: up to the NUL */
    executor_function *executor;
    const sluice_limits *limits;
};

/* The answer's text; malloc()ed. The test fails when there is none. */
char *ask_text(const struct ask *ask);

/* Asks without variables and compares the text of the answer. */
void ask_is(const char *query, const char *answer);

/* Asks and compares the errors in short: "1:3 path docs.0.id: message" per line; and whether there is data. */
void ask_errors_are(const struct ask *ask, const char *errors);

/* The same value, whatever the order of members; numbers by value. */
bool value_same(const struct value *a, const struct value *b);

/* Reads JSON into `arena`; the test fails when it is none. */
struct value *json_value(struct arena *arena, sluice_text text);

/* A whole file; malloc()ed, ended by a NUL. */
char *read_whole_file(const char *path, size_t *ret_size);

#endif
