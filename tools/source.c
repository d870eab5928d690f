#include "tools/source.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/text.h"
#include "tools/describe.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHIPPED_MAX = 256 };

extern char **environ;

struct source {
    struct describer *describer;
    bool ask_only; /* first pass: plugins are found and asked about, answers are not waited for */
};

struct source *source_new(void)
{
    struct source *source = calloc(1, sizeof *source);
    if (source != NULL && (source->describer = describer_new()) == NULL)
        return source_free(source);
    return source;
}

struct source *source_free(struct source *source)
{
    if (source != NULL)
        describer_free(source->describer);
    free(source);
    return NULL;
}

static sluice_status read_file(void *context, const char *path, struct arena *arena, const char **ret_text,
                               size_t *ret_size, sluice_error *error)
{
    (void)context;
    struct buffer buffer;
    buffer_init(&buffer, SOURCE_FILE_MAX);
    sluice_status status = file_read_path(path, &buffer, error);
    if (status == SLUICE_OK) {
        *ret_text = arena_text_of(arena, buffer_text(&buffer), buffer.size);
        *ret_size = buffer.size;
        if (*ret_text == NULL)
            status = sluice_fail(error, SLUICE_NO_MEMORY, path, "out of memory");
    }
    buffer_done(&buffer);
    return status;
}

/* ---- looking for a plugin ---- */

/* A search: the places tried so far, for the message, and the path once it is found. */
struct search {
    struct arena *arena;
    struct buffer tried;
    const char *found;
};

static bool is_shared_object(const char *name)
{
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".so") == 0;
}

static bool try_path(struct search *search, const char *path)
{
    buffer_printf(&search->tried, "%s%s", search->tried.size > 0 ? ", " : "", path);
    char real[PATH_MAX];
    if (access(path, R_OK) != 0 || realpath(path, real) == NULL)
        return false;
    search->found = arena_text(search->arena, real);
    return true;
}

static bool try_in(struct search *search, const char *folder, const char *name)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s%s", folder, name, is_shared_object(name) ? "" : ".so");
    return size > 0 && (size_t)size < sizeof path && try_path(search, path);
}

static bool try_list(struct search *search, const char *folders, const char *name)
{
    while (folders != NULL && *folders != '\0') {
        size_t size = strcspn(folders, ":");
        char folder[PATH_MAX];
        if (size > 0 && size < sizeof folder) {
            snprintf(folder, sizeof folder, "%.*s", (int)size, folders);
            if (try_in(search, folder, name))
                return true;
        }
        folders += size + (folders[size] == ':');
    }
    return false;
}

/* The shipped plugin whose name is near `name`, in `suggestion`; "" when there is none. */
static void suggest_shipped(const char *folder, const char *name, char *suggestion, size_t capacity)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "%s", name);
    if (is_shared_object(wanted))
        wanted[strlen(wanted) - 3] = '\0';
    const char *names[SHIPPED_MAX + 1];
    size_t count = 0;
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing != NULL && count < SHIPPED_MAX && (entry = readdir(listing)) != NULL;)
        if (is_shared_object(entry->d_name) &&
            (names[count] = strndup(entry->d_name, strlen(entry->d_name) - 3)) != NULL)
            count++;
    names[count] = NULL;
    const char *nearest = text_nearest(wanted, names);
    snprintf(suggestion, capacity, "%s", nearest != NULL ? nearest : "");
    for (size_t i = 0; i < count; i++)
        free((char *)names[i]);
    if (listing != NULL)
        closedir(listing);
}

static sluice_status find_plugin(void *context, const char *name, const char *folder, struct arena *arena,
                                 const char **ret_path, sluice_error *error)
{
    struct source *source = context;
    struct search search = {.arena = arena};
    buffer_init(&search.tried, BUFFER_NO_LIMIT);
    char shipped[PATH_MAX];
    if (!file_installed((const void *)source_new, "lib/sluice/plugins", shipped, sizeof shipped))
        shipped[0] = '\0';

    bool found;
    if (name[0] == '/')
        found = try_path(&search, name);
    else if (strchr(name, '/') != NULL)
        found = try_in(&search, folder, name);
    else
        found = try_in(&search, folder, name) || try_list(&search, getenv("SLUICE_PLUGIN_PATH"), name) ||
                (shipped[0] != '\0' && try_in(&search, shipped, name));

    sluice_status status = SLUICE_OK;
    if (!found) {
        char suggestion[256];
        suggest_shipped(shipped, name, suggestion, sizeof suggestion);
        status = sluice_fail(error, SLUICE_NOT_FOUND, name, "there is no such plugin; looked for %s%s%s%s",
                             buffer_text(&search.tried), suggestion[0] != '\0' ? "; did you mean \"" : "", suggestion,
                             suggestion[0] != '\0' ? "\"?" : "");
    } else if (search.found == NULL) {
        status = sluice_fail(error, SLUICE_NO_MEMORY, name, "out of memory");
    } else {
        *ret_path = search.found;
        if (source->ask_only)
            describer_start(source->describer, search.found);
    }
    buffer_done(&search.tried);
    return status;
}

static sluice_status describe(void *context, const char *path, const sluice_value **ret_description,
                              sluice_error *error)
{
    return describer_wait(((struct source *)context)->describer, path, ret_description, error);
}

/* ---- loading ---- */

sluice_status source_load(struct source *source, const char *text, size_t size, const char *file,
                          const char *const *overrides, struct flow **ret_flow, struct flow_report *ret_report,
                          struct arena **ret_report_arena)
{
    struct flow_options options = {.file = file, .environment = (const char *const *)environ, .overrides = overrides};
    struct flow_source callbacks = {.read_file = read_file, .find_plugin = find_plugin, .context = source};

    /* The first pass only starts the children that describe the plugins, so that they run side by side. */
    struct flow *flow = NULL;
    struct flow_report report;
    struct arena *arena = NULL;
    source->ask_only = true;
    sluice_status status = flow_load(text, size, &options, &callbacks, &flow, &report, &arena);
    source->ask_only = false;
    if (status == SLUICE_OK)
        flow_free(flow);
    arena_free(arena);
    if (status == SLUICE_NO_MEMORY) {
        *ret_report = (struct flow_report){0};
        *ret_report_arena = NULL;
        return status;
    }
    callbacks.describe = describe;
    return flow_load(text, size, &options, &callbacks, ret_flow, ret_report, ret_report_arena);
}

void source_print_report(const struct flow_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct flow_problem *problem = &report->problems[i];
        const char *severity = problem->severity == FLOW_ERROR ? "error" : "warning";
        if (problem->place.line > 0)
            fprintf(stderr, "%s:%u:%u: %s: %s\n", problem->place.file, problem->place.line, problem->place.column,
                    severity, problem->text);
        else
            fprintf(stderr, "%s: %s: %s\n", problem->place.file != NULL ? problem->place.file : "sluice", severity,
                    problem->text);
    }
}
