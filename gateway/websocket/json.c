/*
 * The JSON of text messages. Small texts are read and written on the front's thread, larger ones by the workers.
 *
 * The texts of one connection become requests one after the other, in order of arrival: the first of `unread` is the one
 * being read. Answers are written side by side and sent as they are ready.
 */
#include "gateway/websocket/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 4096 };

static void read_next(struct connection *connection);

static void keep_text(struct item *item, sluice_status status, const sluice_error *error)
{
    char reason[WEBSOCKET_REASON_MAX + 1];

    item->json.status = status;
    size_t size = message_close_reason(error->text, reason);
    memcpy(item->json.text, reason, size);
    item->json.text[size] = '\0';
}

/* ---- a text becomes a request ---- */

static void read_rope(struct item *item, const char *text, size_t size, struct arena *arena)
{
    const struct flow_limits *limits = &item->connection->front->settings.limits;
    const sluice_limits documents = {.depth = limits->max_depth,
                                     .documents = SLUICE_DEFAULT_DOCUMENTS,
                                     .elements = SLUICE_DEFAULT_ELEMENTS,
                                     .bytes = SLUICE_DEFAULT_BYTES};
    const struct json_request_options options = {.limits = &documents, .websocket = true};
    struct json_fault fault = {.kind = JSON_FAULT_NONE};
    sluice_error error = {.text = ""};
    struct rope message;

    rope_init(&message);
    sluice_status status = json_request_read(text, size, &options, arena, &message, &fault, &error);
    item->json.kind = fault.kind;
    keep_text(item, status, &error);
    rope_done(&item->message);
    rope_init(&item->message);
    rope_move(&item->message, &message);
}

static void read_text(struct item *item)
{
    struct arena *arena = arena_new(ARENA_BYTES, ARENA_NO_LIMIT);
    size_t size = item->message.size;
    const struct rope *rope = &item->message;
    /* Usually the text is in one piece. */
    char *copy = rope->count > 1 ? malloc(size) : NULL;

    if (arena == NULL || (rope->count > 1 && copy == NULL)) {
        item->json.status = SLUICE_NO_MEMORY;
        snprintf(item->json.text, sizeof item->json.text, "no memory to read the message");
    } else {
        if (copy != NULL)
            rope_copy_out(rope, copy);
        read_rope(item, copy != NULL ? copy : rope->count == 1 ? (const char *)rope->slices[0].data : "", size, arena);
    }
    free(copy);
    arena_free(arena);
}

/* The front's thread: the first of `unread` has been read. */
static void text_read(struct item *item)
{
    struct connection *connection = item->connection;

    item_queue_take(&connection->unread);
    if (connection->gone || connection->stopped || connection->drained) {
        item_free(item);
    } else if (item->json.status == SLUICE_OK) {
        read_submit(item);
    } else if (item->json.kind == JSON_FAULT_END) {
        connection_end(connection);
        item_free(item);
    } else if (item->json.kind == JSON_FAULT_IGNORED) {
        item_free(item);
    } else {
        bool clients = item->json.kind != JSON_FAULT_NONE;
        connection_stop(connection, clients ? CLOSE_INVALID_DATA : CLOSE_INTERNAL_ERROR, item->json.text);
        item_free(item);
    }
}

static void take_read(struct note *note)
{
    struct item *item = container_of(note, struct item, note);
    struct connection *connection = item->connection;

    connection->references++; /* the item may be the last that holds it */
    text_read(item);
    read_next(connection);
    connection_unref(connection);
}

static void run_read(struct job *job)
{
    struct item *item = container_of(job, struct item, job);
    read_text(item);
    item->note.take = take_read;
    front_post(item->connection->front, &item->note);
}

/* Reads what is first, until there is nothing or a worker has it. */
static void read_next(struct connection *connection)
{
    while (connection->unread.first != NULL) {
        struct item *item = connection->unread.first;
        if (item->message.size > JSON_INLINE_BYTES) {
            item->job.run = run_read;
            workers_add(connection->front->workers, &item->job);
            return;
        }
        read_text(item);
        text_read(item);
    }
}

void json_take(struct item *item)
{
    struct connection *connection = item->connection;
    bool idle = connection->unread.first == NULL;

    item_queue_append(&connection->unread, item);
    if (idle)
        read_next(connection);
}

/* ---- a reply becomes a text ---- */

static void write_text(struct item *item)
{
    const struct json_response_options options = {.style = JSON_STYLE_WEBSOCKET};
    sluice_error error = {.text = ""};

    item->answer_is_text = true;
    sluice_status status = json_response_write(&item->reply->message, &options, &item->text, &error);
    if (status == SLUICE_OK)
        status = item->text.failed;
    keep_text(item, status, &error);
}

static void take_written(struct note *note)
{
    item_answered(container_of(note, struct item, note));
}

static void run_write(struct job *job)
{
    struct item *item = container_of(job, struct item, job);
    write_text(item);
    item->note.take = take_written;
    front_post(item->connection->front, &item->note);
}

void json_answer(struct item *item)
{
    if (item->reply->message.size > JSON_INLINE_BYTES) {
        item->job.run = run_write;
        workers_add(item->connection->front->workers, &item->job);
        return;
    }
    write_text(item);
    item_answered(item);
}

sluice_status json_warm(sluice_error *error)
{
    const struct json_request_options options = {.websocket = true};
    struct json_fault fault;
    struct rope message;
    struct arena *arena = arena_new(ARENA_BYTES, ARENA_NO_LIMIT);

    rope_init(&message);
    sluice_status status = json_request_read("{}", 2, &options, arena, &message, &fault, error);
    rope_done(&message);
    arena_free(arena);
    return status == SLUICE_CANCELLED ? SLUICE_OK : status;
}
