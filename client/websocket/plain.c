/*
 * plain.c - the questions that a WebSocket gateway answers over plain HTTP on its port: GET /status, which is the info, and
 * GET /, which says that it serves.
 */
#include "client/websocket/socket.h"
#include "common/foundation/number.h"
#include "common/wire/wire.h"

#include <sluice/document.h>

#include <string.h>

enum { ANSWER_MAX = 4 << 20 };
enum { INFO_JINA = 1, INFO_ENVS = 2, PAIR_KEY = 1, PAIR_VALUE = 2 };
enum { HEALTH_STATUS = 1, HEALTH_SERVING = 1, HEALTH_NOT_SERVING = 2 };

/* The answer as a message for the client; takes the bytes. */
static void answer(struct transport_call *call, const struct buffer *bytes)
{
    struct rope rope;
    struct block *block = block_new(bytes->size);
    rope_init(&rope);
    bool made = block != NULL && bytes->failed == SLUICE_OK;
    if (made && bytes->size > 0) {
        memcpy(block->data, bytes->data, bytes->size);
        made = rope_append(&rope, block, block->data, bytes->size) == SLUICE_OK;
    }
    block_unref(block);
    made = made && call_hold(call, &rope);
    rope_done(&rope);
    if (!made) {
        call_end(call, true, SLUICE_NO_MEMORY, 0, "no memory for an answer");
        return;
    }
    call_deliver(call);
    call_end(call, false, SLUICE_OK, 0, "%s", "");
}

/* Each entry of a map as one of JinaInfoProto's; values that are no text in their JSON form. */
static void write_pairs(const sluice_value *map, uint32_t number, struct buffer *message)
{
    struct buffer pair;
    buffer_init(&pair, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < sluice_value_size(map); i++) {
        sluice_text key = sluice_value_key_at(map, i);
        const sluice_value *value = sluice_value_at(map, i);
        buffer_clear(&pair);
        wire_append_bytes(&pair, PAIR_KEY, key.data, key.size);
        if (sluice_value_kind_of(value) == SLUICE_VALUE_STRING) {
            sluice_text text = sluice_value_string(value);
            wire_append_bytes(&pair, PAIR_VALUE, text.data, text.size);
        } else {
            char text[NUMBER_EXACT_SIZE];
            wire_append_text(&pair, PAIR_VALUE, number_exact(sluice_value_number(value, 0), text));
        }
        wire_append_bytes(message, number, pair.data, pair.size);
        if (pair.failed != SLUICE_OK)
            message->failed = pair.failed;
    }
    buffer_done(&pair);
}

static void answer_info(struct transport_call *call)
{
    sluice_value *map = NULL;
    sluice_error error;
    struct buffer message;
    if (sluice_value_from_json(buffer_text(&call->body), call->body.size, &map, &error) != SLUICE_OK) {
        call_end(call, true, SLUICE_INVALID, 0, "/status of %s is no JSON object: %s", call->channel->host_header,
                 error.text);
        return;
    }
    buffer_init(&message, BUFFER_NO_LIMIT);
    write_pairs(sluice_value_get(map, "jina"), INFO_JINA, &message);
    write_pairs(sluice_value_get(map, "envs"), INFO_ENVS, &message);
    answer(call, &message);
    buffer_done(&message);
    sluice_value_free(map);
}

static void answer_health(struct transport_call *call, bool serving)
{
    struct buffer message;
    buffer_init(&message, BUFFER_NO_LIMIT);
    wire_append_uint(&message, HEALTH_STATUS, serving ? HEALTH_SERVING : HEALTH_NOT_SERVING);
    answer(call, &message);
    buffer_done(&message);
}

static void completed(struct transport_call *call)
{
    unsigned http = call->http_status;
    socket_forget(call);
    if (call->body.failed != SLUICE_OK)
        call_end(call, true, SLUICE_LIMIT, (int)http, "the answer to %s has more than %d bytes",
                 call->channel->host_header, ANSWER_MAX);
    else if (call->method == TRANSPORT_HEALTH && (http == 200 || http == 503))
        answer_health(call, http == 200);
    else if (http == 200)
        answer_info(call);
    else
        call_end(call, true, http >= 500 ? SLUICE_UNAVAILABLE : SLUICE_NOT_FOUND, (int)http,
                 "%s answered HTTP %u; is this the port of a gateway with protocol websocket?",
                 call->channel->host_header, http);
}

static int read_body(struct transport_call *call)
{
    char bytes[LWS_PRE + 4096];
    char *at = bytes + LWS_PRE;
    int size = (int)(sizeof bytes - LWS_PRE);
    return lws_http_client_read(call->wsi, &at, &size) < 0 ? -1 : 0;
}

int plain_report(struct transport_call *call, enum lws_callback_reasons reason, void *in, size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        call->http_status = lws_http_client_http_response(call->wsi);
        attempt_succeeded(call);
        buffer_init(&call->body, ANSWER_MAX);
        return 0;
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP: return read_body(call);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ: buffer_append(&call->body, in, size); return 0;
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP: completed(call); return -1;
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        socket_forget(call);
        if (call->phase == CALL_OPEN)
            call_end(call, true, SLUICE_UNAVAILABLE, 0, "the connection to the gateway broke within an answer");
        return 0;
    default: return 0;
    }
}
