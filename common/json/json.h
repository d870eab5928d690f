/*
 * json.h - JSON texts: an event reader and number printing, from the module lib/sluice/json.so.
 *
 * The module is the only C++ of Sluice (simdjson, fmt); it is loaded on first use, so programs that meet no
 * JSON do not load it. SLUICE_SYSTEM when it is not installed. Any thread.
 *
 * Accepted: RFC 8259 in UTF-8, with or without a byte order mark, and the tokens NaN, Infinity and -Infinity that
 * Python writes. Refused with the column: anything else, lone surrogates, numbers beyond double, nesting beyond
 * `depth`.
 */
#ifndef SLUICE_JSON_H
#define SLUICE_JSON_H

#include <sluice/error.h>

#include <stdbool.h>

struct buffer;

enum json_numbers { JSON_INTEGERS, JSON_UNSIGNED, JSON_DOUBLES };

/*
 * What the reader meets, in the order of the text. Text is UTF-8 and valid during the call only. Each returns false to
 * stop; the receiver knows why.
 */
struct json_events {
    bool (*begin_object)(void *context);
    bool (*key)(void *context, const char *text, size_t size);
    bool (*end_object)(void *context);
    bool (*begin_array)(void *context);
    bool (*end_array)(void *context);
    bool (*null)(void *context);
    bool (*boolean)(void *context, bool value);
    bool (*string)(void *context, const char *text, size_t size);
    /* One number, or more than one: then they are all that an array holds. `values` are int64_t, uint64_t (only when
     * one is above INT64_MAX) or double. An integer is a number without point and exponent that fits; others are
     * doubles. */
    bool (*numbers)(void *context, enum json_numbers kind, const void *values, size_t count);
    /* An integer that fits neither int64_t nor uint64_t, as written. NULL: it is told as a double. */
    bool (*big_integer)(void *context, const char *digits, size_t size);
    /* Accept what Python's reader accepts besides: numbers beyond double, which are then infinite, and lone surrogates,
     * whose three bytes are no UTF-8 (so is every text then: the receiver checks it). */
    bool as_python;
    /* Called after an event returned false: the place of what it was about, both from 1, columns in bytes. */
    void (*stopped)(void *context, size_t line, size_t column);
};

/*
 * Read one JSON value; `depth` bounds the nesting of arrays and objects. SLUICE_CANCELLED, the error untouched: an
 * event stopped it. SLUICE_INVALID or SLUICE_LIMIT with line and column otherwise. `where` names the text in errors.
 */
sluice_status json_read(const char *text, size_t size, size_t depth, const struct json_events *events, void *context,
                        const char *where, sluice_error *error);

/* simdjson's own parse and nothing else: what a benchmark sets json_read() beside. SLUICE_INVALID: it refuses the text.
 */
sluice_status json_parse_only(const char *text, size_t size, size_t depth, sluice_error *error);

/* "column 7", "line 2, column 7": how places are told. */
void json_place(char *text, size_t capacity, size_t line, size_t column);

/* Prints a number as Python's json does: shortest text that reads back, "1.0", "1e-07", "1e+16", NaN, Infinity. Returns
 * the size; no NUL. All of `text` may be written to. */
enum { JSON_NUMBER_MAX = 48 };
typedef size_t (*json_print_double)(double value, char text[JSON_NUMBER_MAX]);
sluice_status json_printer(json_print_double *ret_print, sluice_error *error);

/* The same for a row of numbers with `separator` (at most two characters) between them; `text` has room for
 * JSON_NUMBER_MAX + 2 characters each. */
typedef size_t (*json_print_doubles)(const double *values, size_t count, const char *separator, char *text);
sluice_status json_row_printer(json_print_doubles *ret_print, sluice_error *error);

/* Append a quoted string: quote, backslash and control characters escaped, all else as it is. Needs no module. */
void json_write_string(struct buffer *buffer, const void *data, size_t size);

/* The same with 0x7F and all beyond ASCII escaped as well, in pairs of surrogates where needed. The text must be UTF-8.
 */
void json_write_ascii(struct buffer *buffer, const void *data, size_t size);

#endif
