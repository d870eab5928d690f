/* A gateway's requests: JSON to DataRequestProto, with the faults that FastAPI and pydantic find. */
#include "common/document/codec.h"
#include "common/foundation/text.h"
#include "common/json/documents.h"
#include "common/json/encoding.h"
#include "common/json/request_bytes.h"

#include <stdalign.h>

/* What a route's model reads of the body. */
struct body {
    const struct json_node *data, *target, *parameters, *endpoint; /* NULL: missing */
    const struct json_node *list;                                  /* the documents; NULL: none */
};

struct request_reading {
    struct documents_reading documents;
    const struct json_request_options *options;
    size_t bytes_max; /* of the nodes, and again of the documents */
    struct body body;
    struct json_fault *fault;
    sluice_error *error;
};

static sluice_status give_fault(struct request_reading *reading, enum json_fault_kind kind, sluice_status status)
{
    struct findings *findings = &reading->documents.findings;
    if (findings->failed)
        return sluice_fail(reading->error, SLUICE_NO_MEMORY, "json", "no memory to read it");
    *reading->fault = (struct json_fault){kind, findings->list, findings->count};
    return status;
}

static sluice_status values_fault(struct request_reading *reading)
{
    const struct findings *findings = &reading->documents.findings;
    if (!findings->failed && findings->count > 0)
        sluice_fail(reading->error, SLUICE_INVALID, "json", "%s: %s", findings->list[0].loc, findings->list[0].message);
    return give_fault(reading, JSON_FAULT_VALUES, SLUICE_INVALID);
}

static sluice_status build_fault(struct request_reading *reading)
{
    struct documents_reading *documents = &reading->documents;
    if (documents->status == SLUICE_NO_MEMORY || documents->status == SLUICE_INTERNAL)
        return sluice_fail(reading->error, documents->status, "json", "%s", documents->problem);
    documents->findings.count = 0;
    finding_add(&documents->findings, &json_body_path, documents->problem, "value_error");
    sluice_fail(reading->error, documents->status, "json", "the request cannot be built: %s", documents->problem);
    return give_fault(reading, JSON_FAULT_BUILD, documents->status);
}

/* ---- the text ---- */

/* The text was refused: is it no JSON, or can it not be read at all? */
static sluice_status text_fault(struct request_reading *reading, sluice_status status, const char *text, size_t size,
                                bool too_many_digits)
{
    if (status != SLUICE_INVALID && status != SLUICE_LIMIT)
        return status;
    if (status == SLUICE_LIMIT || too_many_digits || !text_is_utf8(text, size) ||
        !finding_syntax(&reading->documents.findings, text, size))
        return give_fault(reading, JSON_FAULT_SYNTAX, status);
    return give_fault(reading, JSON_FAULT_VALUES, status);
}

static sluice_status read_text(struct request_reading *reading, const char *text, size_t size,
                               const struct json_node **ret_root)
{
    bool digits = false;
    sluice_status status = json_to_utf8(reading->documents.arena, &text, &size);
    if (status == SLUICE_INVALID) {
        sluice_fail(reading->error, status, "json", "the text is neither UTF-8, UTF-16 nor UTF-32");
        return give_fault(reading, JSON_FAULT_SYNTAX, status);
    }
    if (status == SLUICE_OK)
        status =
            json_tree_read(text, size, JSON_MESSAGE_DEPTH, reading->documents.arena, ret_root, &digits, reading->error);
    else
        sluice_fail(reading->error, status, "json", "no memory to read it");
    return status == SLUICE_OK ? SLUICE_OK : text_fault(reading, status, text, size, digits);
}

/* ---- checking ---- */

static const struct json_node *either(const struct json_node *object, const char *camel, const char *snake)
{
    const struct json_node *member = json_member(object, camel);
    return member != NULL ? member : json_member(object, snake);
}

