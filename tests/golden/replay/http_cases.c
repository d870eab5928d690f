/*
 * http_cases.c - the recorded requests of tests/golden/http (and graphql), written to a socket as they are.
 *
 * Compared are the number of answers, and of each the status, the headers that mean something, and the body
 * (json_text.h); then whether the connection stays open.
 */
#include "batch.h"
#include "json_text.h"
#include "raw_http.h"
#include "raw_socket.h"
#include "running.h"
#include "common/foundation/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ANSWERS_MAX = 8,
    WAIT_MS = 10000,   /* for an answer that was recorded */
    CLOSE_MS = 1000,   /* for the end of a connection behind the answers */
    NOTHING_MS = 1000, /* for an answer, where none at all was recorded */
    OPEN_MS = 50,      /* to see that a connection stays open */
};

#define WORKER "- {name: worker, uses: Worker, py_modules: ['%s/tests/plugins/twin_worker.so']}\n"
#define SECOND "- {name: second, uses: Second, py_modules: ['%s/tests/plugins/twin_stage.so']}\n"
#define FLOW(gateway, executors) "jtype: Flow\ngateway: {protocol: http" gateway "}\nexecutors:\n" executors

struct exchange {
    struct raw_socket socket;
    struct raw_answer answers[ANSWERS_MAX];
    size_t count, at;
    bool to_head;
};

/* Until so many answers have come, the connection has ended, or nothing comes for so long. */
static void receive(struct exchange *exchange, size_t count, int timeout_ms)
{
    for (;;) {
        while (exchange->count < ANSWERS_MAX &&
               raw_answer_take(&exchange->socket.in, &exchange->at, exchange->socket.ended, exchange->to_head,
                               &exchange->answers[exchange->count]))
            exchange->count++;
        if (exchange->count >= count || exchange->socket.ended)
            return;
        if (!raw_socket_read(&exchange->socket, timeout_ms) && !exchange->socket.ended)
            return;
    }
}

static void send_request(struct exchange *exchange, const struct buffer *request, sluice_text how)
{
    const char *text = buffer_text(request);
    size_t first = request->size;
    if (sluice_text_is(how, "expect")) {
        const char *end = memmem(text, request->size, "\r\n\r\n", 4);
        first = end == NULL ? request->size : (size_t)(end + 4 - text);
    } else if (sluice_text_is(how, "sequence")) {
        const char *second = memmem(text + 1, request->size - 1, "POST /post", 10);
        first = second == NULL ? request->size : (size_t)(second - text);
    }
    raw_socket_send(&exchange->socket, text, first);
    if (first < request->size) {
        receive(exchange, 1, WAIT_MS);
        raw_socket_send(&exchange->socket, text + first, request->size - first);
    }
    if (sluice_text_is(how, "half"))
        raw_socket_half_close(&exchange->socket);
}

static bool is_compared(sluice_text name)
{
    static const char *const names[] = {"content-type", "allow", "location", "vary"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (name.size == strlen(names[i]) && strncasecmp(name.data, names[i], name.size) == 0)
            return true;
    return name.size > 15 && strncasecmp(name.data, "access-control-", 15) == 0;
}

static void set_header(sluice_value *headers, sluice_text name, sluice_text value)
{
    char lower[64];
    size_t size = name.size < sizeof lower ? name.size : sizeof lower;
    for (size_t i = 0; i < size; i++)
        lower[i] = (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] + 32 : name.data[i]);
    if (is_compared(name))
        sluice_value_set_text(headers, (sluice_text){lower, size}, value);
}

static void set_body(sluice_value *map, sluice_text body)
{
    bool page = body.size > 9 && strncasecmp(body.data, "<!DOCTYPE", 9) == 0;
    if (page || body.size == 0)
        sluice_value_set_string(map, "body", page ? "a page" : "");
    else
        json_text_set(map, "body", body);
}

static sluice_value *value_of_ours(const struct exchange *exchange)
{
    sluice_value *all = sluice_value_new_map(), *list = sluice_value_set_list(all, "responses");
    for (size_t i = 0; i < exchange->count; i++) {
        const struct raw_answer *answer = &exchange->answers[i];
        sluice_value *map = sluice_value_append_map(list);
        sluice_value_set_number(map, "status", answer->status);
        sluice_value *headers = sluice_value_set_map(map, "headers");
        for (size_t j = 0; j < answer->header_count; j++)
            set_header(headers, answer->headers[j].name, answer->headers[j].value);
        set_body(map, (sluice_text){buffer_text(&answer->body), answer->body.size});
    }
    sluice_value_set_string(all, "connection", exchange->socket.ended ? "closed by server" : "left open");
    return all;
}

static sluice_value *value_of_recorded(const sluice_value *recorded)
{
    sluice_value *all = sluice_value_new_map(), *list = sluice_value_set_list(all, "responses");
    const sluice_value *responses = sluice_value_get(recorded, "responses");
    for (size_t i = 0; i < sluice_value_size(responses); i++) {
        const sluice_value *one = sluice_value_at(responses, i), *pairs = sluice_value_get(one, "headers");
        sluice_value *map = sluice_value_append_map(list);
        sluice_value_set_copy(map, sluice_text_of("status"), sluice_value_get(one, "status"));
        sluice_value *headers = sluice_value_set_map(map, "headers");
        for (size_t j = 0; j < sluice_value_size(pairs); j++)
            set_header(headers, sluice_value_string(sluice_value_at(sluice_value_at(pairs, j), 0)),
                       sluice_value_string(sluice_value_at(sluice_value_at(pairs, j), 1)));
        if (sluice_value_get(one, "body_note") != NULL)
            sluice_value_set_string(map, "body", "a page");
        else
            set_body(map, sluice_value_string(sluice_value_get(one, "body_text")));
    }
    sluice_value_set_copy(all, sluice_text_of("connection"), sluice_value_get(recorded, "connection"));
    return all;
}

