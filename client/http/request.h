/*
 * request.h - from a message to an HTTP request.
 *
 * Formats: wire-http-websocket-graphql, sections 2.1, 2.2, 4.4 and 5. The channel's thread or a worker, as call.h says.
 */
#ifndef SLUICE_CLIENT_HTTP_REQUEST_H
#define SLUICE_CLIENT_HTTP_REQUEST_H

#include "client/http/call.h"

/* Append the caller's metadata as header lines. SLUICE_INVALID names what cannot be sent. Any thread. */
sluice_status request_headers(const struct transport_call_settings *settings, struct curl_slist **ret_headers,
                              sluice_error *error);

/* The endpoint that a SINGLE's message names; the caller frees it. NULL: no memory. */
char *request_endpoint(const struct rope *message);

/* Make the body out of the message, which is dropped. False: call_fail() was called. */
bool request_write(struct transport_call *call);

/* Bytes of work in request_write(), to tell small from large. */
size_t request_work(const struct transport_call *call);

/* Set up call->easy for `call`, whose path is known. False: call_fail() was called. */
bool request_prepare(struct transport_call *call);

#endif
