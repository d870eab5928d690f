#include "common/foundation/file.h"
#include "common/foundation/buffer.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

sluice_status file_write_all(int fd, const void *data, size_t size, sluice_error *error)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written > 0) {
            at += written;
            size -= (size_t)written;
        } else if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot write: %s", strerror(errno));
        }
    }
    return SLUICE_OK;
}

sluice_status file_read_all(int fd, const char *name, struct buffer *buffer, sluice_error *error)
{
    enum { STEP = 64 * 1024 };
    for (;;) {
        size_t step = buffer->limit - buffer->size < STEP ? buffer->limit - buffer->size : STEP;
        char beyond;
        uint8_t *at = step > 0 ? buffer_reserve(buffer, step) : (uint8_t *)&beyond;
        if (at == NULL)
            return sluice_fail(error, buffer->failed, name, "no memory to read it");
        ssize_t got = read(fd, at, step > 0 ? step : 1);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sluice_fail(error, SLUICE_SYSTEM, name, "cannot read: %s", strerror(errno));
        if (step == 0)
            return sluice_fail(error, SLUICE_TOO_LARGE, name, "larger than the limit of %zu bytes", buffer->limit);
        buffer->size += (size_t)got;
    }
    if (buffer->data != NULL)
        buffer->data[buffer->size] = '\0';
    return SLUICE_OK;
}

sluice_status file_read_path(const char *path, struct buffer *buffer, sluice_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sluice_fail(error, errno == ENOENT ? SLUICE_NOT_FOUND : SLUICE_SYSTEM, path, "cannot open: %s",
                           strerror(errno));
    sluice_status status = file_read_all(fd, path, buffer, error);
    close(fd);
    return status;
}

int file_memory(const char *name, const void *data, size_t size)
{
    int fd = memfd_create(name, 0);
    if (fd < 0)
        return -1;
    if (file_write_all(fd, data, size, NULL) != SLUICE_OK || lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool file_set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0;
}

bool file_set_close_on_exec(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) == 0;
}

bool file_installed(const void *of, const char *relative, char *path, size_t capacity)
{
    Dl_info info;
    char real[PATH_MAX];
    /* The main program's dli_fname is argv[0]; the link is exact. */
    bool found = dladdr(of, &info) != 0 && info.dli_fname != NULL && strchr(info.dli_fname, '/') != NULL &&
                 realpath(info.dli_fname, real) != NULL;
    if (!found) {
        ssize_t size = readlink("/proc/self/exe", real, sizeof real - 1);
        if (size <= 0)
            return false;
        real[size] = '\0';
    }
    /* Programs are in bin/, the library in lib/, modules in lib/sluice/. */
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(real, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
        int size = snprintf(path, capacity, "%s/%s", real, relative);
        if (up > 0 && size > 0 && (size_t)size < capacity && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

void file_raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
