/*
 * stream_push.c - requests on their way into the window of a stream.
 */
#include "client/stream.h"

#include "common/document/codec.h"
#include "common/foundation/text.h"

#include <string.h>

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
        if (!stream_wait(stream, deadline_ns))
            return sluice_fail(error, SLUICE_LIMIT, stream->client->name,
                               "%zu requests wait for their answers to be pulled (prefetch)", stream->window.count);
    return status;
}

/* Put a message into the window and on its way. Takes it on success. */
static sluice_status enter(struct sluice_stream *stream, sluice_text id, struct rope *message, sluice_error *error)
{
    sluice_status status = client_check_size(stream->client, id, message, error);
    if (status != SLUICE_OK)
        return status;
    struct entry *entry = window_add(&stream->window, id);
    if (entry == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a request");
    rope_move(&entry->message, message);
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

static sluice_status push_waiting(struct sluice_stream *stream, sluice_text id, struct rope *message,
                                  uint64_t deadline_ns, sluice_error *error)
{
    pthread_mutex_lock(&stream->lock);
    sluice_status status = wait_room(stream, deadline_ns, error);
    if (status == SLUICE_OK)
        status = enter(stream, id, message, error);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

sluice_status stream_push_message(struct sluice_stream *stream, sluice_text id, struct rope *message,
                                  sluice_error *error)
{
    return push_waiting(stream, id, message, stream_wait_deadline(0), error);
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
    sluice_status status = request_template_init(&own, request->on != NULL ? request->on : stream->request.endpoint,
                                                 request->target_executor != NULL ? request->target_executor
                                                                                  : stream->request.target_executor,
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
    uint64_t deadline_ns = stream_wait_deadline(timeout_seconds);
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
        status = push_waiting(stream, id, &message, deadline_ns, error);
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

sluice_status sluice_stream_push_document(sluice_stream *stream, const sluice_document *document,
                                          double timeout_seconds, sluice_error *error)
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

void stream_enter_tail(struct sluice_stream *stream)
{
    sluice_error error;
    if (!stream->has_tail || stream->failing || stream->cancelled || stream->window.count >= stream->window_max)
        return;
    stream->has_tail = false;
    if (enter(stream, sluice_text_of(stream->tail_id), &stream->tail, &error) == SLUICE_OK)
        return;
    stream->tail_refused = true;
    stream_note(stream, &error);
    if (stream->single && stream->window.pending == 0)
        stream_close(stream);
}

static sluice_status make_tail(struct sluice_stream *stream, sluice_error *error)
{
    struct rope message;
    rope_init(&message);
    text_random_id(stream->tail_id);
    sluice_status status =
        write_message(&stream->request, sluice_text_of(stream->tail_id), stream->held, &message, error);
    if (status != SLUICE_OK) {
        rope_done(&message);
        return status;
    }
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
        stream_enter_tail(stream);
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
