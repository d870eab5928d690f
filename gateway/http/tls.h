/* tls.h - TLS of the HTTP front: GnuTLS's, inside of libmicrohttpd. Settings and what they mean: docs/tls.md. */
#ifndef SLUICE_GATEWAY_HTTP_TLS_H
#define SLUICE_GATEWAY_HTTP_TLS_H

#include "common/flow/flow.h"
#include "common/net/tls.h"

struct MHD_Connection;

/* TLS 1.2 and newer. */
#define HTTP_TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http_tls {
    struct tls_material material; /* with `authorities`, clients must show a certificate that one of these signed */
};

/* Reads and checks the files; the errors of tls_load(). */
sluice_status http_tls_new(const struct flow_tls *settings, struct http_tls **ret_tls, sluice_error *error);
struct http_tls *http_tls_free(struct http_tls *tls); /* NULL is fine; returns NULL */

/* The authorities as PEM, NULL: clients need no certificate. */
const char *http_tls_authorities(const struct http_tls *tls);

/* For each new connection: demand and check the client's certificate, if that is wanted. Event loop. */
void http_tls_session(const struct http_tls *tls, struct MHD_Connection *connection);

#endif
