/* options.h - the command line of sluice-executor. */
#ifndef SLUICE_HOST_OPTIONS_H
#define SLUICE_HOST_OPTIONS_H

#include <sluice/error.h>

#include <stdbool.h>

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

/* SLUICE_INVALID says what is wrong; *ret_done: --help or --version was answered on stdout. */
sluice_status options_parse(int count, char **arguments, struct options *ret_options, bool *ret_done, sluice_error *error);

#endif
