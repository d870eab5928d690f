#include "client/stream.h"

#include "client/options.h"
#include "common/document/codec.h"
#include "common/foundation/clock.h"
#include "common/foundation/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LISTED_IDS = 4 }; /* in the text of an error; sluice_stream_unanswered() has all */

/* ---- what waits to be pulled ---- */

/* The descriptor is readable exactly while a pull would not give NOTHING. */
static void update_signal(struct sluice_stream *stream)
{
    bool wanted = stream->ready_first != NULL || stream->over;
    uint64_t value = 1;
    if (stream->event_fd < 0 || wanted == stream->signalled)
        return;
    ssize_t done =
        wanted ? write(stream->event_fd, &value, sizeof value) : read(stream->event_fd, &value, sizeof value);
    if (done == (ssize_t)sizeof value)
        stream->signalled = wanted;
}

static void push_ready(struct sluice_stream *stream, struct entry *entry)
{
    entry->ready = true;
    entry->ready_next = NULL;
    if (stream->ready_last != NULL)
        stream->ready_last->ready_next = entry;
    else
        stream->ready_first = entry;
    stream->ready_last = entry;
    stream->ready_bytes += sluice_response_bytes(entry->response).size;
}

/* In order: everything up to the first request without an outcome. */
static void promote(struct sluice_stream *stream)
{
    struct entry *entry = stream->order_at;
    while (entry != NULL && (entry->state == ENTRY_ANSWERED || entry->state == ENTRY_FAILED || stream->over)) {
        if (entry->state == ENTRY_ANSWERED && !entry->ready)
            push_ready(stream, entry);
        entry = entry->next;
    }
    stream->order_at = entry;
}

void stream_answer(struct sluice_stream *stream, struct entry *entry, sluice_response *response)
{
    entry->response = response;
    rope_done(&entry->message);
    rope_init(&entry->message);
    window_set(&stream->window, entry, ENTRY_ANSWERED);
    if (stream->in_order)
        promote(stream);
    else
        push_ready(stream, entry);
    update_signal(stream);
    pthread_cond_broadcast(&stream->changed);
}

void stream_note(struct sluice_stream *stream, const sluice_error *error)
{
    if (!stream->failing)
        stream->error = *error;
    stream->failing = true;
    pthread_cond_broadcast(&stream->changed);
}

/* ---- the end ---- */

static void append_ids(struct sluice_stream *stream)
{
    struct buffer text;
    buffer_init(&text, sizeof stream->error.text * 2);
    buffer_append_text(&text, stream->error.text);
    for (size_t i = 0; i < stream->unanswered_count && i < LISTED_IDS; i++)
        buffer_printf(&text, "%s%.*s", i == 0 ? "; without an answer: " : ", ",
                      (int)(stream->unanswered[i].size < 40 ? stream->unanswered[i].size : 40),
                      stream->unanswered[i].data);
    if (stream->unanswered_count > LISTED_IDS)
        buffer_printf(&text, " and %zu more", stream->unanswered_count - LISTED_IDS);
    sluice_error error;
    sluice_fail(&error, stream->error.status, stream->error.where, "%s", buffer_text(&text));
    stream->error = error;
    buffer_done(&text);
}

static void list_unanswered(struct sluice_stream *stream)
{
    stream->unanswered = calloc(stream->window.count + 1, sizeof *stream->unanswered); /* and the tail */
    if (stream->unanswered == NULL)
        return;
    for (struct entry *entry = stream->window.first; entry != NULL; entry = entry->next)
        if (entry->state != ENTRY_ANSWERED)
            stream->unanswered[stream->unanswered_count++] = (sluice_text){entry->id, entry->id_size};
    if (stream->has_tail || stream->tail_refused)
        stream->unanswered[stream->unanswered_count++] = sluice_text_of(stream->tail_id);
    if (stream->unanswered_count > 0)
        append_ids(stream);
}

void stream_close(struct sluice_stream *stream)
{
    if (stream->over)
        return;
    stream->over = true;
    if (stream->failing)
        list_unanswered(stream);
    if (stream->in_order)
        promote(stream);
    update_signal(stream);
    pthread_cond_broadcast(&stream->changed);
}

/* ---- opening ---- */

static sluice_status set_options(struct sluice_stream *stream, const char *on, const sluice_post_options *given,
                                 sluice_error *error)
{
    sluice_post_options options;
    sluice_status status = options_post(given, &options, error);
    if (stream->client->transport->one_message_calls)
        options.stream = false;
    if (status == SLUICE_OK)
        status = options_compression(options.compression, &stream->call_settings.compression, error);
    if (status == SLUICE_OK)
        status = options_metadata(&options, stream->client->address.protocol == ADDRESS_GRPC, &stream->metadata,
                                  &stream->call_settings.metadata_count, error);
    if (status == SLUICE_OK)
        status = request_template_init(&stream->request, on, options.target_executor, options.parameters, error);
    if (status != SLUICE_OK)
        return status;
    stream->call_settings.metadata = stream->metadata;
    stream->call_settings.method = options.stream ? TRANSPORT_STREAM : TRANSPORT_SINGLE;
    stream->call_settings.deadline_ns = client_deadline_ns(options.timeout_seconds);
    stream->call_settings.wait_for_ready = stream->client->wait_for_ready;
    stream->single = !options.stream;
    stream->in_order = options.results_in_order;
    stream->window_max = options_window(options.prefetch, stream->client->window_max);
    stream->request_size = options.request_size <= 0 ? SIZE_MAX : (size_t)options.request_size;
    stream->timeout_seconds = options.timeout_seconds;
    stream->max_attempts = (unsigned)options.max_attempts;
    stream->backoff =
        (struct backoff){options.initial_backoff_seconds, options.max_backoff_seconds, options.backoff_multiplier};
    stream->retry_timeout = options.retry_timeout;
    stream->retry_internal = options.retry_internal;
    return SLUICE_OK;
}

