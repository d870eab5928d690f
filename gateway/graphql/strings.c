/* Strings and block strings: escapes, indentation. */
#include "common/foundation/text.h"
#include "gateway/graphql/lexer.h"

#include <string.h>

static struct token failed(uint32_t at)
{
    return (struct token){.kind = TOKEN_FAILED, .at = at, .end = at};
}

static struct token no_memory(struct problems *problems, uint32_t at)
{
    problems->no_memory = true;
    return failed(at);
}

/* The byte after `units` UTF-16 code units, as messages cut the text; never inside a character. */
static uint32_t skip_units(const struct problems *problems, uint32_t at, unsigned units)
{
    while (units > 0 && at < problems->source.size) {
        int byte = lexer_byte(problems, at++);
        while ((lexer_byte(problems, at) & 0xC0) == 0x80 && at < problems->source.size)
            at++;
        units -= byte >= 0xF0 && units > 1 ? 2 : 1;
    }
    return at;
}

static bool bad_escape(struct problems *problems, uint32_t at, unsigned units, const char *what)
{
    uint32_t end = skip_units(problems, at, units);
    return syntax_error(problems, at, "Invalid %s escape sequence: \"%.*s\".", what, (int)(end - at),
                        problems->source.data + at);
}

static bool is_scalar_value(int64_t code)
{
    return (code >= 0 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0x10FFFF);
}

