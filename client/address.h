/*
 * address.h - from what the caller says about the gateway to protocol, host, port and TLS.
 *
 * The rules are those of Jina's Client (its truth table is tests/unit/client/address_test.c), with three things more:
 * IPv6 addresses in brackets, a slash after the port, schemes in any letter case. Pure; any thread.
 */
#ifndef SLUICE_CLIENT_ADDRESS_H
#define SLUICE_CLIENT_ADDRESS_H

#include <sluice/error.h>

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_HOST_MAX = 255, ADDRESS_PORT_PLAIN = 80, ADDRESS_PORT_TLS = 443 };

enum address_protocol { ADDRESS_GRPC, ADDRESS_HTTP, ADDRESS_WEBSOCKET };

/* What was said. `given` counts, not the value: a port of 0 that is given clashes like any other. */
struct address_arguments {
    const char *host; /* NULL: not said */
    bool port_given;
    int port;
    const char *protocol; /* NULL: not said */
    bool tls_given;
    bool tls;
};

struct address {
    enum address_protocol protocol;
    char host[ADDRESS_HOST_MAX + 1]; /* IPv6 without brackets */
    uint16_t port;
    bool tls;
};

/* SLUICE_INVALID; a clash names the first of port, protocol, tls that is said twice. */
sluice_status address_resolve(const struct address_arguments *arguments, struct address *ret_address,
                              sluice_error *error);

const char *address_protocol_name(enum address_protocol protocol);
/* As an address begins: "grpc", "grpcs", "http", "https", "ws", "wss". */
const char *address_scheme(const struct address *address);

#endif
