/*
 * tls.h - TLS of the channel's connections: what libcurl is told, and why a certificate was not accepted.
 *
 * libcurl and OpenSSL decide; common/net/tls.h looks at the same certificate and finds the sentence that says what is
 * wrong with it, the same as on the other protocols.
 */
#ifndef SLUICE_CLIENT_HTTP_TLS_H
#define SLUICE_CLIENT_HTTP_TLS_H

#include "client/http/call.h"

/* Read the files of the settings into the channel. Errors as tls_load(). */
sluice_status http_tls_load(struct transport_channel *channel, const struct transport_tls *tls, sluice_error *error);
void http_tls_done(struct transport_channel *channel);

/* Loop: set up call->easy. */
void http_tls_prepare(struct transport_call *call);

/* What went wrong in libcurl's TLS, as the call's outcome. */
void http_tls_failure(struct transport_call *call, const char *words);

#endif
