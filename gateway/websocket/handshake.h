/* handshake.h - RFC 6455, 4.2, from the server's side: is this request one for a WebSocket, and what is the answer? Pure. */
#ifndef SLUICE_GATEWAY_WEBSOCKET_HANDSHAKE_H
#define SLUICE_GATEWAY_WEBSOCKET_HANDSHAKE_H

#include "common/net/websocket/deflate.h"
#include "common/net/websocket/key.h"
#include "gateway/websocket/head.h"

enum mode { MODE_BYTES, MODE_JSON };

enum purpose { PURPOSE_DATA, PURPOSE_DRY_RUN, PURPOSE_HTTP_DRY_RUN };

/* What was agreed on. */
struct handshake {
    enum mode mode;
    enum purpose purpose;
    const char *echo; /* the sub-protocol that is named to the client; "": none */
    struct deflate_terms deflate;
    char accept[WEBSOCKET_ACCEPT_SIZE + 1];
};

enum { HANDSHAKE_TEXT_MAX = 256 };

struct handshake_refusal {
    unsigned status;               /* 426: the answer has to name version 13 */
    char text[HANDSHAKE_TEXT_MAX]; /* a sentence; "" where Jina's server has none */
};

/* Does the request want a WebSocket, be it well said or not? */
bool handshake_is_wanted(const struct head *head);

/* False: it is refused. */
bool handshake_read(const struct head *head, struct handshake *ret_handshake, struct handshake_refusal *ret_refusal);

/* The answer that opens the WebSocket. */
void handshake_append_answer(const struct handshake *handshake, struct buffer *answer);

#endif
