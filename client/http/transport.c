/*
 * transport.c - client/transport.h over HTTP/1.1 with libcurl: the functions that the client calls.
 *
 * They only note what is wanted and wake the channel's thread; call.h tells the way of a call from there.
 */
#include "client/http/channel.h"

static sluice_status call_start(struct transport_channel *channel, const struct transport_call_settings *settings,
                                const struct transport_events *events, void *context, struct transport_call **ret_call,
                                sluice_error *error)
{
    if (settings->method == TRANSPORT_STREAM)
        return sluice_fail(error, SLUICE_UNIMPLEMENTED, channel->host,
                           "HTTP has no streams of messages; each request is a call of its own");
    sluice_status status = call_new(channel, settings, ret_call, error);
    if (status == SLUICE_OK) {
        (*ret_call)->events = events;
        (*ret_call)->context = context;
    }
    return status;
}

static void note(struct transport_call *call, bool *flag)
{
    pthread_mutex_lock(&call->channel->lock);
    *flag = true;
    channel_post(call->channel, call);
    pthread_mutex_unlock(&call->channel->lock);
}

static void call_send(struct transport_call *call, struct rope *message)
{
    pthread_mutex_lock(&call->channel->lock);
    if (!call->given) {
        rope_move(&call->message, message);
        call->given = true;
        channel_post(call->channel, call);
    }
    pthread_mutex_unlock(&call->channel->lock);
    rope_done(message);
    rope_init(message);
}

/* One message is all there is. */
static void call_finish(struct transport_call *call)
{
    (void)call;
}

static void call_read(struct transport_call *call)
{
    note(call, &call->read_wanted);
}

static void call_cancel(struct transport_call *call)
{
    note(call, &call->cancelled);
}

static void call_release(struct transport_call *call)
{
    channel_unref(call);
}

static const struct transport http_transport = {
    .version = TRANSPORT_VERSION,
    .one_message_calls = true,
    .internal_code = 500,
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
    return &http_transport;
}
