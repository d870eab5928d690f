#include "client/response.h"

#include "common/document/codec.h"
#include "common/foundation/clock.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_FIRST = 1024, ROUTES_FIRST = 8, TEXTS_FIRST = 8 };

static sluice_status fail(sluice_status status, sluice_error *error)
{
    return sluice_fail(error, status, "response", "%s",
                       status == SLUICE_NO_MEMORY ? "no memory to read an answer" : "an answer is no DataRequestProto");
}

static sluice_text text_of(const struct wire_field *field)
{
    return (sluice_text){(const char *)field->data, field->size};
}

static bool is_bytes(const struct wire_field *field, uint32_t number)
{
    return field->number == number && field->type == WIRE_BYTES;
}

/* A row that grows in the arena by doubling: `capacity` is what the count says when growing starts at `first`. */
static void *grow(struct arena *arena, void *row, size_t count, size_t first, size_t element)
{
    bool full = count == 0 || (count >= first && (count & (count - 1)) == 0);
    if (!full)
        return row;
    void *bigger = arena_alloc(arena, (count == 0 ? first : count * 2) * element);
    if (bigger != NULL && count > 0)
        memcpy(bigger, row, count * element);
    return bigger;
}

static bool append_text(struct arena *arena, const sluice_text **texts, size_t *count, sluice_text text)
{
    sluice_text *row = grow(arena, (void *)*texts, *count, TEXTS_FIRST, sizeof *row);
    if (row == NULL)
        return false;
    row[(*count)++] = text;
    *texts = row;
    return true;
}

static sluice_status read_exception(struct arena *arena, const struct wire_field *from, sluice_exception *exception)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        bool kept = true;
        if (is_bytes(&field, EXCEPTION_NAME))
            exception->name = text_of(&field);
        else if (is_bytes(&field, EXCEPTION_ARGS))
            kept = append_text(arena, &exception->args, &exception->arg_count, text_of(&field));
        else if (is_bytes(&field, EXCEPTION_STACKS))
            kept = append_text(arena, &exception->stacks, &exception->stack_count, text_of(&field));
        else if (is_bytes(&field, EXCEPTION_EXECUTOR))
            exception->executor = text_of(&field);
        if (!kept)
            return SLUICE_NO_MEMORY;
    }
    return reader.malformed ? SLUICE_INVALID : SLUICE_OK;
}

static sluice_status read_status(struct arena *arena, const void *data, size_t size, struct response_status *status)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    if (!status->present) {
        status->description = sluice_text_of("");
        status->exception.name = status->exception.executor = sluice_text_of("");
    }
    status->present = true;
    while (wire_next(&reader, &field)) {
        sluice_status result = SLUICE_OK;
        if (field.number == STATUS_CODE && field.type == WIRE_VARINT)
            status->code = (int)field.value;
        else if (is_bytes(&field, STATUS_DESCRIPTION))
            status->description = text_of(&field);
        else if (is_bytes(&field, STATUS_EXCEPTION)) {
            status->has_exception = true;
            result = read_exception(arena, &field, &status->exception);
        }
        if (result != SLUICE_OK)
            return result;
    }
    return reader.malformed ? SLUICE_INVALID : SLUICE_OK;
}

sluice_status response_read_status(struct arena *arena, const void *data, size_t size, struct response_status *status,
                                   sluice_error *error)
{
    sluice_status result = read_status(arena, data, size, status);
    return result == SLUICE_OK ? SLUICE_OK : fail(result, error);
}

/* Nanoseconds since 1970; false for a time that does not fit or is before that: the difference of two always fits. */
static bool read_timestamp(const struct wire_field *from, int64_t *ret_ns)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    int64_t seconds = 0, nanos = 0, ns;
    while (wire_next(&reader, &field)) {
        if (field.number == TIMESTAMP_SECONDS && field.type == WIRE_VARINT)
            seconds = (int64_t)field.value;
        else if (field.number == TIMESTAMP_NANOS && field.type == WIRE_VARINT)
            nanos = (int32_t)field.value;
    }
    if (reader.malformed || seconds < 0 || nanos < 0 || __builtin_mul_overflow(seconds, (int64_t)CLOCK_NS_PER_SECOND, &ns) ||
        __builtin_add_overflow(ns, nanos, &ns))
        return false;
    *ret_ns = ns;
    return true;
}

