/*
 * handshake.h - RFC 6455, section 4, from the client's side: the request, and what the answer to it means. Pure.
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_HANDSHAKE_H
#define SLUICE_CLIENT_WEBSOCKET_HANDSHAKE_H

#include "common/foundation/buffer.h"

enum { HANDSHAKE_NONCE_SIZE = 16, HANDSHAKE_KEY_SIZE = 25, HANDSHAKE_HEAD_MAX = 16 << 10 };

/* `lines`: further header lines, each with its CR LF. `nonce`: random bytes; `ret_key` is what the answer is checked with. */
void handshake_write(struct buffer *request, const char *path, const char *host, const char *subprotocol,
                     const struct buffer *lines, const uint8_t nonce[HANDSHAKE_NONCE_SIZE],
                     char ret_key[HANDSHAKE_KEY_SIZE]);

struct handshake_answer {
    int http;          /* status; 0: this is no HTTP */
    const char *fault; /* of a 101: a rule that it breaks; NULL: the WebSocket is open */
};

/* Read the head of an answer: everything up to the empty line, as a C string; it is written into. */
struct handshake_answer handshake_read_answer(char *head, const char *subprotocol, const char key[HANDSHAKE_KEY_SIZE]);

#endif
