/* sluice run - runs a Flow until it is told to stop. */
#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/foundation/status.h"
#include "tools/commands.h"
#include "tools/flow_file.h"
#include "tools/supervisor/report.h"
#include "tools/supervisor/supervisor.h"

#define DESCRIPTOR_MAX 1048576.0
#define TIMEOUT_MAX    1e6

struct settings {
    struct option_list overrides;
    double ready_fd, flow_fd, stop_fd, timeout_ready;
};

/* The descriptors that were given are open, are not one another, and are not for the processes of the Flow. */
static bool check_descriptors(const struct settings *settings)
{
    const struct {
        const char *option;
        int fd;
    } given[] = {
        {"--ready-fd", (int)settings->ready_fd},
        {"--stop-fd",  (int)settings->stop_fd },
        {"--flow-fd",  (int)settings->flow_fd }
    };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (given[i].fd < 0)
            continue;
        for (size_t before = 0; before < i; before++)
            if (given[before].fd == given[i].fd) {
                command_complain(&command_run, "%s and %s are both descriptor %d; each needs one of its own",
                                 given[before].option, given[i].option, given[i].fd);
                return false;
            }
        if (!file_set_close_on_exec(given[i].fd, true)) {
            command_complain(&command_run, "%s: descriptor %d is not open", given[i].option, given[i].fd);
            return false;
        }
    }
    return true;
}

static int run_flow(const struct settings *settings, const char *path, uint64_t start_ns)
{
    struct supervisor_options options = {
        .start_ns = start_ns,
        .ready_fd = (int)settings->ready_fd,
        .stop_fd = (int)settings->stop_fd,
        .timeout_ready_ns = settings->timeout_ready < 0 ? CHILD_TIMEOUT_OF_FLOW
                                                        : (uint64_t)(settings->timeout_ready * CLOCK_NS_PER_SECOND),
    };
    if (!check_descriptors(settings))
        return EXIT_USAGE;
    file_raise_descriptor_limit();
    const char *overrides[OPTION_LIST_MAX + 1];
    for (size_t i = 0; i < settings->overrides.count; i++)
        overrides[i] = settings->overrides.values[i].text;
    overrides[settings->overrides.count] = NULL;
    struct flow_file file = {
        .path = settings->flow_fd < 0 ? path : NULL, .fd = (int)settings->flow_fd, .overrides = overrides};
    struct flow *flow = NULL;
    sluice_error error = {0};
    sluice_status status = flow_file_load(&file, &flow, &error);
    if (status != SLUICE_OK) {
        report_failure(&error, options.ready_fd);
        if (status != SLUICE_INVALID)
            return report_error(&error);
        fprintf(stderr, "sluice: the Flow was not started\n");
        return status_codes_of(status)->exit_code;
    }
    status = supervisor_run(flow, &options, &error);
    flow_free(flow);
    return status == SLUICE_OK ? 0 : report_error(&error);
}

static const struct option options[] = {
    LIST_OPTION(
        "set", 's', "KEY=VALUE", overrides,
        "Run with this change: a key of the Flow or its gateway (port, gateway.prefetch, …) or of an executor "
        "(executors.encoder.workers, executors[0].uses_with.model, …). May be given several times."),
    NUMBER_OPTION("timeout-ready", 't', "SECONDS", timeout_ready, 0, TIMEOUT_MAX,
                  "How long every process may take until it is ready, instead of what the Flow file says "
                  "(timeout_ready). 0: as long as it takes."),
    OPTION_GROUP("Options for programs that start Flows:"),
    INTEGER_OPTION("ready-fd", 0, "N", ready_fd, 0, DESCRIPTOR_MAX,
                   "Write one line of JSON to the open descriptor N when the Flow is ready, or could not start, "
                   "then close it."),
    INTEGER_OPTION("flow-fd", 0, "N", flow_fd, 0, DESCRIPTOR_MAX,
                   "Read the Flow from the open descriptor N instead of a file."),
    INTEGER_OPTION("stop-fd", 0, "N", stop_fd, 0, DESCRIPTOR_MAX,
                   "Stop, as on SIGTERM, when the open descriptor N is at its end, as it is when the program that "
                   "holds the other end of a pipe has ended."),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    uint64_t start_ns = clock_monotonic_ns();
    struct settings settings = {.ready_fd = -1, .flow_fd = -1, .stop_fd = -1, .timeout_ready = -1};
    int count;
    enum options_outcome outcome = options_read(&command_run, &settings, argc, argv, &count);
    int code = outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    if (outcome == OPTIONS_GO && (count == 1) == (settings.flow_fd >= 0))
        command_complain(&command_run, "name a Flow file, or give --flow-fd");
    else if (outcome == OPTIONS_GO)
        code = run_flow(&settings, argv[1], start_ns);
    option_list_done(&settings.overrides);
    return code;
}

const struct command command_run = {
    .name = "sluice run",
    .arguments = "FLOW.yml",
    .completes = {COMPLETE_FILES},
    .summary = "Run a Flow: its gateway and its executors",
    .help = "Reads the Flow file, starts the gateway and each executor in a process of its own, waits until all are "
            "ready, prints the "
            "addresses, and stays until it is stopped. A file named - is read from standard input.\n\n"
            "SIGINT (Ctrl-C) or SIGTERM drains: new requests are refused, those inside are answered, then everything "
            "ends with exit code 0. "
            "A second signal ends at once. An executor that crashes is started again; the requests inside it are "
            "answered with "
            "an error. The log is on stderr (SLUICE_LOG_LEVEL, SLUICE_LOG_FORMAT=json).",
    .examples = "  sluice run flows/sentences.yml\n"
                "  sluice run flow.yml --set port=51000 --set executors.encoder.workers=4\n",
    .least = 0,
    .most = 1,
    .options = options,
    .run = run,
};
