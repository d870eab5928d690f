/* CPython's json scanner (3.8 to 3.12), reduced to finding the first error. */
#include "common/json/python_syntax.h"

#include "common/foundation/text.h"

#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 1000 };

struct scanner {
    const char *start, *at, *end;
    const char *message, *place; /* the error, once there is one */
    size_t depth;
    char open[DEPTH_MAX]; /* '[' or '{' */
};

static bool fail(struct scanner *scanner, const char *message, const char *place)
{
    scanner->message = message;
    scanner->place = place;
    return false;
}

static void blanks(struct scanner *scanner)
{
    while (scanner->at < scanner->end && *scanner->at != '\0' && strchr(" \t\n\r", *scanner->at) != NULL)
        scanner->at++;
}

static bool is(const struct scanner *scanner, char letter)
{
    return scanner->at < scanner->end && *scanner->at == letter;
}

static bool word(struct scanner *scanner, const char *expected)
{
    size_t size = strlen(expected);
    if ((size_t)(scanner->end - scanner->at) < size || memcmp(scanner->at, expected, size) != 0)
        return false;
    scanner->at += size;
    return true;
}

/* Are there four hexadecimal digits, and which number are they? */
static bool hex(const char *at, unsigned *ret_code)
{
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(at[i]);
        if (digit < 0)
            return false;
        code = code << 4 | (unsigned)digit;
    }
    *ret_code = code;
    return true;
}

/* Characters are counted, so an escape that is cut short by the text's end is told from one with wrong letters. */
static bool unicode_escape(struct scanner *scanner)
{
    const char *u = scanner->at;
    unsigned code;
    if (scanner->end - u <= 5 || !hex(u + 1, &code))
        return fail(scanner, "Invalid \\uXXXX escape", u);
    scanner->at += 5;
    bool high = code >= 0xD800 && code < 0xDC00;
    if (high && scanner->end - scanner->at > 6 && scanner->at[0] == '\\' && scanner->at[1] == 'u') {
        if (!hex(scanner->at + 2, &code))
            return fail(scanner, "Invalid \\uXXXX escape", scanner->at + 1);
        if (code >= 0xDC00 && code < 0xE000)
            scanner->at += 6;
    }
    return true;
}

static bool string(struct scanner *scanner)
{
    const char *begin = scanner->at++;
    while (scanner->at < scanner->end) {
        unsigned char byte = (unsigned char)*scanner->at;
        if (byte == '"') {
            scanner->at++;
            return true;
        }
        if (byte < 0x20)
            return fail(scanner, "Invalid control character at", scanner->at);
        if (byte != '\\') {
            scanner->at++;
            continue;
        }
        if (++scanner->at == scanner->end)
            break;
        if (*scanner->at == 'u') {
            if (!unicode_escape(scanner))
                return false;
        } else if (*scanner->at != '\0' && strchr("\"\\/bfnrt", *scanner->at) != NULL) {
            scanner->at++;
        } else {
            return fail(scanner, "Invalid \\escape", scanner->at - 1);
        }
    }
    return fail(scanner, "Unterminated string starting at", begin);
}

static bool digit(const struct scanner *scanner, size_t offset)
{
    return (size_t)(scanner->end - scanner->at) > offset && scanner->at[offset] >= '0' && scanner->at[offset] <= '9';
}

static void digits(struct scanner *scanner)
{
    while (digit(scanner, 0))
        scanner->at++;
}

/* As much as is a number; what follows is the caller's error. */
static bool number(struct scanner *scanner)
{
    const char *begin = scanner->at;
    if (is(scanner, '-'))
        scanner->at++;
    if (!digit(scanner, 0))
        return fail(scanner, "Expecting value", begin);
    if (is(scanner, '0'))
        scanner->at++;
    else
        digits(scanner);
    if (is(scanner, '.') && digit(scanner, 1)) {
        scanner->at++;
        digits(scanner);
    }
    if (is(scanner, 'e') || is(scanner, 'E')) {
        size_t sign = scanner->end - scanner->at > 1 && (scanner->at[1] == '+' || scanner->at[1] == '-') ? 1 : 0;
        if (digit(scanner, 1 + sign)) {
            scanner->at += 1 + sign;
            digits(scanner);
        }
    }
    return true;
}

/* A key, its colon and the blanks around. */
static bool member_key(struct scanner *scanner)
{
    if (!is(scanner, '"'))
        return fail(scanner, "Expecting property name enclosed in double quotes", scanner->at);
    if (!string(scanner))
        return false;
    blanks(scanner);
    if (!is(scanner, ':'))
        return fail(scanner, "Expecting ':' delimiter", scanner->at);
    scanner->at++;
    blanks(scanner);
    return true;
}

/* Begins an array or object. *ret_value: it has a first item, whose value comes next. */
static bool begin(struct scanner *scanner, bool *ret_value)
{
    char opening = *scanner->at++;
    blanks(scanner);
    if (is(scanner, opening == '{' ? '}' : ']')) {
        scanner->at++;
        return true;
    }
    if (scanner->depth == DEPTH_MAX)
        return false;
    scanner->open[scanner->depth++] = opening;
    *ret_value = true;
    return opening == '[' || member_key(scanner);
}

/* One value, or the beginning of one. */
static bool value(struct scanner *scanner, bool *ret_value)
{
    *ret_value = false;
    if (is(scanner, '"'))
        return string(scanner);
    if (is(scanner, '{') || is(scanner, '['))
        return begin(scanner, ret_value);
    if (word(scanner, "null") || word(scanner, "true") || word(scanner, "false") || word(scanner, "NaN") ||
        word(scanner, "Infinity") || word(scanner, "-Infinity"))
        return true;
    return number(scanner);
}

/* What follows a value inside arrays and objects. *ret_value: another value. */
static bool after_value(struct scanner *scanner, bool *ret_value)
{
    while (scanner->depth > 0) {
        bool object = scanner->open[scanner->depth - 1] == '{';
        blanks(scanner);
        if (is(scanner, object ? '}' : ']')) {
            scanner->at++;
            scanner->depth--;
            continue;
        }
        if (!is(scanner, ','))
            return fail(scanner, "Expecting ',' delimiter", scanner->at);
        scanner->at++;
        blanks(scanner);
        *ret_value = true;
        return !object || member_key(scanner);
    }
    return true;
}

static void scan(struct scanner *scanner)
{
    bool more = true;
    blanks(scanner);
    while (more) {
        if (!value(scanner, &more))
            return;
        if (!more && !after_value(scanner, &more))
            return;
    }
    blanks(scanner);
    if (scanner->at < scanner->end)
        fail(scanner, "Extra data", scanner->at);
}

struct python_syntax python_syntax_of(const char *text, size_t size)
{
    struct scanner scanner = {.start = text, .at = text, .end = text + size};
    struct python_syntax found = {.line = 1, .column = 1};
    scan(&scanner);
    found.message = scanner.message;
    for (const char *at = text; scanner.message != NULL && at < scanner.place; at++) {
        if (((unsigned char)*at & 0xC0) == 0x80)
            continue; /* inside a character */
        found.position++;
        found.column++;
        if (*at == '\n') {
            found.line++;
            found.column = 1;
        }
    }
    return found;
}
