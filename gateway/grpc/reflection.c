/*
 * grpc.reflection.v1alpha: a stream of questions, each answered before the next is read; the client's half-close ends
 * it.
 *
 * Gateways of Jina up to 3.15 fail on a name outside their own table, so the list holds the services of Jina that are
 * really served and reflection itself, and not health (wire facts: docs/compatibility.md).
 */
#include "common/wire/wire.h"
#include "gateway/grpc/descriptors.h"
#include "gateway/grpc/server.h"
#include "proto/descriptors.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUESTION_FILE = 3,
    QUESTION_SYMBOL = 4,
    QUESTION_EXTENSION = 5,
    QUESTION_EXTENSION_NUMBERS = 6,
    QUESTION_LIST = 7,
    ANSWER_ORIGINAL = 2,
    ANSWER_FILES = 4,
    ANSWER_EXTENSION_NUMBERS = 5,
    ANSWER_LIST = 6,
    ANSWER_ERROR = 7,
    FILES_FILE = 1,
    EXTENSION_TYPE = 1,
    LIST_SERVICE = 1,
    SERVICE_NAME = 1,
    ERROR_CODE = 1,
    ERROR_TEXT = 2,
    QUESTION_BYTES_MAX = 16 * 1024,
};

const char *const reflected_services[] = {
    "grpc.reflection.v1alpha.ServerReflection",
    "jina.JinaDiscoverEndpointsRPC",
    "jina.JinaGatewayDryRunRPC",
    "jina.JinaInfoRPC",
    "jina.JinaRPC",
    "jina.JinaSingleDataRequestRPC",
    NULL,
};

struct reflection {
    struct call *call;
    struct rpc_event read, sent, ended;
    grpc_byte_buffer *incoming, *outgoing;
    bool begun;
};

static void append_error(struct buffer *answer, grpc_status_code code, const char *text)
{
    size_t error = wire_begin_message(answer, ANSWER_ERROR);
    wire_append_uint(answer, ERROR_CODE, (uint64_t)code);
    wire_append_text(answer, ERROR_TEXT, text);
    wire_end_message(answer, error);
}

static void append_files(struct buffer *answer, struct descriptor_text set, struct descriptor_text file)
{
    struct descriptor_text files[DESCRIPTOR_FILES_MAX];
    size_t count = descriptor_with_imports(set, file, files);
    size_t response = wire_begin_message(answer, ANSWER_FILES);

    for (size_t i = 0; i < count; i++)
        wire_append_bytes(answer, FILES_FILE, files[i].data, files[i].size);
    wire_end_message(answer, response);
}

static void append_list(struct buffer *answer)
{
    size_t list = wire_begin_message(answer, ANSWER_LIST);
    for (const char *const *name = reflected_services; *name != NULL; name++) {
        size_t service = wire_begin_message(answer, LIST_SERVICE);
        wire_append_text(answer, SERVICE_NAME, *name);
        wire_end_message(answer, service);
    }
    wire_end_message(answer, list);
}

/* There are no extensions: a known type has an empty list of them. */
static void append_no_extensions(struct buffer *answer, const struct wire_field *question)
{
    size_t response = wire_begin_message(answer, ANSWER_EXTENSION_NUMBERS);
    wire_append_bytes(answer, EXTENSION_TYPE, question->data, question->size);
    wire_end_message(answer, response);
}

static void append_answer(struct buffer *answer, const struct wire_field *question)
{
    struct descriptor_text set, file, name = {question->data, question->size};
    set.data = proto_descriptors(&set.size);

    switch (question->number) {
    case QUESTION_LIST: append_list(answer); return;
    case QUESTION_FILE:
        if (descriptor_find_file(set, name, &file)) {
            append_files(answer, set, file);
            return;
        }
        break;
    case QUESTION_SYMBOL:
        if (descriptor_find_symbol(set, name, &file)) {
            append_files(answer, set, file);
            return;
        }
        break;
    case QUESTION_EXTENSION_NUMBERS:
        if (descriptor_find_symbol(set, name, &file)) {
            append_no_extensions(answer, question);
            return;
        }
        break;
    default: break;
    }
    append_error(answer, GRPC_STATUS_NOT_FOUND, "not found");
}

/* False: the message is no question. */
static bool make_answer(const struct rope *message, struct buffer *answer)
{
    uint8_t bytes[QUESTION_BYTES_MAX];
    if (message->size > sizeof bytes)
        return false;
    rope_copy_out(message, bytes);
    struct wire_reader reader = wire_read(bytes, message->size);
    struct wire_field field, question = {.number = 0};
    while (wire_next(&reader, &field))
        if (field.number >= QUESTION_FILE && field.number <= QUESTION_LIST && field.type == WIRE_BYTES)
            question = field; /* a oneof: the last counts */
    if (reader.malformed)
        return false;

    wire_append_bytes(answer, ANSWER_ORIGINAL, bytes, message->size);
    if (question.number == 0)
        append_error(answer, GRPC_STATUS_INVALID_ARGUMENT, "invalid argument");
    else
        append_answer(answer, &question);
    return answer->failed == SLUICE_OK;
}

static void reflection_read(struct rpc_event *event, bool ok)
{
    struct reflection *reflection = RPC_EVENT_OWNER(event, struct reflection, read);
    struct call *call = reflection->call;
    grpc_status_code code = GRPC_STATUS_OK;
    bool answered = false;

    if (ok && reflection->incoming != NULL) {
        struct rope message;
        struct buffer answer;
        rope_init(&message);
        buffer_init(&answer, BUFFER_NO_LIMIT);
        answered = call_receive(call, reflection->incoming, &message, NULL) == SLUICE_OK && make_answer(&message, &answer);
        reflection->incoming = NULL;
        if (answered)
            reflection->outgoing = rpc_bytes_copy(answer.data, answer.size);
        else
            code = GRPC_STATUS_INVALID_ARGUMENT;
        rope_done(&message);
        buffer_done(&answer);
    }
    bool first = !reflection->begun;
    reflection->begun = true;
    if (answered)
        call_send(call, reflection->outgoing, first, false, &reflection->sent);
    else
        call_end(call, NULL, first, code, NULL, &reflection->ended);
    call_unref(call);
}

static void reflection_sent(struct rpc_event *event, bool ok)
{
    struct reflection *reflection = RPC_EVENT_OWNER(event, struct reflection, sent);

    grpc_byte_buffer_destroy(reflection->outgoing);
    reflection->outgoing = NULL;
    if (ok)
        call_read(reflection->call, &reflection->incoming, &reflection->read);
    call_unref(reflection->call);
}

static void reflection_ended(struct rpc_event *event, bool ok)
{
    struct reflection *reflection = RPC_EVENT_OWNER(event, struct reflection, ended);
    (void)ok;
    call_unref(reflection->call);
}

static void reflection_start(struct call *call)
{
    struct reflection *reflection = call->state;

    reflection->call = call;
    rpc_event_init(&reflection->read, reflection_read);
    rpc_event_init(&reflection->sent, reflection_sent);
    rpc_event_init(&reflection->ended, reflection_ended);
    call_read(call, &reflection->incoming, &reflection->read);
}

static void reflection_finish(struct call *call)
{
    struct reflection *reflection = call->state;

    if (reflection->incoming != NULL)
        grpc_byte_buffer_destroy(reflection->incoming);
    if (reflection->outgoing != NULL)
        grpc_byte_buffer_destroy(reflection->outgoing);
}

const struct method method_reflection = {
    .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    .state_size = sizeof(struct reflection),
    .start = reflection_start,
    .finish = reflection_finish,
};
