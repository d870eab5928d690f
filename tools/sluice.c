/* sluice - the command for people: finds the command named by its first argument. Manual: docs/cli.md. */
#include "common/foundation/log.h"
#include "common/foundation/text.h"
#include "tools/commands.h"

#include <sluice/version.h>

#include <string.h>

static const struct command *const commands[] = {&command_run, &command_check, &command_post, &command_mutate, &command_ping};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *stream)
{
    fputs("usage: sluice COMMAND [options] …\n\nRuns Flows of Executors natively, and talks to them.\n\nCommands:\n",
          stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(stream, "  %-7s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help    Explain a command: sluice help COMMAND\n\nsluice --version prints the version.\n", stream);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT + 2];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i]->name;
    names[COMMAND_COUNT] = "help";
    names[COMMAND_COUNT + 1] = NULL;
    const char *nearest = text_nearest(name, names);
    fprintf(stderr, "sluice: there is no command \"%s\"", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fputs(nearest != NULL ? "\n" : "; see sluice --help\n", stderr);
    return EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stdout);
        return 0;
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    return command->run(2, (char *[]){argv[1], (char[]){"--help"}, NULL});
}

int main(int argc, char **argv)
{
    log_init("sluice");
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0) {
        printf("sluice %s\n", SLUICE_VERSION);
        return 0;
    }
    const struct command *command = find_command(argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
