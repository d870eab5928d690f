/* sluice check - every problem of Flow files, without running them. */
#include "common/foundation/status.h"
#include "tools/commands.h"
#include "tools/flow_file.h"

#include <string.h>

static int check_file(const char *path, const char *const *overrides)
{
    struct flow_file file = {.path = path, .overrides = overrides};
    struct flow *flow = NULL;
    sluice_error error;
    sluice_status status = flow_file_load(&file, &flow, &error);
    if (status == SLUICE_OK)
        flow_free(flow);
    else if (status != SLUICE_INVALID)
        return report_error(&error);
    return status_codes_of(status)->exit_code;
}

struct settings {
    struct option_list overrides;
};

static const struct option options[] = {
    LIST_OPTION("set", 's', "KEY=VALUE", overrides,
                "Check with this change, as `sluice run --set` makes it. May be given several times."),
    OPTIONS_END,
};

static size_t count_of(char **words, size_t count, const char *word)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(words[i], word) == 0;
    return found;
}

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    int count, worst = 0;
    enum options_outcome outcome = options_read(&command_check, &settings, argc, argv, &count);
    if (outcome == OPTIONS_GO && count_of(argv + 1, (size_t)count, "-") > 1) {
        outcome = OPTIONS_WRONG;
        command_complain(&command_check, "- is given more than once, and standard input can be read only once");
    }
    if (outcome == OPTIONS_GO) {
        const char *list[OPTION_LIST_MAX + 1];
        for (size_t i = 0; i < settings.overrides.count; i++)
            list[i] = settings.overrides.values[i].text;
        list[settings.overrides.count] = NULL;
        for (int i = 1; i <= count; i++) {
            int code = check_file(argv[i], list);
            worst = code > worst ? code : worst;
        }
    }
    option_list_done(&settings.overrides);
    return outcome == OPTIONS_WRONG ? EXIT_USAGE : worst;
}

const struct command command_check = {
    .name = "sluice check",
    .arguments = "FLOW.yml…",
    .completes = {COMPLETE_FILES, COMPLETE_FILES},
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
    .options = options,
    .run = run,
};
