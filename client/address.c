#include "client/address.h"

#include "common/foundation/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char default_host[] = "0.0.0.0";

static const struct {
    const char *name;
    enum address_protocol protocol;
    bool tls;
} schemes[] = {
    {"grpc",      ADDRESS_GRPC,      false},
    {"grpcs",     ADDRESS_GRPC,      true },
    {"http",      ADDRESS_HTTP,      false},
    {"https",     ADDRESS_HTTP,      true },
    {"ws",        ADDRESS_WEBSOCKET, false},
    {"wss",       ADDRESS_WEBSOCKET, true },
    {"websocket", ADDRESS_WEBSOCKET, false},
};

static const char *const scheme_names[] = {"grpc", "grpcs", "http", "https", "ws", "wss", "websocket", NULL};
static const char *const protocol_names[] = {"grpc", "http", "websocket", NULL};

/* The host string taken apart: pieces of the caller's text. */
struct pieces {
    const char *scheme;
    size_t scheme_size; /* 0: none */
    const char *host;
    size_t host_size;
    const char *port; /* NULL: none */
    size_t port_size;
};

const char *address_protocol_name(enum address_protocol protocol)
{
    return protocol_names[protocol];
}

const char *address_scheme(const struct address *address)
{
    static const char *const beginnings[][2] = {
        [ADDRESS_GRPC] = {"grpc", "grpcs"},
        [ADDRESS_HTTP] = {"http", "https"},
        [ADDRESS_WEBSOCKET] = {"ws",   "wss"  },
    };
    return beginnings[address->protocol][address->tls];
}

static sluice_status fail(sluice_error *error, const char *host, const char *text)
{
    return sluice_fail(error, SLUICE_INVALID, host, "%s", text);
}

static sluice_status split_scheme(const char *text, struct pieces *pieces, const char **ret_rest, sluice_error *error)
{
    const char *mark = strstr(text, "://");
    *ret_rest = text;
    if (mark == NULL)
        return SLUICE_OK;
    if (strstr(mark + 3, "://") != NULL)
        return fail(error, text, "the host has more than one \"://\"; write it as SCHEME://HOST:PORT");
    pieces->scheme = text;
    pieces->scheme_size = (size_t)(mark - text);
    *ret_rest = mark + 3;
    if (pieces->scheme_size == 0)
        return fail(error, text, "the host begins with \"://\"; put a scheme before it, such as grpc");
    return SLUICE_OK;
}

/* `rest` is what follows the scheme, of `size` bytes without a final slash. */
static sluice_status split_host_port(const char *whole, const char *rest, size_t size, struct pieces *pieces,
                                     sluice_error *error)
{
    const char *end = rest + size;
    const char *colon;
    pieces->host = rest;
    if (size > 0 && rest[0] == '[') {
        const char *bracket = memchr(rest, ']', size);
        if (bracket == NULL)
            return fail(error, whole, "the host has a \"[\" without its \"]\"");
        pieces->host = rest + 1;
        pieces->host_size = (size_t)(bracket - rest - 1);
        colon = bracket + 1;
        if (colon != end && *colon != ':')
            return fail(error, whole, "only a port may follow the \"]\" of the host, as in [::1]:51234");
    } else {
        colon = memchr(rest, ':', size);
        if (colon == NULL)
            colon = end;
        pieces->host_size = (size_t)(colon - rest);
        if (colon != end && memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL)
            return fail(error, whole,
                        "the host has more than one \":\"; put an IPv6 address in brackets, as in [::1]:51234");
    }
    if (colon != end) {
        pieces->port = colon + 1;
        pieces->port_size = (size_t)(end - colon - 1);
    }
    return SLUICE_OK;
}

static sluice_status split(const char *text, struct pieces *pieces, sluice_error *error)
{
    const char *rest;
    sluice_status status = split_scheme(text, pieces, &rest, error);
    if (status != SLUICE_OK)
        return status;
    size_t size = strlen(rest);
    if (size > 0 && rest[size - 1] == '/')
        size--;
    if (memchr(rest, '/', size) != NULL)
        return fail(error, text, "the host has a path; write SCHEME://HOST:PORT and give the endpoint to post");
    return split_host_port(text, rest, size, pieces, error);
}

static sluice_status read_scheme(const char *whole, const struct pieces *pieces, struct address *address, bool *ret_tls,
                                 sluice_error *error)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strlen(schemes[i].name) == pieces->scheme_size &&
            strncasecmp(schemes[i].name, pieces->scheme, pieces->scheme_size) == 0) {
            address->protocol = schemes[i].protocol;
            *ret_tls = schemes[i].tls;
            return SLUICE_OK;
        }
    char *name = strndup(pieces->scheme, pieces->scheme_size);
    const char *nearest = name != NULL ? text_nearest(name, scheme_names) : NULL;
    sluice_status status = sluice_fail(
        error, SLUICE_INVALID, whole, "no scheme is called \"%.*s\"; %s%s%s", (int)pieces->scheme_size, pieces->scheme,
        nearest != NULL ? "did you mean " : "there are grpc, grpcs, http, https, ws and wss",
        nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    free(name);
    return status;
}

