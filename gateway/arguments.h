/* arguments.h - the command line of sluice-gateway. Single-threaded. */
#ifndef SLUICE_GATEWAY_ARGUMENTS_H
#define SLUICE_GATEWAY_ARGUMENTS_H

#include "common/commandline/options.h"

struct arguments {
    int flow_fd;           /* -1: none */
    const char *flow_file; /* NULL: none; exactly one of the two is given */
    int control_fd;        /* -1: none */
    const char *socket_folder;
    unsigned threads; /* that serve a port; 0: as the Flow says */
};

/* The options, for --help and the man page. */
extern const struct command command_gateway;

/* Reads argv; `--help` and `--version` are answered on stdout, what is wrong is said on stderr. */
enum options_outcome arguments_read(int argc, char **argv, struct arguments *arguments);

#endif
