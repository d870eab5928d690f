/*
 * stream_call.c - the calls of a stream: one for all requests, or one for each; and their further attempts.
 */
#include "client/stream.h"

#include "common/foundation/clock.h"
#include "common/foundation/log.h"

static bool may_retry(const struct sluice_stream *stream, const struct transport_end *end, unsigned attempts,
                      uint64_t deadline_ns)
{
    bool timeout = end->status == SLUICE_TIMEOUT || (end->status == SLUICE_UNAVAILABLE && end->may_be_timeout);
    bool kind = (end->status == SLUICE_UNAVAILABLE && !timeout) || (stream->retry_timeout && timeout) ||
                (stream->retry_internal && end->status == SLUICE_INTERNAL &&
                 end->code == stream->client->transport->internal_code);
    return kind && !stream->cancelled && attempts < stream->max_attempts &&
           (deadline_ns == 0 || clock_monotonic_ns() < deadline_ns);
}

/*
 * Start the pause before the next attempt; not a shorter one than the gateway asked for. False: that is longer than
 * anybody should wait, there is no time left for it, or no timer.
 */
static bool start_pause(struct sluice_stream *stream, struct timer *timer, unsigned failures,
                        const struct transport_end *end, uint64_t deadline_ns)
{
    uint64_t pause_ns = backoff_ns(&stream->backoff, failures, backoff_random());
    if (end->retry_after_ns > BACKOFF_ASKED_SECONDS_MAX * (uint64_t)CLOCK_NS_PER_SECOND)
        return false;
    if (pause_ns < end->retry_after_ns)
        pause_ns = end->retry_after_ns;
    timer->due_ns = clock_monotonic_ns() + pause_ns;
    if (deadline_ns != 0 && timer->due_ns >= deadline_ns)
        return false;
    if (!timers_add(&stream->client->timers, timer))
        return false;
    stream->live++;
    return true;
}

static void note_end(struct sluice_stream *stream, const struct transport_end *end)
{
    sluice_error error;
    client_call_failure(stream->client, end, &error);
    stream_note(stream, &error);
}

static void note_cancelled(struct sluice_stream *stream)
{
    sluice_error error;
    sluice_fail(&error, SLUICE_CANCELLED, stream->client->name, "the stream was cancelled");
    stream_note(stream, &error);
}

/* The message to send: kept for a further attempt while there may be one, else given away. What cannot be kept is not tried again. */
static void take_message(struct sluice_stream *stream, struct entry *entry, bool keep, struct rope *message)
{
    rope_init(message);
    entry->sent = true;
    if (keep && rope_append_rope(message, &entry->message) == SLUICE_OK)
        return;
    if (keep)
        stream->max_attempts = 1;
    rope_done(message);
    rope_move(message, &entry->message);
}

static void drop_message(struct entry *entry)
{
    rope_done(&entry->message);
    rope_init(&entry->message);
}

/* ---- one call for all ---- */

static void send_next(struct sluice_stream *stream)
{
    struct entry *entry = stream->to_send;
    struct rope message;
    stream->to_send = entry->next;
    take_message(stream, entry, stream->max_attempts > 1 && !stream->heard, &message);
    stream->sending = true;
    stream->client->transport->call_send(stream->call, &message);
    rope_done(&message);
}

void stream_call_pump(struct sluice_stream *stream)
{
    if (stream->call == NULL || stream->cancelled)
        return;
    if (!stream->sending && stream->to_send != NULL)
        send_next(stream);
    else if (!stream->sending && stream->finished && !stream->has_tail && !stream->finish_sent) {
        stream->finish_sent = true;
        stream->client->transport->call_finish(stream->call);
    }
    if (!stream->reading && (stream->ready_first == NULL || stream->ready_bytes < STREAM_READ_BYTES)) {
        stream->reading = true;
        stream->client->transport->call_read(stream->call);
    }
}

static void on_sent(void *context)
{
    struct sluice_stream *stream = context;
    pthread_mutex_lock(&stream->lock);
    stream->sending = false;
    stream_call_pump(stream);
    pthread_mutex_unlock(&stream->lock);
}

/* The first answer: no further attempt is possible, so nothing sent is kept. */
static void first_heard(struct sluice_stream *stream)
{
    stream->heard = true;
    for (struct entry *entry = stream->window.first; entry != NULL && entry != stream->to_send; entry = entry->next)
        drop_message(entry);
}

