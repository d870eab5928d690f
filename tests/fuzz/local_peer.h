/*
 * local_peer.h - the far end of a local socket, played by a fuzz target in the same thread: whatever is sent is sent whole, by
 * letting the near end read in between; whatever comes is read by the codec. What does not work aborts.
 */
#ifndef SLUICE_TESTS_FUZZ_LOCAL_PEER_H
#define SLUICE_TESTS_FUZZ_LOCAL_PEER_H

#include "common/net/frame.h"
#include "common/net/local.h"

struct local_folder {
    char folder[32], path[LOCAL_PATH_MAX];
    int listening;
};

/* A listening socket of executor `name` in a folder of its own, which goes when the program ends; one for the whole program. */
const struct local_folder *local_folder_of(const char *name);

struct local_peer {
    int fd; /* -1: none */
    struct frame_reader *reader;
    void (*run)(void *context); /* lets the near end work for a while */
    void *context;
};

/* Take `fd` over, with a new reader. */
void local_peer_open(struct local_peer *peer, int fd);
void local_peer_close(struct local_peer *peer); /* when it is open */

/* False: the near end has closed the connection. */
bool local_peer_send(struct local_peer *peer, const void *data, size_t size);

/* The next whole message that is there, the caller's; false: none, or the near end has closed (then *ret_end is true). */
bool local_peer_receive(struct local_peer *peer, struct frame_message *message, bool *ret_end);

/* One frame as bytes; `meta_size` and `body_size` are what the header says. */
bool local_peer_send_frame(struct local_peer *peer, uint8_t type, uint8_t flags, uint64_t id, const struct iovec *meta,
                           size_t meta_count, const void *body, size_t body_size);

#endif
