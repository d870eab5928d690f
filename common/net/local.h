/*
 * local.h - the Unix stream sockets between a gateway and its executors.
 *
 * The sockets live in a folder of mode 0700 that the supervisor makes; both ends check that the peer runs as the same
 * user. The supervisor makes the listening sockets and hands them down, so a connection waits in the backlog while an
 * executor is being restarted. Any thread.
 */
#ifndef SLUICE_NET_LOCAL_H
#define SLUICE_NET_LOCAL_H

#include <sluice/error.h>

#include <stddef.h>
#include <stdint.h>

#define LOCAL_PATH_MAX 108 /* sun_path */
#define LOCAL_BACKLOG  64

/* The socket of one pod: FOLDER/NAME-REPLICA.sock. SLUICE_INVALID when it does not fit LOCAL_PATH_MAX. */
sluice_status local_socket_path(const char *folder, const char *name, uint32_t replica, char path[LOCAL_PATH_MAX], sluice_error *error);

/* Make a listening socket at `path` (a left-over file is replaced), close-on-exec, mode 0600. */
sluice_status local_listen(const char *path, int *ret_fd, sluice_error *error);

/* Connect: close-on-exec, non-blocking. SLUICE_UNAVAILABLE when nobody listens, SLUICE_SYSTEM when the peer is another user. */
sluice_status local_connect(const char *path, int *ret_fd, sluice_error *error);

/* Accept one connection: close-on-exec, non-blocking. SLUICE_TIMEOUT when none waits; a peer of another user is closed
 * and reported as SLUICE_INVALID. */
sluice_status local_accept(int listening, int *ret_fd, sluice_error *error);

#endif
