/*
 * upstream.h - the gateway's connections to its executors, over the local transport.
 *
 * One thread reads the answers of all executors (and keeps the timers); any thread may send, and writes to the socket
 * itself when nobody else is writing. A request that is not wholly written waits, bounded, for a restart; one that is
 * inside an executor that dies is answered with what the supervisor says of the death. Later issues add a gRPC upstream
 * behind the same calls.
 */
#ifndef SLUICE_GATEWAY_UPSTREAM_H
#define SLUICE_GATEWAY_UPSTREAM_H

#include "common/flow/flow.h"
#include "common/foundation/block.h"
#include "common/net/frame.h"

struct upstream_set;

/*
 * Connections to every executor of the Flow, whose sockets are FOLDER/NAME-REPLICA.sock. Starts the thread; connecting
 * goes on in the background until it works. `control_fd`: where stuck and lost executors are reported, -1: nowhere.
 */
sluice_status upstream_set_new(const struct flow *flow, const char *folder, int control_fd, struct upstream_set **ret_set,
                               sluice_error *error);
struct upstream_set *upstream_set_free(struct upstream_set *set); /* stops the thread; nothing may be in flight */

/* All executors have said HELLO. Blocks until then or until `deadline_ns`: SLUICE_OK or SLUICE_TIMEOUT naming who is missing. */
sluice_status upstream_set_wait(struct upstream_set *set, uint64_t deadline_ns, sluice_error *error);

/* What the supervisor says of an executor (control.h: died, up, gone). Any thread. */
void upstream_set_died(struct upstream_set *set, const char *pod, int signal, int exit_status, bool restarts);
void upstream_set_gone(struct upstream_set *set, const char *pod, const char *text);

/* True when the executor binds `endpoint` or /default, or is not known yet. */
bool upstream_binds(struct upstream_set *set, size_t executor, const char *endpoint, size_t endpoint_size);

#endif
