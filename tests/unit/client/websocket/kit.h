/* kit.h - what the WebSocket tests share: clients of a peer, posts, and what comes of them. */
#ifndef TESTS_CLIENT_WEBSOCKET_KIT_H
#define TESTS_CLIENT_WEBSOCKET_KIT_H

#include "tests/unit/client/kit.h"
#include "tests/unit/client/websocket/peer.h"

/* Options of a client of ws://127.0.0.1 at that port. */
sluice_client_options websocket_options(int port);
sluice_client *websocket_client_of(const sluice_client_options *options);
sluice_client *websocket_client(const struct peer *peer);

/* One post without documents; the error is filled when it fails. */
sluice_status websocket_post(sluice_client *client, const sluice_post_options *options, sluice_error *error);

/* The status, and a piece of the error's text. */
void websocket_expect(sluice_status got, const sluice_error *error, sluice_status status, const char *piece);

#endif
