/* sluice ping - is a Flow, a gateway or an executor there, and how quickly does it answer? */
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "common/foundation/text.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/tls_options.h"

#include <sluice/client.h>

#include <string.h>
#include <time.h>

static const char *const targets[] = {"flow", "executor", "gateway", NULL};

struct settings {
    double timeout_ms, attempts, least_good;
    struct tls_options tls;
};

/* One question. A Flow answers a dry run through all executors, one process its health service. */
static sluice_status ask(sluice_client *client, bool flow, double timeout_seconds, sluice_error *error)
{
    if (flow)
        return sluice_client_is_flow_ready(client, timeout_seconds, error);
    sluice_health health = SLUICE_HEALTH_UNKNOWN;
    sluice_status status = sluice_client_health(client, "", timeout_seconds, &health, error);
    if (status == SLUICE_OK && health != SLUICE_HEALTH_SERVING)
        return sluice_fail(error, SLUICE_UNAVAILABLE, NULL, "it answers that it is not serving");
    return status;
}

static void pause_between_rounds(void)
{
    struct timespec second = {.tv_sec = 1};
    while (!interrupt_came() && nanosleep(&second, &second) != 0)
        continue;
}

/* One line, whatever the gateway has said. */
static void print_failed_round(const char *target, const char *host, unsigned round, unsigned attempts, double ms,
                               const char *reason)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    text_append_line(&text, reason, strlen(reason));
    printf("%s %s is not ready: round %u of %u, %.2f ms: %s\n", target, host, round, attempts, ms, buffer_text(&text));
    buffer_done(&text);
}

static int ping(const struct settings *settings, const char *target, const char *host)
{
    sluice_client *client;
    sluice_error error;
    sluice_client_options options = sluice_client_options_default();
    options.host = host;
    tls_options_apply(&settings->tls, &options);
    if (sluice_client_new(&options, &client, &error) != SLUICE_OK)
        return report_error(&error);
    double timeout_seconds = settings->timeout_ms < 0 ? 0 : settings->timeout_ms / 1000, sum_ms = 0;
    unsigned attempts = (unsigned)settings->attempts, good = 0, rounds = 0;
    sluice_status last = SLUICE_OK;
    if (attempts > 1)
        interrupt_watch(); /* the first Ctrl-C is for the summary */
    for (unsigned round = 1; round <= attempts && !interrupt_came(); round++) {
        uint64_t start = clock_monotonic_ns();
        sluice_status status = ask(client, strcmp(target, "flow") == 0, timeout_seconds, &error);
        double ms = (double)(clock_monotonic_ns() - start) / CLOCK_NS_PER_MS;
        rounds++;
        if (status == SLUICE_OK) {
            good++;
            sum_ms += ms;
            printf("%s %s is ready: round %u of %u, %.2f ms\n", target, host, round, attempts, ms);
        } else {
            last = status;
            print_failed_round(target, host, round, attempts, ms, error.text);
        }
        fflush(stdout);
        if (round < attempts)
            pause_between_rounds();
    }
    printf("%u of %u rounds succeeded (%.0f %% lost)", good, rounds, rounds > 0 ? 100.0 * (rounds - good) / rounds : 0.0);
    if (good > 0)
        printf(", %.2f ms on average", sum_ms / good);
    putchar('\n');
    sluice_client_free(client);
    if (good >= settings->least_good)
        return 0;
    return status_codes_of(last == SLUICE_OK ? SLUICE_CANCELLED : last)->exit_code;
}

static const struct option options[] = {
    NUMBER_OPTION("timeout", 't', "MS", timeout_ms, -1, 1e9,
                  "How long to wait for each answer, in milliseconds; default 3000, -1: for ever."),
    INTEGER_OPTION("attempts", 'a', "N", attempts, 1, 1e6, "How many rounds, a second apart; default 1."),
    INTEGER_OPTION("min-successful-attempts", 0, "N", least_good, 0, 1e6,
                   "How many rounds must succeed for exit code 0; default 1."),
    TLS_OPTIONS(tls),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    struct settings settings = {.timeout_ms = 3000, .attempts = 1, .least_good = 1};
    int count;
    enum options_outcome outcome = options_read(&command_ping, &settings, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    const char *target = count == 2 ? argv[1] : "flow";
    for (const char *const *known = targets; *known != NULL; known++)
        if (strcmp(*known, target) == 0)
            return ping(&settings, *known, argv[count]);
    return command_complain(&command_ping, "\"%s\" cannot be pinged; say flow, executor or gateway", target);
}

const struct command command_ping = {
    .name = "sluice ping",
    .arguments = "[flow|executor|gateway] HOST",
    .completes = {"flow executor gateway"},
    .summary = "Ask whether a Flow, a gateway or an executor is ready",
    .help = "Asks the gateway at HOST (\"grpc://localhost:51234\", \"http://localhost:51234\", \"localhost:51234\": gRPC) for a "
            "dry run through all executors (flow, the default), or the health service of a gateway or of an executor that "
            "listens on gRPC; over HTTP the root page stands for that. Exit code 0 when enough rounds succeeded, else that of "
            "the last failure.",
    .examples = "  sluice ping localhost:51234\n  sluice ping flow grpc://localhost:51234 --attempts 10 "
                "--min-successful-attempts 9\n",
    .least = 1,
    .most = 2,
    .options = options,
    .run = run,
};
