#include "tools/supervisor/folder.h"
#include "common/net/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_TEMPLATE "sluice-XXXXXX"
enum { NAME_SIZE = sizeof NAME_TEMPLATE - 1, PREFIX_SIZE = sizeof "sluice-" - 1, ATTEMPTS = 8 };

static void unlink_sockets(int folder_fd)
{
    int listing_fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = listing_fd >= 0 ? fdopendir(listing_fd) : NULL;
    if (listing == NULL) {
        if (listing_fd >= 0)
            close(listing_fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(folder_fd, entry->d_name, 0);
    closedir(listing);
}

/* Is `name` below `base_fd` a folder as we make them, of this user? */
static bool looks_like_ours(int base_fd, const char *name)
{
    struct stat status;
    return strlen(name) == NAME_SIZE && strncmp(name, NAME_TEMPLATE, PREFIX_SIZE) == 0 &&
           fstatat(base_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid() && (status.st_mode & 0777) == 0700;
}

static void clear_left_overs(const char *base)
{
    DIR *listing = opendir(base);
    if (listing == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (!looks_like_ours(dirfd(listing), entry->d_name))
            continue;
        int fd = openat(dirfd(listing), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            unlink_sockets(fd);
            unlinkat(dirfd(listing), entry->d_name, AT_REMOVEDIR);
        }
        close(fd);
    }
    closedir(listing);
}

/* Lock the folder just made. False: another supervisor took it for a left-over before the lock was there. */
static bool lock(struct folder *folder)
{
    folder->lock_fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder->lock_fd < 0)
        return false;
    struct stat held, named;
    if (flock(folder->lock_fd, LOCK_EX) == 0 && fstat(folder->lock_fd, &held) == 0 && stat(folder->path, &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev)
        return true;
    close(folder->lock_fd);
    folder->lock_fd = -1;
    return false;
}

static sluice_status check_lengths(const char *folder, const struct flow *flow, sluice_error *error)
{
    for (size_t i = 0; i < flow->executor_count; i++) {
        const struct flow_executor *executor = &flow->executors[i];
        char path[LOCAL_PATH_MAX];
        sluice_status status =
            local_socket_path(folder, executor->name, executor->replicas > 0 ? executor->replicas - 1 : 0, path, error);
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}

static sluice_status make_in(struct folder *folder, const char *base, const struct flow *flow, sluice_error *error)
{
    int size = snprintf(folder->path, sizeof folder->path, "%s/" NAME_TEMPLATE, base);
    if (size < 0 || (size_t)size >= sizeof folder->path)
        return sluice_fail(error, SLUICE_INVALID, base, "this folder's name is too long for sockets");
    sluice_status status = check_lengths(folder->path, flow, error);
    for (int attempt = 0; status == SLUICE_OK && attempt < ATTEMPTS; attempt++) {
        memcpy(folder->path + size - NAME_SIZE, NAME_TEMPLATE, NAME_SIZE);
        if (mkdtemp(folder->path) == NULL)
            status =
                sluice_fail(error, SLUICE_SYSTEM, base, "cannot make a folder for sockets here: %s", strerror(errno));
        else if (lock(folder))
            return SLUICE_OK;
    }
    folder->path[0] = '\0';
    return status != SLUICE_OK ? status
                               : sluice_fail(error, SLUICE_SYSTEM, base, "cannot lock a folder for sockets here");
}

sluice_status folder_make(struct folder *folder, const struct flow *flow, sluice_error *error)
{
    const char *bases[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    sluice_status status = SLUICE_SYSTEM;
    folder->path[0] = '\0';
    folder->lock_fd = -1;
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
        if (bases[i] == NULL || bases[i][0] != '/')
            continue;
        clear_left_overs(bases[i]);
        status = make_in(folder, bases[i], flow, error);
        if (status == SLUICE_OK)
            return SLUICE_OK;
    }
    return status;
}

void folder_remove(struct folder *folder)
{
    if (folder->path[0] == '\0')
        return;
    unlink_sockets(folder->lock_fd);
    rmdir(folder->path);
    close(folder->lock_fd);
    folder->path[0] = '\0';
    folder->lock_fd = -1;
}
