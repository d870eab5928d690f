#include "raw_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, SEND_TIMEOUT_MS = 10000 };

void raw_socket_open(struct raw_socket *raw, int port)
{
    *raw = (struct raw_socket){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    buffer_init(&raw->in, BUFFER_NO_LIMIT);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (raw->fd < 0 || connect(raw->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        fprintf(stderr, "port %d: %s\n", port, strerror(errno));
        exit(2);
    }
}

void raw_socket_close(struct raw_socket *raw)
{
    close(raw->fd);
    buffer_done(&raw->in);
}

static bool read_once(struct raw_socket *raw)
{
    uint8_t *at = buffer_reserve(&raw->in, READ_BYTES);
    ssize_t got = at == NULL ? 0 : recv(raw->fd, at, READ_BYTES, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    raw->ended = got <= 0;
    raw->in.size += got > 0 ? (size_t)got : 0;
    return got > 0;
}

void raw_socket_send(struct raw_socket *raw, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0 && !raw->ended) {
        ssize_t sent = send(raw->fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return;
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
        struct pollfd poller = {raw->fd, POLLIN | POLLOUT, 0};
        if (size > 0 && (poll(&poller, 1, SEND_TIMEOUT_MS) <= 0 || (poller.revents & POLLIN && !read_once(raw) && raw->ended)))
            return;
    }
}

void raw_socket_half_close(struct raw_socket *raw)
{
    shutdown(raw->fd, SHUT_WR);
}

bool raw_socket_read(struct raw_socket *raw, int timeout_ms)
{
    struct pollfd poller = {raw->fd, POLLIN, 0};
    return !raw->ended && poll(&poller, 1, timeout_ms) > 0 && read_once(raw);
}

void raw_base64(sluice_text text, struct buffer *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
        const char *found = memchr(alphabet, text.data[i], sizeof alphabet - 1);
        if (found == NULL)
            continue;
        bits = bits << 6 | (unsigned)(found - alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buffer_append_byte(out, (uint8_t)(bits >> count));
        }
    }
}
