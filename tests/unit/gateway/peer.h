/*
 * peer.h - an executor as the gateway sees it, played by the test: the real socket and frames, no process.
 *
 * The test reads requests one by one and answers as it likes. All functions fail the test on anything unexpected.
 */
#ifndef SLUICE_TEST_PEER_H
#define SLUICE_TEST_PEER_H

#include "common/flow/flow.h"
#include "common/net/frame.h"
#include "common/net/local.h"

struct peer {
    char folder[32], path[LOCAL_PATH_MAX];
    int listening, fd;
    struct frame_reader *reader;
    struct frame_writer *writer;
};

/* A listening socket for executor `name` in a private temporary folder. */
void peer_listen(struct peer *peer, const char *name);
/* Accept the gateway's connection and say HELLO with these endpoints. */
void peer_accept(struct peer *peer, uint32_t window_requests, const char *const *endpoints, uint32_t endpoint_count);
/* The next message; one must come within WAIT_MS. */
void peer_receive(struct peer *peer, struct frame_message *message);
/* The next message, if one comes within the time. */
bool peer_try_receive(struct peer *peer, struct frame_message *message, int timeout_ms);
bool peer_has_message(struct peer *peer, int timeout_ms); /* does one come? It is taken and dropped. */
void peer_answer(struct peer *peer, uint64_t id, uint8_t flags, const void *body, size_t body_size);
void peer_hang_up(struct peer *peer);
void peer_done(struct peer *peer);

/* A Flow of `count` executors in a chain, named a, b, …, made in `arena` with default limits. */
struct flow *peer_flow(struct arena *arena, size_t count);

#endif
