/*
 * The test kit of <sluice/executor.h>: loading, checking and calling as the host does, without a process or a socket. What
 * goes in and comes out takes the way through bytes that it takes in a Flow.
 */
#include "common/document/codec.h"
#include "common/flow/description.h"
#include "common/flow/report.h"
#include "executor/host/call.h"
#include "executor/host/describe.h"
#include "executor/host/failure.h"
#include "executor/host/plugin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KIT_NAME "test"

struct sluice_testkit {
    struct instance instance;
    sluice_value *uses_with; /* checked, defaults filled in */
    void *worker;
    sluice_call *call;
    sluice_value *results; /* of the last call, or NULL */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool completed; /* the deferred call is */
};

/* ---- opening ---- */

/* uses_with as the Flow's reader takes it: JSON is YAML. */
static sluice_status apply_uses_with(const sluice_value *description, const char *text, sluice_value **ret_map,
                                     sluice_error *error)
{
    static const struct flow_place place = {.file = "uses_with"};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    if (arena == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, place.file, "no memory to read it");
    struct problems problems;
    struct flow_report report = {0};
    struct node *node = NULL;
    sluice_value *map = NULL;
    bool empty = true;
    problems_init(&problems, arena);
    if (text != NULL)
        node = node_read(text, strlen(text), place, &node_limits_input, arena, &problems, &empty);
    if (node != NULL && node->kind != NODE_MAP)
        problem_error(&problems, node->place, "uses_with must be a map, not %s", node_kind_name(node));
    else if (node != NULL || empty)
        map = description_apply(description, node, KIT_NAME, place, arena, &problems);
    sluice_status status = problems_report(&problems, &report);
    if (status == SLUICE_OK)
        status = flow_report_error(&report, error);
    else
        sluice_fail(error, status, place.file, "no memory to read it");
    problems_done(&problems);
    arena_free(arena);
    if (status == SLUICE_OK && map == NULL)
        map = sluice_value_new_map();
    if (status == SLUICE_OK && map == NULL)
        status = sluice_fail(error, SLUICE_NO_MEMORY, place.file, "no memory to read it");
    if (status == SLUICE_OK)
        *ret_map = map;
    else
        sluice_value_free(map);
    return status;
}

static sluice_status check_uses_with(const sluice_plugin *plugin, const char *text, sluice_value **ret_map,
                                     sluice_error *error)
{
    struct buffer json;
    sluice_value *description = NULL;
    buffer_init(&json, BUFFER_NO_LIMIT);
    describe_plugin(plugin, &json);
    sluice_status status = description_from_text(buffer_text(&json), json.size, &description, error);
    buffer_done(&json);
    if (status == SLUICE_OK)
        status = apply_uses_with(description, text, ret_map, error);
    sluice_value_free(description);
    return status;
}

static sluice_status open_kit(sluice_testkit *kit, const sluice_plugin *plugin, sluice_error *error)
{
    struct instance_settings settings = {
        .where = plugin->name,
        .class_name = KIT_NAME,
        .deployment = KIT_NAME,
        .workers = 1,
        .uses_with = kit->uses_with,
    };
    sluice_status status = instance_open(&kit->instance, plugin, &settings, error);
    if (status != SLUICE_OK)
        return status;
    status = instance_open_worker(&kit->instance, &kit->worker, error);
    if (status == SLUICE_OK) {
        kit->call = call_new(&kit->instance, kit->worker);
        if (kit->call != NULL)
            return SLUICE_OK;
        instance_close_worker(&kit->instance, kit->worker);
        status = sluice_fail(error, SLUICE_NO_MEMORY, plugin->name, "no memory for a worker");
    }
    instance_close(&kit->instance);
    return status;
}

static void kit_free(sluice_testkit *kit)
{
    sluice_value_free(kit->results);
    sluice_value_free(kit->uses_with);
    pthread_cond_destroy(&kit->changed);
    pthread_mutex_destroy(&kit->lock);
    free(kit);
}

sluice_status sluice_testkit_open(const sluice_plugin *plugin, const char *uses_with, sluice_testkit **ret_kit,
                                  sluice_error *error)
{
    sluice_status status = plugin_check(plugin, "plugin", error);
    if (status != SLUICE_OK)
        return status;
    sluice_testkit *kit = calloc(1, sizeof *kit);
    if (kit == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, plugin->name, "no memory for a test kit");
    pthread_mutex_init(&kit->lock, NULL);
    pthread_cond_init(&kit->changed, NULL);
    status = check_uses_with(plugin, uses_with, &kit->uses_with, error);
    if (status == SLUICE_OK)
        status = open_kit(kit, plugin, error);
    if (status == SLUICE_OK)
        *ret_kit = kit;
    else
        kit_free(kit);
    return status;
}

