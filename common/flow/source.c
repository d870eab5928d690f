#include "common/flow/source.h"
#include "common/flow/yaml.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHIPPED_MAX = 64 };

static sluice_status read_file(void *context, const char *path, struct arena *arena, const char **ret_text,
                               size_t *ret_size, sluice_error *error)
{
    (void)context;
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return sluice_fail(error, SLUICE_INVALID, path, "it is no file");
    struct buffer buffer;
    buffer_init(&buffer, NODE_BYTES_MAX);
    sluice_status status = file_read_path(path, &buffer, error);
    if (status == SLUICE_OK) {
        *ret_text = arena_text_of(arena, buffer.data, buffer.size);
        *ret_size = buffer.size;
        if (*ret_text == NULL)
            status = sluice_fail(error, SLUICE_NO_MEMORY, path, "no memory to read it");
    }
    buffer_done(&buffer);
    return status;
}

static sluice_status check_file(void *context, const char *path, sluice_error *error)
{
    (void)context;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return sluice_fail(error, errno == ENOENT ? SLUICE_NOT_FOUND : SLUICE_SYSTEM, path, "cannot be read: %s",
                           strerror(errno));
    bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    close(fd);
    return regular ? SLUICE_OK : sluice_fail(error, SLUICE_INVALID, path, "is no file");
}

struct search {
    struct arena *arena;
    const char *found;
    struct buffer tried;
    bool no_memory;
};

static bool try_path(struct search *search, const char *path)
{
    char real[PATH_MAX];
    struct stat info;
    if (realpath(path, real) != NULL && stat(real, &info) == 0 && S_ISREG(info.st_mode)) {
        search->found = arena_text(search->arena, real);
        search->no_memory |= search->found == NULL;
        return true;
    }
    buffer_printf(&search->tried, "%s%s", search->tried.size > 0 ? ", " : "", path);
    return false;
}

static bool try_in(struct search *search, const char *folder, const char *name)
{
    char path[PATH_MAX];
    bool whole = strlen(name) > 3 && strcmp(name + strlen(name) - 3, ".so") == 0;
    const char *separator = folder[0] == '\0' || folder[strlen(folder) - 1] == '/' ? "" : "/";
    int size = snprintf(path, sizeof path, "%s%s%s.so", folder, separator, name);
    if (!whole && size > 0 && (size_t)size < sizeof path && try_path(search, path))
        return true;
    size = snprintf(path, sizeof path, "%s%s%s", folder, separator, name);
    return (whole || strchr(name, '/') != NULL) && size > 0 && (size_t)size < sizeof path && try_path(search, path);
}

bool flow_source_shipped(char *path, size_t capacity)
{
    return file_installed((const void *)(uintptr_t)&flow_source_files, "lib/sluice/plugins", path, capacity);
}

/* `, did you mean "echo"?` from the shipped plugins' names. */
static void append_suggestion(struct buffer *out, const char *folder, const char *name)
{
    char names[SHIPPED_MAX][64];
    const char *candidates[SHIPPED_MAX + 1];
    size_t count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory != NULL && count < SHIPPED_MAX && (entry = readdir(directory)) != NULL;) {
        size_t size = strlen(entry->d_name);
        if (size <= 3 || size - 3 >= sizeof names[0] || strcmp(entry->d_name + size - 3, ".so") != 0)
            continue;
        memcpy(names[count], entry->d_name, size - 3);
        names[count][size - 3] = '\0';
        candidates[count] = names[count];
        count++;
    }
    if (directory != NULL)
        closedir(directory);
    candidates[count] = NULL;
    const char *nearest = text_nearest(name, candidates);
    if (nearest != NULL)
        buffer_printf(out, "; did you mean \"%s\"?", nearest);
}

static sluice_status find_plugin(void *context, const char *name, const char *folder, struct arena *arena,
                                 const char **ret_path, sluice_error *error)
{
    (void)context;
    char shipped[PATH_MAX];
    struct search search = {.arena = arena};
    buffer_init(&search.tried, 4096);
    bool plain = strchr(name, '/') == NULL, installed = plain && flow_source_shipped(shipped, sizeof shipped);
    bool found = try_in(&search, name[0] == '/' ? "" : folder, name);
    if (!found && installed)
        found = try_in(&search, shipped, name);
    sluice_status status = SLUICE_OK;
    if (search.no_memory) {
        status = sluice_fail(error, SLUICE_NO_MEMORY, name, "no memory to look for it");
    } else if (found) {
        *ret_path = search.found;
    } else {
        if (installed)
            append_suggestion(&search.tried, shipped, name);
        status = sluice_fail(error, SLUICE_NOT_FOUND, name, "there is no plugin \"%s\"; looked for %s", name,
                             buffer_text(&search.tried));
    }
    buffer_done(&search.tried);
    return status;
}

void flow_source_files(struct flow_source *source)
{
    source->read_file = read_file;
    source->find_plugin = find_plugin;
    source->check_file = check_file;
}
