/*
 * sluice-executor: one executor of a Flow. Reads the Flow, opens its plugin, serves the gateway, ends when it is told to
 * or when its parent is gone.
 */
#include "common/flow/description.h"
#include "common/flow/flow.h"
#include "common/flow/report.h"
#include "common/flow/source.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/log.h"
#include "common/foundation/memory.h"
#include "common/net/control.h"
#include "common/net/local.h"
#include "executor/host/crash.h"
#include "executor/host/describe.h"
#include "executor/host/instance.h"
#include "executor/host/options.h"
#include "executor/host/plugin.h"
#include "executor/host/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_FAILED = 1 };
#define FLOW_BYTES_MAX ((size_t)16 << 20)

/* ---- --describe ---- */

/* Standard output for the description alone: what a library prints while it is loaded goes to standard error. -1: errno. */
static int reserve_output(void)
{
    int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return output >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ? -1 : output;
}

static int print_description(const char *path)
{
    const sluice_plugin *table;
    sluice_error error;
    struct buffer json;
    buffer_init(&json, BUFFER_NO_LIMIT);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever asks may be killed, and a plugin may never come back */
    int output = reserve_output();
    sluice_status status = output < 0 ? sluice_fail(&error, SLUICE_SYSTEM, "standard output", "%s", strerror(errno))
                                      : plugin_load(path, &table, &error);
    if (status == SLUICE_OK) {
        describe_plugin(table, &json);
        status = json.failed != SLUICE_OK ? sluice_fail(&error, json.failed, path, "no memory for its description")
                                          : file_write_all(output, json.data, json.size, &error);
    }
    buffer_done(&json);
    if (status != SLUICE_OK)
        fprintf(stderr, "%s: %s\n", error.where, error.text);
    return status == SLUICE_OK ? 0 : EXIT_FAILED;
}

/* ---- the Flow ---- */

/* The descriptions that were asked for while the Flow was read. */
struct described {
    struct described *next;
    sluice_value *value;
};

static void described_free(struct described *list)
{
    while (list != NULL) {
        struct described *next = list->next;
        sluice_value_free(list->value);
        free(list);
        list = next;
    }
}

/* For a Flow read by hand: the description of a plugin, from the table itself. */
static sluice_status describe(void *context, const char *path, const sluice_value **ret_description, sluice_error *error)
{
    struct described **list = context;
    const sluice_plugin *table;
    sluice_status status = plugin_load(path, &table, error);
    if (status != SLUICE_OK)
        return status;
    struct described *described = calloc(1, sizeof *described);
    if (described == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, path, "no memory for its description");
    described->next = *list;
    *list = described;
    struct buffer json;
    buffer_init(&json, BUFFER_NO_LIMIT);
    describe_plugin(table, &json);
    status = description_from_text(buffer_text(&json), json.size, &described->value, error);
    buffer_done(&json);
    if (status == SLUICE_OK)
        *ret_description = described->value;
    return status;
}

static sluice_status load_flow(const struct options *options, struct flow **ret_flow, sluice_error *error)
{
    struct buffer text;
    buffer_init(&text, FLOW_BYTES_MAX);
    sluice_status status = options->flow_fd >= 0 ? file_read_all(options->flow_fd, "the Flow", &text, error)
                                                 : file_read_path(options->flow_file, &text, error);
    struct described *list = NULL;
    struct flow_source source = {.describe = describe, .context = &list};
    flow_source_files(&source);
    struct flow_options flow_options = {
        .file = options->flow_file,
        .environment = (const char *const *)environ,
        .resolved = options->flow_fd >= 0,
    };
    struct flow_report report = {0};
    struct arena *arena = NULL;
    if (status == SLUICE_OK) {
        status = flow_load(buffer_text(&text), text.size, &flow_options, &source, ret_flow, &report, &arena);
        if (status != SLUICE_OK && flow_report_error(&report, error) == SLUICE_OK)
            sluice_fail(error, status, options->flow_file, "the Flow cannot be read");
    }
    arena_free(arena);
    described_free(list);
    buffer_done(&text);
    return status;
}

static const struct flow_executor *find_executor(const struct flow *flow, const char *name)
{
    for (size_t i = 0; i < flow->executor_count; i++)
        if (strcmp(flow->executors[i].name, name) == 0)
            return &flow->executors[i];
    return NULL;
}

/* ---- running ---- */

