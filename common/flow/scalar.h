/*
 * scalar.h - numbers and truth values written as text: as YAML reads plain scalars, and as Python reads strings.
 *
 * YAML 1.2's core schema (1.1's yes/no, sexagesimal and leading-zero octal numbers are not read as such); Python's
 * int() and float() for the coercion of docs/flow-yaml.md. Pure functions, any thread.
 */
#ifndef SLUICE_FLOW_SCALAR_H
#define SLUICE_FLOW_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

struct scalar {
    enum { SCALAR_TEXT, SCALAR_NULL, SCALAR_BOOL, SCALAR_NUMBER } kind;
    bool truth;
    bool integer; /* of a number: written without fraction and exponent */
    bool inexact; /* an integer beyond 2^53, which a double does not hold exactly */
    double number;
};

struct scalar scalar_of_plain(const char *text, size_t size);    /* a plain YAML scalar */
struct scalar scalar_of_coercion(const char *text, size_t size); /* a text by the coercion rules, lists not included */

/* `true` or `false` in any letter case? */
bool scalar_is_truth(const char *text, size_t size, bool *ret_truth);

#endif
