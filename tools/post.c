/* sluice post - sends documents to a Flow and prints what comes back. Uses the public client interface only. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "tools/commands.h"
#include "tools/gateway_options.h"
#include "tools/post_inputs.h"
#include "tools/post_output.h"
#include "tools/progress.h"
#include "tools/request_options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a shell says of a program that wrote to a pipe without a reader: `sluice post … | head`. */
enum { EXIT_READER_GONE = 128 + SIGPIPE };

/* What the command line says. */
struct settings {
    struct option_list inputs;
    struct request_options request;
    struct gateway_options gateway;
    double request_size, prefetch, timeout, max_attempts, initial_backoff, max_backoff, backoff_multiplier, repeat,
        total_docs;
    bool none, responses, summary, profile, show_progress, no_progress, continue_on_error, results_in_order, no_stream,
        retry_timeout, retry_internal, quiet;
};

/* A running post. */
struct post {
    const struct settings *settings;
    struct post_inputs inputs;
    struct post_input *items;
    size_t item_count;
    struct progress *progress;
    bool shares_terminal; /* what is printed and the progress bar are on one terminal */
    struct post_summary summary;
    sluice_error output_error; /* why printing failed; status SLUICE_OK: it did not */
};

/* ---- callbacks ---- */

static void print_failure(const sluice_response *response, const sluice_error *error)
{
    sluice_text id = response != NULL ? sluice_response_request_id(response) : sluice_text_of("");
    report_line("%s%.*s%s%s%s%s", id.size > 0 ? "request " : "", (int)id.size, id.data, id.size > 0 ? ": " : "",
                error->where, error->where[0] != '\0' ? ": " : "", error->text);
}

static int on_error(sluice_response *response, const sluice_error *error, void *context)
{
    struct post *post = context;
    if (response == NULL)
        return 0; /* what the network did is what post returns */
    progress_hide(post->progress);
    print_failure(response, error);
    progress_show(post->progress);
    return 0;
}

/* Print what is wanted of one response. */
static sluice_status print(struct post *post, sluice_response *response)
{
    sluice_status status = SLUICE_OK;
    if (post->shares_terminal)
        progress_hide(post->progress);
    if (post->settings->responses)
        status = post_print_response(response, stdout, &post->output_error);
    else if (!sluice_response_failed(response))
        status = post_print_documents(response, stdout, &post->output_error);
    if (post->shares_terminal)
        progress_show(post->progress);
    return status;
}

static int on_always(sluice_response *response, void *context)
{
    struct post *post = context;
    if (response == NULL)
        return 0;
    progress_answered(post->progress);
    if (post->settings->summary)
        post_summary_add(&post->summary, response);
    else
        post->summary.failed += sluice_response_failed(response);
    if (post->settings->quiet || post->output_error.status != SLUICE_OK)
        return 0;
    return print(post, response) == SLUICE_OK ? 0 : -1;
}

static sluice_status next_document(void *context, const sluice_document **ret_document, sluice_error *error)
{
    struct post *post = context;
    sluice_status status = post_inputs_next(&post->inputs, ret_document, error);
    if (status == SLUICE_OK && *ret_document != NULL)
        progress_given(post->progress, post->inputs.documents, post->inputs.consumed);
    return status;
}

/* ---- options into the client's struct ---- */

static sluice_post_options options_of(const struct settings *settings, const struct request_values *values,
                                      struct post *post)
{
    sluice_post_options options = sluice_post_options_default();
    request_values_apply(values, &settings->request, &options);
    options.request_size = (int64_t)settings->request_size;
    options.on_error = settings->continue_on_error ? on_error : NULL;
    options.on_always = on_always;
    options.context = post;
    options.continue_on_error = settings->continue_on_error;
    options.results_in_order = settings->results_in_order;
    options.stream = !settings->no_stream;
    options.prefetch = (int)settings->prefetch;
    options.timeout_seconds = settings->timeout;
    options.max_attempts = (int)settings->max_attempts;
    options.initial_backoff_seconds = settings->initial_backoff;
    options.max_backoff_seconds = settings->max_backoff;
    options.backoff_multiplier = settings->backoff_multiplier;
    options.retry_timeout = settings->retry_timeout;
    options.retry_internal = settings->retry_internal;
    return options;
}

/* ---- inputs ---- */

/* A pipe or a file on standard input, with something in it; waits until a pipe has something, or is at its end. */
static bool stdin_feeds(void)
{
    struct stat info;
    int there = 0;
    if (fstat(STDIN_FILENO, &info) != 0)
        return false;
    if (S_ISREG(info.st_mode))
        return lseek(STDIN_FILENO, 0, SEEK_CUR) < info.st_size;
    if (!S_ISFIFO(info.st_mode))
        return false;
    while (poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, -1) < 0 && errno == EINTR)
        continue;
    return ioctl(STDIN_FILENO, FIONREAD, &there) == 0 && there > 0;
}

