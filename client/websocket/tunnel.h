/*
 * tunnel.h - the way through a proxy: CONNECT (RFC 9110, 9.3.6) before anything else on a connection. Our own, because
 * libwebsockets takes the proxy's answer for the first bytes of such a connection. On the loop's thread.
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_TUNNEL_H
#define SLUICE_CLIENT_WEBSOCKET_TUNNEL_H

#include "client/websocket/call.h"

/* What the proxy is asked. */
void tunnel_write(const struct transport_call *call, struct buffer *request);

/* Bytes of the proxy; with the end of its answer the connection is the gateway's, or the call's no more. */
void tunnel_receive(struct transport_call *call, const uint8_t *data, size_t size);

#endif
