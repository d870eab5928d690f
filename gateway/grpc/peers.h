/*
 * peers.h - one client of the router per connection.
 *
 * A connection is told by its peer address ("ipv4:127.0.0.1:51234"). A client stays known for a while after its last
 * call has ended, because the next call of the same connection usually follows at once. Any thread.
 */
#ifndef SLUICE_GATEWAY_GRPC_PEERS_H
#define SLUICE_GATEWAY_GRPC_PEERS_H

#include "gateway/router/router.h"

#define PEERS_IDLE_MAX 256u /* clients kept without a call */

struct peers;
struct peer;

struct peers *peers_new(struct router *router); /* NULL: no memory */
struct peers *peers_free(struct peers *peers);  /* no peer may be in use; NULL is fine; returns NULL */

/* The peer with this address; one use of it is the caller's. NULL: no memory. */
struct peer *peers_use(struct peers *peers, const char *address);
void peers_release(struct peers *peers, struct peer *peer);

struct client *peer_client(const struct peer *peer); /* valid while the peer is in use */

#endif
