/* sluice check - every problem of Flow files, without running them. */
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/status.h"
#include "tools/commands.h"
#include "tools/source.h"

#include <string.h>
#include <unistd.h>

static int check_file(const char *file, const char *const *overrides)
{
    struct buffer text;
    buffer_init(&text, SOURCE_FILE_MAX);
    sluice_error error;
    bool from_stdin = strcmp(file, "-") == 0;
    sluice_status status =
        from_stdin ? file_read_all(STDIN_FILENO, "(stdin)", &text, &error) : file_read_path(file, &text, &error);
    struct source *source = source_new();
    if (status == SLUICE_OK && source == NULL)
        status = sluice_fail(&error, SLUICE_NO_MEMORY, file, "out of memory");
    if (status != SLUICE_OK) {
        buffer_done(&text);
        source_free(source);
        return report_error(&error);
    }
    struct flow *flow = NULL;
    struct flow_report report = {0};
    struct arena *arena = NULL;
    status =
        source_load(source, buffer_text(&text), text.size, from_stdin ? NULL : file, overrides, &flow, &report, &arena);
    source_print_report(&report);
    if (status == SLUICE_OK)
        flow_free(flow);
    else if (report.error_count == 0)
        fprintf(stderr, "sluice: %s: %s\n", file, sluice_status_name(status));
    arena_free(arena);
    source_free(source);
    buffer_done(&text);
    return status_codes_of(status)->exit_code;
}

static int run(int argc, char **argv)
{
    struct option_list overrides = {0};
    const struct option options[] = {
        {"set",        's', OPTION_LIST, "KEY=VALUE",
         "Check with this change, as `sluice run --set` makes it. May be given several times.", &overrides, 0, 0, NULL},
        {0}
    };
    int count;
    enum options_outcome outcome = options_read(&command_check, options, argc, argv, &count);
    if (outcome != OPTIONS_GO) {
        option_list_done(&overrides);
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    }
    const char *list[OPTION_LIST_MAX + 1];
    for (size_t i = 0; i < overrides.count; i++)
        list[i] = overrides.values[i].text;
    list[overrides.count] = NULL;
    int worst = 0;
    for (int i = 1; i <= count; i++) {
        int code = check_file(argv[i], list);
        worst = code > worst ? code : worst;
    }
    option_list_done(&overrides);
    return worst;
}

const struct command command_check = {
    .name = "check",
    .arguments = "FLOW.yml…",
    .summary = "Find every problem of a Flow file, without running it",
    .help =
        "Reads Flow files and prints every problem on stderr, one per line:\n\n"
        "file:line:column: error|warning: message\n\n"
        "Nothing is run, except that each plugin is opened once in a process of its own (sluice-executor --describe), "
        "so that its parameters and handlers can be checked. A file named - is read from standard input. Exit code 1 "
        "when there is an "
        "error, 0 when there is none; warnings do not count.",
    .examples = "  sluice check flows/*.yml\n",
    .least = 1,
    .most = 1000,
    .run = run,
};
