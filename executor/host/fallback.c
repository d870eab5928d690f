#include "executor/host/fallback.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const char *value(const char *at, unsigned depth); /* the place behind, or NULL */

static const char *space(const char *at)
{
    return at + strspn(at, " \t\n\r");
}

static const char *digits(const char *at)
{
    size_t count = strspn(at, "0123456789");
    return count > 0 ? at + count : NULL;
}

static const char *number(const char *at)
{
    at += *at == '-';
    at = *at == '0' ? at + 1 : digits(at);
    if (at != NULL && *at == '.')
        at = digits(at + 1);
    if (at != NULL && (*at == 'e' || *at == 'E')) {
        at++;
        at = digits(at + (*at == '+' || *at == '-'));
    }
    return at;
}

static const char *string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u') {
            for (unsigned i = 0; i < 4; i++)
                if (!isxdigit((unsigned char)*++at))
                    return NULL;
        } else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *container(const char *at, unsigned depth)
{
    bool is_map = *at == '{';
    char end = is_map ? '}' : ']';
    if (depth == FALLBACK_DEPTH_MAX)
        return NULL;
    at = space(at + 1);
    if (*at == end)
        return at + 1;
    for (;;) {
        if (is_map) {
            at = *at == '"' ? string(at) : NULL;
            if (at == NULL || *(at = space(at)) != ':')
                return NULL;
            at = space(at + 1);
        }
        at = value(at, depth + 1);
        if (at == NULL)
            return NULL;
        at = space(at);
        if (*at == end)
            return at + 1;
        if (*at != ',')
            return NULL;
        at = space(at + 1);
    }
}

static const char *value(const char *at, unsigned depth)
{
    static const char *const words[] = {"true", "false", "null"};
    if (*at == '{' || *at == '[')
        return container(at, depth);
    if (*at == '"')
        return string(at);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return number(at);
}

bool fallback_is_json(const char *text)
{
    const char *end = value(space(text), 0);
    return end != NULL && *space(end) == '\0';
}
