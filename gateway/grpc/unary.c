/*
 * process_single_data and dry_run: one request, one answer, one batch that sends it all.
 *
 * Design notes
 *
 * read -> router_submit -> reply (any thread) -> call_end -> freed. The request is freed with the call, by whoever
 * drops the last reference: the close event, the request (until its reply) and the final batch each hold one, so
 * router_cancel() from the close event never meets a freed request. `state` orders submit and cancel without a lock:
 * whoever sets the second of the two bits calls router_cancel(), and does it once.
 */
#include "common/foundation/buffer.h"
#include "gateway/front/failure.h"
#include "gateway/grpc/server.h"

#include <string.h>

enum { SUBMITTED = 1, CANCELLED = 2 };

struct unary {
    struct call *call;
    struct rpc_event read, ended;
    grpc_byte_buffer *incoming, *outgoing;
    struct request *request;
    atomic_uint state;
    bool has_text;
    grpc_slice text;
};

static void ended(struct rpc_event *event, bool ok)
{
    struct unary *unary = RPC_EVENT_OWNER(event, struct unary, ended);
    (void)ok;
    call_unref(unary->call);
}

/* Trailers only. */
static void end_with(struct unary *unary, sluice_status status, const char *text)
{
    unary->text = rpc_status_text(text != NULL ? text : "");
    unary->has_text = true;
    call_end(unary->call, NULL, true, grpc_code_of(status), &unary->text, &unary->ended);
}

/* Under cancellation nothing is sent: the reference of the request is dropped, and with it, sooner or later, the call.
 */
static bool nobody_waits(struct unary *unary)
{
    return (atomic_load(&unary->state) & CANCELLED) != 0;
}

static void replied_single(struct request *request, const struct reply *reply, void *context)
{
    struct unary *unary = context;
    struct call *call = unary->call;
    (void)request;

    if (!nobody_waits(unary)) {
        if (reply->status == SLUICE_OK) {
            unary->outgoing = rpc_bytes_send(&reply->message);
            call_end(call, unary->outgoing, true, GRPC_STATUS_OK, NULL, &unary->ended);
        } else {
            end_with(unary, reply->status, reply->text);
        }
    }
    call_unref(call);
}

/* ---- dry run: a StatusProto ---- */

static void replied_dry(struct request *request, const struct reply *reply, void *context)
{
    struct unary *unary = context;
    struct call *call = unary->call;
    struct buffer status;
    (void)request;

    if (!nobody_waits(unary)) {
        buffer_init(&status, BUFFER_NO_LIMIT);
        failure_append_dry_run(&status, call->front->settings.compatibility_3_5, reply);
        unary->outgoing = rpc_bytes_copy(status.data, status.size);
        buffer_done(&status);
        call_end(call, unary->outgoing, true, GRPC_STATUS_OK, NULL, &unary->ended);
    }
    call_unref(call);
}

/* ---- the way in ---- */

static void submit(struct unary *unary, reply_function *replied)
{
    struct call *call = unary->call;

    call_ref(call); /* the request's */
    router_submit(unary->request, call_deadline_ns(call), replied, unary);
    if ((atomic_fetch_or(&unary->state, SUBMITTED) & CANCELLED) != 0)
        router_cancel(unary->request);
}

static void cancel(struct call *call)
{
    struct unary *unary = call->state;
    if ((atomic_fetch_or(&unary->state, CANCELLED) & SUBMITTED) != 0)
        router_cancel(unary->request);
}

static void read_single(struct rpc_event *event, bool ok)
{
    struct unary *unary = RPC_EVENT_OWNER(event, struct unary, read);
    struct call *call = unary->call;
    sluice_error error = {.text = ""};
    struct rope rope;

    rope_init(&rope);
    sluice_status status = SLUICE_OK;
    if (!ok || unary->incoming == NULL) {
        status = sluice_fail(&error, SLUICE_INVALID, NULL, "the call ended without a request message");
    } else {
        grpc_byte_buffer *message = unary->incoming;
        unary->incoming = NULL;
        status = call_receive(call, message, &rope, &error);
    }
    if (status == SLUICE_OK) /* once more: many calls may have been begun before the first of them sent its message */
        status = router_admit(call->front->router, call->client, &error);
    if (status == SLUICE_OK)
        status = request_new(call->front->router, call->client, &rope, &unary->request, &error);
    rope_done(&rope);
    if (status == SLUICE_OK)
        submit(unary, replied_single);
    else
        end_with(unary, status, error.text);
    call_unref(call);
}

static void read_dry(struct rpc_event *event, bool ok)
{
    struct unary *unary = RPC_EVENT_OWNER(event, struct unary, read);
    struct call *call = unary->call;
    sluice_error error = {.text = ""};
    (void)ok; /* google.protobuf.Empty: whatever came is as good as nothing */

    sluice_status status = request_new_dry_run(call->front->router, call->client, &unary->request, &error);
    if (status == SLUICE_OK)
        submit(unary, replied_dry);
    else
        end_with(unary, status, error.text);
    call_unref(call);
}

static void start(struct call *call, rpc_event_function *read)
{
    struct unary *unary = call->state;
    sluice_error error;

    unary->call = call;
    atomic_init(&unary->state, 0);
    rpc_event_init(&unary->read, read);
    rpc_event_init(&unary->ended, ended);
    sluice_status status = call_admit(call, &error);
    if (status == SLUICE_OK)
        call_read(call, &unary->incoming, &unary->read);
    else
        end_with(unary, status, error.text);
}

static void start_single(struct call *call)
{
    start(call, read_single);
}

static void start_dry(struct call *call)
{
    start(call, read_dry);
}

static void finish(struct call *call)
{
    struct unary *unary = call->state;

    if (unary->incoming != NULL)
        grpc_byte_buffer_destroy(unary->incoming);
    if (unary->outgoing != NULL)
        grpc_byte_buffer_destroy(unary->outgoing);
    if (unary->has_text)
        grpc_slice_unref(unary->text);
    if (unary->request != NULL)
        request_free(unary->request);
}

const struct method method_single = {
    .path = "/jina.JinaSingleDataRequestRPC/process_single_data",
    .works = true,
    .state_size = sizeof(struct unary),
    .start = start_single,
    .cancel = cancel,
    .finish = finish,
};

const struct method method_dry_run = {
    .path = "/jina.JinaGatewayDryRunRPC/dry_run",
    .works = true,
    .state_size = sizeof(struct unary),
    .start = start_dry,
    .cancel = cancel,
    .finish = finish,
};
