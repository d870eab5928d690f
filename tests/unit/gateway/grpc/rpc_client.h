/*
 * rpc_client.h - a plain gRPC client for tests: every function waits for what it started, and a wait that takes too
 * long fails the test. Messages are malloc()ed bytes.
 */
#ifndef SLUICE_TEST_RPC_CLIENT_H
#define SLUICE_TEST_RPC_CLIENT_H

#include <grpc/grpc.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_client;
struct rpc_call;

struct rpc_client *rpc_client_new(uint16_t port);
void rpc_client_free(struct rpc_client *client);

/* `metadata`: key, value, …, NULL; or NULL. `timeout_ms` 0: no deadline. */
struct rpc_call *rpc_open(struct rpc_client *client, const char *path, const char *const *metadata, int timeout_ms);
bool rpc_send(struct rpc_call *call, const void *message, size_t size);
bool rpc_half_close(struct rpc_call *call);
uint8_t *rpc_read(struct rpc_call *call, size_t *ret_size); /* NULL: no more */
int rpc_status(struct rpc_call *call);                      /* waits for the end */
const char *rpc_text(struct rpc_call *call);                /* after rpc_status() */
void rpc_cancel(struct rpc_call *call);
void rpc_close(struct rpc_call *call); /* cancels when it is not over */

/* A unary call in one go. Returns the status; *ret_answer (NULL: none) is the caller's. */
int rpc_unary(struct rpc_client *client, const char *path, const void *message, size_t size, uint8_t **ret_answer,
              size_t *ret_size, char text[8192]);

#endif
