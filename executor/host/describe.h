/*
 * describe.h - what a plugin says about itself, as JSON on one line: `sluice-executor --describe X.so`.
 *
 * The form is that of common/flow/description.h, which reads it. Any thread.
 */
#ifndef SLUICE_HOST_DESCRIBE_H
#define SLUICE_HOST_DESCRIBE_H

#include "common/foundation/buffer.h"

#include <sluice/executor.h>

/* Append the description of a checked table and a newline. Failure stays in the buffer. */
void describe_plugin(const sluice_plugin *table, struct buffer *json);

#endif
