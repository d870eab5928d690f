/*
 * frame.h - the local transport: frames between a gateway and an executor over a Unix stream socket.
 *
 * One frame is a fixed header, then `meta_size` bytes of meta, then `body_size` bytes of body, all in the machine's byte
 * order (both ends are on one machine and of one build; HELLO carries the version). Many requests are in flight on one
 * connection, told apart by `id`, which the gateway gives. A message whose body is larger than FRAME_PART_BYTES goes in
 * parts: the first frame has the meta, all but the last have FRAME_MORE, parts of different messages may be interleaved,
 * and memory grows with what has arrived. A CANCEL overtakes what is queued.
 *
 *   executor -> gateway   HELLO    once, when the executor accepted the connection: what it is (see frame_hello)
 *   gateway -> executor   REQUEST  meta: frame_request, its texts; body: the data field's contents (DataContentProto)
 *   executor -> gateway   ANSWER   meta: frame_answer, results, failure; body: the new data field's contents
 *   gateway -> executor   CANCEL   nobody waits for `id` any more; it is answered all the same (FRAME_CANCELLED)
 *   executor -> gateway   GOODBYE  the executor drains: send nothing new; what was sent is answered
 *
 * Flow control is by credit, so that neither side ever stops reading: HELLO announces how many requests and how many
 * bytes of body the executor takes at once; every ANSWER gives its request's share back. One larger message is let in
 * alone. The gateway queues the rest.
 *
 * FRAME_ANSWER without FRAME_LAST is kept for streaming endpoints (several answers to one request); a gateway of this version
 * refuses it.
 * FRAME_SHARED is kept for bodies in shared memory; a receiver of this version refuses it.
 *
 * This file is both ends' codec: no threads, no sockets of its own. A reader and a writer belong to one thread at a time
 * (the caller's lock).
 */
#ifndef SLUICE_NET_FRAME_H
#define SLUICE_NET_FRAME_H

#include "common/foundation/block.h"

#include <stdbool.h>
#include <sys/uio.h>

#define FRAME_MAGIC      0x46436C53u
#define FRAME_VERSION    1u
#define FRAME_PART_BYTES ((size_t)1 << 20)
#define FRAME_META_MAX   ((size_t)64 << 20) /* parameters and results travel in the meta */

enum frame_type { FRAME_HELLO = 1, FRAME_REQUEST = 2, FRAME_ANSWER = 3, FRAME_CANCEL = 4, FRAME_GOODBYE = 5 };

enum frame_flags {
    FRAME_MORE = 1,       /* more parts of this message follow */
    FRAME_LAST = 2,       /* ANSWER: the last one to its request */
    FRAME_UNCHANGED = 4,  /* ANSWER: the documents are those of the request, which the gateway kept; no body */
    FRAME_FAILED = 8,     /* ANSWER: meta holds a StatusProto; no body; the documents are those of the request */
    FRAME_CANCELLED = 16, /* ANSWER: the request was cancelled or late before the handler ran; no body */
    FRAME_HAS_DATA = 32,  /* REQUEST, ANSWER: the message has a data field (which may be empty) */
    FRAME_SHARED = 64,
};

struct frame_header {
    uint32_t magic; /* FRAME_MAGIC */
    uint8_t type;
    uint8_t flags;
    uint16_t reserved;
    uint64_t id;
    uint64_t meta_size;
    uint64_t body_size; /* of this part */
};

_Static_assert(sizeof(struct frame_header) == 32, "the header has no padding, and docs/architecture.md tells its size");

/* Meta of HELLO; then the texts in the order of the sizes, then for each endpoint a uint32_t size and its text. */
struct frame_hello {
    uint32_t version;
    uint32_t window_requests; /* requests in flight at most */
    uint64_t window_bytes;    /* bytes of meta and body in flight at most; one larger request is let in alone */
    uint32_t workers;
    uint32_t pid;
    uint32_t pod_size;        /* "encoder/rep-0" */
    uint32_t class_name_size; /* "SentenceEncoder" */
    uint32_t endpoint_count;  /* bound endpoints, /default included, the dry run not */
};

/* Meta of REQUEST; then endpoint, request id, parameters (a serialized Struct). */
struct frame_request {
    uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0: none */
    uint32_t endpoint_size;
    uint32_t request_id_size;
    uint64_t parameters_size;
};

