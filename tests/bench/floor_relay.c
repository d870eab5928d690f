/*
 * floor-relay: the least program that moves the same bytes through the same libraries and the same number of processes
 * as a gateway with a chain of executors. --hops N echo processes (default 1), --port N, --ready-fd N.
 */
#include "common/foundation/file.h"
#include "common/foundation/memory.h"
#include "tests/bench/floor_hop.h"
#include "tests/bench/floor_server.h"

#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOPS_MAX = 16, PEER_SOCKET = 3 };

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

static int spawn_peer(char *path, int *ret_socket)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (pair[1] == PEER_SOCKET) { /* dup2 onto itself would keep close-on-exec */
        int other = dup(pair[1]);
        close(pair[1]);
        pair[1] = other;
        file_set_close_on_exec(other, true);
    }
    posix_spawn_file_actions_adddup2(&actions, pair[1], PEER_SOCKET);
    char *arguments[] = {path, NULL};
    char *environment[] = {NULL};
    pid_t pid = -1;
    int failed = posix_spawn(&pid, path, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    *ret_socket = pair[0];
    return failed ? -1 : (int)pid;
}

int main(int argc, char **argv)
{
    int port = 0, ready_fd = 1, hops = 1, sockets[HOPS_MAX], pids[HOPS_MAX];
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--port") == 0)
            port = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--ready-fd") == 0)
            ready_fd = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--hops") == 0)
            hops = atoi(argv[i + 1]);
    }
    char path[4096];
    if (hops < 1 || hops > HOPS_MAX || !file_installed((const void *)main, "bench/floor-peer", path, sizeof(path))) {
        fprintf(stderr, "floor-relay: --hops is 1 to %d, and floor-peer lies beside the program\n", HOPS_MAX);
        return 1;
    }
    memory_tune();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < hops; i++) {
        if ((pids[i] = spawn_peer(path, &sockets[i])) < 0) {
            perror("floor-relay: floor-peer");
            return 1;
        }
    }
    grpc_init();
    struct floor_server *server = floor_server_new(port, &port, relay, flush, NULL);
    hop = server ? floor_hop_new(sockets, (size_t)hops, answer, NULL) : NULL;
    if (!hop) {
        fprintf(stderr, "floor-relay: cannot start\n");
        return 1;
    }
    floor_report_ready(ready_fd, "relay", port, pids, hops);
    floor_server_run(server);
    return 0; /* the echo processes end with their sockets */
}
