/* A client's answers: JSON of HTTP or of WebSocket's text mode to DataRequestProto. */
#include "common/json/message.h"
#include "common/document/codec.h"
#include "common/foundation/text.h"
#include "common/json/documents.h"
#include "common/json/encoding.h"
#include "common/json/request_bytes.h"
#include "common/json/time_read.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <stdalign.h>

struct response_reading {
    struct documents_reading documents;
    struct buffer front; /* all fields but the documents */
    sluice_status status;
    sluice_error *error;
};

static bool fail(struct response_reading *reading, sluice_status status, const char *where, const char *what)
{
    if (reading->status == SLUICE_OK)
        reading->status = sluice_fail(reading->error, status, "answer", "%s: %s", where, what);
    return false;
}

/* A member in either spelling that is not null. */
static const struct json_node *member(const struct json_node *object, const char *camel, const char *snake)
{
    const struct json_node *node = json_member(object, camel);
    if (node == NULL || node->kind == JSON_NULL)
        node = json_member(object, snake);
    return node != NULL && node->kind != JSON_NULL ? node : NULL;
}

static bool expect(struct response_reading *reading, const struct json_node *node, enum json_kind kind,
                   const char *where)
{
    static const char *const kinds[] = {[JSON_STRING] = "text is expected",
                                        [JSON_ARRAY] = "a list is expected",
                                        [JSON_OBJECT] = "an object is expected"};
    return node->kind == kind || fail(reading, SLUICE_INVALID, where, kinds[kind]);
}

static void text_field(struct response_reading *reading, const struct json_node *node, uint32_t number,
                       const char *where)
{
    if (node == NULL || !expect(reading, node, JSON_STRING, where))
        return;
    if (text_is_utf8(node->text.data, node->text.size))
        wire_append_bytes(&reading->front, number, node->text.data, node->text.size);
    else
        fail(reading, SLUICE_INVALID, where, "the text holds half a surrogate pair");
}

static void text_list(struct response_reading *reading, const struct json_node *list, uint32_t number,
                      const char *where)
{
    if (list == NULL || !expect(reading, list, JSON_ARRAY, where))
        return;
    struct json_items items = json_items_of(list);
    for (const struct json_node *item; (item = json_next(&items)) != NULL;)
        text_field(reading, item, number, where);
}

/* A number, or one of the two names. */
static void code_field(struct response_reading *reading, const struct json_node *node)
{
    int64_t code;
    if (node == NULL)
        return;
    if (node->kind == JSON_STRING && sluice_text_is(node->text, "SUCCESS"))
        return;
    if (node->kind == JSON_STRING && sluice_text_is(node->text, "ERROR"))
        wire_append_uint(&reading->front, STATUS_CODE, 1);
    else if (node->kind == JSON_NUMBER && coerce_whole(node, &code) && code >= INT32_MIN && code <= INT32_MAX)
        wire_append_uint(&reading->front, STATUS_CODE, (uint64_t)code);
    else
        fail(reading, SLUICE_INVALID, "status.code", "a number, SUCCESS or ERROR is expected");
}

static void exception_field(struct response_reading *reading, const struct json_node *node)
{
    if (node == NULL || !expect(reading, node, JSON_OBJECT, "status.exception"))
        return;
    size_t begun = wire_begin_message(&reading->front, STATUS_EXCEPTION);
    text_field(reading, member(node, "name", "name"), EXCEPTION_NAME, "status.exception.name");
    text_list(reading, member(node, "args", "args"), EXCEPTION_ARGS, "status.exception.args");
    text_list(reading, member(node, "stacks", "stacks"), EXCEPTION_STACKS, "status.exception.stacks");
    text_field(reading, member(node, "executor", "executor"), EXCEPTION_EXECUTOR, "status.exception.executor");
    wire_end_message(&reading->front, begun);
}

static void status_field(struct response_reading *reading, const struct json_node *node, uint32_t number)
{
    if (node == NULL || !expect(reading, node, JSON_OBJECT, "status"))
        return;
    size_t begun = wire_begin_message(&reading->front, number);
    code_field(reading, member(node, "code", "code"));
    text_field(reading, member(node, "description", "description"), STATUS_DESCRIPTION, "status.description");
    exception_field(reading, member(node, "exception", "exception"));
    wire_end_message(&reading->front, begun);
}

static void header_field(struct response_reading *reading, const struct json_node *node)
{
    int64_t timeout = 0;
    if (node == NULL || !expect(reading, node, JSON_OBJECT, "header"))
        return;
    size_t begun = wire_begin_message(&reading->front, REQUEST_HEADER);
    text_field(reading, member(node, "requestId", "request_id"), HEADER_REQUEST_ID, "header.requestId");
    status_field(reading, member(node, "status", "status"), HEADER_STATUS);
    text_field(reading, member(node, "execEndpoint", "exec_endpoint"), HEADER_ENDPOINT, "header.execEndpoint");
    text_field(reading, member(node, "targetExecutor", "target_executor"), HEADER_TARGET, "header.targetExecutor");
    const struct json_node *number = member(node, "timeout", "timeout");
    if (number != NULL && (!coerce_whole(number, &timeout) || timeout < 0 || timeout > UINT32_MAX))
        fail(reading, SLUICE_INVALID, "header.timeout", "a whole number of 32 bits is expected");
    else if (number != NULL)
        wire_append_uint(&reading->front, HEADER_TIMEOUT, (uint64_t)timeout);
    wire_end_message(&reading->front, begun);
}

