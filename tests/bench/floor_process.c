#include "tests/bench/floor_process.h"

#include "common/foundation/file.h"
#include "common/foundation/memory.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEER_SOCKET = 3 };

struct floor_options floor_process_begin(const char *name, int argc, char **argv, int least, int most)
{
    struct floor_options options = {.ready_fd = 1, .hops = 1};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--port") == 0)
            options.port = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--ready-fd") == 0)
            options.ready_fd = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--hops") == 0)
            options.hops = atoi(argv[i + 1]);
    }
    if (options.hops < least || options.hops > most) {
        fprintf(stderr, "%s: --hops is %d to %d\n", name, least, most);
        exit(1);
    }
    memory_tune();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return options;
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

void floor_process_peers(const char *name, int hops, int *sockets, int *pids)
{
    char path[4096];
    if (!file_installed((const void *)floor_process_peers, "bench/floor-peer", path, sizeof(path))) {
        fprintf(stderr, "%s: floor-peer must lie beside the program\n", name);
        exit(1);
    }
    for (int i = 0; i < hops; i++) {
        if ((pids[i] = spawn_peer(path, &sockets[i])) < 0) {
            perror("floor-peer");
            exit(1);
        }
    }
}

void floor_report_ready(int fd, const char *name, const char *protocol, int port, const int *pids, int pid_count)
{
    dprintf(fd, "{\"ready\":true,\"gateway\":[{\"protocol\":\"%s\",\"host\":\"127.0.0.1\",\"port\":%d}],\"processes\":[",
            protocol, port);
    dprintf(fd, "{\"name\":\"%s\",\"pid\":%d}", name, (int)getpid());
    for (int i = 0; i < pid_count; i++)
        dprintf(fd, ",{\"name\":\"peer%d\",\"replica\":0,\"pid\":%d}", i + 1, pids[i]);
    dprintf(fd, "]}\n");
}
