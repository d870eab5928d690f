/*
 * grpc_cases.c - the recorded calls of tests/golden/grpc, message by message, sent raw.
 *
 * Messages are compared decoded (schema.h), without the times of routes (that they are there is compared), without
 * traceback text, and with an empty __results__ counted as absent. What differs is named by its first difference.
 */
#include "cases.h"
#include "raw_call.h"
#include "running.h"
#include "schema.h"
#include "common/foundation/file.h"
#include "common/net/grpc/core.h"

#include <grpc/grpc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *flow, *yaml;
} flows[] = {
    {"one", "jtype: Flow\nexecutors:\n- {name: executor0, uses: Tool, py_modules: ['%s/tests/plugins/twin_tool.so'], "
     "workers: 4}\n"},
    {"two",          "jtype: Flow\nexecutors:\n- {name: first, uses: First, py_modules: ['%s/tests/plugins/twin_first.so']}\n"
            "- {name: second, uses: Second, py_modules: ['%s/tests/plugins/twin_second.so']}\n"},
    {"empty",        "jtype: Flow\nexecutors: []\n"},
    {"dead_timeout", "jtype: Flow\ngateway: {timeout_send: 300}\nexecutors:\n"
                     "- {name: slow, uses: Tool, py_modules: ['%s/tests/plugins/twin_tool.so']}\n"},
};

static void text_of(const sluice_value *map, const char *key, char *target, size_t capacity)
{
    sluice_text text = sluice_value_string(sluice_value_get(map, key));
    snprintf(target, capacity, "%.*s", (int)text.size, text.data);
}

static const struct message_type *type_of_answer(const char *path)
{
    static const struct {
        const char *path;
        const struct message_type *type;
    } types[] = {
        {"/jina.JinaRPC/Call",                                 &type_data_request           },
        {"/jina.JinaSingleDataRequestRPC/process_single_data", &type_data_request           },
        {"/jina.JinaSingleDocumentRequestRPC/stream_doc",      &type_single_document_request},
        {"/jina.JinaGatewayDryRunRPC/dry_run",                 &type_status                 },
        {"/jina.JinaInfoRPC/_status",                          &type_info                   },
        {"/jina.JinaDiscoverEndpointsRPC/endpoint_discovery",  &type_endpoints              },
        {"/grpc.health.v1.Health/Check",                       &type_health                 },
        {"/grpc.health.v1.Health/Watch",                       &type_health                 },
        {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &type_reflection},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].path, path) == 0)
            return types[i].type;
    return NULL;
}

void cases_forget_times_and_stacks(sluice_value *message)
{
    const sluice_value *routes = sluice_value_get(message, "routes");
    for (size_t i = 0; i < sluice_value_size(routes); i++) {
        sluice_value *route = (sluice_value *)sluice_value_at(routes, i);
        for (int end = 0; end < 2; end++)
            if (sluice_value_get(route, end ? "end_time" : "start_time") != NULL)
                sluice_value_set_string(route, end ? "end_time" : "start_time", "given");
        sluice_value *exception = (sluice_value *)sluice_value_get(sluice_value_get(route, "status"), "exception");
        if (exception != NULL)
            sluice_value_remove(exception, "stacks");
    }
    const sluice_value *header = sluice_value_get(message, "header");
    sluice_value *exception = (sluice_value *)sluice_value_get(sluice_value_get(header, "status"), "exception");
    if (exception != NULL)
        sluice_value_remove(exception, "stacks");
    sluice_value *parameters = (sluice_value *)sluice_value_get(message, "parameters");
    const sluice_value *results = sluice_value_get(parameters, "__results__");
    if (results != NULL && sluice_value_size(results) == 0)
        sluice_value_remove(parameters, "__results__");
}

/* Of the facts of _status only their names are the same everywhere. */
static void forget_facts(sluice_value *message)
{
    static const char *const maps[] = {"jina", "envs"};
    for (int i = 0; i < 2; i++) {
        sluice_value *map = (sluice_value *)sluice_value_get(message, maps[i]);
        for (size_t j = 0; j < sluice_value_size(map); j++)
            sluice_value_set_text(map, sluice_value_key_at(map, j), sluice_text_of("given"));
    }
}