static sluice_status read_route(sluice_response *response, const struct wire_field *from)
{
    struct response_route *row =
        grow(response->arena, response->routes, response->route_count, ROUTES_FIRST, sizeof *row);
    if (row == NULL)
        return SLUICE_NO_MEMORY;
    response->routes = row;
    struct response_route *route = &row[response->route_count++];
    memset(route, 0, sizeof *route);
    route->executor = sluice_text_of("");

    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = SLUICE_OK;
        if (is_bytes(&field, ROUTE_EXECUTOR))
            route->executor = text_of(&field);
        else if (is_bytes(&field, ROUTE_START))
            route->started = read_timestamp(&field, &route->start_ns);
        else if (is_bytes(&field, ROUTE_END))
            route->ended = read_timestamp(&field, &route->end_ns);
        else if (is_bytes(&field, ROUTE_STATUS))
            status = read_status(response->arena, field.data, field.size, &route->status);
        if (status != SLUICE_OK)
            return status;
    }
    return reader.malformed ? SLUICE_INVALID : SLUICE_OK;
}

static sluice_status read_header(sluice_response *response, const struct wire_field *from)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = SLUICE_OK;
        if (is_bytes(&field, HEADER_REQUEST_ID))
            response->request_id = text_of(&field);
        else if (is_bytes(&field, HEADER_STATUS))
            status = read_status(response->arena, field.data, field.size, &response->status);
        else if (is_bytes(&field, HEADER_ENDPOINT)) {
            response->endpoint = text_of(&field);
            response->has_endpoint = true;
        } else if (is_bytes(&field, HEADER_TARGET))
            response->target_executor = text_of(&field);
        if (status != SLUICE_OK)
            return status;
    }
    return reader.malformed ? SLUICE_INVALID : SLUICE_OK;
}

/* Parameters that came in parts are one map: joined bytes of a message are the merged message. */
static sluice_status read_parameters(sluice_response *response, const struct rope *parts, sluice_error *error)
{
    if (parts->count == 0)
        return SLUICE_OK;
    const uint8_t *data = parts->slices[0].data;
    if (parts->count > 1) {
        uint8_t *joined = arena_alloc(response->arena, parts->size);
        if (joined == NULL)
            return fail(SLUICE_NO_MEMORY, error);
        rope_copy_out(parts, joined);
        data = joined;
    }
    return value_read_struct_in(response->arena, data, parts->size, NULL, &response->parameters, error);
}

static sluice_status read_message(sluice_response *response, struct rope *parameters)
{
    struct wire_reader reader = wire_read(response->data, response->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = SLUICE_OK;
        if (is_bytes(&field, REQUEST_HEADER))
            status = read_header(response, &field);
        else if (is_bytes(&field, REQUEST_PARAMETERS))
            status = rope_append(parameters, NULL, field.data, field.size);
        else if (is_bytes(&field, REQUEST_ROUTES))
            status = read_route(response, &field);
        else if (is_bytes(&field, REQUEST_DATA)) {
            response->has_data = true;
            status = rope_append(&response->content, response->block, field.data, field.size);
        }
        if (status != SLUICE_OK)
            return status;
    }
    return reader.malformed ? SLUICE_INVALID : SLUICE_OK;
}

/* The whole message in one piece: as received when it came so, else joined. */
static sluice_status join(sluice_response *response, const struct rope *message)
{
    response->size = message->size;
    if (message->count == 1 && message->slices[0].block != NULL) {
        response->block = block_ref(message->slices[0].block);
        response->data = message->slices[0].data;
        return SLUICE_OK;
    }
    response->block = block_new(message->size);
    if (response->block == NULL)
        return SLUICE_NO_MEMORY;
    rope_copy_out(message, response->block->data);
    response->data = response->block->data;
    return SLUICE_OK;
}

sluice_status response_read(const struct rope *message, sluice_response **ret_response, sluice_error *error)
{
    sluice_response *response = calloc(1, sizeof *response);
    if (response == NULL)
        return fail(SLUICE_NO_MEMORY, error);
    atomic_init(&response->references, 1);
    rope_init(&response->content);
    response->request_id = response->endpoint = response->target_executor = sluice_text_of("");
    response->arena = arena_new(ARENA_FIRST, ARENA_NO_LIMIT);

    struct rope parameters;
    rope_init(&parameters);
    sluice_status status = response->arena != NULL ? join(response, message) : SLUICE_NO_MEMORY;
    if (status == SLUICE_OK)
        status = read_message(response, &parameters);
    if (status != SLUICE_OK)
        fail(status, error);
    else
        status = read_parameters(response, &parameters, error);
    rope_done(&parameters);
    if (status != SLUICE_OK) {
        sluice_response_unref(response);
        return status;
    }
    *ret_response = response;
    return SLUICE_OK;
}

