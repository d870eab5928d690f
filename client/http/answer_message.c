/* answer_message.c - good answers as the protobuf messages that the client's core reads. */
#include "client/http/answer.h"
#include "client/http/channel.h"
#include "common/foundation/number.h"
#include "common/json/message.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum { INFO_JINA = 1, INFO_ENVS = 2, PAIR_KEY = 1, PAIR_VALUE = 2 };
enum { HEALTH_STATUS = 1, HEALTH_SERVING = 1, HEALTH_NOT_SERVING = 2 };
enum { ARENA_FIRST = 4096 };

static bool fail_unreadable(struct transport_call *call, sluice_status status, const char *where, const char *text)
{
    call_fail(call, status, (int)call->http_status, "%s: the answer cannot be read: %s%s%s", call_name(call), where,
              where[0] != '\0' ? ": " : "", text);
    return false;
}

/* The bytes of `buffer`, as the outcome. */
static bool put_result(struct transport_call *call, const struct buffer *buffer)
{
    struct block *block = buffer->failed == SLUICE_OK ? block_new(buffer->size) : NULL;
    sluice_status status = block != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
    if (block != NULL && buffer->size > 0) {
        memcpy(block->data, buffer->data, buffer->size);
        status = rope_append(&call->result, block, block->data, block->size);
    }
    block_unref(block);
    if (status != SLUICE_OK)
        call_fail(call, status, 0, "%s: no memory for the answer", call_name(call));
    return status == SLUICE_OK;
}

static bool put_response(struct transport_call *call)
{
    sluice_error error = {0};
    struct arena *arena = arena_new(ARENA_FIRST, ARENA_NO_LIMIT);
    sluice_status status = SLUICE_NO_MEMORY;
    if (arena != NULL)
        status = json_response_read(buffer_text(&call->answer), call->answer.size, arena, &call->result, &error);
    arena_free(arena);
    return status == SLUICE_OK || fail_unreadable(call, status, error.where, error.text);
}

/* ---- /dry_run: {"code": 0, "description": "", "exception": null} ---- */

static void append_text(struct buffer *buffer, uint32_t number, const sluice_value *value)
{
    sluice_text text = sluice_value_string(value);
    if (text.size > 0)
        wire_append_bytes(buffer, number, text.data, text.size);
}

static void append_texts(struct buffer *buffer, uint32_t number, const sluice_value *list)
{
    for (size_t i = 0; i < sluice_value_size(list); i++) {
        sluice_text text = sluice_value_string(sluice_value_at(list, i));
        wire_append_bytes(buffer, number, text.data, text.size);
    }
}

static void write_status(const sluice_value *status, struct buffer *buffer)
{
    const sluice_value *exception = sluice_value_get(status, "exception");
    int64_t code = sluice_value_integer(sluice_value_get(status, "code"), CODE_ERROR);
    if (code != 0)
        wire_append_uint(buffer, STATUS_CODE, (uint64_t)code);
    append_text(buffer, STATUS_DESCRIPTION, sluice_value_get(status, "description"));
    if (sluice_value_kind_of(exception) != SLUICE_VALUE_MAP)
        return;
    size_t begun = wire_begin_message(buffer, STATUS_EXCEPTION);
    append_text(buffer, EXCEPTION_NAME, sluice_value_get(exception, "name"));
    append_texts(buffer, EXCEPTION_ARGS, sluice_value_get(exception, "args"));
    append_texts(buffer, EXCEPTION_STACKS, sluice_value_get(exception, "stacks"));
    append_text(buffer, EXCEPTION_EXECUTOR, sluice_value_get(exception, "executor"));
    wire_end_message(buffer, begun);
}

/* ---- /status: {"jina": {…}, "envs": {…}} ---- */

static void write_pairs(const sluice_value *map, uint32_t number, struct buffer *buffer)
{
    for (size_t i = 0; i < sluice_value_size(map); i++) {
        sluice_text key = sluice_value_key_at(map, i);
        const sluice_value *value = sluice_value_at(map, i);
        size_t begun = wire_begin_message(buffer, number);
        wire_append_bytes(buffer, PAIR_KEY, key.data, key.size);
        if (sluice_value_kind_of(value) == SLUICE_VALUE_NUMBER) { /* the uid of old gateways */
            char text[NUMBER_EXACT_SIZE];
            wire_append_text(buffer, PAIR_VALUE, number_exact(sluice_value_number(value, 0), text));
        } else {
            append_text(buffer, PAIR_VALUE, value);
        }
        wire_end_message(buffer, begun);
    }
}

static bool put_small(struct transport_call *call)
{
    sluice_value *map = NULL;
    sluice_error error = {0};
    struct buffer buffer;
    sluice_status status = sluice_value_from_json(buffer_text(&call->answer), call->answer.size, &map, &error);
    if (status != SLUICE_OK)
        return fail_unreadable(call, status, error.where, error.text);
    bool dry_run = call->method == TRANSPORT_DRY_RUN;
    const char *key = dry_run ? "code" : "jina";
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    bool done = sluice_value_get(map, key) != NULL;
    if (!done) {
        fail_unreadable(call, SLUICE_INVALID, key, "there is no such key; is this the address of a Jina gateway?");
    } else if (dry_run) {
        write_status(map, &buffer);
    } else {
        write_pairs(sluice_value_get(map, "jina"), INFO_JINA, &buffer);
        write_pairs(sluice_value_get(map, "envs"), INFO_ENVS, &buffer);
    }
    done = done && put_result(call, &buffer);
    buffer_done(&buffer);
    sluice_value_free(map);
    return done;
}

/* ---- the others ---- */

/* The root page stands for the health service: the process answers. */
static bool put_health(struct transport_call *call)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    wire_append_uint(&buffer, HEALTH_STATUS, call->http_status == 503 ? HEALTH_NOT_SERVING : HEALTH_SERVING);
    bool done = put_result(call, &buffer);
    buffer_done(&buffer);
    return done;
}

/* The header lines, an empty line, the body: as HTTP has them (client/transport.h). */
static bool put_graphql(struct transport_call *call)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    buffer_append(&buffer, call->answer_headers.data, call->answer_headers.size);
    buffer_append_text(&buffer, "\r\n");
    buffer_append(&buffer, call->answer.data, call->answer.size);
    bool done = put_result(call, &buffer);
    buffer_done(&buffer);
    return done;
}

bool answer_executor_failure(struct transport_call *call, const char *description, size_t size)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    size_t header = wire_begin_message(&buffer, REQUEST_HEADER);
    size_t status = wire_begin_message(&buffer, HEADER_STATUS);
    wire_append_uint(&buffer, STATUS_CODE, CODE_ERROR);
    wire_append_bytes(&buffer, STATUS_DESCRIPTION, description, size);
    wire_end_message(&buffer, status);
    wire_append_text(&buffer, HEADER_ENDPOINT, call->endpoint);
    wire_end_message(&buffer, header);
    bool done = put_result(call, &buffer);
    buffer_done(&buffer);
    return done;
}

bool answer_message(struct transport_call *call)
{
    switch (call->method) {
    case TRANSPORT_SINGLE: return put_response(call);
    case TRANSPORT_DRY_RUN:
    case TRANSPORT_INFO: return put_small(call);
    case TRANSPORT_HEALTH: return put_health(call);
    case TRANSPORT_GRAPHQL: return put_graphql(call);
    default: return false;
    }
}
