/* listen.c: the listening socket, made here rather than by libwebsockets so that a failure can be explained. */
#include "gateway/websocket/server.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* The socket, or -1 and *ret_reason (an errno). */
static int open_one(const struct addrinfo *at, int *ret_reason)
{
    int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        *ret_reason = errno;
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    *ret_reason = errno;
    close(fd);
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = {.ss_family = 0};
    socklen_t size = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

sluice_status listen_on(const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port, sluice_error *error)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8], address[300];
    int reason = 0, fd = -1;

    snprintf(service, sizeof service, "%u", port);
    snprintf(address, sizeof address, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
    int failure = getaddrinfo(host, service, &hints, &list);
    for (const struct addrinfo *at = list; at != NULL && fd < 0; at = at->ai_next)
        fd = open_one(at, &reason);
    if (list != NULL)
        freeaddrinfo(list);
    if (fd < 0)
        return sluice_fail(error, SLUICE_SYSTEM, address,
                           "the WebSocket port cannot be opened: %s; choose another `port`, or 0 for a free one",
                           failure != 0 ? gai_strerror(failure) : strerror(reason));
    *ret_fd = fd;
    *ret_port = port_of(fd);
    return SLUICE_OK;
}
