#include "tests/unit/gateway/peer.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

void peer_listen(struct peer *peer, const char *name)
{
    *peer = (struct peer){.fd = -1};
    strcpy(peer->folder, "/tmp/sluice-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(peer->folder));
    ck_assert_int_eq(local_socket_path(peer->folder, name, 0, peer->path, NULL), SLUICE_OK);
    ck_assert_int_eq(local_listen(peer->path, &peer->listening, NULL), SLUICE_OK);
}

static void wait_for(int fd, short events)
{
    ck_assert_int_eq(poll(&(struct pollfd){.fd = fd, .events = events}, 1, WAIT_MS), 1);
}

static void flush(struct peer *peer)
{
    while (frame_writer_flush(peer->writer, peer->fd) == SLUICE_OK && !frame_writer_empty(peer->writer))
        wait_for(peer->fd, POLLOUT);
}

void peer_accept(struct peer *peer, uint32_t window_requests, const char *const *endpoints, uint32_t endpoint_count)
{
    wait_for(peer->listening, POLLIN);
    ck_assert_int_eq(local_accept(peer->listening, &peer->fd, NULL), SLUICE_OK);
    peer->reader = frame_reader_new(UINT64_MAX);
    peer->writer = frame_writer_new();
    struct frame_hello hello = {.version = FRAME_VERSION,
                                .window_requests = window_requests,
                                .window_bytes = 1 << 20,
                                .workers = 1,
                                .pod_size = 7,
                                .class_name_size = 4,
                                .endpoint_count = endpoint_count};
    uint8_t texts[512];
    size_t size = 0;
    for (uint32_t i = 0; i < endpoint_count; i++) {
        uint32_t length = (uint32_t)strlen(endpoints[i]);
        memcpy(texts + size, &length, sizeof length);
        memcpy(texts + size + sizeof length, endpoints[i], length);
        size += sizeof length + length;
    }
    const struct iovec meta[] = {
        {&hello,            sizeof hello},
        {(void *)"a/rep-0", 7           },
        {(void *)"Fake",    4           },
        {texts,             size        }
    };
    ck_assert_int_eq(frame_writer_add(peer->writer, FRAME_HELLO, 0, 0, meta, 4, NULL, false), SLUICE_OK);
    flush(peer);
}

bool peer_try_receive(struct peer *peer, struct frame_message *message, int timeout_ms)
{
    sluice_status status;
    while (!frame_reader_next(peer->reader, message, &status)) {
        ck_assert_int_eq(status, SLUICE_OK);
        if (poll(&(struct pollfd){.fd = peer->fd, .events = POLLIN}, 1, timeout_ms) != 1)
            return false;
        size_t bytes;
        bool again;
        ck_assert_int_eq(frame_reader_fill(peer->reader, peer->fd, &bytes, &again), SLUICE_OK);
        ck_assert(again || bytes > 0);
    }
    return true;
}

void peer_receive(struct peer *peer, struct frame_message *message)
{
    ck_assert(peer_try_receive(peer, message, WAIT_MS));
}

bool peer_has_message(struct peer *peer, int timeout_ms)
{
    struct frame_message message;
    if (!peer_try_receive(peer, &message, timeout_ms))
        return false;
    frame_message_done(&message);
    return true;
}

void peer_answer(struct peer *peer, uint64_t id, uint8_t flags, const void *body, size_t body_size)
{
    struct frame_answer fixed = {.run_ns = 1000, .has_endpoint = 1};
    const struct iovec meta[] = {
        {&fixed, sizeof fixed}
    };
    struct rope rope;
    rope_init(&rope);
    rope_append(&rope, NULL, body, body_size);
    ck_assert_int_eq(frame_writer_add(peer->writer, FRAME_ANSWER, flags | FRAME_LAST, id, meta, 1, &rope, false),
                     SLUICE_OK);
    flush(peer);
    rope_done(&rope);
}

void peer_hang_up(struct peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
    peer->reader = frame_reader_free(peer->reader);
    peer->writer = frame_writer_free(peer->writer);
}

void peer_done(struct peer *peer)
{
    if (peer->fd >= 0)
        peer_hang_up(peer);
    close(peer->listening);
    unlink(peer->path);
    rmdir(peer->folder);
}

struct flow *peer_flow(struct arena *arena, size_t count)
{
    struct flow *flow = arena_zalloc(arena, sizeof *flow);
    flow->arena = arena;
    flow->gateway.limits = (struct flow_limits){.max_message_bytes = 1 << 30,
                                                .max_bytes_in_flight = 1u << 31,
                                                .max_in_flight = 16384,
                                                .max_in_flight_per_client = 4096,
                                                .max_queue_per_executor = 8192,
                                                .max_depth = 64};
    flow->executor_count = count;
    flow->executors = arena_zalloc(arena, count * sizeof *flow->executors);
    flow->graph.nodes = arena_zalloc(arena, count * sizeof *flow->graph.nodes);
    flow->graph.origins = arena_zalloc(arena, sizeof(size_t));
    flow->graph.origin_count = count > 0 ? 1 : 0;
    flow->graph.chain = true;
    for (size_t i = 0; i < count; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        flow->executors[i] = (struct flow_executor){
            .name = arena_text(arena, name), .class_name = "Fake", .workers = 1, .stuck_timeout_ns = 50 * 1000000ull};
        flow->graph.nodes[i].next = arena_alloc(arena, sizeof(size_t));
        flow->graph.nodes[i].next[0] = i + 1 < count ? i + 1 : FLOW_END;
        flow->graph.nodes[i].next_count = 1;
    }
    return flow;
}
