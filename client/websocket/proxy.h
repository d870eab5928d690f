/* proxy.h - http_proxy and its sisters, for clients that ask for them. Pure but for the environment; any thread. */
#ifndef SLUICE_CLIENT_WEBSOCKET_PROXY_H
#define SLUICE_CLIENT_WEBSOCKET_PROXY_H

#include "client/address.h"

enum { PROXY_CREDENTIALS_MAX = 127 };

struct proxy {
    bool on;
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port;
    char credentials[PROXY_CREDENTIALS_MAX + 1]; /* "user:password", or empty */
};

/*
 * The proxy that the environment names for this address: https_proxy with TLS, else http_proxy (HTTPS_PROXY also in
 * capitals, as curl does); none for hosts that no_proxy lists (names with all below them, numbers, "*").
 * SLUICE_INVALID: the variable cannot be read as http://[user:password@]host:port.
 */
sluice_status proxy_from_environment(const struct address *address, struct proxy *ret_proxy, sluice_error *error);

#endif
