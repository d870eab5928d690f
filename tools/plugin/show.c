/* sluice plugin show - what a plugin says about itself, for people or as a JSON schema of its parameters. */
#include "common/flow/flow.h"
#include "common/flow/source.h"
#include "common/foundation/arena.h"
#include "common/foundation/buffer.h"
#include "tools/commands.h"
#include "tools/describe.h"
#include "tools/plugin/schema.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BLOCK = 4096, ARENA_MAX = 1 << 20, NAME_WIDTH = 17, HELP_INDENT = 6 };

struct settings {
    const char *folder;
    bool json;
};

/* ---- for people ---- */

static void print_text(sluice_text text)
{
    fwrite(text.data, 1, text.size, stdout);
}

static void print_wrapped(sluice_text text, size_t indent)
{
    struct buffer copy;
    buffer_init(&copy, BUFFER_NO_LIMIT);
    buffer_append(&copy, text.data, text.size);
    help_wrapped(stdout, buffer_text(&copy), indent);
    buffer_done(&copy);
}

static void print_head(const sluice_value *description, const char *path)
{
    const sluice_value *abi = sluice_value_get(description, "abi");
    print_text(sluice_value_string(sluice_value_get(description, "name")));
    putchar(' ');
    print_text(sluice_value_string(sluice_value_get(description, "version")));
    printf(", ABI %.0f.%.0f\n%s\n", sluice_value_number(sluice_value_at(abi, 0), 0),
           sluice_value_number(sluice_value_at(abi, 1), 0), path);
    print_wrapped(sluice_value_string(sluice_value_get(description, "help")), 0);
}

static void print_endpoints(const sluice_value *handlers)
{
    puts("\nendpoint            handler");
    for (size_t i = 0; i < sluice_value_size(handlers); i++) {
        const sluice_value *handler = sluice_value_at(handlers, i);
        sluice_text endpoint = sluice_value_string(sluice_value_get(handler, "endpoint"));
        sluice_text name = sluice_value_string(sluice_value_get(handler, "name"));
        bool bound = endpoint.size > 0;
        printf("  %-*.*s %.*s%s\n", NAME_WIDTH, bound ? (int)endpoint.size : 1, bound ? endpoint.data : "-",
               (int)name.size, name.data, bound ? "" : "  (uses_requests binds it)");
    }
}

static void print_choices(const sluice_value *choices)
{
    for (size_t i = 0; i < sluice_value_size(choices); i++) {
        sluice_text choice = sluice_value_string(sluice_value_at(choices, i));
        printf("%s\"%.*s\"", i == 0 ? ", one of " : ", ", (int)choice.size, choice.data);
    }
}

static void print_parameter(const sluice_value *parameter)
{
    sluice_text name = sluice_value_string(sluice_value_get(parameter, "name"));
    sluice_text type = sluice_value_string(sluice_value_get(parameter, "type"));
    sluice_text help = sluice_value_string(sluice_value_get(parameter, "help"));
    const sluice_value *fallback = sluice_value_get(parameter, "fallback");
    double minimum = sluice_value_number(sluice_value_get(parameter, "minimum"), 0);
    double maximum = sluice_value_number(sluice_value_get(parameter, "maximum"), 0);
    printf("  %-*.*s %.*s", NAME_WIDTH, (int)name.size, name.data, (int)type.size, type.data);
    char from[OPTION_NUMBER_SIZE], to[OPTION_NUMBER_SIZE];
    if (minimum < maximum)
        printf(", %s to %s", option_number_text(minimum, from), option_number_text(maximum, to));
    print_choices(sluice_value_get(parameter, "choices"));
    if (sluice_value_bool(sluice_value_get(parameter, "required"), false))
        fputs(", required", stdout);
    if (sluice_value_kind_of(fallback) == SLUICE_VALUE_STRING) {
        fputs(", default ", stdout);
        print_text(sluice_value_string(fallback));
    }
    putchar('\n');
    if (help.size > 0)
        print_wrapped(help, HELP_INDENT);
}

static void print_parameters(const sluice_value *parameters)
{
    if (sluice_value_kind_of(parameters) != SLUICE_VALUE_LIST) {
        puts("\nparameters (uses_with): any; the plugin does not say which");
        return;
    }
    if (sluice_value_size(parameters) == 0) {
        puts("\nparameters (uses_with): none");
        return;
    }
    puts("\nparameter           (uses_with)");
    for (size_t i = 0; i < sluice_value_size(parameters); i++)
        print_parameter(sluice_value_at(parameters, i));
}

/* ---- the command ---- */

static sluice_status print(const struct settings *settings, const sluice_value *description, const char *path,
                           sluice_error *error)
{
    if (!settings->json) {
        print_head(description, path);
        print_endpoints(sluice_value_get(description, "handlers"));
        print_parameters(sluice_value_get(description, "parameters"));
        return fflush(stdout) == 0
                   ? SLUICE_OK
                   : sluice_fail(error, SLUICE_SYSTEM, "(stdout)", "cannot write: %s", strerror(errno));
    }
    struct buffer json;
    buffer_init(&json, BUFFER_NO_LIMIT);
    schema_append(&json, description, path);
    sluice_status status = report_result(&json, error);
    buffer_done(&json);
    return status;
}

static int show(const struct settings *settings, const char *name)
{
    struct flow_source source = {0};
    sluice_error error = {0};
    const char *path = NULL;
    const sluice_value *description = NULL;
    struct arena *arena = arena_new(ARENA_BLOCK, ARENA_MAX);
    struct describer *describer = describer_new();
    flow_source_files(&source);
    sluice_status status = arena != NULL && describer != NULL
                               ? SLUICE_OK
                               : sluice_fail(&error, SLUICE_NO_MEMORY, name, "out of memory");
    if (status == SLUICE_OK)
        status = source.find_plugin(source.context, name, settings->folder, arena, &path, &error);
    if (status == SLUICE_OK)
        status = describer_wait(describer, path, &description, &error);
    if (status == SLUICE_OK)
        status = print(settings, description, path, &error);
    describer_free(describer);
    arena_free(arena);
    return status == SLUICE_OK ? 0 : report_error(&error);
}

static const struct option options[] = {
    TEXT_OPTION("folder", 'C', "FOLDER", folder,
                "Look for PLUGIN as a Flow file in this folder does, instead of in the one where you are."),
    FLAG_OPTION("json", 0, json,
                "A JSON schema (draft 2020-12) of the plugin's `uses_with`; the rest is under `x-sluice`."),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    struct settings settings = {.folder = "."};
    int count;
    enum options_outcome outcome = options_read(&command_plugin_show, &settings, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    return show(&settings, argv[1]);
}

const struct command command_plugin_show = {
    .name = "sluice plugin show",
    .arguments = "PLUGIN",
    .completes = {COMPLETE_PLUGINS},
    .summary = "Show what a plugin does, its endpoints and its parameters",
    .help = "Prints what a plugin says about itself: name, version, the ABI that it was built for, the handlers of its "
            "endpoints, and the parameters that `uses_with` takes, each with its type, range and default. PLUGIN is what "
            "`uses` takes in a Flow file: the name of a plugin, or a file. It is opened in a process of its own.",
    .examples = "  sluice plugin show sentencizer\n  sluice plugin show ./shout.so --json\n",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