static bool check_data_object(struct request_reading *reading, const struct json_node *data,
                              const struct json_path *path)
{
    struct documents_reading *documents = &reading->documents;
    const struct json_node *object = coerce_object(data, documents->arena, documents->print);
    bool good = true;
    if (object == NULL)
        return finding_not_object(&documents->findings, path);
    for (const struct json_node *member = object->first; member != NULL; member = member->next) {
        struct json_path at = json_path_member(path, member);
        if (member->kind == JSON_NULL)
            good = finding_null(&documents->findings, &at);
        else
            good &= documents_check(documents, member, &at);
    }
    reading->body.list = json_member(object, "docs");
    if (good && reading->body.list == NULL && object->count > 0)
        build_problem(documents, SLUICE_INVALID, "\"data\" is an object without \"docs\"");
    return good;
}

/* Two alternatives: a list of documents, an object of such lists. When both fail both are told. */
static bool check_data(struct request_reading *reading, const struct json_node *data, const struct json_path *path)
{
    struct findings *findings = &reading->documents.findings;
    size_t before = findings->count;
    if (documents_check(&reading->documents, data, path)) {
        reading->body.list = data;
        return true;
    }
    if (!check_data_object(reading, data, path))
        return false;
    findings->count = before;
    return true;
}

static bool is_set(const struct json_node *node)
{
    return node != NULL && node->kind != JSON_NULL;
}

static bool check_body(struct request_reading *reading)
{
    struct documents_reading *documents = &reading->documents;
    const struct body *body = &reading->body;
    const struct json_path *outer = &json_body_path;
    struct json_path data = json_path_key(outer, sluice_text_of("data"));
    struct json_path target = json_path_key(outer, sluice_text_of("targetExecutor"));
    struct json_path parameters = json_path_key(outer, sluice_text_of("parameters"));
    struct json_path endpoint = json_path_key(outer, sluice_text_of("execEndpoint"));
    if (is_set(body->data))
        check_data(reading, body->data, &data);
    if (is_set(body->target) && !coerce_is_text(body->target))
        finding_not_text(&documents->findings, &target);
    if (is_set(body->parameters) && coerce_object(body->parameters, documents->arena, documents->print) == NULL)
        finding_not_object(&documents->findings, &parameters);
    if (body->endpoint != NULL && reading->options->endpoint == NULL) {
        if (body->endpoint->kind == JSON_NULL)
            finding_null(&documents->findings, &endpoint);
        else if (!coerce_is_text(body->endpoint))
            finding_not_text(&documents->findings, &endpoint);
    }
    return documents->findings.count == 0 && !documents->findings.failed;
}

static sluice_status no_request(struct request_reading *reading, enum json_fault_kind kind)
{
    *reading->fault = (struct json_fault){.kind = kind};
    return SLUICE_CANCELLED;
}

/* The members of the body. */
static sluice_status take_body(struct request_reading *reading, const struct json_node *root)
{
    struct documents_reading *documents = &reading->documents;
    const struct json_node *object = coerce_object(root, documents->arena, documents->print);
    if (reading->options->websocket && root->kind != JSON_OBJECT)
        return no_request(reading, JSON_FAULT_IGNORED);
    if (reading->options->websocket && root->count == 0)
        return no_request(reading, JSON_FAULT_END);
    if (root->kind == JSON_NULL) {
        json_fault_no_body(reading->fault);
        return sluice_fail(reading->error, SLUICE_INVALID, "json", "[\"body\"]: field required");
    }
    if (object == NULL) {
        finding_not_object(&documents->findings, &json_body_path);
        return values_fault(reading);
    }
    if (!finding_keys(&documents->findings, &json_body_path, object))
        return values_fault(reading);
    reading->body = (struct body){.data = json_member(object, "data"),
                                  .target = either(object, "targetExecutor", "target_executor"),
                                  .parameters = json_member(object, "parameters"),
                                  .endpoint = either(object, "execEndpoint", "exec_endpoint")};
    if (reading->body.endpoint == NULL) {
        const struct json_node *inner = either(json_member(object, "header"), "execEndpoint", "exec_endpoint");
        if (inner != NULL && inner->kind == JSON_STRING)
            reading->body.endpoint = inner;
    }
    return SLUICE_OK;
}

