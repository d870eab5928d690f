#include "tools/flow_file.h"
#include "common/flow/report.h"
#include "common/flow/source.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "tools/describe.h"

#include <string.h>
#include <unistd.h>

extern char **environ;

/* What the reader's callbacks get: the file system's find_plugin, and who describes what it finds. */
struct questions {
    struct flow_source files;
    struct describer *describer;
};

/* Find a plugin and begin to ask about it. */
static sluice_status find_and_ask(void *context, const char *name, const char *folder, struct arena *arena,
                                  const char **ret_path, sluice_error *error)
{
    struct questions *questions = context;
    sluice_status status = questions->files.find_plugin(questions->files.context, name, folder, arena, ret_path, error);
    if (status == SLUICE_OK)
        describer_start(questions->describer, *ret_path);
    return status;
}

static sluice_status read_file(void *context, const char *path, struct arena *arena, const char **ret_text,
                               size_t *ret_size, sluice_error *error)
{
    struct questions *questions = context;
    return questions->files.read_file(questions->files.context, path, arena, ret_text, ret_size, error);
}

static sluice_status check_file(void *context, const char *path, sluice_error *error)
{
    struct questions *questions = context;
    return questions->files.check_file(questions->files.context, path, error);
}

static sluice_status describe(void *context, const char *path, const sluice_value **ret_description,
                              sluice_error *error)
{
    struct questions *questions = context;
    return describer_wait(questions->describer, path, ret_description, error);
}

/* flow_load(), twice: the first time only to start the processes that describe the plugins, so that they run side by
 * side. */
static sluice_status load(const char *text, size_t size, const struct flow_options *options,
                          struct describer *describer, struct flow **ret_flow, struct flow_report *ret_report,
                          struct arena **ret_arena)
{
    struct questions questions = {.describer = describer};
    flow_source_files(&questions.files);
    struct flow_source source = {
        .read_file = read_file, .find_plugin = find_and_ask, .check_file = check_file, .context = &questions};
    struct flow *flow = NULL;
    struct arena *arena = NULL;
    if (flow_load(text, size, options, &source, &flow, ret_report, &arena) == SLUICE_OK)
        flow_free(flow);
    arena_free(arena);
    *ret_report = (struct flow_report){0};
    source.describe = describe;
    return flow_load(text, size, options, &source, ret_flow, ret_report, ret_arena);
}

static void print_report(const struct flow_report *report)
{
    struct buffer lines;
    buffer_init(&lines, BUFFER_NO_LIMIT);
    flow_check_text(report, &lines);
    file_write_all(STDERR_FILENO, lines.data, lines.size, NULL);
    buffer_done(&lines);
}

static sluice_status read_text(const struct flow_file *file, struct buffer *text, sluice_error *error)
{
    if (file->path != NULL && strcmp(file->path, "-") != 0)
        return file_read_path(file->path, text, error);
    if (file->path != NULL)
        return file_read_all(STDIN_FILENO, "(stdin)", text, error);
    sluice_status status = file_read_all(file->fd, "(flow)", text, error);
    close(file->fd);
    return status;
}

sluice_status flow_file_load(const struct flow_file *file, struct flow **ret_flow, sluice_error *error)
{
    struct buffer text;
    buffer_init(&text, FLOW_FILE_MAX);
    struct describer *describer = describer_new();
    sluice_status status = describer != NULL ? read_text(file, &text, error)
                                             : sluice_fail(error, SLUICE_NO_MEMORY, file->path, "out of memory");
    if (status == SLUICE_OK) {
        struct flow_options options = {
            .file = file->path != NULL && strcmp(file->path, "-") != 0 ? file->path : NULL,
            .environment = (const char *const *)environ,
            .overrides = file->overrides,
        };
        struct flow_report report = {0};
        struct arena *arena = NULL;
        status = load(buffer_text(&text), text.size, &options, describer, ret_flow, &report, &arena);
        print_report(&report);
        if (status != SLUICE_OK && flow_report_error(&report, error) == SLUICE_OK)
            sluice_fail(error, status, file->path, "cannot read the Flow: %s", sluice_status_name(status));
        arena_free(arena);
    }
    describer_free(describer);
    buffer_done(&text);
    return status;
}
