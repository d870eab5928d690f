/* sluice profile - where the time of a request goes, measured with many. Uses the public client interface only. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "common/foundation/text.h"
#include "tools/commands.h"
#include "tools/gateway_options.h"
#include "tools/interrupt.h"
#include "tools/post_inputs.h"
#include "tools/profile_report.h"
#include "tools/progress.h"
#include "tools/request_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUESTS_MAX = 1000000, DRY_RUNS_MAX = 200, BLOCKS_MAX = 10, IN_FLIGHT_TIMES = 4 };

static const char dry_run_endpoint[] = "_jina_dry_run_";
static const char id_format[] = "profile-%zu";
#define GLANCE_SECONDS 0.1 /* how often a wait looks whether Ctrl-C was pressed */

struct settings {
    struct option_list inputs;
    struct request_options request;
    struct gateway_options gateway;
    const char *endpoint;
    double requests, in_flight, warmup, timeout;
    bool none, json, no_stream;
};

/* ---- the documents ---- */

static sluice_status one_document(sluice_document_array *array, sluice_error *error)
{
    char id[TEXT_ID_SIZE + 1];
    text_random_id(id);
    sluice_document *document = sluice_document_array_append(array);
    if (document == NULL || sluice_document_set_id(document, id, TEXT_ID_SIZE) != SLUICE_OK)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    return SLUICE_OK;
}

