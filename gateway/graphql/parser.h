/*
 * parser.h - from text to nodes. Private to gateway/graphql.
 *
 * Source: https://spec.graphql.org/October2021/#sec-Document-Syntax, and descriptions in front of definitions as the
 * package graphql 16 accepts them. Definitions of a schema are parsed, so that their errors have the right place, but
 * only their name is kept. Recursion is bounded by GRAPHQL_DEPTH_MAX.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_PARSER_H
#define SLUICE_GATEWAY_GRAPHQL_PARSER_H

#include "gateway/graphql/lexer.h"

/* The document of problems->source, or NULL with one error told. */
struct node *parse_query(struct problems *problems);

/* ---- between the files of the parser ---- */

struct parser {
    struct problems *problems;
    struct token token, last; /* the next to take, the one taken before */
    size_t tokens, depth, aliases;
    bool failed;
};

typedef struct node *parse_function(struct parser *parser);

struct node *parse_node(struct parser *parser, enum node_kind kind); /* at the current token; NULL: no memory */
bool parse_advance(struct parser *parser);
bool parse_at(const struct parser *parser, int kind);
bool parse_expect(struct parser *parser, int kind);
bool parse_skip(struct parser *parser, int kind); /* take it if it is there */
bool parse_at_word(const struct parser *parser, const char *word);
bool parse_expect_word(struct parser *parser, const char *word);
bool parse_skip_word(struct parser *parser, const char *word);
bool parse_unexpected(struct parser *parser, const struct token *token); /* always false */
struct token parse_look_ahead(struct parser *parser);
bool parse_deeper(struct parser *parser); /* false: too deep, told; else parser->depth is counted down by the caller */

/* Items up to `close`, whose opening has been taken; linked into *ret_first. */
bool parse_until(struct parser *parser, parse_function *item, int close, bool may_be_empty, struct node **ret_first,
                 uint32_t *ret_count);

bool parse_name(struct parser *parser, sluice_text *ret_name, uint32_t *ret_at);
bool parse_description(struct parser *parser);

/* parse_value.c */
struct node *parse_value(struct parser *parser);
struct node *parse_constant(struct parser *parser);
struct node *parse_variable(struct parser *parser);
struct node *parse_named_type(struct parser *parser);
struct node *parse_type(struct parser *parser);
bool parse_arguments(struct parser *parser, bool constant, struct node **ret_first);
bool parse_directives(struct parser *parser, bool constant, struct node **ret_first);

/* parse_schema.c: a definition of a schema; `keyword` is the token behind a description. */
bool parse_is_schema_word(const struct token *keyword);
struct node *parse_schema_definition(struct parser *parser, const struct token *keyword);

#endif
