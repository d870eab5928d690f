/*
 * bytes.h - messages between gRPC byte buffers and ropes, without copying the payload; texts and times of calls.
 *
 * A received message stays in gRPC's slices: one block holds the byte buffer, and the slices of the rope point into it.
 * A message to send hands its blocks' bytes to gRPC, which drops the references when they are written. Only small
 * pieces are copied, where that is cheaper than counting. Any thread.
 */
#ifndef SLUICE_NET_GRPC_BYTES_H
#define SLUICE_NET_GRPC_BYTES_H

#include "common/foundation/block.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>

#include <stdbool.h>

/* A message of up to this many bytes is sent as one copied slice. */
#define RPC_COPY_BYTES 2048u

/* Text of a status on the wire, after percent-encoding; peers refuse header lists above 8 KiB. */
#define RPC_STATUS_TEXT_MAX 4000u

/*
 * Append the bytes of a received message to `rope`. Takes the buffer over on every path. SLUICE_OK, SLUICE_NO_MEMORY,
 * SLUICE_INVALID when it cannot be decompressed. _within: SLUICE_LIMIT when it is compressed and holds more than
 * `size_max` bytes; `error` says what the client may be told.
 */
sluice_status rpc_bytes_receive(grpc_byte_buffer *buffer, struct rope *rope);
sluice_status rpc_bytes_receive_within(grpc_byte_buffer *buffer, size_t size_max, struct rope *rope,
                                       sluice_error *error);

/* A byte buffer that stands for the rope and holds references of its own. Slices without a block are copied. */
grpc_byte_buffer *rpc_bytes_send(const struct rope *rope);

/* A byte buffer with a copy of these bytes. */
grpc_byte_buffer *rpc_bytes_copy(const void *data, size_t size);

/* `text` as a slice for a status, cut so that its encoded form has at most RPC_STATUS_TEXT_MAX bytes. */
grpc_slice rpc_status_text(const char *text);

/* A gRPC deadline as absolute CLOCK_MONOTONIC nanoseconds; 0 when there is none. */
uint64_t rpc_deadline_ns(gpr_timespec deadline);

/* The reverse; 0 becomes the infinite future. */
gpr_timespec rpc_deadline_of(uint64_t deadline_ns);

/* Does the slice hold exactly this text? */
bool rpc_slice_is(grpc_slice slice, const char *text, size_t size);

/* The first value of a metadata key, or NULL. */
const grpc_slice *rpc_metadata_find(const grpc_metadata_array *metadata, const char *key);

#endif
