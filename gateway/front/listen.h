/* listen.h - the listening socket of a front. */
#ifndef SLUICE_GATEWAY_FRONT_LISTEN_H
#define SLUICE_GATEWAY_FRONT_LISTEN_H

#include <sluice/error.h>

#include <stdint.h>

/*
 * Bind to `host` (a name, IPv4 or IPv6; the first of its addresses that can be had) and `port` (0: a free one) and
 * listen. The socket is non-blocking and not inherited. SLUICE_SYSTEM names host, port and reason, and what to do; `protocol` ("HTTP") is for
 * its sentence.
 */
sluice_status front_listen(const char *protocol, const char *host, uint16_t port, int *ret_fd, uint16_t *ret_port,
                           sluice_error *error);

#endif
