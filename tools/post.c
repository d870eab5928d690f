/* sluice post - sends documents to a Flow and prints what comes back. Uses the public client interface only. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "tools/commands.h"
#include "tools/post_inputs.h"
#include "tools/post_output.h"
#include "tools/tls_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { METADATA_MAX = 256 };

/* What the command line says. */
struct settings {
    struct option_list inputs, metadata, parameters;
    const char *parameters_json, *target_executor, *compression, *protocol;
    double port, request_size, prefetch, timeout, max_attempts, initial_backoff, max_backoff, backoff_multiplier,
        repeat, total_docs, max_message_size, max_request_size, max_connections;
    bool none, responses, summary, profile, show_progress, continue_on_error, results_in_order, no_stream,
        retry_timeout, retry_internal, tls, wait, proxy, quiet;
    struct tls_options tls_options;
};

/* A running post. */
struct post {
    const struct settings *settings;
    struct post_summary summary;
    sluice_error output_error; /* why printing failed; status SLUICE_OK: it did not */
};

/* ---- callbacks ---- */

static void print_failure(const sluice_response *response, const sluice_error *error)
{
    sluice_text id = response != NULL ? sluice_response_request_id(response) : sluice_text_of("");
    fprintf(stderr, "sluice: %s%.*s%s%s%s%s\n", id.size > 0 ? "request " : "", (int)id.size, id.data,
            id.size > 0 ? ": " : "", error->where, error->where[0] != '\0' ? ": " : "", error->text);
}

static int on_error(sluice_response *response, const sluice_error *error, void *context)
{
    (void)context;
    if (response != NULL) /* what the network did is what post returns */
        print_failure(response, error);
    return 0;
}

static int on_always(sluice_response *response, void *context)
{
    struct post *post = context;
    if (response == NULL)
        return 0;
    if (post->settings->summary)
        post_summary_add(&post->summary, response);
    else
        post->summary.failed += sluice_response_failed(response);
    if (post->settings->quiet || post->output_error.status != SLUICE_OK)
        return 0;
    sluice_error error;
    sluice_status status = SLUICE_OK;
    if (post->settings->responses)
        status = post_print_response(response, stdout, &error);
    else if (!sluice_response_failed(response))
        status = post_print_documents(response, stdout, &error);
    if (status == SLUICE_OK)
        return 0;
    post->output_error = error;
    return -1;
}

/* ---- options into the client's structs ---- */

static sluice_status set_parameter(sluice_value *parameters, const char *pair, sluice_error *error)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        return sluice_fail(error, SLUICE_INVALID, "--parameter", "wants KEY=VALUE, not \"%s\"", pair);
    char *json = NULL;
    sluice_value *wrapped = NULL;
    int size = asprintf(&json, "{\"value\":%s}", equals + 1);
    if (size < 0)
        return sluice_fail(error, SLUICE_NO_MEMORY, "--parameter", "out of memory");
    sluice_text key = {pair, (size_t)(equals - pair)};
    sluice_status status;
    if (sluice_value_from_json(json, (size_t)size, &wrapped, NULL) == SLUICE_OK && sluice_value_size(wrapped) == 1)
        status = sluice_value_set_copy(parameters, key, sluice_value_get(wrapped, "value"));
    else
        status = sluice_value_set_text(parameters, key, sluice_text_of(equals + 1));
    sluice_value_free(wrapped);
    free(json);
    return status == SLUICE_OK
               ? SLUICE_OK
               : sluice_fail(error, status, "--parameter", "cannot set \"%s\": %s", pair, sluice_status_name(status));
}

/* --parameters, then each --parameter on top of it. *ret_parameters NULL: none were given. */
static sluice_status read_parameters(const struct settings *settings, sluice_value **ret_parameters,
                                     sluice_error *error)
{
    sluice_value *parameters = NULL;
    sluice_status status = SLUICE_OK;
    if (settings->parameters_json != NULL) {
        sluice_error cause;
        status =
            sluice_value_from_json(settings->parameters_json, strlen(settings->parameters_json), &parameters, &cause);
        if (status != SLUICE_OK)
            return sluice_fail(error, status, "--parameters", "wants a JSON object: %s", cause.text);
    } else if (settings->parameters.count > 0 && (parameters = sluice_value_new_map()) == NULL) {
        return sluice_fail(error, SLUICE_NO_MEMORY, "--parameter", "out of memory");
    }
    for (size_t i = 0; status == SLUICE_OK && i < settings->parameters.count; i++)
        status = set_parameter(parameters, settings->parameters.values[i].text, error);
    if (status == SLUICE_OK)
        *ret_parameters = parameters;
    else
        sluice_value_free(parameters);
    return status;
}

