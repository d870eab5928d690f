#include "common/foundation/spawn.h"
#include "common/foundation/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Above all numbers that the child uses, so that no dup2() below overwrites a descriptor that is still needed. */
enum { FIRST_FREE_DESCRIPTOR = SPAWN_FIRST_DESCRIPTOR + SPAWN_DESCRIPTORS_MAX };

/* Descriptors held for the duration of one spawn. */
struct lifted {
    int fds[2 + SPAWN_DESCRIPTORS_MAX];
    size_t count;
};

static int lift(struct lifted *lifted, int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    if (high >= 0)
        lifted->fds[lifted->count++] = high;
    return high;
}

static int add_output(posix_spawn_file_actions_t *actions, struct lifted *lifted, int fd, int target)
{
    if (fd < 0)
        return posix_spawn_file_actions_addopen(actions, target, "/dev/null", O_WRONLY, 0);
    int high = lift(lifted, fd);
    return high < 0 ? errno : posix_spawn_file_actions_adddup2(actions, high, target);
}

static int add_descriptors(posix_spawn_file_actions_t *actions, struct lifted *lifted, const struct spawn *spawn)
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0)
        failed = add_output(actions, lifted, spawn->output, STDOUT_FILENO);
    if (failed == 0)
        failed = add_output(actions, lifted, spawn->errors, STDERR_FILENO);
    for (size_t i = 0; failed == 0 && i < spawn->descriptor_count; i++) {
        int high = lift(lifted, spawn->descriptors[i]);
        failed = high < 0 ? errno : posix_spawn_file_actions_adddup2(actions, high, SPAWN_FIRST_DESCRIPTOR + (int)i);
    }
    if (failed == 0)
        failed =
            posix_spawn_file_actions_addclosefrom_np(actions, SPAWN_FIRST_DESCRIPTOR + (int)spawn->descriptor_count);
    return failed;
}

static void set_attributes(posix_spawnattr_t *attributes, bool own_group)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    if (own_group) {
        flags = (short)(flags | POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(attributes, 0);
    }
    posix_spawnattr_setflags(attributes, flags);
}

sluice_status spawn_process(const struct spawn *spawn, pid_t *ret_pid, int *ret_pidfd, sluice_error *error)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return sluice_fail(error, SLUICE_NO_MEMORY, spawn->program, "out of memory");
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return sluice_fail(error, SLUICE_NO_MEMORY, spawn->program, "out of memory");
    }
    struct lifted lifted = {.count = 0};
    set_attributes(&attributes, spawn->own_group);
    pid_t pid = -1;
    int failed = add_descriptors(&actions, &lifted, spawn);
    if (failed == 0)
        failed = posix_spawn(&pid, spawn->program, &actions, &attributes, (char *const *)spawn->arguments,
                             spawn->environment != NULL ? (char *const *)spawn->environment : environ);
    for (size_t i = 0; i < lifted.count; i++)
        close(lifted.fds[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0)
        return sluice_fail(error, SLUICE_SYSTEM, spawn->program, "cannot start it: %s", strerror(failed));
    if (ret_pidfd != NULL && (*ret_pidfd = pidfd_open(pid, 0)) < 0) {
        failed = errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return sluice_fail(error, SLUICE_SYSTEM, spawn->program, "cannot watch it: %s", strerror(failed));
    }
    *ret_pid = pid;
    return SLUICE_OK;
}

/* Put NAME=value into `list` in place of an entry of that name, or at its end. */
static bool set_variable(struct arena *arena, const char **list, size_t *count, const char *name, const char *value)
{
    char *entry = arena_printf(arena, "%s=%s", name, value);
    if (entry == NULL)
        return false;
    size_t size = strlen(name);
    for (size_t i = 0; i < *count; i++)
        if (strncmp(list[i], name, size) == 0 && list[i][size] == '=') {
            list[i] = entry;
            return true;
        }
    list[(*count)++] = entry;
    return true;
}

static size_t length(const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

const char *const *spawn_environment(struct arena *arena, const char *const *base, const char *const *const *overrides,
                                     size_t override_count)
{
    size_t capacity = length(base) + 1, count = 0;
    for (size_t i = 0; i < override_count; i++)
        capacity += length(overrides[i]) / 2;
    const char **list = arena_alloc(arena, capacity * sizeof *list);
    if (list == NULL)
        return NULL;
    for (; base != NULL && base[count] != NULL; count++)
        list[count] = base[count];
    for (size_t i = 0; i < override_count; i++)
        for (const char *const *at = overrides[i]; at != NULL && at[0] != NULL; at += 2)
            if (!set_variable(arena, list, &count, at[0], at[1]))
                return NULL;
    list[count] = NULL;
    return list;
}

void spawn_describe_end(int wait_status, char *text, size_t capacity)
{
    if (WIFSIGNALED(wait_status))
        snprintf(text, capacity, "was killed by signal %d (%s)", WTERMSIG(wait_status),
                 strsignal(WTERMSIG(wait_status)));
    else
        snprintf(text, capacity, "ended with exit code %d", WEXITSTATUS(wait_status));
}
