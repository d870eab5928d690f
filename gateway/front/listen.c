#include "gateway/front/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* -1: errno says why. */
static int listen_on(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

sluice_status front_listen(const char *protocol, const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port,
                           sluice_error *error)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[8], bare[256], where[300];

    snprintf(service, sizeof service, "%u", port);
    /* "[::1]" as in a URL; the resolver wants no brackets. */
    size_t length = strlen(host);
    bool brackets = length > 1 && host[0] == '[' && host[length - 1] == ']';
    snprintf(bare, sizeof bare, "%.*s", (int)(brackets ? length - 2 : length), host + (brackets ? 1 : 0));
    snprintf(where, sizeof where, strchr(bare, ':') != NULL ? "[%s]:%u" : "%s:%u", bare, port);

    const char *reason = NULL;
    int failure = getaddrinfo(bare, service, &hints, &list);
    if (failure != 0)
        reason = gai_strerror(failure);
    int fd = -1;
    for (const struct addrinfo *at = list; at != NULL && fd < 0; at = at->ai_next) {
        fd = listen_on(at);
        if (fd < 0 && reason == NULL)
            reason = strerror(errno);
    }
    if (list != NULL)
        freeaddrinfo(list);
    if (fd < 0)
        return sluice_fail(error, SLUICE_SYSTEM, where,
                           "the %s port cannot be opened: %s; choose another `port`, or 0 for a free one", protocol, reason);
    *ret_port = port_of(fd);
    *ret_fd = fd;
    return SLUICE_OK;
}
