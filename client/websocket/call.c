/*
 * call.c - client/transport.h over libwebsockets.
 *
 * The functions of the transport may come from any thread, under the client's locks. They note what is wanted and wake the
 * loop; service() does it there.
 */
#include "client/websocket/call.h"

#include "client/websocket/headers.h"
#include "client/websocket/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const paths[TRANSPORT_HEALTH + 1] = {
    [TRANSPORT_STREAM] = "/",     [TRANSPORT_SINGLE] = "/", [TRANSPORT_DRY_RUN] = "/dry_run",
    [TRANSPORT_INFO] = "/status", [TRANSPORT_HEALTH] = "/",
};

const char *call_path(const struct transport_call *call)
{
    return paths[call->method];
}

/* ---- memory ---- */

static void free_held(struct transport_call *call)
{
    while (call->held_first != NULL) {
        struct call_message *message = call->held_first;
        call->held_first = message->next;
        rope_done(&message->rope);
        free(message);
    }
}

static void call_unref(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool last = --call->references == 0;
    pthread_mutex_unlock(&call->lock);
    if (!last)
        return;
    free_held(call);
    rope_done(&call->outgoing);
    rope_done(&call->incoming);
    block_unref(call->block);
    buffer_done(&call->headers);
    buffer_done(&call->body);
    buffer_done(&call->head);
    free(call->output);
    pthread_mutex_destroy(&call->lock);
    channel_unref(call->channel);
    free(call);
}

/* Under the lock. */
static void wake_locked(struct transport_call *call)
{
    if (call->queued)
        return;
    call->queued = true;
    call->references++;
    loop_post(&call->task);
}

void call_wake(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    wake_locked(call);
    pthread_mutex_unlock(&call->lock);
}

/* ---- messages for the client ---- */

bool call_hold(struct transport_call *call, struct rope *rope)
{
    struct call_message *message = malloc(sizeof *message);
    if (message == NULL)
        return false;
    message->next = NULL;
    rope_init(&message->rope);
    rope_move(&message->rope, rope);
    if (call->held_first == NULL)
        call->held_first = message;
    else
        call->held_last->next = message;
    call->held_last = message;
    return true;
}

static bool take_read(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool wanted = call->read_wanted;
    call->read_wanted = false;
    call->read_missed = !wanted;
    pthread_mutex_unlock(&call->lock);
    return wanted;
}

void call_deliver(struct transport_call *call)
{
    while (call->held_first != NULL && take_read(call)) {
        struct call_message *message = call->held_first;
        call->held_first = message->next;
        call->received_count++;
        call->events->received(call->context, &message->rope);
        rope_done(&message->rope);
        free(message);
    }
    bool stop = call->held_first != NULL;
    if (call->wsi != NULL && call->phase == CALL_OPEN && stop != call->stopped) {
        call->stopped = stop;
        lws_rx_flow_control(call->wsi, !stop);
    }
}

/* ---- the end ---- */

static void deliver_end(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool over = call->over;
    call->over = true;
    pthread_mutex_unlock(&call->lock);
    if (over)
        return;
    attempt_cancel(call);
    turns_leave(&call->channel->turns, call);
    socket_detach(call, true);
    call->end.text = call->end_text;
    call->events->ended(call->context, &call->end);
    call_unref(call);
}

void call_end(struct transport_call *call, bool now, sluice_status status, int code, const char *format, ...)
{
    va_list arguments;
    if (call->phase != CALL_CLOSED) { /* the first reason counts */
        call->end.status = status;
        call->end.code = code;
        va_start(arguments, format);
        vsnprintf(call->end_text, sizeof call->end_text, format, arguments);
        va_end(arguments);
    }
    call->phase = CALL_CLOSED;
    socket_detach(call, true);
    if (now || call->held_first == NULL)
        deliver_end(call);
}

/* ---- what is wanted ---- */

