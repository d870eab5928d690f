/* testkit.c - opening and closing a kit. */
#include "common/foundation/log.h"
#include "executor/host/plugin.h"
#include "executor/testkit/kit.h"

#include <stdio.h>
#include <stdlib.h>

#define KIT_NAME "test"

/* A table in the program, or that of a file; checked. */
static sluice_status find_plugin(const sluice_testkit_options *options, const sluice_plugin **ret_plugin,
                                 sluice_error *error)
{
    if ((options->plugin == NULL) == (options->file == NULL))
        return sluice_fail(error, SLUICE_INVALID, "testkit", "give it a plugin's table or a plugin's file, one of the two");
    if (options->workers > SLUICE_TESTKIT_WORKERS_MAX)
        return sluice_fail(error, SLUICE_INVALID, "testkit", "workers must be at most %u, not %u",
                           SLUICE_TESTKIT_WORKERS_MAX, options->workers);
    if (options->file != NULL)
        return plugin_load(options->file, ret_plugin, error);
    *ret_plugin = options->plugin;
    return plugin_check(options->plugin, "plugin", error);
}

static sluice_status copy_text(const char *text, char **ret_copy, sluice_error *error)
{
    *ret_copy = text != NULL ? strdup(text) : NULL;
    return text == NULL || *ret_copy != NULL ? SLUICE_OK : sluice_fail(error, SLUICE_NO_MEMORY, "testkit", "no memory");
}

static sluice_status read_options(sluice_testkit *kit, const sluice_plugin *plugin, const sluice_testkit_options *options,
                                  sluice_error *error)
{
    kit->worker_count = options->workers == 0 ? 1 : options->workers;
    atomic_init(&kit->cancelled, false);
    sluice_status status = copy_text(options->file != NULL ? options->file : plugin->name, &kit->where, error);
    if (status == SLUICE_OK)
        status = copy_text(options->name != NULL ? options->name : KIT_NAME, &kit->name, error);
    if (status == SLUICE_OK)
        status = copy_text(options->class_name, &kit->class_name, error);
    if (status == SLUICE_OK)
        status = copy_text(options->workspace, &kit->workspace, error);
    if (status == SLUICE_OK)
        status = kit_check_uses_with(plugin, options->uses_with, kit->name, &kit->uses_with, error);
    if (status == SLUICE_OK && options->uses_requests != NULL)
        status = sluice_value_from_json(options->uses_requests, strlen(options->uses_requests), &kit->uses_requests, error);
    return status;
}

/* host->log() writes as in a Flow: with the pod's name, from the level of SLUICE_LOG_LEVEL on. */
static void name_log(const sluice_testkit *kit, uint32_t replica)
{
    char pod[192];
    snprintf(pod, sizeof pod, "%s/rep-%u", kit->name, replica);
    log_init(pod);
}

static sluice_status open_executor(sluice_testkit *kit, const sluice_plugin *plugin, uint32_t replica,
                                   sluice_error *error)
{
    struct instance_settings settings = {
        .where = kit->where,
        .class_name = kit->class_name,
        .deployment = kit->name,
        .workspace = kit->workspace,
        .replica = replica,
        .workers = kit->worker_count,
        .uses_with = kit->uses_with,
        .uses_requests = kit->uses_requests,
    };
    name_log(kit, replica);
    sluice_status status = instance_open(&kit->instance, plugin, &settings, error);
    if (status != SLUICE_OK)
        return status;
    status = kit_open_workers(kit, error);
    if (status != SLUICE_OK)
        instance_close(&kit->instance);
    return status;
}

static void free_kit(sluice_testkit *kit)
{
    sluice_value_free(kit->results);
    sluice_value_free(kit->uses_with);
    sluice_value_free(kit->uses_requests);
    free(kit->where);
    free(kit->name);
    free(kit->class_name);
    free(kit->workspace);
    pthread_cond_destroy(&kit->work);
    pthread_cond_destroy(&kit->done);
    pthread_mutex_destroy(&kit->lock);
    free(kit);
}

sluice_status sluice_testkit_open_with(const sluice_testkit_options *options, sluice_testkit **ret_kit,
                                       sluice_error *error)
{
    /* What an older program does not know is zero, what a newer one knows besides is left out. */
    sluice_testkit_options own = sluice_testkit_options_default();
    size_t size = options->struct_size != 0 ? options->struct_size : sizeof own;
    memcpy(&own, options, size < sizeof own ? size : sizeof own);
    const sluice_plugin *plugin = NULL;
    sluice_status status = find_plugin(&own, &plugin, error);
    if (status != SLUICE_OK)
        return status;
    sluice_testkit *kit = calloc(1, sizeof *kit);
    if (kit == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, plugin->name, "no memory for a test kit");
    pthread_mutex_init(&kit->lock, NULL);
    pthread_cond_init(&kit->work, NULL);
    pthread_cond_init(&kit->done, NULL);
    status = read_options(kit, plugin, &own, error);
    if (status == SLUICE_OK)
        status = open_executor(kit, plugin, own.replica, error);
    if (status == SLUICE_OK)
        *ret_kit = kit;
    else
        free_kit(kit);
    return status;
}

sluice_status sluice_testkit_open(const sluice_plugin *plugin, const char *uses_with, sluice_testkit **ret_kit,
                                  sluice_error *error)
{
    if (plugin == NULL) /* what sluice_plugin_entry() gave; the sentence is the host's */
        return plugin_check(plugin, "plugin", error);
    sluice_testkit_options options = sluice_testkit_options_default();
    options.plugin = plugin;
    options.uses_with = uses_with;
    return sluice_testkit_open_with(&options, ret_kit, error);
}

sluice_status sluice_testkit_load(const char *file, const char *uses_with, sluice_testkit **ret_kit, sluice_error *error)
{
    sluice_testkit_options options = sluice_testkit_options_default();
    options.file = file;
    options.uses_with = uses_with;
    return sluice_testkit_open_with(&options, ret_kit, error);
}

void sluice_testkit_close(sluice_testkit *kit)
{
    if (kit == NULL)
        return;
    kit_close_workers(kit);
    instance_close(&kit->instance);
    free_kit(kit);
}