/* Split KEY=VALUE in place of --metadata; the keys are copies that the caller frees. */
static sluice_status read_metadata(const struct settings *settings, sluice_metadata *metadata, sluice_error *error)
{
    for (size_t i = 0; i < settings->metadata.count; i++) {
        const char *pair = settings->metadata.values[i].text;
        const char *equals = strchr(pair, '=');
        if (equals == NULL || equals == pair)
            return sluice_fail(error, SLUICE_INVALID, "--metadata", "wants KEY=VALUE, not \"%s\"", pair);
        metadata[i].key = strndup(pair, (size_t)(equals - pair));
        metadata[i].value = equals + 1;
        if (metadata[i].key == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, "--metadata", "out of memory");
    }
    return SLUICE_OK;
}

static sluice_post_options options_of(const struct settings *settings, const sluice_value *parameters,
                                      const sluice_metadata *metadata, struct post *post)
{
    sluice_post_options options = sluice_post_options_default();
    options.parameters = parameters;
    options.target_executor = settings->target_executor;
    options.request_size = (int64_t)settings->request_size;
    options.on_error = settings->continue_on_error ? on_error : NULL;
    options.on_always = on_always;
    options.context = post;
    options.continue_on_error = settings->continue_on_error;
    options.results_in_order = settings->results_in_order;
    options.stream = !settings->no_stream;
    options.prefetch = (int)settings->prefetch;
    options.timeout_seconds = settings->timeout;
    options.compression = settings->compression;
    options.metadata = metadata;
    options.metadata_count = settings->metadata.count;
    options.max_attempts = (int)settings->max_attempts;
    options.initial_backoff_seconds = settings->initial_backoff;
    options.max_backoff_seconds = settings->max_backoff;
    options.backoff_multiplier = settings->backoff_multiplier;
    options.retry_timeout = settings->retry_timeout;
    options.retry_internal = settings->retry_internal;
    options.show_progress = settings->show_progress;
    options.total_docs = (uint64_t)settings->total_docs;
    return options;
}

static sluice_status open_client(const struct settings *settings, const char *uri, sluice_client **ret_client,
                                 sluice_error *error)
{
    sluice_client_options options = sluice_client_options_default();
    options.host = uri;
    options.port = (int)settings->port;
    options.port_given = settings->port >= 0;
    if (settings->port < 0)
        options.port = 0;
    options.protocol = settings->protocol;
    options.tls = options.tls_given = settings->tls;
    tls_options_apply(&settings->tls_options, &options);
    options.max_message_size = (size_t)settings->max_message_size;
    options.max_request_size = (size_t)settings->max_request_size;
    options.max_connections = (int)settings->max_connections;
    options.wait_for_ready = settings->wait;
    options.proxy = settings->proxy;
    return sluice_client_new(&options, ret_client, error);
}

/* ---- inputs ---- */

static const struct {
    const char *option;
    enum post_input_kind kind;
} input_kinds[] = {
    {"text",      POST_TEXT      },
    {"text-file", POST_TEXT_FILE },
    {"file",      POST_BLOB_FILE },
    {"lines",     POST_LINES     },
    {"jsonl",     POST_JSON_LINES}
};

/* The inputs in the order of the command line; `items` has room for one more, which standard input becomes. */
static size_t collect_inputs(const struct settings *settings, struct post_input *items)
{
    for (size_t i = 0; i < settings->inputs.count; i++)
        for (size_t kind = 0; kind < sizeof input_kinds / sizeof input_kinds[0]; kind++)
            if (strcmp(settings->inputs.values[i].option->name, input_kinds[kind].option) == 0)
                items[i] = (struct post_input){input_kinds[kind].kind, settings->inputs.values[i].text};
    if (settings->inputs.count > 0 || settings->none)
        return settings->inputs.count;
    struct stat status;
    bool feeds = fstat(STDIN_FILENO, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode));
    int first = feeds ? getc(stdin) : EOF;
    if (first == EOF)
        return 0;
    ungetc(first, stdin);
    items[0] = (struct post_input){POST_JSON_LINES, "-"};
    return 1;
}

static bool reads_stdin(const struct post_input *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].kind != POST_TEXT && strcmp(items[i].value, "-") == 0)
            return true;
    return false;
}

/* ---- the call ---- */

