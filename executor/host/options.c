#include "executor/host/options.h"
#include "common/foundation/text.h"

#include <sluice/version.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: sluice-executor --flow FILE --name NAME --socket PATH [--replica N]\n"
    "       sluice-executor --flow-fd N --name NAME --listen-fd N --control-fd N [--replica N]\n"
    "       sluice-executor --describe PLUGIN.so\n"
    "\n"
    "Runs one executor of a Flow: loads its plugin and serves the Flow's gateway over a Unix socket. `sluice run` starts\n"
    "it with descriptors; the first form is for running one by hand.\n"
    "\n"
    "  --flow FILE       the Flow's YAML file\n"
    "  --flow-fd N       the same, resolved, in an inherited descriptor\n"
    "  --name NAME       which executor of the Flow\n"
    "  --replica N       number of this replica (default 0)\n"
    "  --socket PATH     make the listening socket there\n"
    "  --listen-fd N     an inherited listening socket\n"
    "  --control-fd N    the supervisor's control socket; its end ends this process\n"
    "  --describe FILE   print what a plugin says about itself, as JSON, and end\n"
    "  --help, --version\n";

static const char *const names[] = {"--flow",      "--flow-fd",    "--name",     "--replica", "--socket", "--listen-fd",
                                    "--control-fd", "--describe", "--help",    "--version", NULL};

static sluice_status parse_number(const char *option, const char *text, long maximum, long *ret_number, sluice_error *error)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0 || number > maximum)
        return sluice_fail(error, SLUICE_INVALID, option, "\"%s\" is no number from 0 to %ld", text, maximum);
    *ret_number = number;
    return SLUICE_OK;
}

static sluice_status take(struct options *options, const char *option, const char *value, sluice_error *error)
{
    long number = 0;
    sluice_status status = SLUICE_OK;
    if (strcmp(option, "--flow") == 0) {
        options->flow_file = value;
    } else if (strcmp(option, "--name") == 0) {
        options->name = value;
    } else if (strcmp(option, "--socket") == 0) {
        options->socket_path = value;
    } else if (strcmp(option, "--describe") == 0) {
        options->describe = value;
    } else if (strcmp(option, "--replica") == 0) {
        status = parse_number(option, value, INT_MAX, &number, error);
        options->replica = (uint32_t)number;
    } else {
        int *fd = strcmp(option, "--flow-fd") == 0     ? &options->flow_fd
                  : strcmp(option, "--listen-fd") == 0 ? &options->listen_fd
                                                       : &options->control_fd;
        status = parse_number(option, value, INT_MAX, &number, error);
        *fd = (int)number;
    }
    return status;
}

static bool is_known(const char *option)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(option, names[i]) == 0)
            return true;
    return false;
}

static sluice_status check(const struct options *options, sluice_error *error)
{
    if (options->describe != NULL)
        return SLUICE_OK;
    if ((options->flow_file == NULL) == (options->flow_fd < 0))
        return sluice_fail(error, SLUICE_INVALID, NULL, "give either --flow or --flow-fd; see --help");
    if (options->name == NULL)
        return sluice_fail(error, SLUICE_INVALID, NULL, "--name is missing: which executor of the Flow?");
    if ((options->socket_path == NULL) == (options->listen_fd < 0))
        return sluice_fail(error, SLUICE_INVALID, NULL, "give either --socket or --listen-fd; see --help");
    return SLUICE_OK;
}

sluice_status options_parse(int count, char **arguments, struct options *ret_options, bool *ret_done, sluice_error *error)
{
    struct options options = {.flow_fd = -1, .listen_fd = -1, .control_fd = -1};
    *ret_done = false;
    for (int i = 1; i < count; i++) {
        const char *option = arguments[i];
        if (!is_known(option)) {
            const char *nearest = text_nearest(option, names);
            return sluice_fail(error, SLUICE_INVALID, option, "no such option%s%s%s; see --help",
                               nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                               nearest != NULL ? "?" : "");
        }
        *ret_done = true;
        if (strcmp(option, "--help") == 0)
            return fputs(usage, stdout), SLUICE_OK;
        if (strcmp(option, "--version") == 0)
            return puts("sluice-executor " SLUICE_VERSION), SLUICE_OK;
        *ret_done = false;
        if (++i == count)
            return sluice_fail(error, SLUICE_INVALID, option, "needs a value");
        sluice_status status = take(&options, option, arguments[i], error);
        if (status != SLUICE_OK)
            return status;
    }
    *ret_options = options;
    return check(&options, error);
}
