#include "tools/commands.h"
#include "common/foundation/text.h"

#include <sluice/version.h>

#include <string.h>

const struct command *const commands[] = {
    &command_run,         &command_check,       &command_post, &command_mutate,     &command_profile, &command_ping,
    &command_plugin_list, &command_plugin_show, &command_help, &command_completion, NULL};

enum { WORDS_MAX = 64 };

/* ---- names ---- */

const char *command_words(const struct command *command)
{
    return strchr(command->name, ' ') + 1;
}

/* How many of `words` the name begins with; *ret_whole: that is all of it. */
static int match(const char *name, int count, char **words, bool *ret_whole)
{
    int matched = 0;
    while (*name != '\0' && matched < count) {
        size_t size = strcspn(name, " ");
        if (strlen(words[matched]) != size || memcmp(words[matched], name, size) != 0)
            break;
        matched++;
        name += size + (name[size] == ' ');
    }
    *ret_whole = *name == '\0';
    return matched;
}

const struct command *commands_find(int count, char **words, int *ret_count)
{
    *ret_count = 0;
    for (const struct command *const *command = commands; *command != NULL; command++) {
        bool whole;
        int matched = match(command_words(*command), count, words, &whole);
        if (matched > *ret_count || whole)
            *ret_count = matched;
        if (whole)
            return *command;
    }
    return NULL;
}

/* The next words of the commands whose names begin with `count` of `words`, without repetition; ended by NULL. */
static void next_words(int count, char **words, char texts[WORDS_MAX][32], const char *names[WORDS_MAX + 1])
{
    size_t found = 0;
    for (const struct command *const *command = commands; *command != NULL && found < WORDS_MAX; command++) {
        const char *name = command_words(*command);
        bool whole, known = false;
        if (match(name, count, words, &whole) < count || whole)
            continue;
        for (int i = 0; i < count; i++)
            name = strchr(name, ' ') + 1;
        snprintf(texts[found], sizeof texts[found], "%.*s", (int)strcspn(name, " "), name);
        for (size_t i = 0; i < found; i++)
            known = known || strcmp(texts[i], texts[found]) == 0;
        if (!known) {
            names[found] = texts[found];
            found++;
        }
    }
    names[found] = NULL;
}

/* ---- what is said ---- */

static void print_commands(int count, char **words, FILE *stream)
{
    size_t width = 0;
    bool whole;
    for (const struct command *const *command = commands; *command != NULL; command++)
        if (match(command_words(*command), count, words, &whole) == count && strlen(command_words(*command)) > width)
            width = strlen(command_words(*command));
    for (const struct command *const *command = commands; *command != NULL; command++)
        if (match(command_words(*command), count, words, &whole) == count)
            fprintf(stream, "  %-*s  %s\n", (int)width, command_words(*command), (*command)->summary);
}

static void print_overview(FILE *stream)
{
    fprintf(stream, "usage: sluice %s\n\n%s.\n\nCommands:\n", command_sluice.arguments, command_sluice.summary);
    print_commands(0, NULL, stream);
    fputs("\nsluice COMMAND --help explains one, sluice --version prints the version. Manual: sluice(1).\n", stream);
}

/* What the words after "sluice" are not. `matched` of them begin a name. */
static int unknown_command(int count, char **words, int matched)
{
    char texts[WORDS_MAX][32];
    const char *names[WORDS_MAX + 1];
    next_words(matched, words, texts, names);
    if (matched == count) {
        fprintf(stderr, "sluice %s: say what:\n", words[0]);
        print_commands(count, words, stderr);
        return EXIT_USAGE;
    }
    if (matched == 0 && words[0][0] == '-') {
        static const char *const options[] = {"--help", "--version", NULL};
        const char *meant = text_nearest(words[0], options);
        report_line("there is no option %s before the command; %s%s%s", words[0],
                    meant != NULL ? "did you mean " : "see sluice --help", meant != NULL ? meant : "",
                    meant != NULL ? "?" : "");
        return EXIT_USAGE;
    }
    const char *nearest = text_nearest(words[matched], names);
    const char *before = matched > 0 ? words[0] : "", *space = matched > 0 ? " " : "";
    if (nearest != NULL)
        report_line("there is no command \"%s%s%s\"; did you mean %s%s%s?", before, space, words[matched], before, space,
                    nearest);
    else
        report_line("there is no command \"%s%s%s\"; see sluice %s%s", before, space, words[matched],
                    matched > 0 ? "help " : "--help", before);
    return EXIT_USAGE;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* `sluice help`, `sluice help plugin`, `sluice help plugin show` */
static int explain(int count, char **words)
{
    int matched;
    if (count == 0) {
        print_overview(stdout);
        return 0;
    }
    const struct command *command = commands_find(count, words, &matched);
    if (command != NULL && matched == count) {
        options_help(command, stdout);
        return 0;
    }
    if (matched < count)
        return unknown_command(count, words, matched);
    printf("usage: sluice %s COMMAND [options] …\n\nCommands:\n", words[0]);
    print_commands(count, words, stdout);
    return 0;
}

int commands_run(int argc, char **argv)
{
    int matched;
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (asks_for_help(argv[1]))
        return explain(0, NULL);
    if (strcmp(argv[1], "--version") == 0) {
        printf("sluice %s\n", SLUICE_VERSION);
        return 0;
    }
    const struct command *command = commands_find(argc - 1, argv + 1, &matched);
    if (command != NULL)
        return command->run(argc - matched, argv + matched);
    if (matched > 0 && matched + 1 < argc && asks_for_help(argv[matched + 1]))
        return explain(matched, argv + 1);
    return unknown_command(argc - 1, argv + 1, matched);
}

/* ---- sluice help ---- */

struct settings {
    bool nothing;
};

static const struct option no_options[] = {OPTIONS_END};

static int help(int argc, char **argv)
{
    struct settings settings = {0};
    int count;
    enum options_outcome outcome = options_read(&command_help, &settings, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    return explain(count, argv + 1);
}

const struct command command_help = {
    .name = "sluice help",
    .arguments = "[COMMAND]",
    .completes = {COMPLETE_COMMANDS},
    .summary = "Explain a command",
    .help = "Prints what `sluice COMMAND --help` prints; without COMMAND the list of commands.",
    .examples = "  sluice help plugin show\n",
    .least = 0,
    .most = 2,
    .options = no_options,
    .run = help,
};

const struct command command_sluice = {
    .name = "sluice",
    .program = true,
    .arguments = "COMMAND [options] …",
    .summary = "Runs Flows of Executors natively, and talks to them",
    .help = "A Flow is a pipeline of Executors behind one gateway. `sluice run` starts one from a YAML file: a process "
            "sluice-gateway(1), and for each executor a process sluice-executor(1). The other commands talk to a Flow that "
            "runs, or look at what one is made of.\n\n"
            "Options may stand before, between and after the arguments; `--` ends them. What a program can read goes to "
            "standard output, everything else to standard error.\n\n"
            "Of the environment all processes of a Flow obey `SLUICE_LOG_LEVEL` (debug, info, warning or error; default "
            "info) and `SLUICE_LOG_FORMAT` (json: one object per line). The sockets of executors are in a private folder "
            "below `XDG_RUNTIME_DIR`, else `TMPDIR`, else /tmp.",
    .examples = "  sluice run flow.yml\n"
                "  sluice post grpc://localhost:51234 / --text 'One sentence. Two sentences.'\n",
    .options = no_options,
};