void sluice_testkit_close(sluice_testkit *kit)
{
    if (kit == NULL)
        return;
    call_free(kit->call);
    instance_close_worker(&kit->instance, kit->worker);
    instance_close(&kit->instance);
    kit_free(kit);
}

const sluice_value *sluice_testkit_results(const sluice_testkit *kit)
{
    return kit->results;
}

/* ---- calling ---- */

static sluice_status encode_parameters(const char *json, struct buffer *bytes, sluice_error *error)
{
    sluice_value *map = NULL;
    if (json == NULL)
        return SLUICE_OK;
    sluice_status status = sluice_value_from_json(json, strlen(json), &map, error);
    if (status != SLUICE_OK)
        return status;
    value_write_struct(map, bytes);
    sluice_value_free(map);
    return bytes->failed == SLUICE_OK ? SLUICE_OK : sluice_fail(error, bytes->failed, "parameters", "no memory to write them");
}

/* What a client of a Flow would see: the answer's documents, those sent, or with a failure its description. */
static sluice_status take_answer(sluice_testkit *kit, const struct call_answer *answer, const struct rope *sent,
                                 sluice_document_array **ret_documents, sluice_error *error)
{
    struct rope body;
    rope_init(&body);
    sluice_status status = SLUICE_OK;
    if (answer->body != NULL)
        status = rope_append(&body, answer->body, answer->body->data, answer->body->size);
    else
        status = rope_append_rope(&body, sent);
    if (status == SLUICE_OK && answer->has_results)
        status = value_read_struct(answer->results->data, answer->results->size, NULL, &kit->results, error);
    if (status == SLUICE_OK && ret_documents != NULL)
        status = document_array_read_content(&body, NULL, ret_documents, error);
    rope_done(&body);
    if (status != SLUICE_OK || answer->outcome != CALL_FAILED)
        return status;
    sluice_text description = failure_description(answer->failure);
    return sluice_fail(error, SLUICE_EXECUTOR, NULL, "%.*s", (int)description.size, description.data);
}

static void completed(sluice_call *call, void *context)
{
    (void)call;
    sluice_testkit *kit = context;
    pthread_mutex_lock(&kit->lock);
    kit->completed = true;
    pthread_cond_signal(&kit->changed);
    pthread_mutex_unlock(&kit->lock);
}

/* Run the handler; when it defers the call, wait for its end. What becomes of the request is in *ret_documents. */
static sluice_status run_call(sluice_testkit *kit, const struct call_request *request, const struct rope *sent,
                              sluice_document_array **ret_documents, sluice_error *error)
{
    struct call_answer answer;
    sluice_call *call = kit->call;
    kit->completed = false;
    call_run(call, request, &answer);
    bool deferred = answer.outcome == CALL_DEFERRED;
    if (deferred) {
        kit->call = answer.successor;
        pthread_mutex_lock(&kit->lock);
        while (!kit->completed)
            pthread_cond_wait(&kit->changed, &kit->lock);
        pthread_mutex_unlock(&kit->lock);
        call_take_answer(call, &answer);
    }
    sluice_status status = take_answer(kit, &answer, sent, ret_documents, error);
    block_unref(answer.body);
    if (deferred)
        call_free(call);
    return status;
}

sluice_status sluice_testkit_call(sluice_testkit *kit, const char *endpoint, const sluice_document_array *documents,
                                  const char *parameters, sluice_document_array **ret_documents, sluice_error *error)
{
    sluice_value_free(kit->results);
    kit->results = NULL;
    struct buffer bytes;
    struct block *content = NULL;
    struct rope sent;
    atomic_bool cancelled;
    atomic_init(&cancelled, false);
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    rope_init(&sent);
    sluice_status status = encode_parameters(parameters, &bytes, error);
    if (status == SLUICE_OK && documents != NULL) {
        status = document_array_write_content(documents, &content, error);
        if (status == SLUICE_OK)
            status = rope_append(&sent, content, content->data, content->size);
    }
    if (status == SLUICE_OK) {
        struct call_request request = {
            .endpoint = sluice_text_of(endpoint),
            .request_id = sluice_text_of("test"),
            .parameters = bytes.data,
            .parameters_size = bytes.size,
            .body = documents != NULL ? &sent : NULL,
            .cancelled = &cancelled,
            .completed = completed,
            .context = kit,
        };
        status = run_call(kit, &request, &sent, ret_documents, error);
    }
    rope_done(&sent);
    block_unref(content);
    buffer_done(&bytes);
    return status;
}
