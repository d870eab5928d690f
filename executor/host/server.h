/*
 * server.h - serve an open executor to gateways over the local transport.
 *
 * server_run() starts the workers, calls `ready` when all of them are open, and returns when the process is to end.
 */
#ifndef SLUICE_HOST_SERVER_H
#define SLUICE_HOST_SERVER_H

#include "executor/host/instance.h"

struct server_settings {
    int listening; /* a listening Unix socket; stays the caller's */
    int control;   /* the control socket of the supervisor; -1: none */
    uint32_t workers;
    uint32_t window_requests; /* of one connection, see frame.h */
    uint64_t window_bytes;
    uint64_t message_max; /* largest body of a request */
    void (*ready)(void *context);
    void *context;
};

/*
 * SLUICE_OK: drained (`drain` on the control socket or SIGTERM). SLUICE_UNAVAILABLE: the supervisor is gone. In both
 * cases every worker is closed. SLUICE_TIMEOUT: the supervisor is gone and a handler does not come back: leave by
 * _exit(). Other failures: the start failed, every worker that was opened is closed again.
 */
sluice_status server_run(struct instance *instance, const struct server_settings *settings, sluice_error *error);

#endif
