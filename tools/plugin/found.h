/*
 * found.h - the plugins that a Flow in some folder would find by a bare name (`uses: echo`), as common/flow/source.h
 * does: first in the folder of the Flow file, then among those that ship. Opens none. Single-threaded.
 */
#ifndef SLUICE_TOOLS_PLUGIN_FOUND_H
#define SLUICE_TOOLS_PLUGIN_FOUND_H

#include <sluice/error.h>

#include <stdbool.h>
#include <stddef.h>

enum { FOUND_FOLDERS_MAX = 2, FOUND_PLUGINS_MAX = 4096 }; /* plugins per folder */

struct found_plugin {
    char *name;                          /* as `uses` takes it: without .so */
    char *path;                          /* the real path */
    const struct found_plugin *hidden_by; /* the one of a folder before, which the name means; or NULL */
};

struct found_folder {
    char *path;
    bool shipped;
    struct found_plugin *plugins; /* in the order of their names */
    size_t count;
};

struct found {
    struct found_folder folders[FOUND_FOLDERS_MAX]; /* in the order in which they are searched */
    size_t count;
};

/* Look into `folder` and among the shipped ones; a folder that is both is listed once. SLUICE_NOT_FOUND, SLUICE_SYSTEM,
 * SLUICE_LIMIT, SLUICE_NO_MEMORY; found_done() is due in every case. */
sluice_status found_read(struct found *found, const char *folder, sluice_error *error);
void found_done(struct found *found);

#endif
