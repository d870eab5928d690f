#include "gateway/arguments.h"

#include "common/net/grpc/loop.h"

#include <limits.h>

struct settings {
    const char *flow_file, *socket_folder;
    double flow_fd, control_fd, threads;
};

static const struct option options[] = {
    TEXT_OPTION("flow", 0, "FILE", flow_file, "Read the Flow from a YAML file."),
    INTEGER_OPTION("flow-fd", 0, "N", flow_fd, 0, INT_MAX, "Read the Flow, resolved, from this open descriptor."),
    TEXT_OPTION("socket-folder", 0, "FOLDER", socket_folder,
                "Where the sockets of the executors are: FOLDER/NAME-REPLICA.sock."),
    INTEGER_OPTION("control-fd", 0, "N", control_fd, 0, INT_MAX,
                   "The control socket of the supervisor; its end ends this process."),
    INTEGER_OPTION("threads", 0, "N", threads, 1, RPC_LOOP_THREADS_MAX,
                   "Threads that serve a port of gRPC or HTTP; by default as the Flow's key threads says."),
    OPTIONS_END,
};

const struct command command_gateway = {
    .name = "sluice-gateway",
    .program = true,
    .arguments = "--flow FILE --socket-folder FOLDER [--threads N]\n"
                 "--flow-fd N --socket-folder FOLDER --control-fd N [--threads N]",
    .summary = "The gateway of a Flow",
    .help = "Accepts requests over gRPC, HTTP or WebSocket, as the Flow says, and passes them through the Flow's executors. "
            "`sluice run` starts it with descriptors; by hand it needs the sockets of executors that run (`sluice-executor "
            "--socket`).\n\n"
            "SIGTERM drains: health turns NOT_SERVING, new calls are refused, what is inside is answered; a second one is "
            "quick. The log is on stderr (SLUICE_LOG_LEVEL, SLUICE_LOG_FORMAT=json).",
    .examples = "  sluice-executor --flow flow.yml --name first --socket sockets/first-0.sock &\n"
                "  sluice-gateway --flow flow.yml --socket-folder sockets\n",
    .options = options,
};

/* Says what is wrong. */
static bool check(const struct settings *settings)
{
    if ((settings->flow_fd >= 0) == (settings->flow_file != NULL))
        command_complain(&command_gateway, "give either --flow FILE or --flow-fd N");
    else if (settings->socket_folder == NULL)
        command_complain(&command_gateway, "--socket-folder FOLDER is missing: where are the executors' sockets?");
    else
        return true;
    return false;
}

enum options_outcome arguments_read(int argc, char **argv, struct arguments *arguments)
{
    struct settings settings = {.flow_fd = -1, .control_fd = -1};
    int count;
    enum options_outcome outcome = options_read(&command_gateway, &settings, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome;
    if (!check(&settings))
        return OPTIONS_WRONG;
    *arguments = (struct arguments){
        .flow_fd = (int)settings.flow_fd,
        .flow_file = settings.flow_file,
        .control_fd = (int)settings.control_fd,
        .socket_folder = settings.socket_folder,
        .threads = (unsigned)settings.threads,
    };
    return OPTIONS_GO;
}
