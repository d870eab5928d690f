/*
 * relay.h - a TCP relay that remembers the bytes on their way to the server: what really is on the wire.
 *
 * It serves one connection. The recording is HTTP/2 (RFC 9113), which relay_data() takes apart as far as it is needed.
 */
#ifndef TESTS_CLIENT_RELAY_H
#define TESTS_CLIENT_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relay;

struct relay *relay_start(int server_port);
int relay_port(const struct relay *relay);
void relay_stop(struct relay *relay); /* the recording stays readable */
void relay_free(struct relay *relay);

/* After relay_stop(): all bytes of DATA frames, joined. */
size_t relay_data(const struct relay *relay, uint8_t *target, size_t capacity);

/* After relay_stop(): do the header blocks hold this text (as it is, without Huffman coding)? */
bool relay_headers_hold(const struct relay *relay, const char *text);

#endif
