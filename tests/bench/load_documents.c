/*
 * load_documents.c - sends documents with random embeddings through a Flow by the product's own client, so many in a request and so
 * many requests in flight, and tells how long that took. Prints one JSON object.
 *
 * The requests are made before the clock starts; it stops when the last is answered. A request that failed ends the program.
 */
#include <sluice/client.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *uri;
static const char *endpoint = "/index";
static size_t documents = 100000, per_request = 100, in_flight = 16, dimension = 256;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what, const sluice_error *error)
{
    fprintf(stderr, "bench-load-documents: %s: %s\n", what, error != NULL ? error->text : "");
    exit(2);
}

static void parse(int count, char **arguments)
{
    static const struct option options[] = {
        {"uri", required_argument, NULL, 'u'},       {"endpoint", required_argument, NULL, 'e'},
        {"documents", required_argument, NULL, 'd'}, {"per-request", required_argument, NULL, 'r'},
        {"in-flight", required_argument, NULL, 'f'}, {"dimension", required_argument, NULL, 'n'},
        {0},
    };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        switch (option) {
        case 'u': uri = optarg; break;
        case 'e': endpoint = optarg; break;
        case 'd': documents = strtoul(optarg, NULL, 10); break;
        case 'r': per_request = strtoul(optarg, NULL, 10); break;
        case 'f': in_flight = strtoul(optarg, NULL, 10); break;
        case 'n': dimension = strtoul(optarg, NULL, 10); break;
        default: exit(2);
        }
    }
    if (uri == NULL || per_request == 0 || dimension == 0)
        fail("usage: bench-load-documents --uri grpc://HOST:PORT [--endpoint E] [--documents N] [--per-request N] [--in-flight N] "
             "[--dimension N]",
             NULL);
}

/* All requests, one array each. */
static sluice_document_array **make_requests(size_t count)
{
    sluice_document_array **requests = calloc(count, sizeof(*requests));
    float *vector = malloc(dimension * sizeof *vector);
    for (size_t i = 0, made = 0; i < count; i++) {
        requests[i] = sluice_document_array_new();
        for (size_t j = 0; j < per_request && made < documents; j++, made++) {
            char id[32];
            int size = snprintf(id, sizeof id, "document-%08zu", made);
            sluice_document *document = sluice_document_array_append(requests[i]);
            for (size_t n = 0; n < dimension; n++)
                vector[n] = (float)rand() / (float)RAND_MAX - 0.5f;
            if (sluice_document_set_id(document, id, (size_t)size) != SLUICE_OK ||
                sluice_document_set_text(document, id, (size_t)size) != SLUICE_OK ||
                sluice_document_set_embedding_floats(document, vector, dimension) != SLUICE_OK)
                fail("cannot make a request", NULL);
        }
    }
    free(vector);
    return requests;
}

/* Take what has come; true: the end. `wait`: for at least one. */
static bool take(sluice_stream *stream, bool wait, size_t *answered)
{
    sluice_response *response = NULL;
    sluice_error error = {0};
    for (;;) {
        sluice_pulled pulled = sluice_stream_pull(stream, wait ? -1 : 0, &response, &error);
        if (pulled == SLUICE_PULLED_FAILED)
            fail("the stream ended", &error);
        if (pulled == SLUICE_PULLED_END)
            return true;
        if (pulled == SLUICE_PULLED_NOTHING)
            return false;
        if (sluice_response_failed(response)) {
            sluice_text text = sluice_response_description(response);
            snprintf(error.text, sizeof error.text, "%.*s", (int)text.size, text.data);
            fail("a request failed", &error);
        }
        sluice_response_unref(response);
        ++*answered;
        wait = false;
    }
}

static size_t send_all(sluice_client *client, sluice_document_array **requests, size_t count)
{
    sluice_post_options options = sluice_post_options_default();
    sluice_stream *stream = NULL;
    sluice_error error = {0};
    size_t answered = 0;
    if (sluice_stream_open(client, endpoint, &options, &stream, &error) != SLUICE_OK)
        fail("cannot open a stream", &error);
    for (size_t i = 0; i < count; i++) {
        sluice_request request = {.documents = requests[i]};
        while (!sluice_stream_has_room(stream))
            take(stream, true, &answered);
        if (sluice_stream_push(stream, &request, 0, NULL, &error) != SLUICE_OK)
            fail("cannot push a request", &error);
    }
    sluice_stream_finish(stream, &error);
    while (!take(stream, true, &answered))
        ;
    sluice_stream_free(stream);
    return answered;
}

int main(int argument_count, char **arguments)
{
    parse(argument_count, arguments);
    size_t count = (documents + per_request - 1) / per_request;
    sluice_document_array **requests = make_requests(count);
    sluice_client_options options = sluice_client_options_default();
    sluice_client *client = NULL;
    sluice_error error = {0};
    options.host = uri;
    options.prefetch = (int)in_flight;
    if (sluice_client_new(&options, &client, &error) != SLUICE_OK || sluice_client_is_flow_ready(client, 10, &error) != SLUICE_OK)
        fail("cannot connect", &error);
    double started = now();
    size_t answered = send_all(client, requests, count);
    double seconds = now() - started;
    printf("{\"seconds\": %.4f, \"documents\": %zu, \"requests\": %zu, \"answered\": %zu}\n", seconds, documents, count, answered);
    sluice_client_free(client);
    for (size_t i = 0; i < count; i++)
        sluice_document_array_free(requests[i]);
    free(requests);
    return answered == count ? 0 : 1;
}
