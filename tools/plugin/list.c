/* sluice plugin list - which plugins a Flow would find, where, and what is wrong with them. */
#include "common/foundation/buffer.h"
#include "common/foundation/text.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/plugin/found.h"
#include "tools/plugin/schema.h"

#include <string.h>

enum { AHEAD = 8 }; /* plugins that are opened at the same time, each by a process */

struct settings {
    bool json, names;
};

/* ---- asking ---- */

/* The plugins of all folders, one after the other. NULL beyond the last. */
static const struct found_plugin *plugin_at(const struct found *found, size_t index)
{
    for (size_t i = 0; i < found->count; i++) {
        if (index < found->folders[i].count)
            return &found->folders[i].plugins[index];
        index -= found->folders[i].count;
    }
    return NULL;
}

/* The description of plugin number `index`; those behind it are begun. NULL: `error` says why there is none. */
static const sluice_value *describe(const struct found *found, struct describer *describer, size_t index,
                                    sluice_error *error)
{
    const sluice_value *description = NULL;
    for (size_t i = index; i < index + AHEAD && plugin_at(found, i) != NULL; i++)
        describer_start(describer, plugin_at(found, i)->path);
    return describer_wait(describer, plugin_at(found, index)->path, &description, error) == SLUICE_OK ? description
                                                                                                     : NULL;
}

/* ---- for people ---- */

static size_t widest_name(const struct found *found)
{
    size_t widest = 0;
    for (size_t i = 0; plugin_at(found, i) != NULL; i++)
        if (strlen(plugin_at(found, i)->name) > widest)
            widest = strlen(plugin_at(found, i)->name);
    return widest;
}

static void print_plugin(struct buffer *text, const struct found_plugin *plugin, const sluice_value *description,
                         const sluice_error *error, size_t width)
{
    sluice_text version = sluice_value_string(sluice_value_get(description, "version"));
    sluice_text help = sluice_value_string(sluice_value_get(description, "help"));
    sluice_text name = sluice_value_string(sluice_value_get(description, "name"));
    buffer_printf(text, "  %-*s  ", (int)width, plugin->name);
    if (description == NULL)
        buffer_printf(text, "broken: %s", error->text);
    else
        buffer_printf(text, "%-7.*s  %.*s", (int)version.size, version.data, (int)help.size, help.data);
    if (description != NULL && !sluice_text_is(name, plugin->name))
        buffer_printf(text, " (calls itself %.*s)", (int)name.size, name.data);
    if (plugin->hidden_by != NULL)
        buffer_printf(text, "\n  %-*s  hidden by %s", (int)width, "", plugin->hidden_by->path);
    buffer_append_byte(text, '\n');
}

static void print_list(struct buffer *text, const struct found *found, struct describer *describer)
{
    size_t index = 0, width = widest_name(found);
    buffer_append_text(text, "searched in this order:\n");
    for (size_t i = 0; i < found->count; i++) {
        const struct found_folder *folder = &found->folders[i];
        buffer_printf(text, "%s%s\n", folder->path, folder->shipped ? " (shipped)" : "");
        if (folder->count == 0)
            buffer_append_text(text, "  no plugins\n");
        for (size_t p = 0; p < folder->count; p++, index++) {
            sluice_error error = {0};
            const sluice_value *description = describe(found, describer, index, &error);
            print_plugin(text, &folder->plugins[p], description, &error, width);
        }
    }
}

/* ---- for programs ---- */

static void append_member(struct buffer *json, const char *key, const char *text)
{
    buffer_printf(json, "\"%s\": ", key);
    if (text != NULL)
        schema_append_text(json, sluice_text_of(text));
    else
        buffer_append_text(json, "null");
}

static void append_plugin(struct buffer *json, const struct found_plugin *plugin, const sluice_value *description,
                          const sluice_error *error)
{
    buffer_append_text(json, "\n    {");
    append_member(json, "uses", plugin->name);
    buffer_append_text(json, ", ");
    append_member(json, "path", plugin->path);
    buffer_append_text(json, ", ");
    append_member(json, "hidden_by", plugin->hidden_by != NULL ? plugin->hidden_by->path : NULL);
    buffer_append_text(json, ", ");
    append_member(json, "error", description == NULL ? error->text : NULL);
    if (description != NULL) {
        buffer_append_text(json, ", ");
        schema_append_plugin(json, description);
    }
    buffer_append_byte(json, '}');
}

static void append_list(struct buffer *json, const struct found *found, struct describer *describer)
{
    size_t index = 0;
    buffer_append_text(json, "{\"folders\": [");
    for (size_t i = 0; i < found->count; i++) {
        const struct found_folder *folder = &found->folders[i];
        buffer_append_text(json, i > 0 ? ",\n  {" : "\n  {");
        append_member(json, "path", folder->path);
        buffer_printf(json, ", \"shipped\": %s, \"plugins\": [", folder->shipped ? "true" : "false");
        for (size_t p = 0; p < folder->count; p++, index++) {
            sluice_error error = {0};
            const sluice_value *description = describe(found, describer, index, &error);
            if (p > 0)
                buffer_append_byte(json, ',');
            append_plugin(json, &folder->plugins[p], description, &error);
        }
        buffer_append_text(json, "]}");
    }
    buffer_append_text(json, "\n]}\n");
}

/* ---- the command ---- */

/* The names that `uses` can have, each once; no plugin is opened. */
static void print_names(struct buffer *text, const struct found *found)
{
    for (size_t i = 0; plugin_at(found, i) != NULL; i++)
        if (plugin_at(found, i)->hidden_by == NULL)
            buffer_printf(text, "%s\n", plugin_at(found, i)->name);
}

static int list(const struct settings *settings, const char *folder)
{
    struct found found;
    sluice_error error = {0};
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    struct describer *describer = describer_new();
    sluice_status status = describer != NULL ? found_read(&found, folder, &error)
                                             : sluice_fail(&error, SLUICE_NO_MEMORY, folder, "out of memory");
    if (status == SLUICE_OK) {
        if (settings->names)
            print_names(&text, &found);
        else if (settings->json)
            append_list(&text, &found, describer);
        else
            print_list(&text, &found, describer);
        status = report_result(&text, &error);
    }
    if (describer != NULL)
        found_done(&found);
    describer_free(describer);
    buffer_done(&text);
    return status == SLUICE_OK ? 0 : report_error(&error);
}

static const struct option options[] = {
    FLAG_OPTION("json", 0, json, "As one JSON object."),
    FLAG_OPTION("names", 0, names, "The names alone, each once; no plugin is opened."),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    int count;
    enum options_outcome outcome = options_read(&command_plugin_list, &settings, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    return list(&settings, count == 1 ? argv[1] : ".");
}

const struct command command_plugin_list = {
    .name = "sluice plugin list",
    .arguments = "[FOLDER]",
    .completes = {COMPLETE_FOLDERS},
    .summary = "List the plugins that a Flow would find",
    .help = "Lists the plugins that a Flow file in FOLDER (this folder by default) finds by a bare name, such as `uses: echo`: "
            "first those in the file's own folder, then those that ship. Of each: its name, its version and what it does; "
            "or by which other one it is hidden, or why it cannot be used. Each is opened once, in a process of its own.",
    .examples = "  sluice plugin list\n  sluice plugin list flows --json\n",
    .least = 0,
    .most = 1,
    .options = options,
    .run = run,
};
