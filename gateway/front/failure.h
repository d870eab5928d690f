/*
 * failure.h - failures that have no answer of an executor, as a StatusProto (jina.proto). For all fronts; any thread.
 */
#ifndef SLUICE_GATEWAY_FRONT_FAILURE_H
#define SLUICE_GATEWAY_FRONT_FAILURE_H

#include "common/foundation/buffer.h"
#include "gateway/router/router.h"

/* The contents of a StatusProto: error code (`compatibility_3_5`: that of clients of 3.5 and before), description, and an
 * exception of this name without arguments. `text` may be NULL. */
void failure_append_status(struct buffer *status, bool compatibility_3_5, const char *exception, const char *text);

/* The contents of the StatusProto that answers a dry run: nothing after success, the answer's own status when a handler
 * failed, else the failure of the network. */
void failure_append_dry_run(struct buffer *status, bool compatibility_3_5, const struct reply *reply);

#endif
