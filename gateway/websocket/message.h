/*
 * message.h - one WebSocket message, put together from the pieces in which it arrives.
 *
 * Memory grows with what has arrived, not with what a frame header announces: blocks of at most MESSAGE_BLOCK_MAX, the
 * next as large as all before it. A message that comes in one piece is one block of its size. Not thread-safe.
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_MESSAGE_H
#define SLUICE_GATEWAY_WEBSOCKET_MESSAGE_H

#include "common/foundation/block.h"
#include "common/net/websocket/frame.h"

#include <stdbool.h>

enum {
    MESSAGE_BLOCK_MIN = 256,
    MESSAGE_BLOCK_MAX = 4 << 20,
};

struct message {
    struct rope rope;    /* full blocks */
    struct block *block; /* the one being filled, or NULL */
    size_t used;         /* of it */
    size_t size;         /* bytes in all */
};

void message_init(struct message *message);
void message_done(struct message *message); /* drops what there is; may be used again after message_init() */

/* Append a piece; `announced` more bytes are known to follow it (0: unknown). SLUICE_NO_MEMORY. */
sluice_status message_append(struct message *message, const void *data, size_t size, uint64_t announced);

/* Move the whole message to `rope`, which must be initialised and empty; the message is then empty. SLUICE_NO_MEMORY. */
sluice_status message_finish(struct message *message, struct rope *rope);

/* Is this the end of input of binary mode, a single byte 0x00? */
bool message_is_end(const struct rope *rope);

/* `text` as the reason of a close frame: UTF-8 of at most WEBSOCKET_REASON_MAX bytes, cut between characters. Returns its
 * size; `reason` has room for WEBSOCKET_REASON_MAX bytes. */
size_t message_close_reason(const char *text, char *reason);

#endif
