/*
 * watcher.h - the thread that listens to signals and to the supervisor.
 *
 * It passes on what the supervisor says of the executors (died, gone), and keeps whether the gateway is asked to stop:
 * by `drain`, SIGTERM, or SIGINT when there is no supervisor (with one, the supervisor gets the terminal's SIGINT too
 * and decides). A second request makes it urgent. The end of the control socket is the supervisor's death: the process
 * ends at once, because nobody is left to end it.
 *
 * The signals must be blocked in every thread (watcher_block_signals() first in main()).
 */
#ifndef SLUICE_GATEWAY_WATCHER_H
#define SLUICE_GATEWAY_WATCHER_H

#include "gateway/upstream/upstream.h"

struct watcher;

void watcher_block_signals(void);

/* `control_fd` -1: none. The upstreams must outlive the watcher. */
sluice_status watcher_new(int control_fd, struct upstream_set *upstreams, struct watcher **ret_watcher,
                          sluice_error *error);
struct watcher *watcher_free(struct watcher *watcher); /* stops the thread; NULL is fine; returns NULL */

/* Is the gateway asked to stop? Waits for it until `deadline_ns` (0: for ever). Any thread. */
bool watcher_wait(struct watcher *watcher, uint64_t deadline_ns);
bool watcher_urgent(struct watcher *watcher); /* asked more than once */

#endif
