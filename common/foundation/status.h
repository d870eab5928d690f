/*
 * status.h - the one table that maps a sluice_status to the codes of every protocol (design, invariant 5).
 *
 * docs/cli.md shows the same table, which the test tools.manual compares; tests/unit/common/status_test.c walks it.
 */
#ifndef SLUICE_FOUNDATION_STATUS_H
#define SLUICE_FOUNDATION_STATUS_H

#include <sluice/error.h>

struct status_codes {
    sluice_status status;
    const char *name;
    int grpc;      /* grpc_status_code; SLUICE_EXECUTOR is an ordinary message, so 0 */
    int http;      /* HTTP status */
    int websocket; /* close code; 0: the socket stays open */
    int exit_code; /* of the sluice command, see docs/cli.md */
};

/* The row of `status`; an unknown number gives the row of SLUICE_INTERNAL. Never NULL. Any thread. */
const struct status_codes *status_codes_of(sluice_status status);

/* The status that a gRPC status code of a peer becomes in our client. Any thread. */
sluice_status status_from_grpc(int grpc);

/* The status that the close code of a WebSocket's other side becomes in our client (RFC 6455, 7.4.1, and the registered
 * ones after it). 1000 is SLUICE_OK. Any thread. */
sluice_status status_from_websocket(int close_code);

#endif
