#include "tools/plugin/found.h"
#include "common/flow/source.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char suffix[] = ".so";
enum { SUFFIX_SIZE = sizeof suffix - 1 };

static int is_library(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > SUFFIX_SIZE && strcmp(entry->d_name + size - SUFFIX_SIZE, suffix) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* One more plugin, if the entry is a file. */
static sluice_status add(struct found_folder *folder, const char *file, sluice_error *error)
{
    char path[PATH_MAX], real[PATH_MAX];
    struct stat info;
    int size = snprintf(path, sizeof path, "%s/%s", folder->path, file);
    if (size < 0 || (size_t)size >= sizeof path || realpath(path, real) == NULL || stat(real, &info) != 0 ||
        !S_ISREG(info.st_mode))
        return SLUICE_OK;
    struct found_plugin *plugin = &folder->plugins[folder->count];
    plugin->name = strndup(file, strlen(file) - SUFFIX_SIZE);
    plugin->path = strdup(real);
    folder->count++;
    return plugin->name != NULL && plugin->path != NULL
               ? SLUICE_OK
               : sluice_fail(error, SLUICE_NO_MEMORY, folder->path, "out of memory");
}

static sluice_status read_folder(struct found_folder *folder, sluice_error *error)
{
    struct dirent **entries = NULL;
    int count = scandir(folder->path, &entries, is_library, by_name);
    if (count < 0)
        return sluice_fail(error, errno == ENOENT ? SLUICE_NOT_FOUND : SLUICE_SYSTEM, folder->path,
                           "cannot read this folder: %s", strerror(errno));
    sluice_status status = SLUICE_OK;
    if (count > FOUND_PLUGINS_MAX)
        status = sluice_fail(error, SLUICE_LIMIT, folder->path, "there are %d files *.so here, more than %d", count,
                             FOUND_PLUGINS_MAX);
    folder->plugins = calloc((size_t)count + 1, sizeof *folder->plugins);
    if (folder->plugins == NULL)
        status = sluice_fail(error, SLUICE_NO_MEMORY, folder->path, "out of memory");
    for (int i = 0; i < count; i++) {
        if (status == SLUICE_OK)
            status = add(folder, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static sluice_status add_folder(struct found *found, const char *path, bool shipped, sluice_error *error)
{
    char real[PATH_MAX];
    if (realpath(path, real) == NULL)
        return sluice_fail(error, errno == ENOENT ? SLUICE_NOT_FOUND : SLUICE_SYSTEM, path,
                           "cannot read this folder: %s", strerror(errno));
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->folders[i].path, real) == 0) {
            found->folders[i].shipped |= shipped;
            return SLUICE_OK;
        }
    struct found_folder *folder = &found->folders[found->count];
    folder->path = strdup(real);
    folder->shipped = shipped;
    if (folder->path == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, path, "out of memory");
    found->count++;
    return read_folder(folder, error);
}

static const struct found_plugin *find(const struct found_folder *folder, const char *name)
{
    for (size_t i = 0; i < folder->count; i++)
        if (strcmp(folder->plugins[i].name, name) == 0)
            return &folder->plugins[i];
    return NULL;
}

sluice_status found_read(struct found *found, const char *folder, sluice_error *error)
{
    char shipped[PATH_MAX];
    *found = (struct found){0};
    sluice_status status = add_folder(found, folder, false, error);
    if (status == SLUICE_OK && flow_source_shipped(shipped, sizeof shipped))
        status = add_folder(found, shipped, true, error);
    for (size_t i = 1; i < found->count; i++)
        for (size_t p = 0; p < found->folders[i].count; p++)
            for (size_t before = 0; before < i && found->folders[i].plugins[p].hidden_by == NULL; before++)
                found->folders[i].plugins[p].hidden_by =
                    find(&found->folders[before], found->folders[i].plugins[p].name);
    return status;
}

void found_done(struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        struct found_folder *folder = &found->folders[i];
        for (size_t p = 0; p < folder->count; p++) {
            free(folder->plugins[p].name);
            free(folder->plugins[p].path);
        }
        free(folder->plugins);
        free(folder->path);
    }
    *found = (struct found){0};
}