static char *put_code(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/* Four digits, or -1. */
static int64_t four_digits(const struct problems *problems, uint32_t at)
{
    int64_t code = 0;
    for (uint32_t i = 0; i < 4; i++) {
        int digit = text_hex_digit(lexer_byte(problems, at + i));
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

/* \uXXXX, or two that are a surrogate pair. */
static bool fixed_unicode(struct problems *problems, uint32_t *at, char **to)
{
    int64_t code = four_digits(problems, *at + 2);
    if (is_scalar_value(code)) {
        *to = put_code(*to, (uint32_t)code);
        *at += 6;
        return true;
    }
    if (code >= 0xD800 && code <= 0xDBFF && lexer_byte(problems, *at + 6) == '\\' &&
        lexer_byte(problems, *at + 7) == 'u') {
        int64_t low = four_digits(problems, *at + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *to = put_code(*to, (uint32_t)(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)));
            *at += 12;
            return true;
        }
    }
    return bad_escape(problems, *at, 6, "Unicode");
}

/* \u{X...}: at most eight digits. */
static bool variable_unicode(struct problems *problems, uint32_t *at, char **to)
{
    enum { SIZE_MAX_UNITS = 12, SIZE_MIN = 5 };
    int64_t code = 0;
    unsigned size = 3;
    while (size < SIZE_MAX_UNITS) {
        int byte = lexer_byte(problems, *at + size++);
        if (byte == '}') {
            if (size < SIZE_MIN || !is_scalar_value(code))
                break;
            *to = put_code(*to, (uint32_t)code);
            *at += size;
            return true;
        }
        int digit = text_hex_digit(byte);
        code = code * 16 + digit;
        if (digit < 0 || code > INT32_MAX)
            break;
    }
    return bad_escape(problems, *at, size, "Unicode");
}

/* The escape at *at, where a backslash stands; what it means goes to *to. */
static bool escape(struct problems *problems, uint32_t *at, char **to)
{
    static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    int byte = lexer_byte(problems, *at + 1);
    if (byte == 'u')
        return lexer_byte(problems, *at + 2) == '{' ? variable_unicode(problems, at, to)
                                                    : fixed_unicode(problems, at, to);
    const char *known = byte > 0 ? strchr(from, byte) : NULL;
    if (known == NULL)
        return bad_escape(problems, *at, 2, "character");
    *(*to)++ = means[known - from];
    *at += 2;
    return true;
}

/* Where a string ends, if it has no escape; else the first backslash or what cannot be. */
static uint32_t plain_part(const struct problems *problems, uint32_t at)
{
    int byte = lexer_byte(problems, at);
    while (byte >= 0 && byte != '"' && byte != '\\' && byte != '\n' && byte != '\r')
        byte = lexer_byte(problems, ++at);
    return at;
}

static uint32_t string_room(const struct problems *problems, uint32_t at)
{
    uint32_t end = at;
    for (int byte = lexer_byte(problems, end); byte >= 0 && byte != '"' && byte != '\n' && byte != '\r';
         byte = lexer_byte(problems, end))
        end += byte == '\\' ? 2 : 1;
    return end - at;
}

struct token lexer_string(struct problems *problems, uint32_t start)
{
    uint32_t at = plain_part(problems, start + 1);
    const char *source = problems->source.data;
    if (lexer_byte(problems, at) == '"')
        return (struct token){
            TOKEN_STRING, start, at + 1, {source + start + 1, at - start - 1}
        };
    char *text = arena_alloc(problems->arena, (size_t)string_room(problems, start + 1) + 4), *to = text;
    if (text == NULL)
        return no_memory(problems, start);
    uint32_t from = start + 1;
    for (;;) {
        memcpy(to, source + from, at - from);
        to += at - from;
        if (lexer_byte(problems, at) != '\\')
            break;
        if (!escape(problems, &at, &to))
            return failed(at);
        from = at;
        at = plain_part(problems, from);
    }
    if (lexer_byte(problems, at) == '"')
        return (struct token){
            TOKEN_STRING, start, at + 1, {text, (size_t)(to - text)}
        };
    syntax_error(problems, at, "Unterminated string.");
    return failed(at);
}

/* ---- block strings ---- */

static bool quotes_at(const struct problems *problems, uint32_t at)
{
    return lexer_byte(problems, at) == '"' && lexer_byte(problems, at + 1) == '"' &&
           lexer_byte(problems, at + 2) == '"';
}

/* The bytes between the quotes with \""" resolved and lines ended by \n. False: there is no end, told. */
static bool block_raw(struct problems *problems, uint32_t *at, char *text, size_t *ret_size)
{
    size_t size = 0;
    while (!quotes_at(problems, *at)) {
        int byte = lexer_byte(problems, *at);
        if (byte < 0)
            return syntax_error(problems, *at, "Unterminated string.");
        if (byte == '\\' && quotes_at(problems, *at + 1)) {
            memcpy(text + size, "\"\"\"", 3);
            size += 3;
            *at += 4;
            continue;
        }
        if (byte == '\r') {
            byte = '\n';
            if (lexer_byte(problems, *at + 1) == '\n')
                (*at)++;
        }
        text[size++] = (char)byte;
        (*at)++;
    }
    *ret_size = size;
    return true;
}

struct block_lines {
    size_t indent;      /* common to all lines but the first */
    size_t first, last; /* lines that are not blank; first > last: all are */
};

static size_t leading_blanks(const char *line, size_t size)
{
    size_t blanks = 0;
    while (blanks < size && (line[blanks] == ' ' || line[blanks] == '\t'))
        blanks++;
    return blanks;
}

static size_t line_size(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    return (size_t)((newline != NULL ? newline : end) - line);
}

static struct block_lines look_at_lines(const char *text, size_t size)
{
    struct block_lines lines = {SIZE_MAX, 1, 0};
    const char *end = text + size, *line = text;
    for (size_t number = 0; line <= end; number++) {
        size_t length = line_size(line, end), blanks = leading_blanks(line, length);
        if (blanks < length) {
            if (lines.first > lines.last)
                lines.first = number;
            lines.last = number;
            if (number > 0 && blanks < lines.indent)
                lines.indent = blanks;
        }
        line += length + 1;
    }
    return lines;
}

/* BlockStringValue() of the specification, in place. */
static size_t dedent(char *text, size_t size)
{
    struct block_lines lines = look_at_lines(text, size);
    const char *end = text + size, *line = text;
    char *to = text;
    bool any = false;
    if (lines.first > lines.last)
        return 0;
    for (size_t number = 0; line <= end; number++) {
        size_t length = line_size(line, end);
        if (number >= lines.first && number <= lines.last) {
            size_t cut = number == 0 ? 0 : lines.indent < length ? lines.indent : length;
            if (any)
                *to++ = '\n';
            memmove(to, line + cut, length - cut);
            to += length - cut;
            any = true;
        }
        line += length + 1;
    }
    return (size_t)(to - text);
}

/* Up to the closing quotes. */
static size_t block_room(const struct problems *problems, uint32_t at)
{
    uint32_t end = at;
    while (lexer_byte(problems, end) >= 0 && !quotes_at(problems, end))
        end += lexer_byte(problems, end) == '\\' && quotes_at(problems, end + 1) ? 4 : 1;
    return end - at;
}

struct token lexer_block_string(struct problems *problems, uint32_t start)
{
    uint32_t at = start + 3;
    size_t size = 0;
    char *text = arena_alloc(problems->arena, block_room(problems, at) + 1);
    if (text == NULL)
        return no_memory(problems, start);
    if (!block_raw(problems, &at, text, &size))
        return failed(at);
    return (struct token){
        TOKEN_BLOCK_STRING, start, at + 3, {text, dedent(text, size)}
    };
}