static void read_file(const char *folder, const char *name, const char *end, struct buffer *buffer)
{
    char path[512];
    sluice_error error;
    snprintf(path, sizeof path, "%s/tests/golden/%s/%s.%s", source_folder(), folder, name, end);
    buffer_init(buffer, BUFFER_NO_LIMIT);
    if (file_read_path(path, buffer, &error) != SLUICE_OK) {
        fprintf(stderr, "%s: %s\n", error.where, error.text);
        exit(2);
    }
}

/* The recording, without the members `body`, which say the same as `body_text` and may be nested too deep to be read. */
static sluice_value *read_recorded(const char *folder, const char *name)
{
    struct buffer text, kept;
    read_file(folder, name, "response.json", &text);
    buffer_init(&kept, BUFFER_NO_LIMIT);
    bool inside = false;
    for (const char *at = buffer_text(&text), *end; *at != '\0'; at = end) {
        end = strchr(at, '\n') == NULL ? at + strlen(at) : strchr(at, '\n') + 1;
        bool begins = strncmp(at, "   \"body\": {\n", 13) == 0 || strncmp(at, "   \"body\": [\n", 13) == 0;
        if (begins)
            buffer_append_text(&kept, "   \"body\": null\n");
        else if (!inside)
            buffer_append(&kept, at, (size_t)(end - at));
        inside = begins || (inside && strncmp(at, "    ", 4) == 0);
    }
    sluice_value *value = NULL;
    sluice_error error;
    if (sluice_value_from_json(buffer_text(&kept), kept.size, &value, &error) != SLUICE_OK) {
        fprintf(stderr, "%s/%s: %s: %s\n", folder, name, error.where, error.text);
        exit(2);
    }
    buffer_done(&text);
    buffer_done(&kept);
    return value;
}

static void run_case(const struct batch *batch, sluice_flow *flow, const sluice_value *one, const char *name,
                     char *difference, size_t capacity)
{
    sluice_value *file = read_recorded(batch->folder, name), *recorded = value_of_recorded(file);
    size_t count = sluice_value_size(sluice_value_get(recorded, "responses"));
    bool closed = sluice_text_is(sluice_value_string(sluice_value_get(recorded, "connection")), "closed by server");
    struct buffer request;
    read_file(batch->folder, name, "request", &request);
    struct exchange exchange = {.to_head = request.size > 4 && memcmp(request.data, "HEAD", 4) == 0};
    raw_socket_open(&exchange.socket, sluice_flow_port_of(flow, "http"));
    send_request(&exchange, &request, sluice_value_string(sluice_value_get(one, "send")));
    receive(&exchange, count, WAIT_MS);
    receive(&exchange, ANSWERS_MAX, closed ? CLOSE_MS : count == 0 ? NOTHING_MS : OPEN_MS);
    sluice_value *ours = value_of_ours(&exchange);
    compare_values(ours, recorded, difference, capacity);
    for (size_t i = 0; i < exchange.count; i++)
        raw_answer_done(&exchange.answers[i]);
    raw_socket_close(&exchange.socket);
    buffer_done(&request);
    sluice_value_free(ours);
    sluice_value_free(recorded);
    sluice_value_free(file);
}

static const struct batch flows[] = {
    {"http", "one", FLOW("", WORKER), false, run_case},
    {"http", "plain", FLOW("", WORKER SECOND), false, run_case},
    {"http", "expose",
     FLOW(", title: Shoe search, description: Finds shoes, cors: true, expose_endpoints: {/describe: {}, /params: {methods: [POST], "
          "summary: Show parameters, tags: [Own]}, /result: {http_path: /stats, methods: [GET, POST]}, floats: {methods: [PUT]}, "
          "/fail: {}}",
          WORKER SECOND), false, run_case},
    {"http", "bare", FLOW(", no_debug_endpoints: true, no_crud_endpoints: true", WORKER), false, run_case},
    {"http", "nodebug", FLOW(", no_debug_endpoints: true", WORKER), false, run_case},
    {"http", "cors", FLOW(", cors: true", WORKER), false, run_case},
    {"http", "timeout", FLOW(", timeout_send: 400", WORKER), true, run_case},
    {"http", "kill", FLOW("", WORKER), true, run_case},
    {"graphql", "graphql", FLOW(", expose_graphql_endpoint: true", WORKER SECOND), false, run_case},
    {"graphql", "gqltimeout", FLOW(", expose_graphql_endpoint: true, timeout_send: 400", WORKER), true, run_case},
    {"graphql", "gqlkill", FLOW(", expose_graphql_endpoint: true", WORKER), true, run_case},
};

void cases_run_http(struct tally *tally, const char *folder, const char *only)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/%s/index.json", source_folder(), folder);
    sluice_value *file = cases_read_json(path);
    const sluice_value *cases = sluice_value_get(file, "cases");
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        if (strcmp(flows[i].folder, folder) == 0)
            batch_run(&flows[i], cases, only, tally);
    if (only == NULL)
        batch_all_counted(folder, cases, tally);
    sluice_value_free(file);
}
