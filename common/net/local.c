#include "common/net/local.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Asked of the kernel for both directions; it grants net.core.wmem_max at most. Memory is taken only by what is queued. */
enum { SOCKET_BUFFER = 1 << 20 };

sluice_status local_socket_path(const char *folder, const char *name, uint32_t replica, char path[LOCAL_PATH_MAX],
                                sluice_error *error)
{
    int size = snprintf(path, LOCAL_PATH_MAX, "%s/%s-%u.sock", folder, name, replica);
    if (size < 0 || size >= LOCAL_PATH_MAX)
        return sluice_fail(error, SLUICE_INVALID, name,
                           "the path of its socket, \"%.100s/….sock\", is longer than the %d bytes that a Unix socket "
                           "allows; choose a shorter folder (TMPDIR) or a shorter name",
                           folder, LOCAL_PATH_MAX - 1);
    return SLUICE_OK;
}

static sluice_status address_of(const char *path, struct sockaddr_un *address, sluice_error *error)
{
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof address->sun_path)
        return sluice_fail(error, SLUICE_INVALID, path, "a socket's path has 1 to %zu bytes, this one %zu",
                           sizeof address->sun_path - 1, size);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, size);
    return SLUICE_OK;
}

static void prepare(int fd)
{
    int size = SOCKET_BUFFER;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static bool is_same_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

sluice_status local_listen(const char *path, int *ret_fd, sluice_error *error)
{
    struct sockaddr_un address;
    sluice_status status = address_of(path, &address, error);
    if (status != SLUICE_OK)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return sluice_fail(error, SLUICE_SYSTEM, path, "cannot make a socket: %s", strerror(errno));
    struct stat old;
    if (lstat(path, &old) == 0 && S_ISSOCK(old.st_mode))
        unlink(path);
    /* The mode is set before anybody can connect: nothing is accepted before listen(). */
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, LOCAL_BACKLOG) != 0) {
        status = sluice_fail(error, SLUICE_SYSTEM, path, "cannot listen there: %s", strerror(errno));
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return SLUICE_OK;
}

sluice_status local_connect(const char *path, int *ret_fd, sluice_error *error)
{
    struct sockaddr_un address;
    sluice_status status = address_of(path, &address, error);
    if (status != SLUICE_OK)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sluice_fail(error, SLUICE_SYSTEM, path, "cannot make a socket: %s", strerror(errno));
    prepare(fd);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        status = sluice_fail(error, SLUICE_UNAVAILABLE, path, "cannot connect: %s", strerror(errno));
    else if (!is_same_user(fd))
        status = sluice_fail(error, SLUICE_SYSTEM, path, "the process behind this socket runs as another user");
    if (status != SLUICE_OK) {
        close(fd);
        return status;
    }
    *ret_fd = fd;
    return SLUICE_OK;
}

sluice_status local_accept(int listening, int *ret_fd, sluice_error *error)
{
    int fd;
    do
        fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED))
        return sluice_fail(error, SLUICE_TIMEOUT, NULL, "no connection waits");
    if (fd < 0)
        return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot accept a connection: %s", strerror(errno));
    if (!is_same_user(fd)) {
        close(fd);
        return sluice_fail(error, SLUICE_INVALID, NULL, "a process of another user tried to connect");
    }
    prepare(fd);
    *ret_fd = fd;
    return SLUICE_OK;
}