/* ---- building ---- */

static bool build_head(struct request_reading *reading, struct request_head *head)
{
    struct documents_reading *documents = &reading->documents;
    const struct json_request_options *options = reading->options;
    char id[TEXT_ID_SIZE + 1];
    head->endpoint = sluice_text_of(options->endpoint != NULL ? options->endpoint : "/");
    head->request_id = sluice_text_of(options->request_id);
    if (options->request_id == NULL) {
        text_random_id(id);
        const char *copy = arena_text(documents->arena, id);
        if (copy == NULL)
            return build_problem(documents, SLUICE_NO_MEMORY, "no memory to read it");
        head->request_id = sluice_text_of(copy);
    }
    if (options->endpoint == NULL && !build_text(documents, reading->body.endpoint, &head->endpoint))
        return false;
    return (!is_set(reading->body.target) || build_text(documents, reading->body.target, &head->target)) &&
           (!is_set(reading->body.parameters) ||
            build_map(documents, reading->body.parameters, 1, false, &head->parameters));
}

static sluice_status build(struct request_reading *reading, struct rope *ret_message)
{
    struct documents_reading *documents = &reading->documents;
    struct request_head head = {0};
    alignas(16) uint8_t memory[JSON_MODEL_LOCAL];
    sluice_document_array *array =
        array_new_root_in(arena_at(memory, sizeof memory, reading->bytes_max), reading->options->limits);
    if (array == NULL)
        return sluice_fail(reading->error, SLUICE_NO_MEMORY, "json", "no memory to read it");
    documents->model = array->model;
    sluice_status status = SLUICE_OK;
    if (documents->problem != NULL || !build_head(reading, &head) ||
        (reading->body.list != NULL && !documents_build(documents, reading->body.list, array)))
        status = build_fault(reading);
    if (status == SLUICE_OK)
        status = request_bytes(&head, array, ret_message, reading->error);
    sluice_document_array_free(array);
    return status;
}

static sluice_status read_request(struct request_reading *reading, const char *text, size_t size,
                                  struct rope *ret_message)
{
    const struct json_node *root = NULL;
    sluice_status status = json_printer(&reading->documents.print, reading->error);
    if (status == SLUICE_OK)
        status = read_text(reading, text, size, &root);
    if (status == SLUICE_OK)
        status = take_body(reading, root);
    if (status != SLUICE_OK)
        return status;
    if (check_body(reading))
        return build(reading, ret_message);
    sluice_status memory = arena_failure(reading->documents.arena); /* then the findings are not to be trusted */
    if (memory == SLUICE_OK)
        return values_fault(reading);
    build_problem(&reading->documents, memory, "more memory is needed than the limit \"bytes\" allows");
    return build_fault(reading);
}

sluice_status json_request_read(const char *text, size_t size, const struct json_request_options *options,
                                struct arena *arena, struct rope *ret_message, struct json_fault *ret_fault,
                                sluice_error *error)
{
    size_t bytes_max =
        options->limits != NULL && options->limits->bytes > 0 ? options->limits->bytes : SLUICE_DEFAULT_BYTES;
    alignas(16) uint8_t memory[JSON_NODES_LOCAL];
    struct request_reading reading = {
        .documents = {.findings = {.arena = arena},
                      .arena = arena_at(memory, sizeof memory, bytes_max),
                      .tags_as_measured = options->tags_as_measured},
        .options = options,
        .bytes_max = bytes_max,
        .fault = ret_fault,
        .error = error
    };
    *ret_fault = (struct json_fault){.kind = JSON_FAULT_NONE};
    if (size == 0 && !options->websocket) {
        json_fault_no_body(ret_fault);
        arena_free(reading.documents.arena);
        return sluice_fail(error, SLUICE_INVALID, "json", "the body is empty");
    }
    sluice_status status = read_request(&reading, text, size, ret_message);
    arena_free(reading.documents.arena);
    return status;
}
