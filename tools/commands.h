/* commands.h - the commands of `sluice`; sluice.c lists them, each has a file of its own. */
#ifndef SLUICE_TOOLS_COMMANDS_H
#define SLUICE_TOOLS_COMMANDS_H

#include "tools/options.h"

extern const struct command command_run, command_check, command_post, command_mutate, command_ping;

#endif
