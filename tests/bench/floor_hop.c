/*
 * Design notes. Each socket has one writer: the first one the completion-queue thread, the others the reading thread,
 * so nothing is locked. The first writer may block: the reading thread never does, so the echo process always gets rid
 * of what it wrote. The reading thread writes without blocking and keeps the rest until the socket takes it.
 *
 * A read goes into the rest of the current block; frames are cut out of it as references. A message that is longer than
 * the rest goes on in the next block and becomes several slices.
 */
#include "tests/bench/floor_hop.h"

#include <errno.h>
#include <grpc/grpc.h>
#include <grpc/byte_buffer_reader.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 64 << 10,    /* small messages share a block of this size */
    BLOCK_MAX_BYTES = 4 << 20, /* the largest block for the rest of a large message */
    BLOCK_LOW_BYTES = 4 << 10, /* a rest smaller than this is not worth a system call */
    VECTORS = 256,             /* per system call */
    SOCKETS_MAX = 16,
};

/* Slices waiting for a socket. */
struct out {
    grpc_slice *slices;
    size_t first, count, room;
    size_t written; /* of the first */
};

struct in {
    int fd;
    size_t index;
    grpc_slice block;
    size_t start, end; /* read and not cut yet; end of what was read */
    size_t size;       /* of the block */
    struct floor_frame frame;
    size_t header_size; /* bytes of `frame` that are there */
    uint64_t left;      /* bytes of the message still to come */
    grpc_slice *parts;
    size_t part_count, part_room;
    struct out out; /* what waits for this socket */
    bool waits_for_room;
};

struct floor_hop {
    struct in sockets[SOCKETS_MAX];
    size_t count;
    int poll;
    floor_hop_answer *answer;
    void *context;
};

static void fail(const char *what)
{
    fprintf(stderr, "floor-relay: %s: %s\n", what, strerror(errno));
    abort();
}

static void out_add(struct out *out, grpc_slice slice)
{
    if (out->first + out->count == out->room) {
        if (out->first > 0) {
            memmove(out->slices, out->slices + out->first, out->count * sizeof(*out->slices));
            out->first = 0;
        } else {
            out->room = out->room ? out->room * 2 : 64;
            out->slices = realloc(out->slices, out->room * sizeof(*out->slices));
            if (!out->slices)
                fail("realloc");
        }
    }
    out->slices[out->first + out->count++] = slice;
}

static void out_consume(struct out *out, size_t bytes)
{
    while (bytes > 0) {
        grpc_slice *slice = &out->slices[out->first];
        size_t left = GRPC_SLICE_LENGTH(*slice) - out->written;
        if (bytes < left) {
            out->written += bytes;
            return;
        }
        bytes -= left;
        out->written = 0;
        grpc_slice_unref(*slice);
        out->first++;
        out->count--;
    }
    if (out->count == 0)
        out->first = 0;
}

/* True when everything is written; false when the socket is full (only with MSG_DONTWAIT). */
static bool out_write(struct out *out, int fd, int flags)
{
    while (out->count > 0) {
        struct iovec vectors[VECTORS];
        size_t count = out->count < VECTORS ? out->count : VECTORS;
        for (size_t i = 0; i < count; i++) {
            grpc_slice *slice = &out->slices[out->first + i];
            vectors[i].iov_base = GRPC_SLICE_START_PTR(*slice);
            vectors[i].iov_len = GRPC_SLICE_LENGTH(*slice);
        }
        vectors[0].iov_base = (uint8_t *)vectors[0].iov_base + out->written;
        vectors[0].iov_len -= out->written;
        struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};
        ssize_t written = sendmsg(fd, &message, flags | MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN)
            return false;
        if (written < 0)
            fail("sendmsg");
        out_consume(out, (size_t)written);
    }
    return true;
}

static void out_add_header(struct out *out, struct floor_frame frame)
{
    out_add(out, grpc_slice_from_copied_buffer((const char *)&frame, sizeof(frame))); /* small enough to lie inline */
}

void floor_hop_send(struct floor_hop *hop, uint64_t id, grpc_byte_buffer *message)
{
    struct in *socket = &hop->sockets[0];
    out_add_header(&socket->out, (struct floor_frame){id, grpc_byte_buffer_length(message)});
    grpc_byte_buffer_reader reader;
    if (!grpc_byte_buffer_reader_init(&reader, message))
        fail("grpc_byte_buffer_reader_init");
    grpc_slice slice;
    while (grpc_byte_buffer_reader_next(&reader, &slice))
        out_add(&socket->out, slice);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(message);
}

