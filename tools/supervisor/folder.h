/*
 * folder.h - the private folder of one running Flow, where the sockets of its executors are.
 *
 * BASE/sluice-XXXXXX, mode 0700, in $XDG_RUNTIME_DIR, else $TMPDIR, else /tmp; a base too long for socket paths is
 * passed over. The supervisor holds a lock on its folder, so a folder that nobody has locked was left behind by a
 * supervisor that was killed: making a folder clears such left-overs away. Single-threaded.
 */
#ifndef SLUICE_SUPERVISOR_FOLDER_H
#define SLUICE_SUPERVISOR_FOLDER_H

#include "common/flow/flow.h"

struct folder {
    char path[4096]; /* "" when there is none */
    int lock_fd;
};

/* Make the folder. Each executor's socket path fits into it (LOCAL_PATH_MAX), else SLUICE_INVALID names the executor.
 */
sluice_status folder_make(struct folder *folder, const struct flow *flow, sluice_error *error);

/* Remove the folder and the sockets in it. Safe to call twice, and on a folder with path "". */
void folder_remove(struct folder *folder);

#endif
