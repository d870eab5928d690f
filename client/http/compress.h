/* compress.h - request bodies as gzip or deflate (RFC 1950, RFC 1952). Pure; any thread. */
#ifndef SLUICE_CLIENT_HTTP_COMPRESS_H
#define SLUICE_CLIENT_HTTP_COMPRESS_H

#include "client/transport.h"
#include "common/foundation/buffer.h"

/* Replace the bytes by their compressed form; the limit holds for that too. SLUICE_TOO_LARGE, SLUICE_NO_MEMORY. */
sluice_status compress_body(enum transport_compression compression, struct buffer *body);

#endif
