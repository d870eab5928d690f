/* wire_private.h - what the protocols of wire.h share. */
#ifndef SLUICE_CHAOS_WIRE_PRIVATE_H
#define SLUICE_CHAOS_WIRE_PRIVATE_H

#include "tests/chaos/wire.h"

enum { WIRE_MESSAGE_OVERHEAD = 160 }; /* of a DataRequestProto besides its document's text, at most */

/* Append the DataRequestProto of wire_request(). */
void wire_put_message(struct buffer *out, const char *token, size_t text_size);

/* The token of an answer that is a DataRequestProto without a failure; NULL: there is none, or it failed. */
const char *wire_token_of(const uint8_t *message, size_t size);

/* The bytes that are received and not taken. */
const uint8_t *wire_received(const struct wire *wire, size_t *ret_size);

/* Per protocol: wire_open() without the connection, wire_request() and wire_take(). */
void wire_grpc_hello(struct wire *wire);
void wire_grpc_request(struct wire *wire, const char *token, size_t text_size);
enum wire_taken wire_grpc_take(struct wire *wire, const char **ret_token);

void wire_http_request(struct wire *wire, const char *token, size_t text_size);
enum wire_taken wire_http_take(struct wire *wire, const char **ret_token);

void wire_websocket_hello(struct wire *wire);
void wire_websocket_request(struct wire *wire, const char *token, size_t text_size);
enum wire_taken wire_websocket_take(struct wire *wire, const char **ret_token);

#endif
