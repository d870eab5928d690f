#include "executor/host/options.h"

#include <limits.h>

struct settings {
    const char *flow_file, *name, *socket_path, *describe;
    double flow_fd, replica, listen_fd, control_fd;
};

static const struct option options[] = {
    TEXT_OPTION("flow", 0, "FILE", flow_file, "The Flow's YAML file."),
    INTEGER_OPTION("flow-fd", 0, "N", flow_fd, 0, INT_MAX, "The same, resolved, in an open descriptor."),
    TEXT_OPTION("name", 0, "NAME", name, "Which executor of the Flow."),
    INTEGER_OPTION("replica", 0, "N", replica, 0, INT_MAX, "Number of this replica; default 0."),
    TEXT_OPTION("socket", 0, "FILE", socket_path, "Make the listening socket there."),
    INTEGER_OPTION("listen-fd", 0, "N", listen_fd, 0, INT_MAX, "A listening socket that is open already."),
    INTEGER_OPTION("control-fd", 0, "N", control_fd, 0, INT_MAX,
                   "The control socket of the supervisor; its end ends this process."),
    TEXT_OPTION("describe", 0, "FILE", describe,
                "Print what a plugin says about itself, as JSON on one line, and end. `sluice plugin show` prints it for people."),
    OPTIONS_END,
};

const struct command command_executor = {
    .name = "sluice-executor",
    .program = true,
    .arguments = "--flow FILE --name NAME --socket FILE [--replica N]\n"
                 "--flow-fd N --name NAME --listen-fd N --control-fd N [--replica N]\n"
                 "--describe FILE",
    .summary = "One executor of a Flow",
    .help = "Runs one executor of a Flow: loads its plugin and serves the Flow's gateway over a Unix socket. `sluice run` "
            "starts it with descriptors; the first form is for running one by hand.\n\n"
            "SIGTERM drains: what was accepted is answered, then it ends. The log is on stderr (SLUICE_LOG_LEVEL, "
            "SLUICE_LOG_FORMAT=json).",
    .examples = "  sluice-executor --describe ./shout.so\n"
                "  sluice-executor --flow flow.yml --name first --socket sockets/first-0.sock\n",
    .exits = "0 it was told to end, 1 it did not start, or failed, 2 wrong command line.",
    .options = options,
};

/* Says what is wrong. */
static bool check(const struct settings *settings)
{
    if (settings->describe != NULL)
        return true;
    if ((settings->flow_file == NULL) == (settings->flow_fd < 0))
        command_complain(&command_executor, "give either --flow or --flow-fd");
    else if (settings->name == NULL)
        command_complain(&command_executor, "--name is missing: which executor of the Flow?");
    else if ((settings->socket_path == NULL) == (settings->listen_fd < 0))
        command_complain(&command_executor, "give either --socket or --listen-fd");
    else
        return true;
    return false;
}

enum options_outcome options_parse(int count, char **arguments, struct options *ret_options)
{
    struct settings settings = {.flow_fd = -1, .listen_fd = -1, .control_fd = -1};
    int positional;
    enum options_outcome outcome = options_read(&command_executor, &settings, count, arguments, &positional);
    if (outcome != OPTIONS_GO)
        return outcome;
    if (!check(&settings))
        return OPTIONS_WRONG;
    *ret_options = (struct options){
        .describe = settings.describe,
        .flow_fd = (int)settings.flow_fd,
        .flow_file = settings.flow_file,
        .name = settings.name,
        .replica = (uint32_t)settings.replica,
        .listen_fd = (int)settings.listen_fd,
        .socket_path = settings.socket_path,
        .control_fd = (int)settings.control_fd,
    };
    return OPTIONS_GO;
}
