#include "gateway/arguments.h"

#include "common/foundation/text.h"
#include "common/net/grpc/loop.h"

#include <sluice/version.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: sluice-gateway (--flow-fd N | --flow FILE) --socket-folder DIR [--control-fd N] [--threads N]\n"
    "\n"
    "The gateway of a Flow: accepts requests and passes them through the Flow's executors. `sluice run` starts it; by "
    "hand\n"
    "it needs the sockets of running executors (sluice-executor --socket).\n"
    "\n"
    "  --flow-fd N          read the resolved Flow from this descriptor\n"
    "  --flow FILE          read the Flow from a YAML file\n"
    "  --socket-folder DIR  where the executors' sockets are: DIR/NAME-REPLICA.sock\n"
    "  --control-fd N       the control socket of the supervisor; its end ends this process\n"
    "  --threads N          threads that serve gRPC (default 1, which is best on few cores)\n"
    "  --help               this text\n"
    "  --version            the version\n"
    "\n"
    "SIGTERM drains: health turns NOT_SERVING, new calls are refused, what is inside is answered; a second one is "
    "quick.\n"
    "Exit codes: 0 after a drain, 2 for a wrong command line, else as of the sluice command.\n";

static const char *const names[] = {"--flow-fd", "--flow", "--socket-folder", "--control-fd",
                                    "--threads", "--help", "--version",       NULL};

static bool complain(const char *format, const char *what, const char *more)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(stderr, "sluice-gateway: ");
    fprintf(stderr, format, what, more);
    fprintf(stderr, "\n");
#pragma GCC diagnostic pop
    return false;
}

static bool read_number(const char *name, const char *text, long least, long most, long *ret_value)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "sluice-gateway: %s takes a number from %ld to %ld, not `%s`\n", name, least, most, text);
        return false;
    }
    *ret_value = value;
    return true;
}

static bool take_value(struct arguments *arguments, const char *name, const char *value)
{
    long number = 0;

    if (strcmp(name, "--flow") == 0)
        arguments->flow_file = value;
    else if (strcmp(name, "--socket-folder") == 0)
        arguments->socket_folder = value;
    else if (!read_number(name, value, strcmp(name, "--threads") == 0 ? 1 : 0,
                          strcmp(name, "--threads") == 0 ? RPC_LOOP_THREADS_MAX : INT_MAX, &number))
        return false;
    else if (strcmp(name, "--flow-fd") == 0)
        arguments->flow_fd = (int)number;
    else if (strcmp(name, "--control-fd") == 0)
        arguments->control_fd = (int)number;
    else
        arguments->threads = (unsigned)number;
    return true;
}

static bool is_known(const char *name)
{
    for (const char *const *known = names; *known != NULL; known++)
        if (strcmp(*known, name) == 0)
            return true;
    return false;
}

/* Splits `--name=value`; `name` then holds the name alone. */
static const char *split(char *name)
{
    char *equals = strchr(name, '=');
    if (equals == NULL)
        return NULL;
    *equals = '\0';
    return equals + 1;
}

static bool check(const struct arguments *arguments)
{
    if ((arguments->flow_fd >= 0) == (arguments->flow_file != NULL))
        return complain("give either %s or %s", "--flow FILE", "--flow-fd N");
    if (arguments->socket_folder == NULL)
        return complain("%s is missing: the folder of the executors' sockets%s", "--socket-folder DIR", "");
    return true;
}

enum arguments_outcome arguments_read(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){.flow_fd = -1, .control_fd = -1};
    for (int i = 1; i < argc; i++) {
        char *name = argv[i];
        const char *value = split(name);
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
            fputs(help, stdout);
            return ARGUMENTS_HELPED;
        }
        if (strcmp(name, "--version") == 0) {
            puts("sluice-gateway " SLUICE_VERSION);
            return ARGUMENTS_HELPED;
        }
        if (!is_known(name)) {
            const char *nearest = text_nearest(name, names);
            if (nearest != NULL)
                complain("there is no option `%s`; did you mean `%s`?", name, nearest);
            else
                complain("there is no option `%s`; see --help%s", name, "");
            return ARGUMENTS_WRONG;
        }
        if (value == NULL && i + 1 < argc)
            value = argv[++i];
        if (value == NULL) {
            complain("%s needs a value; see --help%s", name, "");
            return ARGUMENTS_WRONG;
        }
        if (!take_value(arguments, name, value))
            return ARGUMENTS_WRONG;
    }
    return check(arguments) ? ARGUMENTS_GO : ARGUMENTS_WRONG;
}
