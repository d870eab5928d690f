#include "common/json/message_parts.h"
#include "common/document/codec.h"
#include "common/foundation/text.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

struct taking {
    struct arena *arena;
    const sluice_limits *limits;
    sluice_error *error;
    sluice_status status;
};

static bool fail(struct taking *taking, sluice_status status, const char *what)
{
    if (taking->status == SLUICE_OK)
        taking->status = sluice_fail(taking->error, status, "message", "%s", what);
    return false;
}

static bool no_memory(struct taking *taking)
{
    return fail(taking, arena_failure(taking->arena), "no memory to read it");
}

static bool ended(struct taking *taking, const struct wire_reader *reader)
{
    return taking->status == SLUICE_OK &&
           (!reader->malformed || fail(taking, SLUICE_INVALID, "its bytes are no valid protobuf"));
}

static bool take_text(struct taking *taking, const struct wire_field *field, sluice_text *ret_text)
{
    if (!text_is_utf8(field->data, field->size))
        return fail(taking, SLUICE_INVALID, "a text in it is not UTF-8");
    *ret_text = (sluice_text){.data = (const char *)field->data, .size = field->size};
    return true;
}

static bool add_text(struct taking *taking, const struct wire_field *field, sluice_text **texts, size_t *count)
{
    /* Room grows at powers of two. */
    if ((*count & (*count - 1)) == 0) {
        sluice_text *grown = arena_alloc(taking->arena, (*count > 0 ? 2 * *count : 1) * sizeof *grown);
        if (grown == NULL)
            return no_memory(taking);
        if (*count > 0)
            memcpy(grown, *texts, *count * sizeof *grown);
        *texts = grown;
    }
    return take_text(taking, field, &(*texts)[(*count)++]);
}

static bool take_exception(struct taking *taking, const struct wire_field *from, struct exception_parts *exception)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (taking->status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.type != WIRE_BYTES)
            continue;
        switch (field.number) {
        case EXCEPTION_NAME: take_text(taking, &field, &exception->name); break;
        case EXCEPTION_EXECUTOR: take_text(taking, &field, &exception->executor); break;
        case EXCEPTION_ARGS: add_text(taking, &field, &exception->args, &exception->arg_count); break;
        case EXCEPTION_STACKS: add_text(taking, &field, &exception->stacks, &exception->stack_count); break;
        default: break;
        }
    }
    return ended(taking, &reader);
}

static bool take_status(struct taking *taking, const void *data, size_t size, struct status_parts *status)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    while (taking->status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == STATUS_CODE && field.type == WIRE_VARINT) {
            status->code = (uint32_t)field.value;
        } else if (field.number == STATUS_DESCRIPTION && field.type == WIRE_BYTES) {
            take_text(taking, &field, &status->description);
        } else if (field.number == STATUS_EXCEPTION && field.type == WIRE_BYTES) {
            status->has_exception = true;
            take_exception(taking, &field, &status->exception);
        }
    }
    return ended(taking, &reader);
}

static bool take_header(struct taking *taking, const struct wire_field *from, struct message_parts *parts)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    parts->has_header = true;
    while (taking->status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == HEADER_TIMEOUT && field.type == WIRE_VARINT)
            parts->timeout = (uint32_t)field.value;
        if (field.type != WIRE_BYTES)
            continue;
        switch (field.number) {
        case HEADER_REQUEST_ID: take_text(taking, &field, &parts->request_id); break;
        case HEADER_ENDPOINT: parts->has_endpoint = take_text(taking, &field, &parts->endpoint); break;
        case HEADER_TARGET: parts->has_target = take_text(taking, &field, &parts->target); break;
        case HEADER_STATUS:
            parts->has_status = true;
            take_status(taking, field.data, field.size, &parts->status);
            break;
        default: break;
        }
    }
    return ended(taking, &reader);
}

static bool take_time(struct taking *taking, const struct wire_field *from, struct time_parts *time)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    time->is_set = true;
    while (wire_next(&reader, &field)) {
        if (field.type == WIRE_VARINT && field.number == TIMESTAMP_SECONDS)
            time->seconds = (int64_t)field.value;
        else if (field.type == WIRE_VARINT && field.number == TIMESTAMP_NANOS)
            time->nanos = (int32_t)field.value;
    }
    return ended(taking, &reader);
}

static bool take_route(struct taking *taking, const struct wire_field *from, struct route_parts *route)
{
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (taking->status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.type != WIRE_BYTES)
            continue;
        switch (field.number) {
        case ROUTE_EXECUTOR: take_text(taking, &field, &route->executor); break;
        case ROUTE_START: take_time(taking, &field, &route->start); break;
        case ROUTE_END: take_time(taking, &field, &route->end); break;
        case ROUTE_STATUS:
            route->has_status = true;
            take_status(taking, field.data, field.size, &route->status);
            break;
        default: break;
        }
    }
    return ended(taking, &reader);
}

