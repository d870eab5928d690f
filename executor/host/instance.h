/*
 * instance.h - an executor that is open: the plugin's table, its bindings, what the plugin made of uses_with.
 *
 * Opened by one thread before any call; afterwards nothing here changes until instance_close(), which comes when no
 * handler runs any more, so workers read it without a lock.
 */
#ifndef SLUICE_HOST_INSTANCE_H
#define SLUICE_HOST_INSTANCE_H

#include "executor/host/bindings.h"

struct instance_settings {
    const char *where;       /* for messages: the plugin's path */
    const char *class_name;  /* NULL: the plugin's name */
    const char *deployment;
    const char *description; /* NULL: none */
    const char *workspace;   /* base folder; NULL: the default */
    uint32_t replica, workers;
    const sluice_value *uses_with, *uses_requests; /* stay valid while the instance is open */
    const sluice_limits *limits; /* of documents and parameters; NULL: the defaults */
    uint64_t answer_max;         /* largest body of an answer; 0: no bound */
};

struct instance {
    struct sluice_host host;
    const sluice_plugin *plugin; /* NULL: documents pass through */
    const char *where;
    struct bindings bindings;
    sluice_limits limits;
    uint64_t answer_max;
    void *executor; /* what executor_open() gave */
    char pod[192];
    char workspace[1024];
};

/* `plugin` is checked (plugin.h) or NULL. Errors are the plugin's own, with its name where it gave none. */
sluice_status instance_open(struct instance *instance, const sluice_plugin *plugin, const struct instance_settings *settings,
                            sluice_error *error);
void instance_close(struct instance *instance);

/* In the worker's thread. */
sluice_status instance_open_worker(const struct instance *instance, void **ret_worker, sluice_error *error);
void instance_close_worker(const struct instance *instance, void *worker);

#endif