/* Meta of ANSWER; then results (a serialized Struct: the value of __results__[pod]) and failure (a StatusProto). */
struct frame_answer {
    uint64_t queue_ns; /* from the last byte read until the handler started */
    uint64_t run_ns;   /* in the handler, decoding and encoding included */
    uint64_t results_size;
    uint64_t failure_size;
    uint8_t has_results;
    uint8_t has_endpoint; /* the executor binds the endpoint or /default */
    uint8_t reserved[6];
};

/* A whole message as received. `meta` is contiguous; slices keep their blocks. */
struct frame_message {
    enum frame_type type;
    uint8_t flags; /* of the last part, without FRAME_MORE */
    uint64_t id;
    struct block *meta_block; /* keeps meta alive; a reference of the message */
    const uint8_t *meta;
    size_t meta_size;
    struct rope body;
};

void frame_message_done(struct frame_message *message);

/* ---- reading ---- */

struct frame_reader;

/* `message_max`: largest body of one message, SLUICE_TOO_LARGE above. NULL: no memory. */
struct frame_reader *frame_reader_new(uint64_t message_max);
struct frame_reader *frame_reader_free(struct frame_reader *reader); /* NULL is fine; partial messages are dropped */

/*
 * Read what the socket has, up to a few hundred kilobytes at once. *ret_bytes: 0 at the end of the stream. SLUICE_OK,
 * SLUICE_UNAVAILABLE (connection broken), SLUICE_NO_MEMORY; a socket that has nothing gives SLUICE_OK and *ret_again.
 */
sluice_status frame_reader_fill(struct frame_reader *reader, int fd, size_t *ret_bytes, bool *ret_again);

/*
 * The next whole message: true and *message (the caller's, frame_message_done()), or false when more bytes are needed or
 * the stream is broken; then *ret_status is SLUICE_OK or SLUICE_INVALID / SLUICE_TOO_LARGE / SLUICE_NO_MEMORY, after
 * which the connection is to be closed.
 */
bool frame_reader_next(struct frame_reader *reader, struct frame_message *message, sluice_status *ret_status);

/* ---- writing ---- */

struct frame_writer;

struct frame_writer *frame_writer_new(void);
struct frame_writer *frame_writer_free(struct frame_writer *writer);

/*
 * Queue one message: meta is copied, of the body references are taken. Nothing is written yet. SLUICE_OK or
 * SLUICE_NO_MEMORY. `overtake` puts a (small) message in front of everything not yet begun, between parts.
 */
sluice_status frame_writer_add(struct frame_writer *writer, enum frame_type type, uint8_t flags, uint64_t id,
                               const struct iovec *meta, size_t meta_count, const struct rope *body, bool overtake);

/*
 * Write as much as the socket takes, many frames per system call, with MSG_NOSIGNAL and without blocking. SLUICE_OK
 * (look at frame_writer_empty()), or SLUICE_UNAVAILABLE when the connection is broken.
 */
sluice_status frame_writer_flush(struct frame_writer *writer, int fd);

bool frame_writer_empty(const struct frame_writer *writer);
size_t frame_writer_queued(const struct frame_writer *writer); /* bytes */

/*
 * Has the message with this id been wholly written to the socket? "A request is inside an executor once its frame is
 * wholly written" (design, 4b). Messages are begun in the order they were added, so this compares a running number:
 * frame_writer_add() gives each message the next number, starting at 1.
 */
uint64_t frame_writer_last_number(const struct frame_writer *writer); /* of the last message added */
bool frame_writer_written(const struct frame_writer *writer, uint64_t number);

/* ---- metas, as views into a message ---- */

struct frame_request_view {
    uint64_t deadline_ns;
    const char *endpoint;
    size_t endpoint_size;
    const char *request_id;
    size_t request_id_size;
    const uint8_t *parameters;
    size_t parameters_size;
};

struct frame_answer_view {
    struct frame_answer fixed;
    const uint8_t *results;
    const uint8_t *failure;
};

struct frame_hello_view {
    struct frame_hello fixed;
    const char *pod;
    const char *class_name;
    const uint8_t *endpoints; /* walk with frame_hello_endpoint() */
    size_t endpoints_size;
};

/* SLUICE_INVALID when the sizes do not add up. */
sluice_status frame_read_request(const struct frame_message *message, struct frame_request_view *ret_view);
sluice_status frame_read_answer(const struct frame_message *message, struct frame_answer_view *ret_view);
sluice_status frame_read_hello(const struct frame_message *message, struct frame_hello_view *ret_view);
/* The endpoint at *offset; moves *offset on. False at the end. */
bool frame_hello_endpoint(const struct frame_hello_view *view, size_t *offset, const char **ret_text, size_t *ret_size);

#endif
