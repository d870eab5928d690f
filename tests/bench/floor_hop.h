/*
 * floor_hop.h - the socket side of the floor relay: frames to a row of echo processes and back.
 *
 * A frame is 16 bytes (id, size) and the message. floor_hop_send() keeps one for the first process and
 * floor_hop_flush() writes what was kept, on the caller's thread; one thread reads every socket, passes whole frames on
 * to the next process, and calls `answer` for those that came back from the last. No byte of a message is copied:
 * slices of the received gRPC buffer are written as they are, and an answer is slices of the block that it was read
 * into.
 */
#ifndef SLUICE_BENCH_FLOOR_HOP_H
#define SLUICE_BENCH_FLOOR_HOP_H

#include <grpc/byte_buffer.h>

#include <stddef.h>
#include <stdint.h>

struct floor_frame {
    uint64_t id;
    uint64_t size;
};

struct floor_hop;

/* The answer to a message, on the reading thread; the callee owns it. */
typedef void floor_hop_answer(uint64_t id, grpc_byte_buffer *message, void *context);

/* Takes `count` connected stream sockets, and starts the thread. */
struct floor_hop *floor_hop_new(const int *sockets, size_t count, floor_hop_answer *answer, void *context);

/* Keep one frame; takes the message. One thread at a time, and the same one flushes. */
void floor_hop_send(struct floor_hop *hop, uint64_t id, grpc_byte_buffer *message);
void floor_hop_flush(struct floor_hop *hop);

#endif