static void time_field(struct response_reading *reading, const struct json_node *node, uint32_t number,
                       const char *where)
{
    int64_t seconds;
    int32_t nanos;
    if (node == NULL || !expect(reading, node, JSON_STRING, where))
        return;
    if (!time_read(node->text, &seconds, &nanos)) {
        fail(reading, SLUICE_INVALID, where, "a time such as 2031-02-03T04:05:06Z is expected");
        return;
    }
    size_t begun = wire_begin_message(&reading->front, number);
    if (seconds != 0)
        wire_append_uint(&reading->front, TIMESTAMP_SECONDS, (uint64_t)seconds);
    if (nanos != 0)
        wire_append_uint(&reading->front, TIMESTAMP_NANOS, (uint64_t)nanos);
    wire_end_message(&reading->front, begun);
}

static void route_fields(struct response_reading *reading, const struct json_node *list)
{
    if (list == NULL || !expect(reading, list, JSON_ARRAY, "routes"))
        return;
    struct json_items items = json_items_of(list);
    for (const struct json_node *item; (item = json_next(&items)) != NULL;) {
        if (!expect(reading, item, JSON_OBJECT, "routes"))
            return;
        size_t begun = wire_begin_message(&reading->front, REQUEST_ROUTES);
        text_field(reading, member(item, "executor", "executor"), ROUTE_EXECUTOR, "routes.executor");
        time_field(reading, member(item, "startTime", "start_time"), ROUTE_START, "routes.startTime");
        time_field(reading, member(item, "endTime", "end_time"), ROUTE_END, "routes.endTime");
        status_field(reading, member(item, "status", "status"), ROUTE_STATUS);
        wire_end_message(&reading->front, begun);
    }
}

/* Documents and parameters share their reading with requests. */

static bool build_failed(struct response_reading *reading, const char *where)
{
    return fail(reading, reading->documents.status, where, reading->documents.problem);
}

static void parameters_field(struct response_reading *reading, const struct json_node *node)
{
    sluice_value *map = NULL;
    struct buffer bytes;
    if (node == NULL || !expect(reading, node, JSON_OBJECT, "parameters"))
        return;
    if (!build_map(&reading->documents, node, 1, false, &map)) {
        build_failed(reading, "parameters");
        return;
    }
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    value_write_struct(map, &bytes);
    wire_append_bytes(&reading->front, REQUEST_PARAMETERS, bytes.data != NULL ? (const char *)bytes.data : "",
                      bytes.size);
    if (bytes.failed != SLUICE_OK)
        fail(reading, SLUICE_NO_MEMORY, "parameters", "no memory to read them");
    buffer_done(&bytes);
}

static void read_documents(struct response_reading *reading, const struct json_node *node, sluice_document_array *array)
{
    static const struct json_path path = {.key = "data", .key_size = 4};
    if (node != NULL && node->kind == JSON_OBJECT) /* another gateway's way */
        node = member(node, "docs", "docs");
    if (node == NULL)
        return;
    const struct findings *findings = &reading->documents.findings;
    if (documents_check(&reading->documents, node, &path)) {
        if (!documents_build(&reading->documents, node, array))
            build_failed(reading, "data");
    } else if (findings->failed) {
        fail(reading, SLUICE_NO_MEMORY, "data", "no memory to read it");
    } else {
        fail(reading, SLUICE_INVALID, findings->list[0].loc, findings->list[0].message);
    }
}

static sluice_status read_root(struct response_reading *reading, const struct json_node *root, struct rope *ret_message)
{
    if (root->kind != JSON_OBJECT)
        return sluice_fail(reading->error, SLUICE_INVALID, "answer", "an object is expected");
    alignas(16) uint8_t memory[JSON_MODEL_LOCAL];
    sluice_document_array *array =
        array_new_root_in(arena_at(memory, sizeof memory, SLUICE_DEFAULT_BYTES), NULL);
    if (array == NULL)
        return sluice_fail(reading->error, SLUICE_NO_MEMORY, "answer", "no memory to read it");
    reading->documents.model = array->model;
    header_field(reading, member(root, "header", "header"));
    parameters_field(reading, member(root, "parameters", "parameters"));
    route_fields(reading, member(root, "routes", "routes"));
    if (reading->status == SLUICE_OK)
        read_documents(reading, member(root, "data", "data"), array);
    if (reading->status == SLUICE_OK)
        reading->status = message_bytes(&reading->front, array, ret_message, reading->error);
    sluice_document_array_free(array);
    return reading->status;
}

sluice_status json_response_read(const char *text, size_t size, struct arena *arena, struct rope *ret_message,
                                 sluice_error *error)
{
    alignas(16) uint8_t memory[JSON_NODES_LOCAL];
    struct arena *nodes = arena_at(memory, sizeof memory, SLUICE_DEFAULT_BYTES);
    struct response_reading reading = {
        .documents = {.findings = {.arena = arena}, .arena = nodes, .as_given = true},
          .error = error
    };
    const struct json_node *root = NULL;
    bool digits;
    buffer_init(&reading.front, BUFFER_NO_LIMIT);
    sluice_status status = json_printer(&reading.documents.print, error);
    if (status == SLUICE_OK && (status = json_to_utf8(nodes, &text, &size)) != SLUICE_OK)
        sluice_fail(error, status, "answer", "the text cannot be brought to UTF-8");
    if (status == SLUICE_OK)
        status = json_tree_read(text, size, JSON_MESSAGE_DEPTH, nodes, &root, &digits, error);
    if (status == SLUICE_OK)
        status = read_root(&reading, root, ret_message);
    buffer_done(&reading.front);
    arena_free(nodes);
    return status;
}