static bool add_route(struct taking *taking, const struct wire_field *field, struct message_parts *parts)
{
    size_t count = parts->route_count;
    if ((count & (count - 1)) == 0) {
        struct route_parts *grown = arena_alloc(taking->arena, (count > 0 ? 2 * count : 1) * sizeof *grown);
        if (grown == NULL)
            return no_memory(taking);
        if (count > 0)
            memcpy(grown, parts->routes, count * sizeof *grown);
        parts->routes = grown;
    }
    parts->routes[count] = (struct route_parts){0};
    parts->route_count++;
    return take_route(taking, field, &parts->routes[count]);
}

/* The bytes of a sub-message that may come in parts. */
static bool join(struct taking *taking, const struct wire_field *field, sluice_text *joined)
{
    sluice_text piece = {.data = (const char *)field->data, .size = field->size};
    if (joined->size > 0 && piece.size > 0) {
        char *both = arena_alloc(taking->arena, joined->size + piece.size);
        if (both == NULL)
            return no_memory(taking);
        memcpy(both, joined->data, joined->size);
        memcpy(both + joined->size, piece.data, piece.size);
        *joined = (sluice_text){.data = both, .size = joined->size + piece.size};
    } else if (joined->size == 0) {
        *joined = piece;
    }
    return true;
}

static bool take_message(struct taking *taking, sluice_text bytes, struct message_parts *parts, sluice_text *parameters,
                         struct rope *content)
{
    struct wire_reader reader = wire_read(bytes.data, bytes.size);
    struct wire_field field;
    while (taking->status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.type != WIRE_BYTES)
            continue;
        switch (field.number) {
        case REQUEST_HEADER: take_header(taking, &field, parts); break;
        case REQUEST_ROUTES: add_route(taking, &field, parts); break;
        case REQUEST_PARAMETERS:
            parts->has_parameters = true;
            join(taking, &field, parameters);
            break;
        case REQUEST_DATA:
            parts->has_data = true;
            if (rope_append(content, NULL, field.data, field.size) != SLUICE_OK)
                fail(taking, SLUICE_NO_MEMORY, "no memory to read it");
            break;
        default: break;
        }
    }
    return ended(taking, &reader);
}

/* The bytes of a rope in one piece; NULL in `data`: no memory. */
static sluice_text contiguous(const struct rope *rope, struct arena *arena)
{
    if (rope->count == 0)
        return (sluice_text){.data = ""};
    if (rope->count == 1)
        return (sluice_text){.data = (const char *)rope->slices[0].data, .size = rope->size};
    char *copy = arena_alloc(arena, rope->size);
    if (copy != NULL)
        rope_copy_out(rope, copy);
    return (sluice_text){.data = copy, .size = rope->size};
}

/* `documents`: NULL for memory of their own. */
static sluice_status read_documents(const struct rope *content, const sluice_limits *limits, struct arena *documents,
                                    struct message_parts *parts, sluice_error *error)
{
    return documents != NULL
               ? document_array_read_content_in(documents, content, limits, &parts->documents, error)
               : document_array_read_content(content, limits, &parts->documents, error);
}

sluice_status message_parts_read(const struct rope *message, const sluice_limits *limits, struct arena *arena,
                                 struct message_parts *parts, sluice_error *error)
{
    return message_parts_read_in(message, limits, arena, NULL, parts, error);
}

sluice_status message_parts_read_in(const struct rope *message, const sluice_limits *limits, struct arena *arena,
                                    struct arena *documents, struct message_parts *parts, sluice_error *error)
{
    struct taking taking = {.arena = arena, .limits = limits, .error = error};
    sluice_text bytes = contiguous(message, arena), parameters = {.data = ""};
    struct rope content;
    *parts = (struct message_parts){0};
    if (bytes.data == NULL)
        no_memory(&taking);
    rope_init(&content);
    if (taking.status == SLUICE_OK && take_message(&taking, bytes, parts, &parameters, &content)) {
        if (parts->has_parameters)
            taking.status =
                value_read_struct_in(arena, parameters.data, parameters.size, limits, &parts->parameters, error);
        if (taking.status == SLUICE_OK) {
            taking.status = read_documents(&content, limits, documents, parts, error);
            documents = NULL;
        }
    }
    arena_free(documents);
    rope_done(&content);
    return taking.status;
}

void message_parts_done(struct message_parts *parts)
{
    sluice_document_array_free(parts->documents);
    parts->documents = NULL;
}

sluice_status status_parts_read(const struct rope *message, struct arena *arena, struct status_parts *parts,
                                sluice_error *error)
{
    struct taking taking = {.arena = arena, .error = error};
    sluice_text bytes = contiguous(message, arena);
    *parts = (struct status_parts){0};
    if (bytes.data == NULL)
        no_memory(&taking);
    else
        take_status(&taking, bytes.data, bytes.size, parts);
    return taking.status;
}