static sluice_status read_protocol(const char *name, enum address_protocol *ret_protocol, sluice_error *error)
{
    for (size_t i = 0; protocol_names[i] != NULL; i++)
        if (strcasecmp(protocol_names[i], name) == 0) {
            *ret_protocol = (enum address_protocol)i;
            return SLUICE_OK;
        }
    return sluice_fail(error, SLUICE_INVALID, "protocol",
                       "no protocol is called \"%s\"; there are grpc, http and websocket", name);
}

static sluice_status read_port(const char *whole, const struct pieces *pieces, int *ret_port, sluice_error *error)
{
    int port = 0;
    for (size_t i = 0; i < pieces->port_size && port <= UINT16_MAX; i++) {
        if (pieces->port[i] < '0' || pieces->port[i] > '9')
            return sluice_fail(error, SLUICE_INVALID, whole, "the port \"%.*s\" is not a number from 1 to 65535",
                               (int)pieces->port_size, pieces->port);
        port = port * 10 + (pieces->port[i] - '0');
    }
    if (pieces->port_size == 0 || port > UINT16_MAX)
        return sluice_fail(error, SLUICE_INVALID, whole, "the port \"%.*s\" is not a number from 1 to 65535",
                           (int)pieces->port_size, pieces->port);
    *ret_port = port;
    return SLUICE_OK;
}

static sluice_status clash(sluice_error *error, const char *whole, const char *argument)
{
    return sluice_fail(error, SLUICE_INVALID, argument,
                       "the %s is defined twice: in the host \"%s\" and by the argument %s; leave one of them out",
                       argument, whole, argument);
}

/* Two sources of truth: what the host says may not be said again. */
static sluice_status check_clashes(const struct address_arguments *arguments, const struct pieces *pieces,
                                   bool scheme_tls, sluice_error *error)
{
    if (pieces->port != NULL && arguments->port_given)
        return clash(error, arguments->host, "port");
    if (pieces->scheme_size > 0 && arguments->protocol != NULL)
        return clash(error, arguments->host, "protocol");
    if (scheme_tls && arguments->tls_given)
        return clash(error, arguments->host, "tls");
    return SLUICE_OK;
}

static sluice_status set_host(const struct pieces *pieces, struct address *address, sluice_error *error)
{
    const char *host = pieces->host_size > 0 ? pieces->host : default_host;
    size_t size = pieces->host_size > 0 ? pieces->host_size : sizeof default_host - 1;
    if (size > ADDRESS_HOST_MAX)
        return sluice_fail(error, SLUICE_INVALID, "host", "the host name has %zu bytes; at most %d are possible", size,
                           ADDRESS_HOST_MAX);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)host[i] <= ' ' || strchr("[]?#@\\\"", host[i]) != NULL)
            return sluice_fail(error, SLUICE_INVALID, "host", "the character 0x%02x cannot be part of a host name",
                               (unsigned char)host[i]);
    memcpy(address->host, host, size);
    address->host[size] = '\0';
    return SLUICE_OK;
}

sluice_status address_resolve(const struct address_arguments *arguments, struct address *ret_address,
                              sluice_error *error)
{
    const char *whole = arguments->host != NULL ? arguments->host : "";
    struct pieces pieces = {0};
    struct address address = {.protocol = ADDRESS_GRPC};
    bool scheme_tls = false;
    int port = 0;

    sluice_status status = split(whole, &pieces, error);
    if (status == SLUICE_OK && pieces.scheme_size > 0)
        status = read_scheme(whole, &pieces, &address, &scheme_tls, error);
    if (status == SLUICE_OK)
        status = check_clashes(arguments, &pieces, scheme_tls, error);
    if (status == SLUICE_OK && pieces.port != NULL)
        status = read_port(whole, &pieces, &port, error);
    if (status == SLUICE_OK && arguments->protocol != NULL)
        status = read_protocol(arguments->protocol, &address.protocol, error);
    if (status == SLUICE_OK)
        status = set_host(&pieces, &address, error);
    if (status != SLUICE_OK)
        return status;

    if (arguments->port_given)
        port = arguments->port;
    if (port < 0 || port > UINT16_MAX)
        return sluice_fail(error, SLUICE_INVALID, "port", "the port %d is not a number from 1 to 65535", port);
    address.tls = scheme_tls || (arguments->tls_given && arguments->tls);
    address.port = (uint16_t)(port != 0 ? port : address.tls ? ADDRESS_PORT_TLS : ADDRESS_PORT_PLAIN);
    *ret_address = address;
    return SLUICE_OK;
}
