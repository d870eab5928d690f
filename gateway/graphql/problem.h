/*
 * problem.h - the errors of an operation and how they are written. Private to gateway/graphql.
 *
 * Form: https://spec.graphql.org/October2021/#sec-Errors. A place is a line and a column from 1; columns count UTF-16
 * code units and lines end with \n, \r or \r\n, as in graphql-js.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_PROBLEM_H
#define SLUICE_GATEWAY_GRAPHQL_PROBLEM_H

#include "common/foundation/arena.h"
#include "gateway/graphql/ast.h"

/* Where in an answer: the innermost part first. */
struct path {
    const struct path *parent;
    sluice_text key; /* of an object, when `key.data` is set */
    size_t index;    /* else of a list */
};

struct problem {
    struct problem *next;
    const char *message;
    const uint32_t *places; /* byte offsets, in the order in which they are told */
    size_t place_count;
    const struct path *path; /* NULL: none */
};

struct place {
    size_t line, column;
};

struct problems {
    struct arena *arena;
    sluice_text source;
    struct problem *first, *last;
    size_t count;
    const struct place *marks; /* private */
    bool no_memory;            /* the arena failed: the operation cannot go on */
};

struct buffer;

/* Add one; NULL when there is no memory. The text is formatted into the arena. */
struct problem *problem_add(struct problems *problems, const char *format, ...) SLUICE_PRINTF(2, 3);
/* Take the last one away again; `before` was the last one before it (NULL: none). */
void problem_remove_last(struct problems *problems, struct problem *before);
void problem_place(struct problems *problems, struct problem *problem, uint32_t at); /* one more place; NULL is fine */
void problem_places(struct problems *problems, struct problem *problem, const uint32_t *places, size_t count);

/* Line and column of a byte of the source. */
struct place problem_locate(struct problems *problems, uint32_t at);

/* Append the list of all. */
void problems_write(struct problems *problems, struct buffer *buffer);

/* For messages: "%.*s" with TEXT_ARGS(text); what is very long is cut. */
int problem_shown(sluice_text text);
#define TEXT_ARGS(text) problem_shown(text), (text).data

#endif
