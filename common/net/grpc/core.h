/*
 * core.h: the gRPC core as every part of Sluice starts it.
 */
#ifndef SLUICE_NET_GRPC_CORE_H
#define SLUICE_NET_GRPC_CORE_H

/* Starts the gRPC core, as grpc_init() does, with what this process must know before its first connection. Balanced by
 * rpc_core_done(). Any thread. */
void rpc_core_init(void);

/* The last one waits until no thread of gRPC's is left, as such a thread would meet destroyed objects when the process ends
 * right after; it does not when others in this process use gRPC. Not on a thread of gRPC's. */
void rpc_core_done(void);

#endif