static sluice_status post_all(struct post *post, sluice_client *client, const char *endpoint,
                              const sluice_post_options *options, sluice_error *error)
{
    const struct settings *settings = post->settings;
    struct post_input *items = calloc(settings->inputs.count + 1, sizeof *items);
    if (items == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    size_t count = collect_inputs(settings, items);
    unsigned repeat = (unsigned)settings->repeat;
    sluice_status status;
    if (repeat > 1 && reads_stdin(items, count)) {
        status = sluice_fail(error, SLUICE_INVALID, "--repeat", "standard input can be read only once");
    } else {
        struct post_inputs inputs;
        post_inputs_init(&inputs, items, count, repeat);
        uint64_t start = clock_monotonic_ns();
        status = sluice_client_post(
            client, endpoint, count > 0 ? sluice_inputs_generator(post_inputs_next, &inputs) : sluice_inputs_none(),
            options, NULL, error);
        double seconds = (double)(clock_monotonic_ns() - start) / CLOCK_NS_PER_SECOND;
        if (settings->summary)
            post_summary_print(&post->summary, inputs.documents, inputs.bytes, seconds, stderr);
        post_inputs_done(&inputs);
    }
    free(items);
    return status;
}

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

static int post_with(const struct settings *settings, const char *uri, const char *endpoint)
{
    struct post post = {.settings = settings};
    sluice_error error = {0};
    sluice_value *parameters = NULL;
    sluice_metadata metadata[METADATA_MAX] = {0};
    sluice_client *client = NULL;
    sluice_status status = SLUICE_OK;
    if (settings->metadata.count > METADATA_MAX)
        status = sluice_fail(&error, SLUICE_LIMIT, "--metadata", "is given more than %d times", METADATA_MAX);
    if (status == SLUICE_OK)
        status = read_parameters(settings, &parameters, &error);
    if (status == SLUICE_OK)
        status = read_metadata(settings, metadata, &error);
    if (status == SLUICE_OK)
        status = open_client(settings, uri, &client, &error);
    if (status == SLUICE_OK) {
        sluice_post_options options = options_of(settings, parameters, metadata, &post);
        status =
            settings->profile ? profile(client, &options, &error) : post_all(&post, client, endpoint, &options, &error);
    }
    /* A closed pipe, or a full disk, reaches us as a callback that failed. */
    if (post.output_error.status != SLUICE_OK) {
        status = post.output_error.status;
        error = post.output_error;
    }
    int code = status != SLUICE_OK       ? report_error(&error)
               : post.summary.failed > 0 ? status_codes_of(SLUICE_EXECUTOR)->exit_code
                                         : 0;
    sluice_client_free(client);
    sluice_value_free(parameters);
    for (size_t i = 0; i < METADATA_MAX && metadata[i].key != NULL; i++)
        free((char *)metadata[i].key);
    post_summary_done(&post.summary);
    return code;
}

/* ---- the command line ---- */

#define COUNT_MAX   9007199254740992.0
#define SECONDS_MAX 1e6

static int read_and_post(struct settings *s, int argc, char **argv)
{
    const struct option options[] = {
        OPTION_GROUP("What to send (in this order, mixed as you like; - is standard input):"),
        INPUT_OPTION("text", 't', "TEXT", &s->inputs, "One document with this text."),
        INPUT_OPTION("text-file", 0, "FILE", &s->inputs, "One document whose text is this file, and whose uri its name."),
        INPUT_OPTION("file", 'f', "FILE", &s->inputs, "One document whose blob is this file, and whose uri its name."),
        INPUT_OPTION("lines", 'l', "FILE", &s->inputs,
                     "One document for each line of this file, its text being the line."),
        INPUT_OPTION("jsonl", 'j', "FILE", &s->inputs,
                     "JSON Lines: one document for each line, in docarray's JSON form."),
        FLAG_OPTION("none", 0, &s->none,
                    "One request without documents. That is also what happens when no input is given, unless a pipe or "
                    "a file is on standard input: that is read as JSON Lines."),
        INTEGER_OPTION("repeat", 0, "N", &s->repeat, 1, 1e9, "Send all of it N times."),
        OPTION_GROUP("The request:"),
        TEXT_OPTION("parameters", 'p', "JSON", &s->parameters_json, "Parameters for the executors, a JSON object."),
        LIST_OPTION(
            "parameter", 0, "KEY=VALUE", &s->parameters,
            "One parameter; VALUE is JSON (5, true, [1,2]), anything else is a text. May be given several times."),
        TEXT_OPTION("target-executor", 0, "REGEX", &s->target_executor,
                    "Only executors whose name begins with a match of this regular expression."),
        INTEGER_OPTION("request-size", 'n', "N", &s->request_size, -COUNT_MAX, COUNT_MAX,
                       "Documents per request, default 100; 0 or less: all in one request."),
        LIST_OPTION("metadata", 'm', "KEY=VALUE", &s->metadata, "Metadata of the call, over HTTP a header. May be given several times."),
        TEXT_OPTION("compression", 0, "NAME", &s->compression,
                    "Compress what is sent: Gzip, Deflate or NoCompression."),
        NUMBER_OPTION("timeout", 0, "SECONDS", &s->timeout, 0, SECONDS_MAX,
                      "Deadline of the whole call; over HTTP and with --no-stream of each request. Default: none."),
        FLAG_OPTION("no-stream", 0, &s->no_stream, "One unary call per request instead of one stream for all."),
        INTEGER_OPTION("prefetch", 0, "N", &s->prefetch, -1, 1e9,
                       "Requests in flight at most; default 1000, negative: no bound."),
        FLAG_OPTION("results-in-order", 0, &s->results_in_order,
                    "Answers in the order of the requests, not as they come."),
        OPTION_GROUP("Failures:"),
        FLAG_OPTION("continue-on-error", 'k', &s->continue_on_error,
                    "When an executor fails, say so on stderr and go on; the exit code is 7 all the same."),
        INTEGER_OPTION("max-attempts", 0, "N", &s->max_attempts, 1, 1e6,
                       "Tries per request when the gateway cannot be reached, default 1: no retry."),
        NUMBER_OPTION("initial-backoff", 0, "SECONDS", &s->initial_backoff, 0, SECONDS_MAX,
                      "The pause before the second try, default 0.5."),
        NUMBER_OPTION("max-backoff", 0, "SECONDS", &s->max_backoff, 0, SECONDS_MAX,
                      "The longest later pause, default 2."),
        NUMBER_OPTION("backoff-multiplier", 0, "X", &s->backoff_multiplier, 0, 1e6, "How pauses grow, default 1.5."),
        FLAG_OPTION("retry-timeout", 0, &s->retry_timeout,
                    "Try again also when the gateway answers DEADLINE_EXCEEDED."),
        FLAG_OPTION("retry-internal", 0, &s->retry_internal, "Try again also when the gateway answers INTERNAL."),
        OPTION_GROUP("What to print:"),
        FLAG_OPTION("responses", 'r', &s->responses,
                    "Whole responses (header, parameters, routes, data), one JSON object per line, failed ones too, "
                    "instead of the documents of those that succeeded."),
        FLAG_OPTION("quiet", 'q', &s->quiet, "Neither documents nor responses."),
        FLAG_OPTION(
            "summary", 0, &s->summary,
            "At the end, on stderr: documents and bytes per second, and how the time divides over the executors."),
        FLAG_OPTION("show-progress", 0, &s->show_progress, "A progress bar on stderr."),
        INTEGER_OPTION("total-docs", 0, "N", &s->total_docs, 0, COUNT_MAX,
                       "How many documents there will be, for the progress bar."),
        FLAG_OPTION("profile", 0, &s->profile,
                    "Send one empty document to / and print how the time divides over network, gateway and executors. "
                    "Needs no ENDPOINT."),
        OPTION_GROUP("The gateway:"),
        INTEGER_OPTION("port", 0, "PORT", &s->port, 0, 65535,
                       "Its port, when the URI has none; default 80, or 443 with TLS."),
        TEXT_OPTION("protocol", 0, "NAME", &s->protocol, "Its protocol, when the URI has no scheme; default grpc."),
        FLAG_OPTION("tls", 0, &s->tls, "Encrypt, when the URI does not say so."),
        TLS_OPTIONS(&s->tls_options),
        FLAG_OPTION("wait", 0, &s->wait, "Wait for a gateway that is not there yet, until --timeout."),
        INTEGER_OPTION("max-message-size", 0, "BYTES", &s->max_message_size, 0, COUNT_MAX,
                       "Refuse larger responses; default: no bound."),
        INTEGER_OPTION("max-request-size", 0, "BYTES", &s->max_request_size, 0, COUNT_MAX,
                       "Refuse to send larger requests; default 1 GiB."),
        INTEGER_OPTION("max-connections", 0, "N", &s->max_connections, 0, 1e6,
                       "Over HTTP: connections at once at most; default 100."),
        FLAG_OPTION("proxy", 0, &s->proxy, "Obey http_proxy and its sisters."),
        OPTIONS_END,
    };
    int count;
    enum options_outcome outcome = options_read(&command_post, options, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    if (count == 1 && !s->profile) {
        fputs("sluice post: ENDPOINT missing; see sluice post --help\n", stderr);
        return EXIT_USAGE;
    }
    return post_with(s, argv[1], count == 2 ? argv[2] : "/");
}

static int run(int argc, char **argv)
{
    struct settings settings = {.port = -1,
                                .request_size = 100,
                                .max_attempts = 1,
                                .initial_backoff = 0.5,
                                .max_backoff = 2,
                                .backoff_multiplier = 1.5,
                                .repeat = 1};
    int code = read_and_post(&settings, argc, argv);
    option_list_done(&settings.inputs);
    option_list_done(&settings.metadata);
    option_list_done(&settings.parameters);
    return code;
}

const struct command command_post = {
    .name = "post",
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
    .run = run,
};
