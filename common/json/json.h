/*
 * json.h - JSON texts: an event reader and number printing, from the module lib/sluice/json.so.
 *
 * The module is the only C++ of Sluice (simdjson, std::to_chars); it is loaded on first use, so programs that meet no
 * JSON do not load it. Everything here returns SLUICE_SYSTEM when the module is not installed. Any thread.
 *
 * Accepted: RFC 8259, UTF-8 with or without a byte order mark, and the tokens NaN, Infinity and -Infinity that Python
 * writes. Refused with the column: anything else, lone surrogates, numbers beyond double, nesting beyond `depth`.
 */
#ifndef SLUICE_JSON_H
#define SLUICE_JSON_H

#include <sluice/error.h>

#include <stdbool.h>

struct buffer;

#ifdef __cplusplus
extern "C" {
#endif

enum json_numbers { JSON_DOUBLES, JSON_INTEGERS, JSON_UNSIGNED };

/*
 * What the reader meets, in the order of the text. Text is UTF-8 and valid during the call only. Each returns false to
 * stop; json_read() then fails with the status and text that the receiver keeps. `column` counts bytes from 1.
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
    /* One number, or the whole run of numbers of an array that holds nothing else: `values` are int64_t, uint64_t or
     * double. An integer is one without point and exponent; a run with any double comes as doubles. */
    bool (*numbers)(void *context, enum json_numbers kind, const void *values, size_t count);
};

/*
 * Read one JSON value. `where` names the text in errors. When an event stopped the reading the result is SLUICE_CANCELLED
 * and the error is untouched.
 */
sluice_status json_read(const char *text, size_t size, size_t depth, const struct json_events *events, void *context,
                        const char *where, sluice_error *error);

/* Append a number as Python's json prints it: shortest text that reads back, "1.0", "1e-07", "1e+16", NaN, Infinity. */
sluice_status json_write_double(struct buffer *buffer, double value);

/* Append a quoted string: quote, backslash and control characters escaped, all else as it is. Needs no module. */
void json_write_string(struct buffer *buffer, const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif
