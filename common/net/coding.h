/*
 * coding.h - bytes in the content codings of HTTP, gzip (RFC 1952) and deflate (RFC 1950), for the gateway and the client. Pure; any
 * thread. A target of its own: only modules that speak HTTP link zlib for it.
 *
 * Reading is not here: whoever reads must stop at a bound, and each keeps its bytes elsewhere. The HTTP front has one buffer
 * (gateway/http/body.c), gRPC messages are made of slices (common/net/grpc/inflate.c), a WebSocket's window lives on from
 * message to message and gives as much as there is room for (common/net/websocket/deflate.c).
 */
#ifndef SLUICE_NET_CODING_H
#define SLUICE_NET_CODING_H

#include "common/foundation/buffer.h"

enum coding { CODING_GZIP, CODING_DEFLATE };

/* Replace the bytes by their coded form; the buffer's limit holds for that too. SLUICE_TOO_LARGE, SLUICE_NO_MEMORY: they stay. */
sluice_status coding_write(enum coding coding, struct buffer *body);

#endif
