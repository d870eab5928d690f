/* gateway_options.h - where the gateway is and how to talk to it: options that `post` and `profile` share. */
#ifndef SLUICE_TOOLS_GATEWAY_OPTIONS_H
#define SLUICE_TOOLS_GATEWAY_OPTIONS_H

#include "tools/tls_options.h"

#define OPTION_COUNT_MAX   9007199254740992.0 /* what a double counts exactly */
#define OPTION_SECONDS_MAX 1e6

struct gateway_options {
    double port; /* -1: not given */
    const char *protocol;
    double max_message_size, max_request_size, max_connections;
    bool tls, wait, proxy;
    struct tls_options tls_options;
};

extern const char *const gateway_protocols[];

/* Rows of a command's table; `options` is the struct gateway_options in its settings. */
/* clang-format off */
#define GATEWAY_OPTIONS(options) \
    OPTION_GROUP("The gateway:"), \
    INTEGER_OPTION("port", 0, "PORT", options.port, 0, 65535, \
                   "Its port, when the URI has none; default 80, or 443 with TLS."), \
    CHOICE_OPTION("protocol", 0, "NAME", options.protocol, gateway_protocols, \
                  "Its protocol, when the URI has no scheme: grpc, http or websocket; default grpc."), \
    FLAG_OPTION("tls", 0, options.tls, "Encrypt, when the URI does not say so."), \
    TLS_OPTIONS(options.tls_options), \
    FLAG_OPTION("wait", 0, options.wait, "Wait for a gateway that is not there yet, until --timeout."), \
    INTEGER_OPTION("max-message-size", 0, "BYTES", options.max_message_size, 0, OPTION_COUNT_MAX, \
                   "Refuse larger responses; default: no bound."), \
    INTEGER_OPTION("max-request-size", 0, "BYTES", options.max_request_size, 0, OPTION_COUNT_MAX, \
                   "Refuse to send larger requests; default 1 GiB."), \
    INTEGER_OPTION("max-connections", 0, "N", options.max_connections, 0, 1e6, \
                   "Over HTTP: connections at once at most; default 100."), \
    FLAG_OPTION("proxy", 0, options.proxy, "Obey http_proxy and its sisters.")
/* clang-format on */

/* A client of the gateway at `uri`; errors as of sluice_client_new(). */
sluice_status gateway_open(const struct gateway_options *options, const char *uri, sluice_client **ret_client,
                           sluice_error *error);

#endif
