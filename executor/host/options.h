/* options.h - the command line of sluice-executor. */
#ifndef SLUICE_HOST_OPTIONS_H
#define SLUICE_HOST_OPTIONS_H

#include "common/commandline/options.h"

#include <stdint.h>

struct options {
    const char *describe;  /* --describe X.so; then nothing else counts */
    int flow_fd;           /* --flow-fd: the resolved Flow from the supervisor; -1 */
    const char *flow_file; /* --flow: a Flow file, by hand */
    const char *name;
    uint32_t replica;
    int listen_fd;           /* -1 */
    const char *socket_path; /* --socket: make the listening socket, by hand */
    int control_fd;          /* -1 */
};

/* The options, for --help and the man page. */
extern const struct command command_executor;

/* Reads the command line; `--help` and `--version` are answered on stdout, what is wrong is said on stderr. */
enum options_outcome options_parse(int count, char **arguments, struct options *ret_options);

#endif
