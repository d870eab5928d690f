/* completion.h - what shells complete, from the tables of the commands. Any thread. */
#ifndef SLUICE_TOOLS_PAGES_COMPLETION_H
#define SLUICE_TOOLS_PAGES_COMPLETION_H

#include "common/commandline/options.h"

/* A script for bash: sourced, or as share/bash-completion/completions/sluice. */
void completion_bash(FILE *stream);

/* A function for zsh: share/zsh/site-functions/_sluice, or sourced after compinit. */
void completion_zsh(FILE *stream);

/* What the value of an option can be: words, or one of COMPLETE_…; "" for anything. In `buffer` where it is made. */
const char *completion_of_value(const struct option *option, char *buffer, size_t capacity);

#endif
