/* commands.h - the commands of `sluice`, each in a file of its own; commands.c lists them and finds them by name. */
#ifndef SLUICE_TOOLS_COMMANDS_H
#define SLUICE_TOOLS_COMMANDS_H

#include "common/commandline/options.h"

extern const struct command command_run, command_check, command_post, command_mutate, command_profile, command_ping,
    command_plugin_list, command_plugin_show, command_completion, command_help;

extern const struct command command_sluice;     /* the program: what `sluice --help` and sluice(1) say */
extern const struct command *const commands[]; /* in the order of `sluice --help`, ended by NULL */

/* The name of a command as it is typed after "sluice ": "plugin list". */
const char *command_words(const struct command *command);

/*
 * The command named by the first of `words` ("plugin", "list", …). NULL: there is none; then *ret_count words begin the
 * names of several ("plugin"), or 0. Otherwise *ret_count is how many words its name has.
 */
const struct command *commands_find(int count, char **words, int *ret_count);

/* The program without main(): argv[0] is its name; gives the exit code. */
int commands_run(int argc, char **argv);

#endif
