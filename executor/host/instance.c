#include "executor/host/instance.h"
#include "common/foundation/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_TEXT_MAX = 4096 };

static void plugin_log(const sluice_host *host, sluice_log_level level, const char *format, ...) SLUICE_PRINTF(3, 4);

static void plugin_log(const sluice_host *host, sluice_log_level level, const char *format, ...)
{
    (void)host;
    enum log_level levels[] = {LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR};
    enum log_level own = (size_t)level < sizeof levels / sizeof levels[0] ? levels[level] : LOG_LEVEL_ERROR;
    if (!log_enabled(own))
        return;
    char text[LOG_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line(own, "%s", text);
}

/*
 * BASE/NAME/SHARD, as flow-yaml-and-runtime.md, 3.5 has it: the base is the Flow's or the executor's `workspace`, else
 * JINA_DEFAULT_WORKSPACE_BASE, else ~/.cache/sluice. Left empty when there is no base or the path would not fit.
 */
static void set_workspace(struct instance *instance, const struct instance_settings *settings)
{
    const char *base = settings->workspace, *below = "";
    if (base == NULL)
        base = getenv("JINA_DEFAULT_WORKSPACE_BASE");
    if (base == NULL || base[0] == '\0') {
        base = getenv("HOME");
        below = "/.cache/sluice";
    }
    if (base == NULL || base[0] != '/')
        return;
    int size = snprintf(instance->workspace, sizeof instance->workspace, "%s%s/%s/0", base, below,
                        instance->host.class_name);
    if (size < 0 || (size_t)size >= sizeof instance->workspace)
        instance->workspace[0] = '\0';
}

static sluice_status open_plugin(struct instance *instance, const sluice_value *uses_with, sluice_error *error)
{
    if (instance->plugin == NULL || instance->plugin->executor_open == NULL)
        return SLUICE_OK;
    sluice_error reason = {0};
    sluice_status status = instance->plugin->executor_open(&instance->host, uses_with, &instance->executor, &reason);
    if (status == SLUICE_OK)
        return SLUICE_OK;
    if (reason.text[0] == '\0')
        return sluice_fail(error, status, instance->where, "the executor \"%s\" did not open: %s (no further reason given)",
                           instance->host.class_name, sluice_status_name(status));
    const char *colon = reason.where[0] != '\0' ? ": " : "";
    return sluice_fail(error, status, instance->where, "the executor \"%s\" did not open: %s%s%s", instance->host.class_name,
                       reason.where, colon, reason.text);
}

sluice_status instance_open(struct instance *instance, const sluice_plugin *plugin, const struct instance_settings *settings,
                            sluice_error *error)
{
    const char *class_name = settings->class_name;
    if (class_name == NULL)
        class_name = plugin != NULL ? plugin->name : "BaseExecutor";
    *instance = (struct instance){
        .plugin = plugin,
        .where = settings->where,
        .answer_max = settings->answer_max,
        .host = {.struct_size = sizeof instance->host,
                 .major = SLUICE_PLUGIN_MAJOR,
                 .minor = SLUICE_PLUGIN_MINOR,
                 .class_name = class_name,
                 .deployment = settings->deployment,
                 .pod = instance->pod,
                 .description = settings->description != NULL ? settings->description : "",
                 .workspace = instance->workspace,
                 .replica = settings->replica,
                 .workers = settings->workers,
                 .log = plugin_log},
    };
    if (settings->limits != NULL)
        instance->limits = *settings->limits;
    int size = snprintf(instance->pod, sizeof instance->pod, "%s/rep-%u", settings->deployment, settings->replica);
    if (size < 0 || (size_t)size >= sizeof instance->pod)
        return sluice_fail(error, SLUICE_INVALID, settings->where, "the executor's name has more than %zu bytes",
                           sizeof instance->pod - sizeof "/rep-4294967295");
    set_workspace(instance, settings);
    sluice_status status = bindings_init(&instance->bindings, plugin != NULL ? plugin->handlers : NULL,
                                         settings->uses_requests, settings->where, error);
    if (status != SLUICE_OK)
        return status;
    status = open_plugin(instance, settings->uses_with, error);
    if (status != SLUICE_OK)
        bindings_done(&instance->bindings);
    return status;
}

void instance_close(struct instance *instance)
{
    if (instance->plugin != NULL && instance->plugin->executor_close != NULL)
        instance->plugin->executor_close(instance->executor);
    bindings_done(&instance->bindings);
}

sluice_status instance_open_worker(const struct instance *instance, void **ret_worker, sluice_error *error)
{
    *ret_worker = NULL;
    if (instance->plugin == NULL || instance->plugin->worker_open == NULL)
        return SLUICE_OK;
    sluice_error reason = {0};
    sluice_status status = instance->plugin->worker_open(instance->executor, ret_worker, &reason);
    if (status == SLUICE_OK)
        return SLUICE_OK;
    const char *colon = reason.where[0] != '\0' ? ": " : "";
    return sluice_fail(error, status, instance->where, "a worker of the executor \"%s\" did not open: %s%s%s",
                       instance->host.class_name, reason.where, colon,
                       reason.text[0] != '\0' ? reason.text : sluice_status_name(status));
}

void instance_close_worker(const struct instance *instance, void *worker)
{
    if (instance->plugin != NULL && instance->plugin->worker_close != NULL)
        instance->plugin->worker_close(worker);
}
