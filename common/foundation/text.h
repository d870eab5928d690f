/*
 * text.h - small things about text: UTF-8, suggestions for misspelt names, Python's quoting, request ids.
 *
 * All functions are pure or touch only their arguments; any thread.
 */
#ifndef SLUICE_FOUNDATION_TEXT_H
#define SLUICE_FOUNDATION_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* Is this valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF)? NUL bytes are valid. */
bool text_is_utf8(const void *data, size_t size);

/* The largest number <= size at which `text` can be cut without splitting a UTF-8 sequence. */
size_t text_cut(const char *text, size_t size);

/*
 * The candidate that `word` was probably meant to be: smallest Damerau-Levenshtein distance, at most a third of the
 * word's length (1 for short words), letter case counting half. NULL when none is near. `candidates` ends with NULL.
 */
const char *text_nearest(const char *word, const char *const *candidates);

/*
 * Append `data` as Python's repr() prints a str: single quotes, double ones if it holds single quotes and no double
 * ones, escapes for backslash, quote, \n \r \t, other control characters and bytes that are no UTF-8 as \xNN; other
 * characters as they are.
 */
void text_append_python_repr(struct buffer *buffer, const void *data, size_t size);

/*
 * Append as one line that a terminal shows and does not obey: line ends and tabs become spaces, other control characters
 * and bytes that are no UTF-8 \xNN.
 */
void text_append_line(struct buffer *buffer, const void *data, size_t size);

/*
 * Append as a JSON string with its quotes: control characters are escaped, bytes that are no UTF-8 become U+FFFD. For
 * the few lines that programs write themselves; documents go through common/json.
 */
void text_append_json(struct buffer *buffer, const void *data, size_t size);

/* The value of a hexadecimal digit in either case, or -1. */
int text_hex_digit(int character);

/* The characters of a token of HTTP (RFC 9110, 5.6.2), for strspn(). */
extern const char text_token_characters[];

/* Write 32 random lower-case hexadecimal digits, the form of Jina's request and document ids, and a final NUL. */
#define TEXT_ID_SIZE 32
void text_random_id(char id[TEXT_ID_SIZE + 1]);

#endif
