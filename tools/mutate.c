/* sluice mutate - sends a GraphQL document to a gateway and prints the answer. Uses the public client interface only. */
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "tools/commands.h"
#include "tools/tls_options.h"

#include <sluice/client.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADERS_MAX = 256, QUERY_MAX = 64 << 20 };

struct settings {
    struct option_list headers;
    const char *query, *query_file, *variables, *variables_file, *operation;
    double port, timeout;
    bool tls, wait, proxy, include;
    struct tls_options tls_options;
};

static bool is_standard_input(const char *file)
{
    return file != NULL && strcmp(file, "-") == 0;
}

/* A text given as such, or by the name of its file; *ret_text NULL: neither. `file` owns the memory. */
static sluice_status read_text(const char *option, const char *text, const char *path, struct buffer *file,
                               const char **ret_text, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    if (text != NULL && path != NULL)
        return sluice_fail(error, SLUICE_INVALID, option, "give --%s or --%s-file, not both", option, option);
    *ret_text = text;
    if (path == NULL)
        return SLUICE_OK;
    if (is_standard_input(path))
        status = file_read_all(STDIN_FILENO, "standard input", file, error);
    else
        status = file_read_path(path, file, error);
    if (status == SLUICE_OK && memchr(buffer_text(file), '\0', file->size) != NULL)
        status = sluice_fail(error, SLUICE_INVALID, path, "there is a NUL byte in it; is it a text file?");
    *ret_text = buffer_text(file);
    return status;
}

/* "NAME: VALUE"; the names are copies that the caller frees. */
static sluice_status read_headers(const struct settings *settings, sluice_metadata *headers, sluice_error *error)
{
    if (settings->headers.count > HEADERS_MAX)
        return sluice_fail(error, SLUICE_LIMIT, "--header", "is given more than %d times", HEADERS_MAX);
    for (size_t i = 0; i < settings->headers.count; i++) {
        const char *line = settings->headers.values[i].text;
        const char *colon = strchr(line, ':');
        if (colon == NULL || colon == line)
            return sluice_fail(error, SLUICE_INVALID, "--header", "wants \"NAME: VALUE\", not \"%s\"", line);
        headers[i].key = strndup(line, (size_t)(colon - line));
        headers[i].value = colon + 1 + strspn(colon + 1, " \t");
        if (headers[i].key == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, "--header", "out of memory");
    }
    return SLUICE_OK;
}

static sluice_status open_client(const struct settings *settings, const char *uri, sluice_client **ret_client,
                                 sluice_error *error)
{
    sluice_client_options options = sluice_client_options_default();
    options.host = uri;
    if (settings->port >= 0) {
        options.port = (int)settings->port;
        options.port_given = true;
    }
    /* GraphQL goes over HTTP whatever the scheme says; without one it is not gRPC's module that is loaded first. */
    options.protocol = strstr(uri, "://") == NULL ? "http" : NULL;
    options.tls = options.tls_given = settings->tls;
    options.wait_for_ready = settings->wait;
    options.proxy = settings->proxy;
    tls_options_apply(&settings->tls_options, &options);
    return sluice_client_new(&options, ret_client, error);
}

static sluice_status print_answer(const struct settings *settings, const sluice_mutation *answer, sluice_error *error)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    for (size_t i = 0; settings->include && i < sluice_mutation_header_count(answer); i++) {
        sluice_header header = sluice_mutation_header_at(answer, i);
        buffer_append(&text, header.name.data, header.name.size);
        buffer_append_text(&text, ": ");
        buffer_append(&text, header.value.data, header.value.size);
        buffer_append_byte(&text, '\n');
    }
    if (settings->include)
        buffer_append_byte(&text, '\n');
    sluice_text json = sluice_mutation_json(answer);
    buffer_append(&text, json.data, json.size);
    if (json.size == 0 || json.data[json.size - 1] != '\n')
        buffer_append_byte(&text, '\n');
    sluice_status status = report_result(&text, error);
    buffer_done(&text);
    return status;
}

static sluice_status send_query(const struct settings *settings, const char *uri, const char *query,
                                const sluice_mutate_options *options, sluice_error *error)
{
    sluice_client *client = NULL;
    sluice_mutation *answer = NULL;
    sluice_status status = open_client(settings, uri, &client, error);
    if (status == SLUICE_OK)
        status = sluice_client_mutate(client, query, options, &answer, error);
    if (answer != NULL) {
        sluice_error unprinted;
        if (print_answer(settings, answer, &unprinted) != SLUICE_OK && status == SLUICE_OK) {
            status = unprinted.status;
            *error = unprinted;
        }
    }
    sluice_mutation_free(answer);
    sluice_client_free(client);
    return status;
}

