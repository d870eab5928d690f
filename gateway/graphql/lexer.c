#include "gateway/graphql/lexer.h"
#include "common/foundation/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 600 };

bool syntax_error(struct problems *problems, uint32_t at, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (size >= MESSAGE_MAX)
        size = (int)text_cut(message, MESSAGE_MAX - 1);
    problem_place(problems, problem_add(problems, "Syntax Error: %.*s", size, message), at);
    return false;
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_name_start(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

const char *lexer_character(struct problems *problems, uint32_t at)
{
    int byte = lexer_byte(problems, at);
    char *text = arena_alloc(problems->arena, 16);
    if (byte < 0 || text == NULL)
        return "<EOF>";
    uint32_t code = (uint32_t)byte;
    if (byte >= 0xC0) {
        int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
        code = (uint32_t)byte & (0x3FU >> more);
        for (int i = 1; i <= more; i++)
            code = code << 6 | ((uint32_t)lexer_byte(problems, at + (uint32_t)i) & 0x3FU);
    }
    if (code >= 0x20 && code <= 0x7E)
        snprintf(text, 16, "%c%c%c", code == '"' ? '\'' : '"', (int)code, code == '"' ? '\'' : '"');
    else
        snprintf(text, 16, "U+%04X", code);
    return text;
}

const char *token_kind_text(int kind)
{
    switch (kind) {
    case TOKEN_START: return "<SOF>";
    case TOKEN_END: return "<EOF>";
    case TOKEN_NAME: return "Name";
    case TOKEN_INT: return "Int";
    case TOKEN_FLOAT: return "Float";
    case TOKEN_STRING: return "String";
    case TOKEN_BLOCK_STRING: return "BlockString";
    case TOKEN_SPREAD: return "\"...\"";
    case '!': return "\"!\"";
    case '$': return "\"$\"";
    case '&': return "\"&\"";
    case '(': return "\"(\"";
    case ')': return "\")\"";
    case ':': return "\":\"";
    case '=': return "\"=\"";
    case '@': return "\"@\"";
    case '[': return "\"[\"";
    case ']': return "\"]\"";
    case '{': return "\"{\"";
    case '|': return "\"|\"";
    case '}': return "\"}\"";
    default: return "a token";
    }
}

const char *token_text(struct problems *problems, const struct token *token)
{
    const char *kind = token_kind_text(token->kind);
    if (token->value.data == NULL)
        return kind;
    char *text = arena_printf(problems->arena, "%s \"%.*s\"", kind, TEXT_ARGS(token->value));
    return text != NULL ? text : kind;
}

static struct token failed(uint32_t at)
{
    return (struct token){.kind = TOKEN_FAILED, .at = at, .end = at};
}

/* A row of digits at *at; false: there is none, told. */
static bool digits(struct problems *problems, uint32_t *at)
{
    if (!is_digit(lexer_byte(problems, *at)))
        return syntax_error(problems, *at, "Invalid number, expected digit but got: %s.",
                            lexer_character(problems, *at));
    while (is_digit(lexer_byte(problems, *at)))
        (*at)++;
    return true;
}

static bool whole_part(struct problems *problems, uint32_t *at)
{
    if (lexer_byte(problems, *at) == '-')
        (*at)++;
    if (lexer_byte(problems, *at) != '0')
        return digits(problems, at);
    (*at)++;
    if (is_digit(lexer_byte(problems, *at)))
        return syntax_error(problems, *at, "Invalid number, unexpected digit after 0: %s.",
                            lexer_character(problems, *at));
    return true;
}

static struct token number(struct problems *problems, uint32_t start)
{
    uint32_t at = start;
    int kind = TOKEN_INT;
    if (!whole_part(problems, &at))
        return failed(at);
    if (lexer_byte(problems, at) == '.') {
        kind = TOKEN_FLOAT;
        at++;
        if (!digits(problems, &at))
            return failed(at);
    }
    int byte = lexer_byte(problems, at);
    if (byte == 'e' || byte == 'E') {
        kind = TOKEN_FLOAT;
        byte = lexer_byte(problems, ++at);
        if (byte == '+' || byte == '-')
            at++;
        if (!digits(problems, &at))
            return failed(at);
    }
    byte = lexer_byte(problems, at);
    if (byte == '.' || is_name_start(byte)) {
        syntax_error(problems, at, "Invalid number, expected digit but got: %s.", lexer_character(problems, at));
        return failed(at);
    }
    return (struct token){
        kind, start, at, {problems->source.data + start, at - start}
    };
}

static struct token name(struct problems *problems, uint32_t start)
{
    uint32_t at = start + 1;
    while (is_name_start(lexer_byte(problems, at)) || is_digit(lexer_byte(problems, at)))
        at++;
    return (struct token){
        TOKEN_NAME, start, at, {problems->source.data + start, at - start}
    };
}

/* The first byte that belongs to a token. */
static uint32_t pass_over(const struct problems *problems, uint32_t at)
{
    for (;;) {
        int byte = lexer_byte(problems, at);
        if (byte == ' ' || byte == '\t' || byte == ',' || byte == '\n' || byte == '\r') {
            at++;
        } else if (byte == 0xEF && lexer_byte(problems, at + 1) == 0xBB && lexer_byte(problems, at + 2) == 0xBF) {
            at += 3; /* byte order mark */
        } else if (byte == '#') {
            while (byte >= 0 && byte != '\n' && byte != '\r')
                byte = lexer_byte(problems, ++at);
        } else {
            return at;
        }
    }
}

struct token lexer_next(struct problems *problems, uint32_t from)
{
    uint32_t at = pass_over(problems, from);
    int byte = lexer_byte(problems, at);
    bool again = byte >= 0 && lexer_byte(problems, at + 1) == byte && lexer_byte(problems, at + 2) == byte;
    if (byte < 0)
        return (struct token){.kind = TOKEN_END, .at = at, .end = at};
    if (byte != 0 && strchr("!$&():=@[]{|}", byte) != NULL)
        return (struct token){.kind = byte, .at = at, .end = at + 1};
    if (byte == '.' && again)
        return (struct token){.kind = TOKEN_SPREAD, .at = at, .end = at + 3};
    if (byte == '"')
        return again ? lexer_block_string(problems, at) : lexer_string(problems, at);
    if (is_digit(byte) || byte == '-')
        return number(problems, at);
    if (is_name_start(byte))
        return name(problems, at);
    if (byte == '\'')
        syntax_error(problems, at, "Unexpected single quote character ('), did you mean to use a double quote (\")?");
    else
        syntax_error(problems, at, "Unexpected character: %s.", lexer_character(problems, at));
    return failed(at);
}
