/*
 * interrupt.h - Ctrl-C as a question, for commands that print what there is before they end: the first one is remembered,
 * a second one ends the program. One thread calls these functions.
 */
#ifndef SLUICE_TOOLS_INTERRUPT_H
#define SLUICE_TOOLS_INTERRUPT_H

#include <stdbool.h>

void interrupt_watch(void);

/* Was Ctrl-C pressed since interrupt_watch()? */
bool interrupt_came(void);

#endif
