#include "common/flow/scalar.h"
#include "common/foundation/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer numbers are texts: nobody writes them, and number_read() needs a copy with a NUL. */
enum { NUMBER_TEXT_MAX = 400 };

static const double EXACT_MAX = 9007199254740992.0; /* 2^53 */

static bool is(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

static bool is_any_case(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

bool scalar_is_truth(const char *text, size_t size, bool *ret_truth)
{
    bool truth = is_any_case(text, size, "true");
    if (!truth && !is_any_case(text, size, "false"))
        return false;
    *ret_truth = truth;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits from *at on, single underscores between them allowed when `underscores`; how many. */
static size_t skip_digits(const char *text, size_t size, size_t *at, bool underscores)
{
    size_t count = 0;
    while (*at < size) {
        if (is_digit(text[*at]))
            count++;
        else if (!(underscores && text[*at] == '_' && count > 0 && is_digit(text[*at - 1]) && *at + 1 < size &&
                   is_digit(text[*at + 1])))
            break;
        ++*at;
    }
    return count;
}

/* Does `text` have the form of a decimal number? Tells whether it has neither point nor exponent. */
static bool is_decimal(const char *text, size_t size, bool underscores, bool *ret_integer)
{
    size_t at = 0;
    if (at < size && (text[at] == '+' || text[at] == '-'))
        at++;
    size_t digits = skip_digits(text, size, &at, underscores);
    *ret_integer = at == size && digits > 0;
    if (*ret_integer)
        return true;
    if (at < size && text[at] == '.') {
        at++;
        digits += skip_digits(text, size, &at, underscores);
    }
    if (digits == 0)
        return false;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < size && (text[at] == '+' || text[at] == '-'))
            at++;
        if (skip_digits(text, size, &at, underscores) == 0)
            return false;
    }
    return at == size;
}

static struct scalar number(double value, bool integer)
{
    return (struct scalar){.kind = SCALAR_NUMBER,
                           .number = value,
                           .integer = integer,
                           .inexact = integer && (value > EXACT_MAX || value < -EXACT_MAX)};
}

/* The value of a text that is_decimal() accepted. 2^53 + 1 rounds to 2^53, so integers are compared as integers. */
static struct scalar decimal(const char *text, size_t size, bool integer)
{
    char copy[NUMBER_TEXT_MAX + 1];
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '_')
            copy[length++] = text[i];
    copy[length] = '\0';
    struct scalar scalar = number(number_read(copy, NULL), integer);
    if (integer) {
        errno = 0;
        long long exact = strtoll(copy, NULL, 10);
        scalar.inexact = errno != 0 || exact > (1LL << 53) || exact < -(1LL << 53);
        if (exact == 0)
            scalar.number = 0; /* an integer has no -0 */
    }
    return scalar;
}

static bool with_radix(const char *text, size_t size, struct scalar *ret_scalar)
{
    int radix = size > 2 && text[0] == '0' ? (text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 0) : 0;
    if (radix == 0)
        return false;
    double value = 0;
    for (size_t i = 2; i < size; i++) {
        char c = text[i];
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : 16;
        if (digit >= radix)
            return false;
        value = value * radix + digit;
    }
    *ret_scalar = number(value, true);
    ret_scalar->inexact = value >= EXACT_MAX; /* 2^53 itself may be a rounded 2^53 + 1 */
    return true;
}

struct scalar scalar_of_plain(const char *text, size_t size)
{
    struct scalar scalar = {.kind = SCALAR_TEXT};
    bool integer;
    if (size == 0 || is(text, size, "~") || is(text, size, "null") || is(text, size, "Null") || is(text, size, "NULL"))
        return (struct scalar){.kind = SCALAR_NULL};
    if (is(text, size, "true") || is(text, size, "True") || is(text, size, "TRUE"))
        return (struct scalar){.kind = SCALAR_BOOL, .truth = true};
    if (is(text, size, "false") || is(text, size, "False") || is(text, size, "FALSE"))
        return (struct scalar){.kind = SCALAR_BOOL};
    if (size > NUMBER_TEXT_MAX || with_radix(text, size, &scalar))
        return scalar;
    if (is_decimal(text, size, false, &integer))
        return decimal(text, size, integer);
    size_t sign = text[0] == '-' || text[0] == '+';
    if (is(text + sign, size - sign, ".inf") || is(text + sign, size - sign, ".Inf") ||
        is(text + sign, size - sign, ".INF"))
        return number(text[0] == '-' ? -(double)INFINITY : (double)INFINITY, false);
    if (is(text, size, ".nan") || is(text, size, ".NaN") || is(text, size, ".NAN"))
        return number((double)NAN, false);
    return scalar;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct scalar scalar_of_coercion(const char *text, size_t size)
{
    struct scalar scalar = {.kind = SCALAR_TEXT};
    if (size == 0)
        return (struct scalar){.kind = SCALAR_NULL};
    if (scalar_is_truth(text, size, &scalar.truth)) {
        scalar.kind = SCALAR_BOOL;
        return scalar;
    }
    while (size > 0 && is_space(text[0])) {
        text++;
        size--;
    }
    while (size > 0 && is_space(text[size - 1]))
        size--;
    if (size == 0 || size > NUMBER_TEXT_MAX)
        return scalar;
    bool integer;
    if (is_decimal(text, size, true, &integer))
        return decimal(text, size, integer);
    size_t sign = text[0] == '-' || text[0] == '+';
    if (is_any_case(text + sign, size - sign, "inf") || is_any_case(text + sign, size - sign, "infinity"))
        return number(text[0] == '-' ? -(double)INFINITY : (double)INFINITY, false);
    if (is_any_case(text + sign, size - sign, "nan"))
        return number((double)NAN, false);
    return scalar;
}
