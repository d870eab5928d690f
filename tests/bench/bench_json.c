/*
 * bench-json - how fast requests and answers in JSON are read and written, by one thread.
 *
 *   bench-json [--kind embeddings|texts] [--rounds N] [--seconds S]
 *
 * `embeddings`: 100 documents of 512 floats, about 1 MB of JSON. `texts`: 1000 documents of 200 characters and two
 * tags. Each round measures simdjson's own parse of the request, our reading of it, our writing of the answer, and the
 * client's two ways, for S seconds of processor time each. Prints
 * {"bytes":{…},"rounds":[{"parse":MB/s,"read":…,"write":…,…}]} on stdout.
 */
#include "common/foundation/clock.h"
#include "common/foundation/memory.h"
#include "common/json/message.h"
#include "common/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENTS = 100, FLOATS = 512, TEXTS = 1000, TEXT_SIZE = 200 };

struct bench {
    double seconds;
    struct buffer request, answer, sent; /* what is read: a request, an answer; what the client sends */
    struct rope message;
    struct arena *arena;
};

/* Processor time: what other processes take does not count. */
static uint64_t clock_thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void stop(const char *what, const sluice_error *error)
{
    fprintf(stderr, "bench-json: %s: %s\n", what, error->text);
    exit(EXIT_FAILURE);
}

/* A normal distribution, nearly: the sum of uniform numbers. */
static float random_float(uint32_t *state)
{
    float sum = 0;
    for (int i = 0; i < 4; i++) {
        *state = *state * 1664525u + 1013904223u;
        sum += (float)(*state >> 8) / (float)(1 << 24) - 0.5f;
    }
    return sum / 2;
}

static void make_embeddings(struct buffer *out)
{
    json_print_double print;
    uint32_t state = 1;
    char number[JSON_NUMBER_MAX];
    sluice_error error;
    if (json_printer(&print, &error) != SLUICE_OK)
        stop("the JSON module", &error);
    buffer_append_text(out, "{\"execEndpoint\":\"/index\",\"data\":[");
    for (int i = 0; i < DOCUMENTS; i++) {
        buffer_printf(out, "%s{\"id\":\"%032x\",\"embedding\":[", i > 0 ? "," : "", i);
        for (int j = 0; j < FLOATS; j++) {
            if (j > 0)
                buffer_append_byte(out, ',');
            buffer_append(out, number, print((double)random_float(&state), number));
        }
        buffer_append_text(out, "]}");
    }
    buffer_append_text(out, "]}");
}

static void make_texts(struct buffer *out)
{
    char text[TEXT_SIZE + 1];
    for (int i = 0; i < TEXT_SIZE; i++)
        text[i] = "lorem ipsum dolor sit amet "[i % 27];
    text[TEXT_SIZE] = '\0';
    buffer_append_text(out, "{\"execEndpoint\":\"/index\",\"data\":[");
    for (int i = 0; i < TEXTS; i++)
        buffer_printf(out, "%s{\"id\":\"%032x\",\"text\":\"%s\",\"tags\":{\"price\":%d.5,\"shop\":\"north\"}}",
                      i > 0 ? "," : "", i, text, i);
    buffer_append_text(out, "]}");
}

/* ---- what is measured; each returns the bytes of JSON that were worked on ---- */

static size_t parse(struct bench *bench)
{
    sluice_error error;
    if (json_parse_only(buffer_text(&bench->request), bench->request.size, JSON_MESSAGE_DEPTH, &error) != SLUICE_OK)
        stop("parse", &error);
    return bench->request.size;
}

static size_t read_request(struct bench *bench)
{
    const struct json_request_options options = {.request_id = "r"};
    struct json_fault fault;
    sluice_error error;
    rope_done(&bench->message);
    rope_init(&bench->message);
    if (json_request_read(buffer_text(&bench->request), bench->request.size, &options, bench->arena, &bench->message,
                          &fault, &error) != SLUICE_OK)
        stop("read", &error);
    return bench->request.size;
}

static size_t write_answer(struct bench *bench)
{
    const struct json_response_options options = {.style = JSON_STYLE_HTTP};
    sluice_error error;
    buffer_done(&bench->answer);
    buffer_init(&bench->answer, BUFFER_NO_LIMIT);
    if (json_response_write(&bench->message, &options, &bench->answer, &error) != SLUICE_OK)
        stop("write", &error);
    return bench->answer.size;
}

static size_t client_write(struct bench *bench)
{
    sluice_error error;
    buffer_done(&bench->sent);
    buffer_init(&bench->sent, BUFFER_NO_LIMIT);
    if (json_request_write(&bench->message, &bench->sent, &error) != SLUICE_OK)
        stop("client write", &error);
    return bench->sent.size;
}

static size_t client_read(struct bench *bench)
{
    struct rope message;
    sluice_error error;
    rope_init(&message);
    if (json_response_read(buffer_text(&bench->answer), bench->answer.size, bench->arena, &message, &error) !=
        SLUICE_OK)
        stop("client read", &error);
    rope_done(&message);
    return bench->answer.size;
}

/* MB/s over `seconds`. */
static double measure(struct bench *bench, size_t (*work)(struct bench *))
{
    uint64_t start = clock_thread_ns(), now;
    double bytes = 0;
    do {
        bytes += (double)work(bench);
        now = clock_thread_ns();
    } while ((double)(now - start) < bench->seconds * 1e9);
    return bytes * 1e3 / (double)(now - start);
}

static void print_round(struct bench *bench, bool first)
{
    printf("%s{\"parse\":%.1f,", first ? "" : ",", measure(bench, parse));
    printf("\"read\":%.1f,", measure(bench, read_request));
    printf("\"write\":%.1f,", measure(bench, write_answer));
    printf("\"client_write\":%.1f,", measure(bench, client_write));
    printf("\"client_read\":%.1f}", measure(bench, client_read));
}

static const char *option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return fallback;
}

int main(int argc, char **argv)
{
    struct bench bench = {.seconds = atof(option(argc, argv, "--seconds", "0.2"))};
    int rounds = atoi(option(argc, argv, "--rounds", "7"));
    memory_tune(); /* as the gateway does */
    buffer_init(&bench.request, BUFFER_NO_LIMIT);
    buffer_init(&bench.answer, BUFFER_NO_LIMIT);
    buffer_init(&bench.sent, BUFFER_NO_LIMIT);
    rope_init(&bench.message);
    bench.arena = arena_new(4096, ARENA_NO_LIMIT);
    if (strcmp(option(argc, argv, "--kind", "embeddings"), "texts") == 0)
        make_texts(&bench.request);
    else
        make_embeddings(&bench.request);
    read_request(&bench);
    write_answer(&bench);
    client_write(&bench);
    printf("{\"bytes\":{\"request\":%zu,\"answer\":%zu,\"sent\":%zu},\"rounds\":[", bench.request.size,
           bench.answer.size, bench.sent.size);
    for (int i = 0; i < rounds; i++)
        print_round(&bench, i == 0);
    printf("]}\n");
    rope_done(&bench.message);
    buffer_done(&bench.request);
    buffer_done(&bench.answer);
    buffer_done(&bench.sent);
    arena_free(bench.arena);
    return EXIT_SUCCESS;
}
