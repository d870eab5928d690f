/*
 * floor_server.h - the gRPC side of the floor programs: the least server that answers every unary call and every
 * stream.
 *
 * One completion queue, one thread (floor_server_run()). Each received message is handed on with the call it came from
 * and is answered by floor_server_answer() from any thread. A method named ".../Call" is a stream, every other unary;
 * nothing is parsed and no limit is kept.
 */
#ifndef SLUICE_BENCH_FLOOR_SERVER_H
#define SLUICE_BENCH_FLOOR_SERVER_H

#include <grpc/grpc.h>

struct floor_server;
struct floor_call;

/* A message has come. The callee owns it and answers the call exactly once for it. On the server's thread. */
typedef void floor_receive(struct floor_call *call, grpc_byte_buffer *message, void *context);

/* Everything that had come is handed on, and the thread is about to wait. */
typedef void floor_flush(void *context);

/* Listens on 127.0.0.1 (port 0: any). `flush` may be NULL. NULL: no port. */
struct floor_server *floor_server_new(int port, int *ret_port, floor_receive *receive, floor_flush *flush,
                                      void *context);

/* Serve until SIGTERM or SIGINT, then end everything and free the server. */
void floor_server_run(struct floor_server *server);

/* Answer one message; takes the buffer. Any thread. */
void floor_server_answer(struct floor_call *call, grpc_byte_buffer *answer);

#endif
