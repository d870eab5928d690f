/* tls.h - what OpenSSL needs for wss:// addresses, and what is said of a certificate that is refused. */
#ifndef SLUICE_CLIENT_WEBSOCKET_TLS_H
#define SLUICE_CLIENT_WEBSOCKET_TLS_H

#include "client/transport.h"
#include "common/net/tls.h"

#include <openssl/ssl.h>

/* NULL in both: plain. */
struct tls_client {
    SSL_CTX *context;
    struct tls_trust *trust; /* to find words for a refusal; NULL when nothing is checked */
};

/*
 * For connections to that address: TLS 1.2 and newer, the authorities, the name or number that the certificate must be
 * for, the client's own certificate. tls_client_done() is due. Errors are those of tls_load().
 */
sluice_status tls_client_init(struct tls_client *client, const struct transport_tls *tls, const struct address *address,
                              sluice_error *error);
void tls_client_done(struct tls_client *client);

/* Is the host an address in numbers? Then no name is sent in the handshake (RFC 6066, 3). Any thread. */
bool tls_host_is_number(const char *host);

/* One sentence about the certificate that this check refuses; `text` has TLS_SENTENCE_MAX bytes. */
void tls_describe_refusal(const struct tls_client *client, X509_STORE_CTX *check, const char *host, char *text);

#endif