void floor_hop_flush(struct floor_hop *hop)
{
    out_write(&hop->sockets[0].out, hop->sockets[0].fd, 0);
}

static void in_add_part(struct in *in, grpc_slice slice)
{
    if (in->part_count == in->part_room) {
        in->part_room = in->part_room ? in->part_room * 2 : 16;
        in->parts = realloc(in->parts, in->part_room * sizeof(*in->parts));
        if (!in->parts)
            fail("realloc");
    }
    in->parts[in->part_count++] = slice;
}

static void message_done(struct floor_hop *hop, struct in *in)
{
    if (in->index + 1 < hop->count) {
        struct out *out = &hop->sockets[in->index + 1].out;
        out_add_header(out, in->frame);
        for (size_t i = 0; i < in->part_count; i++)
            out_add(out, in->parts[i]);
    } else {
        grpc_byte_buffer *message = grpc_raw_byte_buffer_create(in->parts, in->part_count);
        for (size_t i = 0; i < in->part_count; i++)
            grpc_slice_unref(in->parts[i]);
        hop->answer(in->frame.id, message, hop->context);
    }
    in->part_count = 0;
    in->header_size = 0;
}

/* Cut what was read into frames. */
static void in_cut(struct floor_hop *hop, struct in *in)
{
    const uint8_t *data = GRPC_SLICE_START_PTR(in->block);
    while (in->start < in->end) {
        if (in->header_size < sizeof(in->frame)) {
            size_t take = sizeof(in->frame) - in->header_size;
            if (take > in->end - in->start)
                take = in->end - in->start;
            memcpy((uint8_t *)&in->frame + in->header_size, data + in->start, take);
            in->header_size += take;
            in->start += take;
            in->left = in->frame.size;
        }
        if (in->header_size < sizeof(in->frame))
            return;
        size_t take = in->end - in->start < in->left ? in->end - in->start : (size_t)in->left;
        if (take > 0)
            in_add_part(in, grpc_slice_sub(in->block, in->start, in->start + take));
        in->start += take;
        in->left -= take;
        if (in->left == 0)
            message_done(hop, in);
    }
}

static void in_make_room(struct in *in)
{
    if (in->size > 0 && in->size - in->end >= BLOCK_LOW_BYTES)
        return;
    if (in->size > 0)
        grpc_slice_unref(in->block);
    uint64_t size = in->left > BLOCK_BYTES ? in->left + sizeof(struct floor_frame) : BLOCK_BYTES;
    in->size = size > BLOCK_MAX_BYTES ? BLOCK_MAX_BYTES : (size_t)size;
    in->block = grpc_slice_malloc(in->size);
    in->start = in->end = 0;
}

/* One read and all that follows from it. */
static void in_read(struct floor_hop *hop, struct in *in)
{
    in_make_room(in);
    ssize_t got = recv(in->fd, GRPC_SLICE_START_PTR(in->block) + in->end, in->size - in->end, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0)
        fail("recv");
    if (got == 0) /* the echo process ended: so does the relay's work */
        pthread_exit(NULL);
    in->end += (size_t)got;
    in_cut(hop, in);
}

static void watch(struct floor_hop *hop, struct in *in, int operation, bool for_room)
{
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0u), .data.ptr = in};
    if (epoll_ctl(hop->poll, operation, in->fd, &event) < 0)
        fail("epoll_ctl");
    in->waits_for_room = for_room;
}

static void *read_all(void *argument)
{
    struct floor_hop *hop = argument;
    for (;;) {
        struct epoll_event events[SOCKETS_MAX];
        int count = epoll_wait(hop->poll, events, SOCKETS_MAX, -1);
        if (count < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                in_read(hop, events[i].data.ptr);
        }
        for (size_t i = 1; i < hop->count; i++) {
            struct in *in = &hop->sockets[i];
            bool full = in->out.count > 0 && !out_write(&in->out, in->fd, MSG_DONTWAIT);
            if (full != in->waits_for_room)
                watch(hop, in, EPOLL_CTL_MOD, full);
        }
    }
    return NULL;
}

struct floor_hop *floor_hop_new(const int *sockets, size_t count, floor_hop_answer *answer, void *context)
{
    struct floor_hop *hop = calloc(1, sizeof(*hop));
    if (!hop || count == 0 || count > SOCKETS_MAX)
        return NULL;
    hop->count = count;
    hop->answer = answer;
    hop->context = context;
    hop->poll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        hop->sockets[i].fd = sockets[i];
        hop->sockets[i].index = i;
        watch(hop, &hop->sockets[i], EPOLL_CTL_ADD, false);
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, read_all, hop) != 0)
        return NULL;
    pthread_detach(thread);
    return hop;
}
