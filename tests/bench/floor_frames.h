/*
 * floor_frames.h - one socket to the echo process, for the relays whose library hands them plain bytes: frames of
 * floor_hop.h (id, size, message) out and in.
 *
 * The sending half (send, flush) and the reading half (read) share nothing, so each may have a thread of its own.
 */
#ifndef SLUICE_BENCH_FLOOR_FRAMES_H
#define SLUICE_BENCH_FLOOR_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct floor_bytes {
    uint8_t *data;
    size_t start, end, room;
};

struct floor_frames {
    int fd;
    struct floor_bytes out, in;
};

/* A whole message has come back; `data` is valid during the call. */
typedef void floor_frames_answer(uint64_t id, const uint8_t *data, size_t size, void *context);

/* Keep one frame; copies the message. */
void floor_frames_send(struct floor_frames *frames, uint64_t id, const void *data, size_t size);

/* Write what was kept. With `wait` all of it; else false when the socket is full and some is left. */
bool floor_frames_flush(struct floor_frames *frames, bool wait);

/* One read, waiting for it when `wait` is given, and `answer` for every frame that is whole. False: the echo process
 * ended. */
bool floor_frames_read(struct floor_frames *frames, bool wait, floor_frames_answer *answer, void *context);

/* Room for `more` bytes behind `end`; used by the programs for their own buffers too. Aborts without memory. */
void floor_bytes_reserve(struct floor_bytes *bytes, size_t more);
void floor_bytes_append(struct floor_bytes *bytes, const void *data, size_t size);

#endif
