#include "running.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 9, READY_TIMEOUT_MS = 60000 };

extern char **environ;

const char *build_folder(void)
{
    return getenv("SLUICE_BUILD") != NULL ? getenv("SLUICE_BUILD") : "build/dev";
}

const char *source_folder(void)
{
    return getenv("SLUICE_SOURCE") != NULL ? getenv("SLUICE_SOURCE") : ".";
}

static bool read_ready_line(int fd, char *line, size_t capacity)
{
    size_t size = 0;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (size + 1 < capacity && poll(&poll_fd, 1, READY_TIMEOUT_MS) > 0) {
        ssize_t got = read(fd, line + size, capacity - 1 - size);
        if (got <= 0)
            break;
        size += (size_t)got;
        if (line[size - 1] == '\n')
            break;
    }
    line[size] = '\0';
    return strstr(line, "\"ready\":true") != NULL;
}

bool running_flow_start(const char *yaml, struct running_flow *flow)
{
    char path[] = "/tmp/sluice-golden-XXXXXX", program[512], line[8192];
    int file = mkstemp(path), ends[2];
    if (file < 0 || write(file, yaml, strlen(yaml)) != (ssize_t)strlen(yaml) || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    close(file);
    snprintf(program, sizeof program, "%s/bin/sluice", build_folder());
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], READY_FD);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    char *arguments[] = {program, "run", path, "--ready-fd", "9", NULL};
    int failure = posix_spawn(&flow->pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    bool ready = failure == 0 && read_ready_line(ends[0], line, sizeof line);
    close(ends[0]);
    const char *port = ready ? strstr(line, "\"port\":") : NULL;
    flow->port = port != NULL ? atoi(port + 7) : 0;
    unlink(path);
    if (flow->port != 0)
        return true;
    printf("%s run did not become ready: %s\n", program, failure != 0 ? strerror(failure) : line);
    if (failure == 0)
        running_flow_stop(flow);
    return false;
}

void running_flow_stop(struct running_flow *flow)
{
    kill(flow->pid, SIGTERM);
    waitpid(flow->pid, NULL, 0);
}
