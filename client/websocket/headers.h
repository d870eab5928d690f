/* headers.h - metadata of a call as lines of an HTTP request. Pure; any thread. */
#ifndef SLUICE_CLIENT_WEBSOCKET_HEADERS_H
#define SLUICE_CLIENT_WEBSOCKET_HEADERS_H

#include "client/transport.h"
#include "common/foundation/buffer.h"

enum { HEADERS_MAX = 32 << 10 }; /* bytes of all lines of a request that are the caller's */

/*
 * Append "key: value" lines; values of keys that end in "-bin" go as base64. SLUICE_INVALID: a key that is no header name or that the handshake itself needs, a value that
 * is not printable; SLUICE_TOO_LARGE: more than HEADERS_MAX bytes.
 */
sluice_status headers_write(const struct transport_metadata *metadata, size_t count, const char *user_agent,
                            struct buffer *lines, sluice_error *error);

#endif