static int mutate(const struct settings *settings, const char *uri)
{
    sluice_metadata headers[HEADERS_MAX] = {0};
    sluice_mutate_options options = sluice_mutate_options_default();
    struct buffer query_file, variables_file;
    const char *query = NULL;
    sluice_error error = {0};
    buffer_init(&query_file, QUERY_MAX);
    buffer_init(&variables_file, QUERY_MAX);
    options.operation_name = settings->operation;
    options.timeout_seconds = settings->timeout;
    options.headers = headers;
    options.header_count = settings->headers.count;

    sluice_status status = read_text("query", settings->query, settings->query_file, &query_file, &query, &error);
    if (status == SLUICE_OK)
        status = read_text("variables", settings->variables, settings->variables_file, &variables_file,
                           &options.variables_json, &error);
    if (status == SLUICE_OK)
        status = read_headers(settings, headers, &error);
    if (status == SLUICE_OK)
        status = send_query(settings, uri, query, &options, &error);
    for (size_t i = 0; i < HEADERS_MAX && headers[i].key != NULL; i++)
        free((char *)headers[i].key);
    buffer_done(&query_file);
    buffer_done(&variables_file);
    return status == SLUICE_OK ? 0 : report_error(&error);
}

static const struct option options[] = {
    OPTION_GROUP("What to send:"),
    TEXT_OPTION("query", 'q', "TEXT", query, "The GraphQL document, a mutation or a query."),
    TEXT_OPTION("query-file", 0, "FILE", query_file, "The same from a file; - is standard input."),
    TEXT_OPTION("variables", 'v', "JSON", variables, "Values of the document's variables, a JSON object."),
    TEXT_OPTION("variables-file", 0, "FILE", variables_file, "The same from a file; - is standard input."),
    TEXT_OPTION("operation", 0, "NAME", operation, "Which operation, when the document has several."),
    LIST_OPTION("header", 'H', "NAME: VALUE", headers, "A header of the request. May be given several times."),
    NUMBER_OPTION("timeout", 0, "SECONDS", timeout, 0, 1e6,
                  "How long to wait for the answer. Default: for ever."),
    OPTION_GROUP("What to print:"),
    FLAG_OPTION("include", 'i', include, "The headers of the answer too, and an empty line behind them."),
    OPTION_GROUP("The gateway:"),
    INTEGER_OPTION("port", 0, "PORT", port, 0, 65535,
                   "Its port, when the URI has none; default 80, or 443 with TLS."),
    FLAG_OPTION("tls", 0, tls, "Encrypt, when the URI does not say so."),
    TLS_OPTIONS(tls_options),
    FLAG_OPTION("wait", 0, wait, "Wait for a gateway that is not there yet, until --timeout."),
    FLAG_OPTION("proxy", 0, proxy, "Obey http_proxy and its sisters."),
    OPTIONS_END,
};

static int run(int argc, char **argv)
{
    struct settings settings = {.port = -1};
    int count, code = 0;
    enum options_outcome outcome = options_read(&command_mutate, &settings, argc, argv, &count);
    if (outcome == OPTIONS_WRONG)
        code = EXIT_USAGE;
    else if (outcome == OPTIONS_GO && settings.query == NULL && settings.query_file == NULL)
        code = command_complain(&command_mutate, "--query or --query-file missing");
    else if (outcome == OPTIONS_GO && is_standard_input(settings.query_file) && is_standard_input(settings.variables_file))
        code = command_complain(&command_mutate, "--query-file and --variables-file are both standard input, which can be "
                                                 "read only once; name a file for one of them");
    else if (outcome == OPTIONS_GO)
        code = mutate(&settings, argv[1]);
    option_list_done(&settings.headers);
    return code;
}

const struct command command_mutate = {
    .name = "sluice mutate",
    .arguments = "URI",
    .summary = "Send a GraphQL mutation or query and print the answer",
    .help =
        "Sends a GraphQL document to /graphql of the gateway at URI (\"http://localhost:51234\", \"localhost:51234\") "
        "and "
        "prints the answer, a JSON object with data and, when something went wrong, errors. It goes over HTTP, "
        "whatever "
        "the scheme of the URI; the gateway serves it with expose_graphql_endpoint. With errors in the answer their "
        "messages go to stderr and the exit code is 1 when the document was refused, 7 when its execution failed.",
    .examples =
        "  sluice mutate http://localhost:51234 --query '{ docs(data: [{text: \"hi\"}], execEndpoint: \"/\") { id text "
        "} }'\n"
        "  sluice mutate localhost:51234 --query-file search.graphql --variables '{\"text\": \"blue\"}'\n"
        "  sluice mutate https://example.org --query-file - -H 'authorization: Bearer TOKEN' < search.graphql\n",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