/* Appends to the difference. */
static void compare_message(const char *path, const struct buffer *ours, const struct buffer *recorded,
                            char *difference, size_t capacity)
{
    if (ours->size == recorded->size && (ours->size == 0 || memcmp(ours->data, recorded->data, ours->size) == 0))
        return;
    const struct message_type *type = type_of_answer(path);
    if (type == NULL) {
        snprintf(difference, capacity, "other bytes");
        return;
    }
    sluice_value *a = schema_decode(type, ours->data, ours->size),
                 *b = schema_decode(type, recorded->data, recorded->size);
    if (type == &type_data_request || type == &type_single_document_request) {
        cases_forget_times_and_stacks(a);
        cases_forget_times_and_stacks(b);
    } else if (type == &type_info) {
        forget_facts(a);
        forget_facts(b);
    }
    compare_values(a, b, difference, capacity);
    sluice_value_free(a);
    sluice_value_free(b);
}

static bool read_golden(const sluice_value *files, size_t index, struct buffer *buffer)
{
    char path[512];
    sluice_text name = sluice_value_string(sluice_value_at(files, index));
    snprintf(path, sizeof path, "%s/tests/golden/grpc/%.*s", source_folder(), (int)name.size, name.data);
    buffer_init(buffer, BUFFER_NO_LIMIT);
    sluice_error error;
    if (file_read_path(path, buffer, &error) == SLUICE_OK)
        return true;
    printf("%s: %s\n", error.where, error.text);
    return false;
}

/* The size cases keep no files: the request is made here. */
static bool make_size_request(const char *name, struct buffer *buffer)
{
    size_t size = strcmp(name, "size_5MB") == 0     ? (size_t)5 << 20
                  : strcmp(name, "size_100MB") == 0 ? (size_t)100 << 20
                                                    : 0;
    if (size == 0)
        return false;
    buffer_init(buffer, BUFFER_NO_LIMIT);
    static const uint8_t header[] = {0x0A, 0x0B, 0x0A, 0x02, 'i', 'd', 0x1A, 0x05, '/', 'e', 'c', 'h', 'o'};
    buffer_append(buffer, header, sizeof header);
    /* data { docs { docs { id "d" blob } } }: lengths of four bytes each, written as five-byte varints. */
    size_t blob = size, document = 3 + 6 + blob, docs = 6 + document, data = 6 + docs;
    const size_t lengths[] = {data, docs, document};
    const uint8_t tags[] = {0x22, 0x0A, 0x0A};
    for (int i = 0; i < 4; i++) {
        size_t length = i < 3 ? lengths[i] : blob;
        if (i == 3)
            buffer_append(buffer,
                          "\x0A\x01"
                          "d",
                          3);
        buffer_append_byte(buffer, i < 3 ? tags[i] : 0x12);
        for (int j = 0; j < 5; j++)
            buffer_append_byte(buffer, (uint8_t)((length >> (7 * j) & 0x7F) | (j < 4 ? 0x80 : 0)));
    }
    uint8_t *at = buffer_reserve(buffer, blob);
    if (at == NULL)
        return false;
    memset(at, 'x', blob);
    buffer->size += blob;
    return true;
}

static void fill_call(struct raw_call *call, const sluice_value *one, const char *name)
{
    static char texts[8][2][64];
    const sluice_value *metadata = sluice_value_get(one, "request_metadata");
    for (size_t i = 0; i < sluice_value_size(metadata) && i < 8; i++)
        for (size_t j = 0; j < 2; j++) {
            sluice_text text = sluice_value_string(sluice_value_at(sluice_value_at(metadata, i), j));
            snprintf(texts[i][j], sizeof texts[i][j], "%.*s", (int)text.size, text.data);
            call->metadata[i][j] = texts[i][j];
        }
    call->timeout_seconds = strcmp(name, "deadline") == 0 ? 0.5 : strstr(name, "watch") != NULL ? 1 : 30;
    call->compression = strcmp(name, "gzip") == 0 ? "gzip" : strcmp(name, "deflate") == 0 ? "deflate" : NULL;
    const sluice_value *files = sluice_value_get(one, "request_files");
    if (sluice_value_size(files) == 0 && make_size_request(name, &call->requests[0]))
        call->request_count = 1;
    for (size_t i = 0; i < sluice_value_size(files) && i < RAW_MESSAGES_MAX; i++)
        if (read_golden(files, i, &call->requests[i]))
            call->request_count = i + 1;
}

