/* key.h - RFC 6455, 4.2.2: the key of a handshake and the answer that proves that it was read. Pure; any thread. */
#ifndef SLUICE_NET_WEBSOCKET_KEY_H
#define SLUICE_NET_WEBSOCKET_KEY_H

#include <stdbool.h>

enum { WEBSOCKET_KEY_SIZE = 24, WEBSOCKET_ACCEPT_SIZE = 28 };

/* Is this the base64 form of 16 bytes, as Sec-WebSocket-Key must be? */
bool websocket_key_is_valid(const char *key);

/* Sec-WebSocket-Accept for a valid key, with a final NUL; "" when SHA-1 cannot be had. */
void websocket_accept(const char *key, char ret_accept[WEBSOCKET_ACCEPT_SIZE + 1]);

#endif
