/* The handshake's part of deflate.h. */
#include "common/net/websocket/deflate.h"

#include "common/foundation/text.h"

#include <string.h>
#include <strings.h>

enum { VALUE_MAX = 15, WINDOW_BITS_MIN = 8, WINDOW_BITS_ZLIB_MIN = 9 };

/* One parameter of an extension. */
struct parameter {
    const char *name;
    size_t name_size;
    bool has_value;
    char value[VALUE_MAX + 1]; /* cut off where it is longer: no parameter of ours is */
};

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \t");
}

static size_t read_token(const char **at, const char **ret_token)
{
    size_t size = strspn(*at, text_token_characters);
    *ret_token = *at;
    *at += size;
    return size;
}

/* Behind the `=`: a token, bare or in quotes. False: neither. */
static bool read_value(const char **at, struct parameter *parameter)
{
    const char *token;
    bool quoted = **at == '"';

    *at += quoted;
    size_t size = read_token(at, &token);
    if (size == 0 || (quoted && **at != '"'))
        return false;
    *at += quoted;
    size_t kept = size > VALUE_MAX ? VALUE_MAX : size;
    memcpy(parameter->value, token, kept);
    parameter->value[kept] = '\0';
    return true;
}

/* Behind a `;`. False: no parameter. */
static bool read_parameter(const char **at, struct parameter *parameter)
{
    *parameter = (struct parameter){.name = NULL};
    skip_blanks(at);
    parameter->name_size = read_token(at, &parameter->name);
    skip_blanks(at);
    parameter->has_value = **at == '=';
    if (!parameter->has_value)
        return parameter->name_size > 0;
    (*at)++;
    skip_blanks(at);
    bool read = parameter->name_size > 0 && read_value(at, parameter);
    skip_blanks(at);
    return read;
}

static bool is(const struct parameter *parameter, const char *name)
{
    return parameter->name_size == strlen(name) && strncasecmp(parameter->name, name, parameter->name_size) == 0;
}

/* 8 to 15 without leading zeros; 0: something else. */
static unsigned window_bits(const struct parameter *parameter)
{
    const char *value = parameter->value;
    if (strlen(value) == 1)
        return value[0] >= '8' && value[0] <= '9' ? (unsigned)(value[0] - '0') : 0;
    if (strlen(value) == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5')
        return 10 + (unsigned)(value[1] - '0');
    return 0;
}

struct offer {
    struct deflate_terms terms;
    bool client_window, refused;
};

/* RFC 7692, 7.1: what is unknown, wrong or said twice makes the offer one that must be declined. */
static void take_parameter(struct offer *offer, const struct parameter *parameter)
{
    struct deflate_terms *terms = &offer->terms;
    bool good = false;

    if (is(parameter, "server_no_context_takeover")) {
        good = !parameter->has_value && !terms->server_no_context_takeover;
        terms->server_no_context_takeover = true;
    } else if (is(parameter, "client_no_context_takeover")) {
        good = !parameter->has_value && !terms->client_no_context_takeover;
        terms->client_no_context_takeover = true;
    } else if (is(parameter, "server_max_window_bits")) {
        unsigned bits = window_bits(parameter);
        good = !terms->server_window_named && bits >= WINDOW_BITS_ZLIB_MIN;
        terms->server_window_named = true;
        terms->server_window_bits = (uint8_t)(good ? bits : DEFLATE_WINDOW_BITS);
    } else if (is(parameter, "client_max_window_bits")) {
        /* We read any window, so nothing is asked of the client. */
        good = !offer->client_window && (!parameter->has_value || window_bits(parameter) >= WINDOW_BITS_MIN);
        offer->client_window = true;
    }
    offer->refused = offer->refused || !good;
}

bool deflate_choose(const char *offers, struct deflate_terms *ret_terms)
{
    const char *at = offers;

    *ret_terms = (struct deflate_terms){.server_window_bits = DEFLATE_WINDOW_BITS};
    for (;;) {
        struct offer offer = {.terms = {.server_window_bits = DEFLATE_WINDOW_BITS}};
        struct parameter name = {.name = NULL}, parameter;
        at += strspn(at, ", \t");
        if (*at == '\0')
            return true;
        name.name_size = read_token(&at, &name.name);
        if (name.name_size == 0)
            return false;
        skip_blanks(&at);
        while (*at == ';') {
            at++;
            if (!read_parameter(&at, &parameter))
                return false;
            take_parameter(&offer, &parameter);
        }
        if (*at != ',' && *at != '\0')
            return false;
        offer.terms.agreed = is(&name, "permessage-deflate") && !offer.refused;
        if (offer.terms.agreed && !ret_terms->agreed)
            *ret_terms = offer.terms;
    }
}

void deflate_append_answer(const struct deflate_terms *terms, struct buffer *value)
{
    buffer_append_text(value, "permessage-deflate");
    if (terms->server_no_context_takeover)
        buffer_append_text(value, "; server_no_context_takeover");
    if (terms->client_no_context_takeover)
        buffer_append_text(value, "; client_no_context_takeover");
    if (terms->server_window_named)
        buffer_printf(value, "; server_max_window_bits=%u", terms->server_window_bits);
}
