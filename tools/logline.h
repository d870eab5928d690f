/* logline.h - telling the log lines of our own processes (common/foundation/log.h) from other output. */
#ifndef SLUICE_TOOLS_LOGLINE_H
#define SLUICE_TOOLS_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>

/* Is this a line that log.h wrote, in either format? Without the newline. */
bool logline_is_log(const char *line, size_t size);

/* The message in a line of the plain format: behind time, level and component. Other lines: the whole line. */
const char *logline_message(const char *line);

#endif
