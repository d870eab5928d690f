#include "tests/bench/floor_frames.h"

#include "tests/bench/floor_hop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { READ_BYTES = 256 << 10 };

static void fail(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    abort();
}

void floor_bytes_reserve(struct floor_bytes *bytes, size_t more)
{
    if (bytes->start == bytes->end)
        bytes->start = bytes->end = 0;
    if (bytes->room - bytes->end >= more)
        return;
    size_t kept = bytes->end - bytes->start;
    if (bytes->start > 0) {
        memmove(bytes->data, bytes->data + bytes->start, kept);
        bytes->start = 0;
        bytes->end = kept;
    }
    if (bytes->room - kept >= more)
        return;
    bytes->room = kept + more > 2 * bytes->room ? kept + more : 2 * bytes->room;
    bytes->data = realloc(bytes->data, bytes->room);
    if (!bytes->data)
        fail("realloc");
}

void floor_bytes_append(struct floor_bytes *bytes, const void *data, size_t size)
{
    floor_bytes_reserve(bytes, size);
    memcpy(bytes->data + bytes->end, data, size);
    bytes->end += size;
}

void floor_frames_send(struct floor_frames *frames, uint64_t id, const void *data, size_t size)
{
    struct floor_frame frame = {id, size};
    floor_bytes_append(&frames->out, &frame, sizeof(frame));
    floor_bytes_append(&frames->out, data, size);
}

bool floor_frames_flush(struct floor_frames *frames, bool wait)
{
    struct floor_bytes *out = &frames->out;
    while (out->start < out->end) {
        ssize_t written =
            send(frames->fd, out->data + out->start, out->end - out->start, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
        if (written < 0 && errno == EAGAIN)
            return false;
        if (written < 0 && errno != EINTR)
            fail("send");
        if (written > 0)
            out->start += (size_t)written;
    }
    return true;
}

/* Cut off the frames that are whole; what the next one still needs. */
static size_t cut(struct floor_bytes *in, floor_frames_answer *answer, void *context)
{
    struct floor_frame frame;
    while (in->end - in->start >= sizeof(frame)) {
        memcpy(&frame, in->data + in->start, sizeof(frame));
        size_t whole = sizeof(frame) + (size_t)frame.size, there = in->end - in->start;
        if (there < whole)
            return whole - there;
        answer(frame.id, in->data + in->start + sizeof(frame), (size_t)frame.size, context);
        in->start += whole;
    }
    return sizeof(frame);
}

bool floor_frames_read(struct floor_frames *frames, bool wait, floor_frames_answer *answer, void *context)
{
    struct floor_bytes *in = &frames->in;
    floor_bytes_reserve(in, READ_BYTES);
    ssize_t got = recv(frames->fd, in->data + in->end, in->room - in->end, wait ? 0 : MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got < 0)
        fail("recv");
    in->end += (size_t)got;
    size_t wanted = cut(in, answer, context);
    if (wanted > READ_BYTES)
        floor_bytes_reserve(in, wanted);
    return got > 0;
}