/* Tell whoever started this process why it did not start. */
static int failed(const struct options *options, const sluice_error *error)
{
    char text[sizeof error->where + sizeof error->text + 4];
    snprintf(text, sizeof text, "%s%s%s", error->where, error->where[0] != '\0' ? ": " : "", error->text);
    if (options->control_fd < 0 || CONTROL_SEND(options->control_fd, "failed", "text", text) != SLUICE_OK)
        fprintf(stderr, "sluice-executor: %s\n", text);
    return EXIT_FAILED;
}

static void tell_ready(void *context)
{
    const struct options *options = context;
    if (options->control_fd >= 0)
        CONTROL_SEND(options->control_fd, "ready");
    else
        log_info("ready");
}

/* *ret_orphaned: it ended because the supervisor did. */
static sluice_status serve(const struct options *options, const struct flow *flow, const struct flow_executor *executor,
                           bool *ret_orphaned, sluice_error *error)
{
    const sluice_plugin *plugin = NULL;
    sluice_status status = executor->plugin == NULL ? SLUICE_OK : plugin_load(executor->plugin, &plugin, error);
    if (status != SLUICE_OK)
        return status;
    sluice_limits limits = {.depth = flow->gateway.limits.max_depth};
    struct instance_settings settings = {
        .where = executor->plugin != NULL ? executor->plugin : executor->name,
        .class_name = executor->class_name,
        .deployment = executor->name,
        .description = executor->description,
        .workspace = executor->workspace,
        .replica = options->replica,
        .workers = executor->workers,
        .uses_with = executor->uses_with,
        .uses_requests = executor->uses_requests,
        .limits = &limits,
        .answer_max = flow->gateway.limits.max_message_bytes,
    };
    struct server_settings server = {
        .listening = options->listen_fd,
        .control = options->control_fd,
        .workers = executor->workers,
        .window_requests = executor->window_requests,
        .window_bytes = executor->window_bytes,
        .message_max = flow->gateway.limits.max_message_bytes,
        .ready = tell_ready,
        .context = (void *)options,
    };
    struct instance instance;
    status = instance_open(&instance, plugin, &settings, error);
    if (status != SLUICE_OK)
        return status;
    if (server.listening < 0)
        status = local_listen(options->socket_path, &server.listening, error);
    if (status == SLUICE_OK) {
        status = server_run(&instance, &server, error);
        *ret_orphaned = status == SLUICE_UNAVAILABLE;
    }
    if (status == SLUICE_TIMEOUT)
        _exit(EXIT_FAILED); /* a handler still runs: nothing of the plugin may be closed under it */
    instance_close(&instance);
    if (options->socket_path != NULL)
        unlink(options->socket_path);
    return status;
}

static int run(const struct options *options)
{
    char pod[192];
    snprintf(pod, sizeof pod, "%s/rep-%u", options->name, options->replica);
    memory_tune();
    log_init(pod);
    file_raise_descriptor_limit();
    signal(SIGPIPE, SIG_IGN);
    if (options->control_fd >= 0)
        signal(SIGINT, SIG_IGN); /* a terminal sends it to the whole group; the supervisor decides */

    sluice_error error = {0};
    struct flow *flow = NULL;
    sluice_status status = load_flow(options, &flow, &error);
    if (status != SLUICE_OK)
        return failed(options, &error);
    const struct flow_executor *executor = find_executor(flow, options->name);
    if (executor == NULL) {
        sluice_fail(&error, SLUICE_NOT_FOUND, options->flow_file, "the Flow has no executor \"%s\"", options->name);
        flow_free(flow);
        return failed(options, &error);
    }
    crash_init(executor->plugin != NULL ? executor->plugin : executor->name);
    crash_thread_init();
    bool orphaned = false;
    status = serve(options, flow, executor, &orphaned, &error);
    crash_thread_done();
    flow_free(flow);
    if (orphaned)
        return EXIT_FAILED; /* nobody to tell */
    return status == SLUICE_OK ? 0 : failed(options, &error);
}

int main(int count, char **arguments)
{
    struct options options;
    switch (options_parse(count, arguments, &options)) {
    case OPTIONS_GO: break;
    case OPTIONS_HELPED: return 0;
    case OPTIONS_WRONG: return EXIT_USAGE;
    }
    return options.describe != NULL ? print_description(options.describe) : run(&options);
}
