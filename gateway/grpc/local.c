/*
 * Calls that the front answers by itself: one message in, one message or a status out.
 */
#include "common/foundation/buffer.h"
#include "gateway/grpc/server.h"

#include <grpc/slice.h>

#include <stdlib.h>

/* Such messages are tiny; more is refused unread. */
enum { LOCAL_MESSAGE_MAX = 64 * 1024 };

static void ended(struct rpc_event *event, bool ok)
{
    struct local_call *local = RPC_EVENT_OWNER(event, struct local_call, ended);
    (void)ok;
    call_unref(local->call);
}

static void end(struct local_call *local, grpc_status_code code, const char *text)
{
    local->text = rpc_status_text(text);
    local->has_text = true;
    call_end(local->call, local->outgoing, true, code, &local->text, &local->ended);
}

static void message_read(struct rpc_event *event, bool ok)
{
    struct local_call *local = RPC_EVENT_OWNER(event, struct local_call, read);
    struct call *call = local->call;
    struct rope message;
    struct buffer answer;
    sluice_status status = SLUICE_OK;

    rope_init(&message);
    buffer_init(&answer, BUFFER_NO_LIMIT);
    if (ok && local->incoming != NULL) {
        status = call_receive(call, local->incoming, &message, NULL);
        local->incoming = NULL;
    }
    if (status == SLUICE_OK && message.size > LOCAL_MESSAGE_MAX)
        status = SLUICE_TOO_LARGE;
    grpc_status_code code = GRPC_STATUS_OK;
    if (status == SLUICE_OK) {
        code = local->answer(call, &message, &answer);
        if (code == GRPC_STATUS_OK && answer.failed != SLUICE_OK)
            status = answer.failed;
    }
    if (status == SLUICE_OK && code == GRPC_STATUS_OK)
        local->outgoing = rpc_bytes_copy(answer.data, answer.size);
    rope_done(&message);
    buffer_done(&answer);
    if (status != SLUICE_OK)
        end(local, grpc_code_of(status), "the request message cannot be used");
    else
        end(local, code, "");
    call_unref(call);
}

static void init(struct call *call)
{
    struct local_call *local = call->state;
    local->call = call;
    rpc_event_init(&local->read, message_read);
    rpc_event_init(&local->ended, ended);
}

void local_start(struct call *call, local_answer *answer)
{
    struct local_call *local = call->state;
    init(call);
    local->answer = answer;
    call_read(call, &local->incoming, &local->read);
}

void local_refuse(struct call *call, grpc_status_code code, const char *text)
{
    init(call);
    end(call->state, code, text);
}

void local_finish(struct call *call)
{
    struct local_call *local = call->state;

    if (local->incoming != NULL)
        grpc_byte_buffer_destroy(local->incoming);
    if (local->outgoing != NULL)
        grpc_byte_buffer_destroy(local->outgoing);
    if (local->has_text)
        grpc_slice_unref(local->text);
}
