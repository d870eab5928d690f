/*
 * plugin.h - load a plugin (.so) and check that it fits this host.
 *
 * A refusal is one sentence that names the file and what does not fit. A plugin is never unloaded: it may have left
 * threads or handlers of its own behind. One thread.
 */
#ifndef SLUICE_HOST_PLUGIN_H
#define SLUICE_HOST_PLUGIN_H

#include <sluice/executor.h>

/* dlopen() and check. *ret_table lives as long as the process. SLUICE_NOT_FOUND, SLUICE_INVALID. */
sluice_status plugin_load(const char *path, const sluice_plugin **ret_table, sluice_error *error);

/* The checks alone; `where` names the plugin in messages. SLUICE_INVALID. */
sluice_status plugin_check(const sluice_plugin *table, const char *where, sluice_error *error);

#endif