static sluice_status read_inputs(const struct settings *settings, sluice_document_array *array, sluice_error *error)
{
    size_t count = settings->inputs.count;
    struct post_input *items = calloc(count + 1, sizeof *items);
    struct post_inputs inputs;
    const sluice_document *document = NULL;
    if (items == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    post_inputs_collect(&settings->inputs, items);
    post_inputs_init(&inputs, items, count, 1);
    sluice_status status = post_inputs_check(items, count, 1, error);
    while (status == SLUICE_OK) {
        status = post_inputs_next(&inputs, &document, error);
        if (status != SLUICE_OK || document == NULL)
            break;
        if (sluice_document_array_append_copy(array, document) == NULL)
            status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for so many documents in one request");
    }
    post_inputs_done(&inputs);
    free(items);
    return status;
}

/* ---- requests ---- */

struct run {
    const struct settings *settings;
    const sluice_document_array *documents; /* NULL: requests without */
    sluice_stream *stream;
    struct progress *progress;
    uint64_t *started_ns;  /* of each request that was ever sent */
    size_t sent, answered; /* in all; a request's number is in its id */
};

enum kind { WARMUP, DRY_RUN, MEASURED };

static sluice_status push(struct run *run, enum kind kind, sluice_error *error)
{
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    snprintf(id, sizeof id, id_format, run->sent);
    const sluice_request request = {.documents = run->documents,
                                    .on = kind == DRY_RUN ? dry_run_endpoint : run->settings->endpoint,
                                    .id = id};
    run->started_ns[run->sent++] = clock_monotonic_ns();
    progress_given(run->progress, run->sent, 0);
    return sluice_stream_push(run->stream, &request, 0, NULL, error);
}

/* Which request this answers; false: none of ours. */
static bool number_of(const struct run *run, const sluice_response *response, size_t *ret_number)
{
    char text[SLUICE_REQUEST_ID_SIZE + 1];
    sluice_text id = sluice_response_request_id(response);
    snprintf(text, sizeof text, "%.*s", (int)id.size, id.data);
    return sscanf(text, id_format, ret_number) == 1 && *ret_number < run->sent;
}

static sluice_status take(struct run *run, enum kind kind, sluice_response *response, struct profile_report *report,
                          sluice_error *error)
{
    uint64_t now = clock_monotonic_ns();
    size_t number = 0;
    sluice_status status = SLUICE_OK;
    run->answered++;
    progress_answered(run->progress);
    if (!number_of(run, response, &number))
        status = sluice_fail(error, SLUICE_INVALID, "profile", "the gateway answers with request ids of its own");
    else if (kind != WARMUP)
        status = profile_add(report, response, (double)(now - run->started_ns[number]) / (double)CLOCK_NS_PER_MS,
                             kind == DRY_RUN, error);
    sluice_response_unref(response);
    return status;
}

/* Send `count` requests of one kind and wait until all are answered, or Ctrl-C. */
static sluice_status run_block(struct run *run, enum kind kind, size_t count, struct profile_report *report,
                               sluice_error *error)
{
    size_t in_flight = (size_t)run->settings->in_flight, end = run->sent + count;
    while (run->answered < end && !interrupt_came()) {
        sluice_response *response = NULL;
        sluice_status status = SLUICE_OK;
        while (status == SLUICE_OK && run->sent < end && run->sent - run->answered < in_flight)
            status = push(run, kind, error);
        if (status != SLUICE_OK && status != SLUICE_CANCELLED) /* cancelled: the stream is over, and pulling says why */
            return status;
        switch (sluice_stream_pull(run->stream, GLANCE_SECONDS, &response, error)) {
        case SLUICE_PULLED_RESPONSE: status = take(run, kind, response, report, error); break;
        case SLUICE_PULLED_NOTHING: status = SLUICE_OK; break;
        case SLUICE_PULLED_FAILED: return error->status;
        case SLUICE_PULLED_END: return SLUICE_OK;
        }
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}

/* How many of `whole` are done after `block` of BLOCKS. */
static size_t part_of(size_t whole, size_t block, size_t blocks)
{
    return whole * block / blocks;
}

/* Dry runs and what is measured, in turns, so that both see the machine in the same state; a block is long enough to have
 * all that may be in flight in flight. */
static sluice_status run_blocks(struct run *run, struct profile_report *report, sluice_error *error)
{
    size_t requests = (size_t)run->settings->requests, in_flight = (size_t)run->settings->in_flight;
    size_t dry_runs = requests < DRY_RUNS_MAX ? requests : DRY_RUNS_MAX;
    size_t blocks = requests / (IN_FLIGHT_TIMES * in_flight);
    blocks = blocks > BLOCKS_MAX ? BLOCKS_MAX : blocks < 1 ? 1 : blocks;
    sluice_status status = run_block(run, WARMUP, (size_t)run->settings->warmup, report, error);
    for (size_t block = 0; block < blocks && status == SLUICE_OK && !interrupt_came(); block++) {
        status = run_block(run, DRY_RUN, part_of(dry_runs, block + 1, blocks) - part_of(dry_runs, block, blocks), report,
                           error);
        if (status != SLUICE_OK || interrupt_came())
            break;
        uint64_t start_ns = clock_monotonic_ns();
        status = run_block(run, MEASURED, part_of(requests, block + 1, blocks) - part_of(requests, block, blocks), report,
                           error);
        report->seconds += (double)(clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_SECOND;
    }
    return status;
}

static sluice_status measure(struct run *run, sluice_client *client, const sluice_post_options *options,
                             struct profile_report *report, sluice_error *error)
{
    size_t all = (size_t)run->settings->warmup + (size_t)run->settings->requests + DRY_RUNS_MAX;
    run->started_ns = calloc(all, sizeof *run->started_ns);
    if (run->started_ns == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "profile", "out of memory");
    sluice_status status = sluice_stream_open(client, run->settings->endpoint, options, &run->stream, error);
    if (status == SLUICE_OK)
        status = run_blocks(run, report, error);
    sluice_stream_free(run->stream);
    free(run->started_ns);
    return status;
}

/* ---- the command ---- */

static sluice_status print(const struct settings *settings, struct profile_report *report, sluice_error *error)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    if (settings->json)
        profile_print_json(report, &text);
    else
        profile_print_tree(report, &text);
    sluice_status status = report_result(&text, error);
    buffer_done(&text);
    return status;
}

static sluice_status measure_and_print(const struct settings *settings, const char *uri,
                                       const struct request_values *values, const sluice_document_array *documents,
                                       struct profile_report *report, sluice_error *error)
{
    sluice_client *client = NULL;
    const struct progress_options bar = {.unit = "requests",
                                         .total_documents = (uint64_t)(settings->warmup + settings->requests +
                                                                       fmin(settings->requests, DRY_RUNS_MAX)),
                                         .request_size = 1};
    interrupt_watch();
    struct progress *progress = progress_start(&bar); /* before there are threads */
    sluice_status status = gateway_open(&settings->gateway, uri, &client, error);
    if (status != SLUICE_OK) {
        progress_finish(progress);
        return status;
    }
    sluice_post_options options = sluice_post_options_default();
    request_values_apply(values, &settings->request, &options);
    options.prefetch = (int)settings->in_flight;
    options.stream = !settings->no_stream;
    options.timeout_seconds = settings->timeout;
    report->uri = uri;
    report->protocol = sluice_client_address(client).protocol;
    report->endpoint = settings->endpoint;
    report->documents = sluice_document_array_size(documents);
    report->in_flight = (size_t)settings->in_flight;
    struct run run = {
        .settings = settings, .documents = settings->none ? NULL : documents, .progress = progress};
    status = measure(&run, client, &options, report, error);
    progress_finish(progress);
    if (report->roundtrip.count > 0 || report->failed > 0) { /* what there is, also when the rest failed */
        sluice_error unprinted;
        if (print(settings, report, &unprinted) != SLUICE_OK && status == SLUICE_OK) {
            status = unprinted.status;
            *error = unprinted;
        }
    }
    sluice_client_free(client);
    return status;
}

static int profile(const struct settings *settings, const char *uri)
{
    static struct profile_report report;
    struct request_values values;
    sluice_error error = {0};
    sluice_document_array *documents = sluice_document_array_new();
    sluice_status status = request_values_read(&values, &settings->request, &error);
    if (status == SLUICE_OK && documents == NULL)
        status = sluice_fail(&error, SLUICE_NO_MEMORY, NULL, "out of memory");
    if (status == SLUICE_OK && settings->inputs.count > 0)
        status = read_inputs(settings, documents, &error);
    else if (status == SLUICE_OK && !settings->none)
        status = one_document(documents, &error);
    if (status == SLUICE_OK)
        status = measure_and_print(settings, uri, &values, documents, &report, &error);
    int code = status == SLUICE_OK ? 0 : report_error(&error);
    if (code == 0 && report.failed > 0) {
        report_line("%llu requests failed, the first with %s", report.failed, report.first_failure);
        code = status_codes_of(SLUICE_EXECUTOR)->exit_code;
    } else if (code == 0 && interrupt_came()) {
        code = status_codes_of(SLUICE_CANCELLED)->exit_code;
    }
    profile_report_done(&report);
    sluice_document_array_free(documents);
    request_values_done(&values);
    return code;
}

static const struct option options[] = {
    OPTION_GROUP("What to send (each request has all of it; default: one empty document):"),
    INPUT_OPTIONS(inputs),
    FLAG_OPTION("none", 0, none, "Requests without documents."),
    OPTION_GROUP("The requests:"),
    TEXT_OPTION("endpoint", 'e', "ENDPOINT", endpoint, "Where to send them, default /."),
    INTEGER_OPTION("requests", 'n', "N", requests, 1, REQUESTS_MAX, "How many to measure, default 100."),
    INTEGER_OPTION("in-flight", 'c', "N", in_flight, 1, 100000, "How many at the same time, default 1."),
    INTEGER_OPTION("warmup", 0, "N", warmup, 0, REQUESTS_MAX,
                   "How many to send before, which do not count, default 10; the first one connects."),
    REQUEST_OPTIONS(request),
    NUMBER_OPTION("timeout", 0, "SECONDS", timeout, 0, OPTION_SECONDS_MAX,
                  "Deadline of all requests; over HTTP and with --no-stream of each. Default: none."),
    FLAG_OPTION("no-stream", 0, no_stream, "One unary call per request instead of one stream for all."),
    OPTION_GROUP("What to print:"),
    FLAG_OPTION("json", 0, json, "One JSON object instead of a tree; times in milliseconds, shares from 0 to 1."),
    GATEWAY_OPTIONS(gateway),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    struct settings settings = {.gateway.port = -1, .endpoint = "/", .requests = 100, .in_flight = 1, .warmup = 10};
    int count, code = 0;
    enum options_outcome outcome = options_read(&command_profile, &settings, argc, argv, &count);
    if (outcome == OPTIONS_WRONG)
        code = EXIT_USAGE;
    else if (outcome == OPTIONS_GO && settings.none && settings.inputs.count > 0)
        code = command_complain(&command_profile, "give either --none or documents");
    else if (outcome == OPTIONS_GO)
        code = profile(&settings, argv[1]);
    option_list_done(&settings.inputs);
    request_options_done(&settings.request);
    return code;
}

const struct command command_profile = {
    .name = "sluice profile",
    .arguments = "URI",
    .summary = "Measure where the time of a request goes",
    .help = "Sends the same request many times to the Flow whose gateway is at URI (\"grpc://localhost:51234\", "
            "\"http://localhost:51234\", \"ws://localhost:51234\", \"localhost:51234\": gRPC) and prints a tree: the round "
            "trip, of it the wire and the gateway, and in the gateway each executor; each with its share of all round trips, "
            "the smallest, the middle one (median) and the 99th of 100 (p99).\n\n"
            "The times in the gateway are those that it writes into each response (its routes). An executor's time is "
            "divided by dry runs, which take the same way with the same documents and come to no handler: what they take is "
            "way and queue, the rest is the handler. Failed requests are counted apart. Ctrl-C ends it early and prints what "
            "there is.",
    .examples = "  sluice profile localhost:51234\n"
                "  sluice profile ws://localhost:51234 --endpoint /search --lines queries.txt --requests 1000 --in-flight 8\n"
                "  sluice profile http://localhost:51234 --text query --json > profile.json\n",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
