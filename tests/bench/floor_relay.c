/*
 * floor-relay: the least program that moves the same bytes through the same libraries and the same number of processes
 * as a gateway with a chain of executors. --hops N echo processes (default 1), --port N, --ready-fd N.
 */
#include "tests/bench/floor_hop.h"
#include "tests/bench/floor_process.h"
#include "tests/bench/floor_server.h"

#include <stdint.h>
#include <stdio.h>

static struct floor_hop *hop;

static void relay(struct floor_call *call, grpc_byte_buffer *message, void *context)
{
    (void)context;
    floor_hop_send(hop, (uint64_t)(uintptr_t)call, message);
}

static void flush(void *context)
{
    (void)context;
    floor_hop_flush(hop);
}

static void answer(uint64_t id, grpc_byte_buffer *message, void *context)
{
    (void)context;
    floor_server_answer((struct floor_call *)(uintptr_t)id, message);
}

int main(int argc, char **argv)
{
    struct floor_options options = floor_process_begin("floor-relay", argc, argv, 1, FLOOR_HOPS_MAX);
    int port, sockets[FLOOR_HOPS_MAX], pids[FLOOR_HOPS_MAX];
    floor_process_peers("floor-relay", options.hops, sockets, pids);
    grpc_init();
    struct floor_server *server = floor_server_new(options.port, &port, relay, flush, NULL);
    hop = server ? floor_hop_new(sockets, (size_t)options.hops, answer, NULL) : NULL;
    if (!hop) {
        fprintf(stderr, "floor-relay: cannot start\n");
        return 1;
    }
    floor_report_ready(options.ready_fd, "relay", "grpc", port, pids, options.hops);
    floor_server_run(server);
    return 0; /* the echo processes end with their sockets */
}
