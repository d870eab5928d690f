/* raw_socket.h - a TCP connection to a gateway here, and bytes with a time limit. The program ends when it cannot connect. */
#ifndef SLUICE_GOLDEN_RAW_SOCKET_H
#define SLUICE_GOLDEN_RAW_SOCKET_H

#include "common/foundation/buffer.h"

#include <sluice/document.h>

struct raw_socket {
    int fd;
    bool ended; /* the other side closed */
    struct buffer in;
};

void raw_socket_open(struct raw_socket *socket, int port);
void raw_socket_close(struct raw_socket *socket);

/* Sends all of it; what cannot be sent since the other side closed is dropped. Reads meanwhile, so that neither waits for
 * the other. */
void raw_socket_send(struct raw_socket *socket, const void *data, size_t size);
void raw_socket_half_close(struct raw_socket *socket);

/* Waits at most so long and reads once. False: nothing came, or the connection has ended. */
bool raw_socket_read(struct raw_socket *socket, int timeout_ms);

/* Standard base64, as the recordings have it. */
void raw_base64(sluice_text text, struct buffer *out);

#endif