static void compare_case(const sluice_value *one, const char *name, struct raw_call *call, char *difference,
                         size_t capacity)
{
    int recorded_status = (int)sluice_value_integer(sluice_value_get(one, "grpc_status_number"), 0);
    *difference = '\0';
    if (call->status != recorded_status) {
        snprintf(difference, capacity, "status: ours %d, recorded %d", call->status, recorded_status);
        return;
    }
    const sluice_value *files = sluice_value_get(one, "response_files");
    size_t recorded_count = strncmp(name, "size_", 5) == 0 ? 1 : sluice_value_size(files);
    /* The client's clock and the gateway's end this call. Which is first, and so whether the details have more words, is
     * chance; that no answer comes is not: one behind the deadline is late. */
    bool chance = strcmp(name, "deadline") == 0;
    if (call->response_count != recorded_count) {
        snprintf(difference, capacity, "messages: ours %zu, recorded %zu", call->response_count, recorded_count);
        return;
    }
    for (size_t i = 0; i < sluice_value_size(files) && *difference == '\0'; i++) {
        struct buffer recorded;
        if (!read_golden(files, i, &recorded))
            snprintf(difference, capacity, "no recording");
        else
            compare_message(call->path, &call->responses[i], &recorded, difference, capacity);
        buffer_done(&recorded);
    }
    if (strncmp(name, "size_", 5) == 0 && *difference == '\0' && call->responses[0].size < call->requests[0].size)
        snprintf(difference, capacity, "the blob came back cut");
    char details[1024];
    text_of(one, "grpc_details", details, sizeof details);
    /* Addresses and advice in details vary; the fixed words are the deployment's name and |Gateway:. */
    bool timeout = strstr(details, "|Gateway:") != NULL;
    if (*difference == '\0' && timeout &&
        (strstr(call->details, "|Gateway:") == NULL || strstr(call->details, "deployment slow") == NULL))
        snprintf(difference, capacity, "details: ours %.300s", call->details);
    else if (*difference == '\0' && !timeout && strncmp(details, call->details, chance ? strlen(details) : sizeof details) != 0)
        snprintf(difference, capacity, "details: ours %.300s, recorded %.300s", call->details, details);
    for (char *at = difference; *at != '\0'; at++)
        if (*at == '|' || *at == '\n')
            *at = '/';
}

static bool is_wanted(const sluice_value *one, const char *flow)
{
    char peer[32], section[32], of[32];
    text_of(one, "peer", peer, sizeof peer);
    text_of(one, "section", section, sizeof section);
    text_of(one, "flow", of, sizeof of);
    static const char *const sections[] = {"documents", "requests", "services", "graphs", "failures"};
    bool known = false;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        known |= strcmp(sections[i], section) == 0;
    return known && strcmp(peer, "gateway") == 0 && strcmp(of, flow) == 0;
}

static void run_flow(const sluice_value *cases, const char *flow, const char *yaml, struct tally *tally)
{
    char text[2048];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, yaml, build_folder(), build_folder());
#pragma GCC diagnostic pop
    sluice_flow *running = running_flow_start(text);
    for (size_t i = 0; i < sluice_value_size(cases); i++) {
        const sluice_value *one = sluice_value_at(cases, i);
        if (!is_wanted(one, flow))
            continue;
        char label[96], section[32], name[160], path[160], difference[1024] = "the Flow did not start";
        text_of(one, "name", label, sizeof label);
        text_of(one, "section", section, sizeof section);
        text_of(one, "path", path, sizeof path);
        snprintf(name, sizeof name, "grpc/%s/%s", section, label);
        if (running != NULL) {
            struct raw_call call = {.port = sluice_flow_port(running), .path = path};
            fill_call(&call, one, label);
            raw_call_run(&call);
            compare_case(one, label, &call, difference, sizeof difference);
            raw_call_done(&call);
        }
        compare_count(tally, name, difference);
    }
    running_flow_stop(running, tally);
}

void cases_run_grpc(struct tally *tally, const char *only)
{
    rpc_core_init();
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/grpc/index.json", source_folder());
    sluice_value *index = cases_read_json(path);
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        if (only == NULL || strcmp(only, flows[i].flow) == 0)
            run_flow(sluice_value_get(index, "cases"), flows[i].flow, flows[i].yaml, tally);
    sluice_value_free(index);
    rpc_core_done();
}
