/*
 * manual.h - man pages (man(7), as groff and mandoc read it) from the tables of the commands. ASCII; other characters are
 * written as \[uXXXX]. Any thread.
 */
#ifndef SLUICE_TOOLS_PAGES_MANUAL_H
#define SLUICE_TOOLS_PAGES_MANUAL_H

#include "common/commandline/options.h"

/* "sluice-plugin-show" for `sluice plugin show`; the file is that with ".1". */
void manual_name(const struct command *command, char *name, size_t capacity);

/*
 * Write the page of `command`. `date` is YYYY-MM-DD. `others`, ended by NULL, are listed: as its commands when `command` is
 * the program `sluice`, else under SEE ALSO.
 */
void manual_write(const struct command *command, const struct command *const *others, const char *date, FILE *stream);

#endif
