/*
 * secure.h - TLS of a WebSocket's connection, which is a stream of bytes to libwebsockets.
 *
 * libwebsockets 4.1 begins TLS on such a stream before it is connected, so it cannot be asked to do it; OpenSSL works
 * here on the bytes that the library brings and writes to the socket itself. The questions that are plain HTTP
 * (plain.c) use the library's TLS. On the loop's thread.
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_SECURE_H
#define SLUICE_CLIENT_WEBSOCKET_SECURE_H

#include "client/websocket/call.h"

/* The connection is there: begin the handshake. Without TLS, or when it fails (noted), there is nothing to do but wait.
 */
void secure_begin(struct transport_call *call);

/* The connection takes bytes. False: not for the call yet, the handshake goes on; the call may be over then. */
bool secure_is_open(struct transport_call *call);

/* Bytes have come: those in them go to receive_bytes(). The call may be over then. */
void secure_receive(struct transport_call *call, uint8_t *data, size_t size);

/* The connection was closed in the middle of the handshake: what is the likely cause? */
const char *secure_hint(const struct transport_call *call);

void secure_end(struct transport_call *call); /* the connection is no longer the call's */

#endif