static void service(struct transport_call *call, bool cancel, bool sending)
{
    if (cancel) {
        call->phase = CALL_OPEN; /* whatever the other side has said before is void */
        call_end(call, true, SLUICE_CANCELLED, 0, "the call was cancelled");
        return;
    }
    if (call->phase == CALL_NEW) {
        if (call_is_plain(call) && !sending)
            return; /* the question itself is still to come */
        attempt_start_deadline(call);
        call->phase = CALL_WAITING;
        if (call->method == TRANSPORT_SINGLE && !turns_take(&call->channel->turns, call))
            return;
        attempt_begin(call);
        return;
    }
    if (call->phase == CALL_WAITING) {
        if (call->turn.taken)
            attempt_begin(call);
        return;
    }
    if (call->attempt_failed) {
        attempt_settle(call);
        return;
    }
    call_deliver(call);
    if (call->phase == CALL_CLOSED && call->held_first == NULL)
        deliver_end(call);
    else if (call->phase == CALL_OPEN && sending && call->wsi != NULL && !call_is_plain(call))
        lws_callback_on_writable(call->wsi);
}

static void run_task(struct loop_task *task)
{
    struct transport_call *call = lws_container_of(task, struct transport_call, task);
    pthread_mutex_lock(&call->lock);
    call->queued = false;
    bool over = call->over, cancel = call->cancel_wanted;
    bool sending = call->outgoing_set || (call->finish_wanted && !call->end_sent);
    pthread_mutex_unlock(&call->lock);
    if (!over)
        service(call, cancel, sending);
    call_unref(call);
}

/* ---- the transport's functions ---- */

static sluice_status set_up(struct transport_call *call, const struct transport_call_settings *settings,
                            sluice_error *error)
{
    if (settings->method > TRANSPORT_HEALTH)
        return sluice_fail(error, SLUICE_UNIMPLEMENTED, "protocol",
                           "a WebSocket carries requests only; ask this over http");
    if (settings->compression != TRANSPORT_PLAIN)
        return sluice_fail(error, SLUICE_INVALID, "compression",
                           "a WebSocket to a gateway carries messages as they are; leave compression out, or use gRPC");
    return headers_write(settings->metadata, settings->metadata_count, call->channel->user_agent, &call->headers, error);
}

static sluice_status call_start(struct transport_channel *channel, const struct transport_call_settings *settings,
                                const struct transport_events *events, void *context, struct transport_call **ret_call,
                                sluice_error *error)
{
    struct transport_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a call");
    call->channel = channel_ref(channel);
    call->events = events;
    call->context = context;
    call->method = settings->method;
    call->deadline_ns = settings->deadline_ns;
    call->wait_for_ready = settings->wait_for_ready;
    call->references = 1;
    call->task.run = run_task;
    buffer_init(&call->headers, HEADERS_MAX);
    buffer_init(&call->body, 0);
    buffer_init(&call->head, HANDSHAKE_HEAD_MAX);
    rope_init(&call->outgoing);
    rope_init(&call->incoming);
    pthread_mutex_init(&call->lock, NULL);
    sluice_status status = set_up(call, settings, error);
    if (status != SLUICE_OK) {
        call_unref(call);
        return status;
    }
    *ret_call = call;
    call->references = 2;
    call_wake(call);
    return SLUICE_OK;
}

static void call_send(struct transport_call *call, struct rope *message)
{
    pthread_mutex_lock(&call->lock);
    if (!call->over && !call->outgoing_set) {
        rope_move(&call->outgoing, message);
        call->outgoing_set = true;
        if (!call->writing)
            wake_locked(call);
    }
    pthread_mutex_unlock(&call->lock);
    rope_done(message);
    rope_init(message);
}

static void call_finish(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->finish_wanted = true;
    if (!call->over && !call->writing)
        wake_locked(call);
    pthread_mutex_unlock(&call->lock);
}

static void call_read(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->read_wanted = true;
    if (!call->over && call->read_missed)
        wake_locked(call);
    pthread_mutex_unlock(&call->lock);
}

static void call_cancel(struct transport_call *call)
{
    pthread_mutex_lock(&call->lock);
    call->cancel_wanted = true;
    if (!call->over)
        wake_locked(call);
    pthread_mutex_unlock(&call->lock);
}

static void call_release(struct transport_call *call)
{
    call_unref(call);
}

static const struct transport websocket_transport = {
    .version = TRANSPORT_VERSION,
    .internal_code = 500, /* of a handshake that is refused */
    .connect = channel_connect,
    .close = channel_close,
    .call_start = call_start,
    .call_send = call_send,
    .call_finish = call_finish,
    .call_read = call_read,
    .call_cancel = call_cancel,
    .call_release = call_release,
};

SLUICE_API const struct transport *transport_entry(void);

const struct transport *transport_entry(void)
{
    return &websocket_transport;
}