void response_set_request_id(sluice_response *response, sluice_text id)
{
    sluice_text own = response->request_id;
    if (own.size == id.size && memcmp(own.data, id.data, id.size) == 0)
        return;
    char *copy = arena_text_of(response->arena, id.data, id.size);
    if (copy != NULL)
        response->request_id = (sluice_text){copy, id.size};
}

bool response_is_stub(const sluice_response *response)
{
    return !response->has_endpoint && !response->status.present && response->parameters == NULL &&
           response->route_count == 0 && !response->has_data;
}

sluice_status response_failure(const sluice_response *response, sluice_error *error)
{
    const struct response_status *status = &response->status;
    char where[128];
    sluice_text executor = sluice_text_of("");
    if (status->has_exception)
        executor = status->exception.executor;
    for (size_t i = 0; i < response->route_count; i++)
        if (response->routes[i].status.code >= 1)
            executor = response->routes[i].executor;
    snprintf(where, sizeof where, "executor \"%.*s\"", (int)(executor.size < 96 ? executor.size : 96), executor.data);
    sluice_text text = status->description;
    return sluice_fail(error, SLUICE_EXECUTOR, executor.size > 0 ? where : "executor", "request %.*s failed: %.*s",
                       (int)(response->request_id.size < 64 ? response->request_id.size : 64),
                       response->request_id.data, (int)(text.size < 600 ? text.size : 600), text.data);
}

/* ---- the public face ---- */

sluice_response *sluice_response_ref(sluice_response *response)
{
    if (response != NULL)
        atomic_fetch_add_explicit(&response->references, 1, memory_order_relaxed);
    return response;
}

void sluice_response_unref(sluice_response *response)
{
    if (response == NULL || atomic_fetch_sub_explicit(&response->references, 1, memory_order_acq_rel) != 1)
        return;
    sluice_document_array_free(response->documents);
    rope_done(&response->content);
    arena_free(response->arena);
    block_unref(response->block);
    free(response);
}

/* Callbacks get NULL when the network fails, and ask it like any other. */
static const sluice_response none = {
    .request_id = {"", 0}, .endpoint = {"", 0}, .target_executor = {"", 0}};

static const sluice_response *or_none(const sluice_response *response)
{
    return response != NULL ? response : &none;
}

sluice_text sluice_response_request_id(const sluice_response *response)
{
    return or_none(response)->request_id;
}

sluice_text sluice_response_endpoint(const sluice_response *response)
{
    return or_none(response)->endpoint;
}

sluice_text sluice_response_target_executor(const sluice_response *response)
{
    return or_none(response)->target_executor;
}

bool sluice_response_failed(const sluice_response *response)
{
    return or_none(response)->status.code >= 1;
}

int sluice_response_code(const sluice_response *response)
{
    return or_none(response)->status.code;
}

sluice_text sluice_response_description(const sluice_response *response)
{
    return response != NULL && response->status.present ? response->status.description : sluice_text_of("");
}

const sluice_exception *sluice_response_exception(const sluice_response *response)
{
    return response != NULL && response->status.has_exception ? &response->status.exception : NULL;
}

const sluice_value *sluice_response_parameters(const sluice_response *response)
{
    return or_none(response)->parameters;
}

const sluice_value *sluice_response_results(const sluice_response *response)
{
    return sluice_value_get(or_none(response)->parameters, "__results__");
}

const sluice_value *sluice_response_result(const sluice_response *response, const char *pod)
{
    return sluice_value_get(sluice_response_results(response), pod);
}

size_t sluice_response_route_count(const sluice_response *response)
{
    return or_none(response)->route_count;
}

sluice_route sluice_response_route(const sluice_response *response, size_t index)
{
    sluice_route route = {.executor = sluice_text_of(""), .description = sluice_text_of("")};
    if (index >= or_none(response)->route_count)
        return route;
    const struct response_route *from = &response->routes[index];
    route.executor = from->executor;
    route.started = from->started;
    route.ended = from->ended;
    route.start_ns = from->start_ns;
    route.end_ns = from->end_ns;
    route.code = from->status.code;
    if (from->status.present)
        route.description = from->status.description;
    return route;
}

sluice_document_array *sluice_response_documents(sluice_response *response, sluice_error *error)
{
    if (response == NULL) {
        sluice_fail(error, SLUICE_INVALID, "response", "there is no response, and so no documents");
        return NULL;
    }
    if (response->documents == NULL)
        document_array_read_content(&response->content, NULL, &response->documents, error);
    return response->documents;
}

sluice_text sluice_response_bytes(const sluice_response *response)
{
    return (sluice_text){or_none(response)->size > 0 ? (const char *)response->data : "", or_none(response)->size};
}