/* Takes the response. */
static void assign(struct sluice_stream *stream, sluice_response *response)
{
    static struct log_limit unknown;
    struct entry *entry = window_find(&stream->window, response->request_id);
    if (entry == NULL || !entry->sent) {
        log_limited(&unknown, LOG_LEVEL_WARNING, "%s answered a request that nobody waits for: %s",
                    stream->client->name, log_quoted(response->request_id.data, response->request_id.size));
        sluice_response_unref(response);
    } else if (response_is_stub(response)) {
        entry->response = response;
        window_set(&stream->window, entry, ENTRY_STUBBED);
    } else {
        stream_answer(stream, entry, response);
    }
}

static void on_received(void *context, struct rope *message)
{
    struct sluice_stream *stream = context;
    sluice_response *response = NULL;
    sluice_error error;
    sluice_status status = response_read(message, &response, &error);

    pthread_mutex_lock(&stream->lock);
    stream->reading = false;
    if (!stream->heard)
        first_heard(stream);
    if (status == SLUICE_OK) {
        assign(stream, response);
        stream_call_pump(stream);
    } else {
        stream_note(stream, &error);
        if (stream->call != NULL)
            stream->client->transport->call_cancel(stream->call);
    }
    pthread_mutex_unlock(&stream->lock);
}

/* A stub and then an end in order: it was an answer after all. */
static void answer_stubs(struct sluice_stream *stream)
{
    for (struct entry *entry = stream->window.first; entry != NULL; entry = entry->next)
        if (entry->state == ENTRY_STUBBED) {
            sluice_response *response = entry->response;
            entry->response = NULL;
            stream_answer(stream, entry, response);
        }
}

static void ended_in_order(struct sluice_stream *stream)
{
    answer_stubs(stream);
    if (stream->window.pending == 0 && stream->finished && !stream->has_tail)
        return;
    sluice_error error;
    sluice_fail(&error, SLUICE_UNAVAILABLE, stream->client->name, "the gateway ended the stream before %s",
                stream->window.pending > 0 ? "it had answered every request" : "the input was finished");
    stream_note(stream, &error);
}

static void on_ended(void *context, const struct transport_end *end)
{
    struct sluice_stream *stream = context;
    pthread_mutex_lock(&stream->lock);
    stream->client->transport->call_release(stream->call);
    stream->call = NULL;
    stream->live--;
    bool again = !stream->heard && !stream->failing &&
                 may_retry(stream, end, stream->attempts, stream->call_settings.deadline_ns) &&
                 start_pause(stream, &stream->timer, stream->attempts, end, stream->call_settings.deadline_ns);
    if (!again) {
        if (stream->cancelled)
            note_cancelled(stream);
        else if (end->status == SLUICE_OK)
            ended_in_order(stream);
        else
            note_end(stream, end);
        stream_close(stream);
    }
    pthread_mutex_unlock(&stream->lock);
}

static const struct transport_events stream_events = {.sent = on_sent, .received = on_received, .ended = on_ended};

static void on_pause_over(struct timer *timer)
{
    struct sluice_stream *stream = (struct sluice_stream *)((char *)timer - offsetof(struct sluice_stream, timer));
    sluice_error error;
    pthread_mutex_lock(&stream->lock);
    stream->live--;
    if (stream->cancelled) {
        note_cancelled(stream);
        stream_close(stream);
    } else if (stream_call_open(stream, &error) != SLUICE_OK) {
        stream_note(stream, &error);
        stream_close(stream);
    }
    pthread_mutex_unlock(&stream->lock);
}

sluice_status stream_call_open(struct sluice_stream *stream, sluice_error *error)
{
    sluice_status status = stream->client->transport->call_start(stream->client->channel, &stream->call_settings,
                                                                 &stream_events, stream, &stream->call, error);
    if (status != SLUICE_OK)
        return status;
    stream->live++;
    stream->attempts++;
    stream->timer.due = on_pause_over;
    stream->sending = stream->reading = stream->finish_sent = false;
    stream->to_send = stream->window.first;
    stream_call_pump(stream);
    return SLUICE_OK;
}

/* ---- a call for each request ---- */

static void single_sent(void *context)
{
    struct entry *entry = context;
    pthread_mutex_lock(&entry->stream->lock);
    if (entry->call != NULL)
        entry->stream->client->transport->call_finish(entry->call);
    pthread_mutex_unlock(&entry->stream->lock);
}

static void single_received(void *context, struct rope *message)
{
    struct entry *entry = context;
    struct sluice_stream *stream = entry->stream;
    sluice_response *response = NULL;
    sluice_error error;
    sluice_status status = response_read(message, &response, &error);

    pthread_mutex_lock(&stream->lock);
    if (status == SLUICE_OK) {
        sluice_response_unref(entry->response);
        entry->response = response;
    } else {
        stream_note(stream, &error);
    }
    pthread_mutex_unlock(&stream->lock);
}