/* The inputs in the order of the command line; without any, standard input when it feeds. */
static sluice_status collect_inputs(struct post *post, sluice_error *error)
{
    const struct settings *settings = post->settings;
    unsigned repeat = (unsigned)settings->repeat;
    post->items = calloc(settings->inputs.count + 1, sizeof *post->items);
    if (post->items == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    post_inputs_collect(&settings->inputs, post->items);
    post->item_count = settings->inputs.count;
    if (post->item_count == 0 && !settings->none && stdin_feeds())
        post->items[post->item_count++] = (struct post_input){POST_JSON_LINES, "-"};
    sluice_status status = post_inputs_check(post->items, post->item_count, repeat, error);
    if (status != SLUICE_OK)
        return status;
    post_inputs_init(&post->inputs, post->items, post->item_count, repeat);
    return SLUICE_OK;
}

/* What is printed goes into a pipe: the command behind it may have a bar of its own, and one terminal has room for one. */
static bool feeds_a_pipe(void)
{
    struct stat info;
    return fstat(STDOUT_FILENO, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* A bar, unless nobody wants one: with --quiet, in a pipe, or while a person types the documents. */
static void start_progress(struct post *post)
{
    const struct settings *settings = post->settings;
    bool typed = isatty(STDIN_FILENO) && post_inputs_count_stdin(post->items, post->item_count) > 0;
    struct post_totals totals =
        post_inputs_totals(post->items, post->item_count, (unsigned)settings->repeat);
    struct progress_options options = {
        .asked_for = settings->show_progress,
        .total_documents = settings->total_docs > 0 ? (uint64_t)settings->total_docs : totals.documents,
        .total_bytes = totals.bytes,
        .request_size = settings->request_size > 0 ? (uint64_t)settings->request_size : 0,
    };
    if (settings->show_progress || !(settings->quiet || settings->no_progress || typed || feeds_a_pipe()))
        post->progress = progress_start(&options);
    post->shares_terminal = isatty(STDOUT_FILENO);
}

/* ---- the call ---- */

static sluice_status profile(sluice_client *client, const sluice_post_options *options, sluice_error *error)
{
    sluice_profile result;
    sluice_status status = sluice_client_profile(client, options, &result, error);
    if (status == SLUICE_OK) {
        sluice_profile_print(&result, stdout);
        sluice_profile_done(&result);
    }
    return status;
}

static sluice_status send_all(struct post *post, sluice_client *client, const char *endpoint,
                              const sluice_post_options *options, sluice_error *error)
{
    sluice_inputs inputs =
        post->item_count > 0 ? sluice_inputs_generator(next_document, post) : sluice_inputs_none();
    uint64_t start = clock_monotonic_ns();
    sluice_status status = sluice_client_post(client, endpoint, inputs, options, NULL, error);
    double seconds = (double)(clock_monotonic_ns() - start) / CLOCK_NS_PER_SECOND;
    post->progress = progress_finish(post->progress);
    if (post->settings->summary)
        post_summary_print(&post->summary, post->inputs.documents, post->inputs.bytes, seconds, stderr);
    return status;
}

static sluice_status post_all(struct post *post, const char *uri, const char *endpoint, sluice_error *error)
{
    const struct settings *settings = post->settings;
    struct request_values values;
    sluice_client *client = NULL;
    sluice_status status = request_values_read(&values, &settings->request, error);
    if (status == SLUICE_OK)
        status = collect_inputs(post, error);
    if (status == SLUICE_OK && !settings->profile)
        start_progress(post); /* before there are threads */
    if (status == SLUICE_OK)
        status = gateway_open(&settings->gateway, uri, &client, error);
    if (status == SLUICE_OK) {
        sluice_post_options options = options_of(settings, &values, post);
        status = settings->profile ? profile(client, &options, error)
                                   : send_all(post, client, endpoint, &options, error);
    }
    post->progress = progress_finish(post->progress);
    sluice_client_free(client);
    request_values_done(&values);
    post_inputs_done(&post->inputs);
    free(post->items);
    return status;
}

static int post_with(const struct settings *settings, const char *uri, const char *endpoint)
{
    struct post post = {.settings = settings};
    sluice_error error = {0};
    int code = 0;
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is seen by the write that fails */
    sluice_status status = post_all(&post, uri, endpoint, &error);
    if (post.output_error.status == SLUICE_CANCELLED)
        code = EXIT_READER_GONE;
    else if (post.output_error.status != SLUICE_OK) /* it reached us as a callback that failed */
        code = report_error(&post.output_error);
    else if (status != SLUICE_OK)
        code = report_error(&error);
    else if (post.summary.failed > 0)
        code = status_codes_of(SLUICE_EXECUTOR)->exit_code;
    post_summary_done(&post.summary);
    return code;
}

/* ---- the command line ---- */

static const struct option options[] = {
    OPTION_GROUP("What to send (in this order, mixed as you like; - is standard input):"),
    INPUT_OPTIONS(inputs),
    FLAG_OPTION("none", 0, none,
                "One request without documents. That is also what happens when no input is given, unless a pipe or a "
                "file is on standard input: that is read as JSON Lines."),
    INTEGER_OPTION("repeat", 0, "N", repeat, 1, 1e9, "Send all of it N times."),
    OPTION_GROUP("The request:"),
    REQUEST_OPTIONS(request),
    INTEGER_OPTION("request-size", 'n', "N", request_size, -OPTION_COUNT_MAX, OPTION_COUNT_MAX,
                   "Documents per request, default 100; 0 or less: all in one request."),
    NUMBER_OPTION("timeout", 0, "SECONDS", timeout, 0, OPTION_SECONDS_MAX,
                  "Deadline of the whole call; over HTTP and with --no-stream of each request. Default: none."),
    FLAG_OPTION("no-stream", 0, no_stream, "One unary call per request instead of one stream for all."),
    INTEGER_OPTION("prefetch", 0, "N", prefetch, -1, 1e9,
                   "Requests in flight at most; default 1000, negative: no bound."),
    FLAG_OPTION("results-in-order", 0, results_in_order, "Answers in the order of the requests, not as they come."),
    OPTION_GROUP("Failures:"),
    FLAG_OPTION("continue-on-error", 'k', continue_on_error,
                "When an executor fails, say so on stderr and go on; the exit code is 7 all the same."),
    INTEGER_OPTION("max-attempts", 0, "N", max_attempts, 1, 1e6,
                   "Tries per request when the gateway cannot be reached, default 1: no retry."),
    NUMBER_OPTION("initial-backoff", 0, "SECONDS", initial_backoff, 0, OPTION_SECONDS_MAX,
                  "The pause before the second try, default 0.5."),
    NUMBER_OPTION("max-backoff", 0, "SECONDS", max_backoff, 0, OPTION_SECONDS_MAX, "The longest later pause, default 2."),
    NUMBER_OPTION("backoff-multiplier", 0, "X", backoff_multiplier, 0, 1e6, "How pauses grow, default 1.5."),
    FLAG_OPTION("retry-timeout", 0, retry_timeout,
                "Try again also when the gateway answers DEADLINE_EXCEEDED, or closes a WebSocket with 1011: handlers may "
                "run twice."),
    FLAG_OPTION("retry-internal", 0, retry_internal, "Try again also when the gateway answers INTERNAL."),
    OPTION_GROUP("What to print:"),
    FLAG_OPTION("responses", 'r', responses,
                "Whole responses (header, parameters, routes, data), one JSON object per line, failed ones too, "
                "instead of the documents of those that succeeded."),
    FLAG_OPTION("quiet", 'q', quiet, "Neither documents nor responses, and no progress bar."),
    FLAG_OPTION("summary", 0, summary,
                "At the end, on stderr: documents and bytes per second, and how the time divides over the executors."),
    FLAG_OPTION("show-progress", 0, show_progress,
                "The progress bar from the start; its last state stays, and is printed where stderr is no terminal too."),
    FLAG_OPTION("no-progress", 0, no_progress,
                "No progress bar. Without it a call of more than half a second shows one, when stderr is a terminal and stdout "
                "no pipe."),
    INTEGER_OPTION("total-docs", 0, "N", total_docs, 0, OPTION_COUNT_MAX,
                   "How many documents there will be, for the progress bar."),
    FLAG_OPTION("profile", 0, profile,
                "Send one empty document to / and print how the time divides over network, gateway and executors. "
                "Needs no ENDPOINT; `sluice profile` measures more."),
    GATEWAY_OPTIONS(gateway),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    struct settings settings = {.gateway.port = -1,
                                .request_size = 100,
                                .max_attempts = 1,
                                .initial_backoff = 0.5,
                                .max_backoff = 2,
                                .backoff_multiplier = 1.5,
                                .repeat = 1};
    int count, code = 0;
    enum options_outcome outcome = options_read(&command_post, &settings, argc, argv, &count);
    if (outcome == OPTIONS_WRONG)
        code = EXIT_USAGE;
    else if (outcome == OPTIONS_GO && count == 1 && !settings.profile)
        code = command_complain(&command_post, "ENDPOINT missing");
    else if (outcome == OPTIONS_GO)
        code = post_with(&settings, argv[1], count == 2 ? argv[2] : "/");
    option_list_done(&settings.inputs);
    request_options_done(&settings.request);
    return code;
}

const struct command command_post = {
    .name = "sluice post",
    .arguments = "URI ENDPOINT",
    .summary = "Send documents to a Flow and print what comes back",
    .help = "Sends documents to an endpoint (\"/index\") of the Flow whose gateway is at URI "
            "(\"grpc://localhost:51234\", \"http://localhost:51234\", \"localhost:51234\": gRPC) "
            "and prints the documents that come back on stdout, one JSON object per line. Errors go to stderr. Answers "
            "are printed as "
            "they come, so any number of documents can go through.",
    .examples = "  sluice post grpc://localhost:51234 / --text 'One sentence. Two sentences.'\n"
                "  sluice post https://flow.example.org /search --text query --metadata 'authorization=Bearer TOKEN'\n"
                "  sluice post localhost:51234 /index --lines corpus.txt --request-size 32 --summary > indexed.jsonl\n"
                "  sluice post localhost:51234 /search --text query --parameter limit=3 --responses\n"
                "  sluice post localhost:51234 /a --lines in.txt | sluice post localhost:51234 /b\n",
    .least = 1,
    .most = 2,
    .options = options,
    .run = run,
};
