/*
 * inflate.h - compressed gRPC messages, opened within a bound.
 *
 * gRPC's core opens a message whole and looks at its size afterwards, so that 2 MB on the wire can take 2 GB of memory.
 * A server that wants a bound switches that off (RPC_DECOMPRESSION) and opens messages here. Any thread.
 */
#ifndef SLUICE_NET_GRPC_INFLATE_H
#define SLUICE_NET_GRPC_INFLATE_H

#include <grpc/byte_buffer.h>
#include <sluice/error.h>

/* The channel argument that leaves messages compressed, when it is 0. */
#define RPC_DECOMPRESSION "grpc.per_message_decompression"

/*
 * Replace a compressed *buffer by what it holds; one that is not compressed stays. SLUICE_LIMIT: it holds more than
 * `size_max` bytes; SLUICE_INVALID: it is no gzip or deflate; SLUICE_NO_MEMORY. *buffer remains the caller's.
 */
sluice_status rpc_inflate(grpc_byte_buffer **buffer, size_t size_max, sluice_error *error);

#endif
