/* floor-echo: the bare gRPC echo, for comparison: what a relay costs is seen against it. --port N, --ready-fd N. */
#include "common/foundation/memory.h"
#include "tests/bench/floor_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void echo(struct floor_call *call, grpc_byte_buffer *message, void *context)
{
    (void)context;
    floor_server_answer(call, message);
}

int main(int argc, char **argv)
{
    int port = 0, ready_fd = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--port") == 0)
            port = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--ready-fd") == 0)
            ready_fd = atoi(argv[i + 1]);
    }
    memory_tune();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    grpc_init();
    struct floor_server *server = floor_server_new(port, &port, echo, NULL, NULL);
    if (!server) {
        fprintf(stderr, "floor-echo: cannot listen\n");
        return 1;
    }
    floor_report_ready(ready_fd, "echo", port, NULL, 0);
    floor_server_run(server);
    grpc_shutdown_blocking();
    return 0;
}
