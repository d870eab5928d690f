/*
 * lexer.h - a query's tokens. Private to gateway/graphql.
 *
 * Source: https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary.Lexical-Tokens. The text is UTF-8, checked
 * before. Comments, commas, blanks and byte order marks are passed over.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_LEXER_H
#define SLUICE_GATEWAY_GRAPHQL_LEXER_H

#include "gateway/graphql/problem.h"

/* Punctuators are their own character. */
enum token_kind {
    TOKEN_START = 1,
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_STRING,
    TOKEN_BLOCK_STRING,
    TOKEN_SPREAD,
    TOKEN_FAILED /* the error has been told */
};

struct token {
    int kind; /* enum token_kind or a punctuator */
    uint32_t at, end;
    sluice_text value; /* of names, numbers and strings; strings without escapes, in the arena where they had some */
};

/* The token that begins at or after byte `from`. */
struct token lexer_next(struct problems *problems, uint32_t from);

/* How messages name a token: Name "docs", "{", <EOF>. In the arena. */
const char *token_text(struct problems *problems, const struct token *token);
const char *token_kind_text(int kind);

/* Tell a syntax error at a byte; always false. */
bool syntax_error(struct problems *problems, uint32_t at, const char *format, ...) SLUICE_PRINTF(3, 4);

/* strings.c: the token of a string that begins at `at`. */
struct token lexer_string(struct problems *problems, uint32_t at);
struct token lexer_block_string(struct problems *problems, uint32_t at);

/* The character at a byte as messages print it: "a", U+00E9, <EOF>. */
const char *lexer_character(struct problems *problems, uint32_t at);

static inline int lexer_byte(const struct problems *problems, size_t at)
{
    return at < problems->source.size ? (unsigned char)problems->source.data[at] : -1;
}

#endif
