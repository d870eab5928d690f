/* floor-echo: the bare gRPC echo, for comparison: what a relay costs is seen against it. --port N, --ready-fd N. */
#include "tests/bench/floor_process.h"
#include "tests/bench/floor_server.h"

#include <stdio.h>

static void echo(struct floor_call *call, grpc_byte_buffer *message, void *context)
{
    (void)context;
    floor_server_answer(call, message);
}

int main(int argc, char **argv)
{
    struct floor_options options = floor_process_begin("floor-echo", argc, argv, 1, FLOOR_HOPS_MAX);
    int port;
    grpc_init();
    struct floor_server *server = floor_server_new(options.port, &port, echo, NULL, NULL);
    if (!server) {
        fprintf(stderr, "floor-echo: cannot listen\n");
        return 1;
    }
    floor_report_ready(options.ready_fd, "echo", "grpc", port, NULL, 0);
    floor_server_run(server);
    grpc_shutdown_blocking();
    return 0;
}
