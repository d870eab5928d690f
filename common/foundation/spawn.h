/*
 * spawn.h - start a child process with posix_spawn() and nothing inherited but what is said.
 *
 * The child gets stdin from /dev/null, the given output descriptors, and `descriptors` as 3, 4, …; every other
 * descriptor is closed, all signals are unblocked and set to their defaults. Single-threaded.
 */
#ifndef SLUICE_FOUNDATION_SPAWN_H
#define SLUICE_FOUNDATION_SPAWN_H

#include "common/foundation/arena.h"

#include <stdbool.h>
#include <sys/types.h>

enum { SPAWN_FIRST_DESCRIPTOR = 3, SPAWN_DESCRIPTORS_MAX = 4 };

struct spawn {
    const char *program;            /* a path */
    const char *const *arguments;   /* argv, NULL-ended */
    const char *const *environment; /* NAME=value, NULL-ended; NULL: ours */
    int output, errors;             /* become stdout and stderr; may be the same; -1: /dev/null */
    int descriptors[SPAWN_DESCRIPTORS_MAX];
    size_t descriptor_count;
    bool own_group; /* a terminal's Ctrl-C then does not reach it */
};

/* *ret_pidfd (may be NULL) becomes readable when the child has ended; close-on-exec. The caller keeps all descriptors.
 */
sluice_status spawn_process(const struct spawn *spawn, pid_t *ret_pid, int *ret_pidfd, sluice_error *error);

/*
 * The environment `base` (NAME=value, NULL-ended) with each of `overrides` (NAME, value, …, NULL; any may be NULL) laid
 * over it in turn, in `arena`. NULL: no memory.
 */
const char *const *spawn_environment(struct arena *arena, const char *const *base, const char *const *const *overrides,
                                     size_t override_count);

/* "ended with exit code 3", "was killed by signal 11 (Segmentation fault)": a wait status in words, in `text`. */
void spawn_describe_end(int wait_status, char *text, size_t capacity);

#endif
