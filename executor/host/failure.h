/*
 * failure.h - a failed call as a jina.StatusProto (wire-grpc.md, 1.3 and 3.8).
 *
 * code ERROR (1), a description, and the exception's name, arguments and executor. Text that is no UTF-8 would make the
 * whole answer unreadable for clients, so such bytes become U+FFFD. Pure functions.
 */
#ifndef SLUICE_HOST_FAILURE_H
#define SLUICE_HOST_FAILURE_H

#include "common/foundation/buffer.h"

#include <sluice/document.h>

#define FAILURE_CODE_ERROR 1
#define FAILURE_TEXT_MAX   ((size_t)64 << 10) /* longer arguments and descriptions are cut */

/*
 * Write the message to the cleared `status`. `description` NULL: NAME(argument, …) as Python's repr() of an exception.
 */
void failure_write(struct buffer *status, const char *name, const sluice_text *arguments, size_t count,
                   const char *description, const char *class_name);

/* The description in a message made by failure_write(), for logs and the test kit. */
sluice_text failure_description(const struct buffer *status);

#endif
