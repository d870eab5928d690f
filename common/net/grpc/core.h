/*
 * core.h: the gRPC core as every part of Sluice starts it.
 */
#ifndef SLUICE_NET_GRPC_CORE_H
#define SLUICE_NET_GRPC_CORE_H

/* Starts the gRPC core, as grpc_init() does, with what this process must know before its first connection. Balanced by
 * grpc_shutdown() or grpc_shutdown_blocking(). Any thread. */
void rpc_core_init(void);

#endif