/* After each outcome: is that all? */
static void single_close(struct sluice_stream *stream)
{
    bool no_more = stream->cancelled || stream->failing || (stream->finished && !stream->has_tail);
    if (no_more && stream->window.pending == 0)
        stream_close(stream);
}

static void single_fail(struct entry *entry)
{
    window_set(&entry->stream->window, entry, ENTRY_FAILED);
    drop_message(entry);
    sluice_response_unref(entry->response);
    entry->response = NULL;
}

/* A call that ended without failure and brought one message is answered, even when that holds no more than an id. */
static void single_ended(void *context, const struct transport_end *end)
{
    struct entry *entry = context;
    struct sluice_stream *stream = entry->stream;
    sluice_error error;
    pthread_mutex_lock(&stream->lock);
    stream->client->transport->call_release(entry->call);
    entry->call = NULL;
    stream->live--;
    if (end->status == SLUICE_OK && entry->response != NULL) {
        sluice_response *response = entry->response;
        entry->response = NULL;
        /* Gateways give requests that come over HTTP ids of their own. The caller knows this one. */
        response_set_request_id(response, (sluice_text){entry->id, entry->id_size});
        stream_answer(stream, entry, response);
    } else if (!may_retry(stream, end, entry->attempts, entry->deadline_ns) ||
               !start_pause(stream, &entry->timer, entry->attempts, end, entry->deadline_ns)) {
        if (stream->cancelled)
            note_cancelled(stream);
        else if (end->status != SLUICE_OK)
            note_end(stream, end);
        else {
            sluice_fail(&error, SLUICE_UNAVAILABLE, stream->client->name, "the gateway ended a call without an answer");
            stream_note(stream, &error);
        }
        single_fail(entry);
    }
    single_close(stream);
    pthread_mutex_unlock(&stream->lock);
}

static const struct transport_events single_events = {
    .sent = single_sent, .received = single_received, .ended = single_ended};

static void on_single_pause_over(struct timer *timer)
{
    struct entry *entry = (struct entry *)((char *)timer - offsetof(struct entry, timer));
    struct sluice_stream *stream = entry->stream;
    sluice_error error;
    pthread_mutex_lock(&stream->lock);
    stream->live--;
    sluice_status status = SLUICE_CANCELLED;
    if (stream->cancelled)
        note_cancelled(stream);
    else if ((status = stream_call_single(stream, entry, &error)) != SLUICE_OK)
        stream_note(stream, &error);
    if (status != SLUICE_OK) {
        single_fail(entry);
        single_close(stream);
    }
    pthread_mutex_unlock(&stream->lock);
}

sluice_status stream_call_single(struct sluice_stream *stream, struct entry *entry, sluice_error *error)
{
    const struct transport *transport = stream->client->transport;
    struct transport_call_settings settings = stream->call_settings;
    struct rope message;

    if (entry->attempts == 0)
        entry->deadline_ns = client_deadline_ns(stream->timeout_seconds);
    settings.deadline_ns = entry->deadline_ns;
    entry->stream = stream;
    entry->timer.due = on_single_pause_over;
    sluice_status status =
        transport->call_start(stream->client->channel, &settings, &single_events, entry, &entry->call, error);
    if (status != SLUICE_OK)
        return status;
    stream->live++;
    entry->attempts++;
    take_message(stream, entry, entry->attempts < stream->max_attempts, &message);
    transport->call_read(entry->call);
    transport->call_send(entry->call, &message);
    rope_done(&message);
    return SLUICE_OK;
}

/* ---- both ---- */

static void cancel_pause(struct sluice_stream *stream, struct timer *timer)
{
    if (timer->due != NULL && timers_remove(&stream->client->timers, timer)) {
        stream->live--;
        note_cancelled(stream);
    }
}

void stream_call_cancel(struct sluice_stream *stream)
{
    const struct transport *transport = stream->client->transport;
    if (!stream->single) {
        if (stream->call != NULL)
            transport->call_cancel(stream->call);
        else
            cancel_pause(stream, &stream->timer);
        if (stream->live == 0) {
            note_cancelled(stream);
            stream_close(stream);
        }
        return;
    }
    for (struct entry *entry = stream->window.first; entry != NULL; entry = entry->next) {
        if (entry->state != ENTRY_PENDING)
            continue;
        if (entry->call != NULL) {
            transport->call_cancel(entry->call);
        } else {
            unsigned before = stream->live;
            cancel_pause(stream, &entry->timer);
            if (stream->live < before)
                single_fail(entry);
        }
    }
    note_cancelled(stream);
    single_close(stream);
}
