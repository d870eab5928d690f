/*
 * ast.h - a parsed query. Private to gateway/graphql.
 *
 * One kind of struct for every node: what a kind does not have is NULL or empty. Nodes live in the operation's arena
 * and point into the query's text where a name or a number is as it stands there. Places are byte offsets; lines and
 * columns are made of them when an error is written.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_AST_H
#define SLUICE_GATEWAY_GRAPHQL_AST_H

#include <sluice/document.h>

#include <stdbool.h>
#include <stdint.h>

enum node_kind {
    NODE_DOCUMENT,            /* children: definitions */
    NODE_OPERATION,           /* operation, name, children: variable definitions, directives, selection_set */
    NODE_VARIABLE_DEFINITION, /* name and variable, type, value: the default, directives */
    NODE_VARIABLE,            /* name, without the dollar */
    NODE_SELECTION_SET,       /* children: selections */
    NODE_FIELD,               /* alias, name, arguments, directives, selection_set */
    NODE_ARGUMENT,            /* name, value */
    NODE_FRAGMENT_SPREAD,     /* name, directives */
    NODE_INLINE_FRAGMENT,     /* type or NULL, directives, selection_set */
    NODE_FRAGMENT,            /* name, type, directives, selection_set */
    NODE_INT,                 /* name: the digits */
    NODE_FLOAT,
    NODE_STRING,  /* name: the text without escapes; block */
    NODE_BOOLEAN, /* name: true or false */
    NODE_NULL,
    NODE_ENUM,          /* name */
    NODE_LIST,          /* children: values */
    NODE_OBJECT,        /* children: object fields */
    NODE_OBJECT_FIELD,  /* name, value */
    NODE_DIRECTIVE,     /* name, arguments */
    NODE_NAMED_TYPE,    /* name */
    NODE_LIST_TYPE,     /* type */
    NODE_NON_NULL_TYPE, /* type */
    NODE_TYPE_SYSTEM    /* a definition of a schema, which no query may hold; name, or empty for `schema` */
};

enum operation_kind { OPERATION_QUERY, OPERATION_MUTATION, OPERATION_SUBSCRIPTION };

struct node {
    enum node_kind kind;
    enum operation_kind operation;
    bool block;
    uint32_t at, name_at; /* first byte of the node, of its name */
    uint32_t count;       /* of children */
    uint32_t number;      /* NODE_FRAGMENT, NODE_OPERATION: its position among the definitions */
    sluice_text name, alias;
    struct node *next; /* sibling */
    struct node *children, *arguments, *directives, *selection_set, *type, *value, *variable;
};

/* Two names in the way of the language: by their bytes. */
bool node_named(const struct node *node, sluice_text name);
const struct node *node_find(const struct node *first,
                             sluice_text name); /* among siblings; the last of several, as graphql-js does */

/* The key of a field in the answer. */
static inline sluice_text node_response_name(const struct node *field)
{
    return field->alias.size > 0 ? field->alias : field->name;
}

#endif