static void stream_destroy(struct sluice_stream *stream)
{
    window_done(&stream->window);
    rope_done(&stream->tail);
    sluice_document_array_free(stream->held);
    request_template_done(&stream->request);
    free(stream->metadata);
    free(stream->unanswered);
    if (stream->event_fd >= 0)
        close(stream->event_fd);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->lock);
    pthread_mutex_destroy(&stream->push_lock);
    client_unref(stream->client);
    free(stream);
}

static struct sluice_stream *stream_new(sluice_client *client)
{
    struct sluice_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->client = client_ref(client);
    stream->event_fd = -1;
    window_init(&stream->window);
    rope_init(&stream->tail);
    buffer_init(&stream->request.parameters, BUFFER_NO_LIMIT);
    pthread_mutex_init(&stream->push_lock, NULL);
    pthread_mutex_init(&stream->lock, NULL);
    clock_condition_init(&stream->changed);
    return stream;
}

sluice_status sluice_stream_open(sluice_client *client, const char *on, const sluice_post_options *options,
                                 sluice_stream **ret_stream, sluice_error *error)
{
    struct sluice_stream *stream = stream_new(client);
    if (stream == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a stream");
    sluice_status status = set_options(stream, on, options, error);
    if (status == SLUICE_OK && !stream->single) {
        pthread_mutex_lock(&stream->lock);
        status = stream_call_open(stream, error);
        pthread_mutex_unlock(&stream->lock);
    }
    if (status != SLUICE_OK) {
        stream_destroy(stream);
        return status;
    }
    *ret_stream = stream;
    return SLUICE_OK;
}

void sluice_stream_cancel(sluice_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    if (!stream->over && !stream->cancelled) {
        stream->cancelled = true;
        stream_call_cancel(stream);
    }
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
}

void sluice_stream_free(sluice_stream *stream)
{
    if (stream == NULL)
        return;
    sluice_stream_cancel(stream);
    pthread_mutex_lock(&stream->lock);
    while (stream->live > 0)
        pthread_cond_wait(&stream->changed, &stream->lock);
    pthread_mutex_unlock(&stream->lock);
    stream_destroy(stream);
}

/* ---- waiting and pulling ---- */

bool stream_wait(struct sluice_stream *stream, uint64_t deadline_ns)
{
    if (deadline_ns == 0) {
        pthread_cond_wait(&stream->changed, &stream->lock);
        return true;
    }
    struct timespec due = {.tv_sec = (time_t)(deadline_ns / CLOCK_NS_PER_SECOND),
                           .tv_nsec = (long)(deadline_ns % CLOCK_NS_PER_SECOND)};
    if (clock_monotonic_ns() >= deadline_ns)
        return false;
    pthread_cond_timedwait(&stream->changed, &stream->lock, &due);
    return true;
}

uint64_t stream_wait_deadline(double timeout_seconds)
{
    if (timeout_seconds < 0 || isnan(timeout_seconds))
        return 0;
    uint64_t deadline = client_deadline_ns(timeout_seconds);
    return deadline != 0 ? deadline : 1;
}

static sluice_response *pop_ready(struct sluice_stream *stream)
{
    struct entry *entry = stream->ready_first;
    sluice_response *response = entry->response;
    stream->ready_first = entry->ready_next;
    if (stream->ready_first == NULL)
        stream->ready_last = NULL;
    stream->ready_bytes -= sluice_response_bytes(response).size;
    entry->response = NULL;
    window_remove(&stream->window, entry);
    stream_enter_tail(stream);
    update_signal(stream);
    stream_call_pump(stream);
    pthread_cond_broadcast(&stream->changed);
    return response;
}

sluice_pulled sluice_stream_pull(sluice_stream *stream, double timeout_seconds, sluice_response **ret_response,
                                 sluice_error *error)
{
    uint64_t deadline_ns = stream_wait_deadline(timeout_seconds);
    sluice_pulled pulled = SLUICE_PULLED_NOTHING;
    *ret_response = NULL;
    pthread_mutex_lock(&stream->lock);
    while (stream->ready_first == NULL && !stream->over && stream_wait(stream, deadline_ns))
        ;
    if (stream->ready_first != NULL) {
        *ret_response = pop_ready(stream);
        pulled = SLUICE_PULLED_RESPONSE;
    } else if (stream->over) {
        pulled = stream->failing ? SLUICE_PULLED_FAILED : SLUICE_PULLED_END;
        if (stream->failing && error != NULL)
            *error = stream->error;
    }
    pthread_mutex_unlock(&stream->lock);
    return pulled;
}

int sluice_stream_fd(sluice_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->event_fd < 0) {
        stream->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        update_signal(stream);
    }
    int fd = stream->event_fd;
    pthread_mutex_unlock(&stream->lock);
    return fd;
}

size_t sluice_stream_unanswered_count(sluice_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    size_t count = stream->unanswered_count;
    pthread_mutex_unlock(&stream->lock);
    return count;
}

sluice_text sluice_stream_unanswered(sluice_stream *stream, size_t index)
{
    pthread_mutex_lock(&stream->lock);
    sluice_text id = index < stream->unanswered_count ? stream->unanswered[index] : sluice_text_of("");
    pthread_mutex_unlock(&stream->lock);
    return id;
}
