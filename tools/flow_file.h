/*
 * flow_file.h - reading a Flow for `sluice check` and `sluice run`: the text, the plugins it names, the problems.
 *
 * Descriptions of all plugins are asked for side by side, in processes of their own (describe.h). Single-threaded.
 */
#ifndef SLUICE_TOOLS_FLOW_FILE_H
#define SLUICE_TOOLS_FLOW_FILE_H

#include "common/flow/flow.h"

#define FLOW_FILE_MAX ((size_t)16 << 20) /* bytes; what YAML may be is bounded by the reader */

struct flow_file {
    const char *path;             /* "-": standard input; NULL: descriptor `fd` */
    int fd;                       /* closed after reading */
    const char *const *overrides; /* key=value of --set, NULL-ended */
};

/*
 * Read and check. All problems are printed on stderr. SLUICE_OK: *ret_flow is the caller's (flow_free()).
 * SLUICE_INVALID: `error` is the first of the problems printed; other failures (no such file, no memory) are not
 * printed yet.
 */
sluice_status flow_file_load(const struct flow_file *file, struct flow **ret_flow, sluice_error *error);

#endif
