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
    ssize_t done = wanted ? write(stream->event_fd, &value, sizeof value) : read(stream->event_fd, &value, sizeof value);
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
                      (int)(stream->unanswered[i].size < 40 ? stream->unanswered[i].size : 40), stream->unanswered[i].data);
    if (stream->unanswered_count > LISTED_IDS)
        buffer_printf(&text, " and %zu more", stream->unanswered_count - LISTED_IDS);
    sluice_error error;
    sluice_fail(&error, stream->error.status, stream->error.where, "%s", buffer_text(&text));
    stream->error = error;
    buffer_done(&text);
}

static void list_unanswered(struct sluice_stream *stream)
{
    stream->unanswered = calloc(stream->window.count + 1, sizeof *stream->unanswered);
    if (stream->unanswered == NULL)
        return;
    for (struct entry *entry = stream->window.first; entry != NULL; entry = entry->next)
        if (entry->state != ENTRY_ANSWERED)
            stream->unanswered[stream->unanswered_count++] = (sluice_text){entry->id, entry->id_size};
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
    if (status == SLUICE_OK)
        status = options_compression(options.compression, &stream->call_settings.compression, error);
    if (status == SLUICE_OK)
        status = options_metadata(&options, &stream->metadata, &stream->call_settings.metadata_count, error);
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
    stream->backoff = (struct backoff){options.initial_backoff_seconds, options.max_backoff_seconds, options.backoff_multiplier};
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
    pthread_condattr_t attributes;
    if (stream == NULL)
        return NULL;
    stream->client = client_ref(client);
    stream->event_fd = -1;
    window_init(&stream->window);
    rope_init(&stream->tail);
    buffer_init(&stream->request.parameters, BUFFER_NO_LIMIT);
    pthread_mutex_init(&stream->push_lock, NULL);
    pthread_mutex_init(&stream->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&stream->changed, &attributes);
    pthread_condattr_destroy(&attributes);
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

/* ---- pushing ---- */

/* Waits for `changed` until the deadline (0: none). False: it is past. */
static bool wait_changed(struct sluice_stream *stream, uint64_t deadline_ns)
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

/* The deadline of a wait: negative seconds: none (0); 0 seconds: 1, which is past. */
static uint64_t wait_deadline(double timeout_seconds)
{
    if (timeout_seconds < 0 || isnan(timeout_seconds))
        return 0;
    uint64_t deadline = client_deadline_ns(timeout_seconds);
    return deadline != 0 ? deadline : 1;
}

static bool has_room(const struct sluice_stream *stream)
{
    return stream->window.count < stream->window_max && !stream->has_tail;
}

static sluice_status check_open(const struct sluice_stream *stream, sluice_error *error)
{
    if (stream->finished)
        return sluice_fail(error, SLUICE_CANCELLED, stream->client->name, "the input of the stream is finished");
    if (stream->over || stream->failing || stream->cancelled)
        return sluice_fail(error, SLUICE_CANCELLED, stream->client->name, "the stream is over; pull it to learn why");
    return SLUICE_OK;
}

static sluice_status wait_room(struct sluice_stream *stream, uint64_t deadline_ns, sluice_error *error)
{
    sluice_status status;
    while ((status = check_open(stream, error)) == SLUICE_OK && !has_room(stream))
        if (!wait_changed(stream, deadline_ns))
            return sluice_fail(error, SLUICE_LIMIT, stream->client->name,
                               "%zu requests wait for their answers to be pulled (prefetch)", stream->window.count);
    return status;
}

/* Put a message into the window and on its way. Takes it on success. */
static sluice_status enter(struct sluice_stream *stream, sluice_text id, struct rope *message, sluice_error *error)
{
    struct entry *entry = window_add(&stream->window, id);
    if (entry == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a request");
    rope_move(&entry->message, message);
    sluice_status status = SLUICE_OK;
    if (stream->single)
        status = stream_call_single(stream, entry, error);
    if (status != SLUICE_OK) {
        rope_move(message, &entry->message);
        window_remove(&stream->window, entry);
        return status;
    }
    if (stream->order_at == NULL)
        stream->order_at = entry;
    if (!stream->single && stream->to_send == NULL)
        stream->to_send = entry;
    stream_call_pump(stream);
    return SLUICE_OK;
}

static sluice_status push_waiting(struct sluice_stream *stream, sluice_text id, struct rope *message, double timeout_seconds,
                                  sluice_error *error)
{
    uint64_t deadline_ns = wait_deadline(timeout_seconds);
    pthread_mutex_lock(&stream->lock);
    sluice_status status = wait_room(stream, deadline_ns, error);
    if (status == SLUICE_OK)
        status = enter(stream, id, message, error);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

sluice_status stream_push_message(struct sluice_stream *stream, sluice_text id, struct rope *message, sluice_error *error)
{
    return push_waiting(stream, id, message, 0, error);
}

/* The whole message of a request. `documents` NULL: no data. */
static sluice_status write_message(const struct request_template *request, sluice_text id,
                                   const sluice_document_array *documents, struct rope *message, sluice_error *error)
{
    struct rope content;
    struct block *block = NULL;
    sluice_status status = SLUICE_OK;
    rope_init(&content);
    if (documents != NULL)
        status = document_array_write_content(documents, &block, error);
    if (block != NULL && rope_append(&content, block, block->data, block->size) != SLUICE_OK)
        status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a request");
    if (status == SLUICE_OK)
        status = request_write(request, id, documents != NULL ? &content : NULL, message, error);
    block_unref(block);
    rope_done(&content);
    return status;
}

/* The message of a request with something of its own. */
static sluice_status write_request(struct sluice_stream *stream, const sluice_request *request, sluice_text id,
                                   struct rope *message, sluice_error *error)
{
    if (request->on == NULL && request->target_executor == NULL && request->parameters == NULL)
        return write_message(&stream->request, id, request->documents, message, error);
    struct request_template own;
    sluice_status status =
        request_template_init(&own, request->on != NULL ? request->on : stream->request.endpoint,
                              request->target_executor != NULL ? request->target_executor : stream->request.target_executor,
                              request->parameters, error);
    if (status != SLUICE_OK)
        return status;
    if (request->parameters == NULL) {
        buffer_clear(&own.parameters);
        buffer_append(&own.parameters, stream->request.parameters.data, stream->request.parameters.size);
    }
    status = own.parameters.failed;
    if (status == SLUICE_OK)
        status = write_message(&own, id, request->documents, message, error);
    request_template_done(&own);
    return status;
}

sluice_status sluice_stream_push(sluice_stream *stream, const sluice_request *request, double timeout_seconds,
                                 char ret_id[SLUICE_REQUEST_ID_SIZE + 1], sluice_error *error)
{
    static const sluice_request nothing;
    char random_id[TEXT_ID_SIZE + 1];
    struct rope message;
    uint64_t deadline_ns = wait_deadline(timeout_seconds);
    if (request == NULL)
        request = &nothing;
    text_random_id(random_id);
    sluice_text id = sluice_text_of(request->id != NULL ? request->id : random_id);
    if (ret_id != NULL && id.size > SLUICE_REQUEST_ID_SIZE)
        return sluice_fail(error, SLUICE_INVALID, "id", "the id has %zu bytes; at most %d fit into ret_id", id.size,
                           SLUICE_REQUEST_ID_SIZE);
    if (!text_is_utf8(id.data, id.size))
        return sluice_fail(error, SLUICE_INVALID, "id", "the id is not UTF-8");

    pthread_mutex_lock(&stream->lock);
    sluice_status status = wait_room(stream, deadline_ns, error);
    pthread_mutex_unlock(&stream->lock);
    if (status != SLUICE_OK)
        return status;
    rope_init(&message);
    status = write_request(stream, request, id, &message, error);
    if (status == SLUICE_OK)
        status = push_waiting(stream, id, &message, timeout_seconds, error);
    rope_done(&message);
    if (status == SLUICE_OK && ret_id != NULL)
        memcpy(ret_id, id.data, id.size + 1);
    return status;
}

/* ---- documents one by one ---- */

/* Under push_lock: send what is held. */
static sluice_status push_held(struct sluice_stream *stream, double timeout_seconds, sluice_error *error)
{
    sluice_request request = {.documents = stream->held};
    sluice_status status = sluice_stream_push(stream, &request, timeout_seconds, NULL, error);
    if (status == SLUICE_OK) {
        sluice_document_array_free(stream->held);
        stream->held = NULL;
    }
    return status;
}

static sluice_status hold(struct sluice_stream *stream, const sluice_document *document, double timeout_seconds,
                          sluice_error *error)
{
    if (stream->held == NULL)
        stream->held = sluice_document_array_new();
    if (stream->held == NULL || sluice_document_array_append_copy(stream->held, document) == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a document");
    size_t count = sluice_document_array_size(stream->held);
    if (count < stream->request_size)
        return SLUICE_OK;
    sluice_status status = push_held(stream, timeout_seconds, error);
    if (status != SLUICE_OK)
        sluice_document_array_remove(stream->held, count - 1);
    return status;
}

sluice_status sluice_stream_push_document(sluice_stream *stream, const sluice_document *document, double timeout_seconds,
                                          sluice_error *error)
{
    if (document == NULL)
        return sluice_fail(error, SLUICE_INVALID, "document", "the document is NULL");
    pthread_mutex_lock(&stream->push_lock);
    pthread_mutex_lock(&stream->lock);
    sluice_status status = check_open(stream, error);
    pthread_mutex_unlock(&stream->lock);
    if (status == SLUICE_OK)
        status = hold(stream, document, timeout_seconds, error);
    pthread_mutex_unlock(&stream->push_lock);
    return status;
}

static bool holds_documents(const struct sluice_stream *stream)
{
    return stream->held != NULL && sluice_document_array_size(stream->held) > 0;
}

sluice_status sluice_stream_flush(sluice_stream *stream, double timeout_seconds, sluice_error *error)
{
    pthread_mutex_lock(&stream->push_lock);
    sluice_status status = holds_documents(stream) ? push_held(stream, timeout_seconds, error) : SLUICE_OK;
    pthread_mutex_unlock(&stream->push_lock);
    return status;
}

/* The last request, which enters the window when there is room. */
static void enter_tail(struct sluice_stream *stream)
{
    sluice_error error;
    if (!stream->has_tail || stream->failing || stream->cancelled || stream->window.count >= stream->window_max)
        return;
    stream->has_tail = false;
    if (enter(stream, sluice_text_of(stream->tail_id), &stream->tail, &error) != SLUICE_OK)
        stream_note(stream, &error);
}

static sluice_status make_tail(struct sluice_stream *stream, sluice_error *error)
{
    struct rope message;
    rope_init(&message);
    text_random_id(stream->tail_id);
    sluice_status status = write_message(&stream->request, sluice_text_of(stream->tail_id), stream->held, &message, error);
    if (status != SLUICE_OK)
        return status;
    sluice_document_array_free(stream->held);
    stream->held = NULL;
    pthread_mutex_lock(&stream->lock);
    rope_move(&stream->tail, &message);
    stream->has_tail = true;
    pthread_mutex_unlock(&stream->lock);
    return SLUICE_OK;
}

sluice_status sluice_stream_finish(sluice_stream *stream, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    pthread_mutex_lock(&stream->push_lock);
    if (holds_documents(stream))
        status = make_tail(stream, error);
    if (status == SLUICE_OK) {
        pthread_mutex_lock(&stream->lock);
        stream->finished = true;
        enter_tail(stream);
        stream_call_pump(stream);
        if (stream->single && stream->window.pending == 0 && !stream->has_tail)
            stream_close(stream);
        pthread_cond_broadcast(&stream->changed);
        pthread_mutex_unlock(&stream->lock);
    }
    pthread_mutex_unlock(&stream->push_lock);
    return status;
}

bool sluice_stream_has_room(sluice_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool room = has_room(stream);
    pthread_mutex_unlock(&stream->lock);
    return room;
}

/* ---- pulling ---- */

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
    enter_tail(stream);
    update_signal(stream);
    stream_call_pump(stream);
    pthread_cond_broadcast(&stream->changed);
    return response;
}

sluice_pulled sluice_stream_pull(sluice_stream *stream, double timeout_seconds, sluice_response **ret_response,
                                 sluice_error *error)
{
    uint64_t deadline_ns = wait_deadline(timeout_seconds);
    sluice_pulled pulled = SLUICE_PULLED_NOTHING;
    *ret_response = NULL;
    pthread_mutex_lock(&stream->lock);
    while (stream->ready_first == NULL && !stream->over && wait_changed(stream, deadline_ns))
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
