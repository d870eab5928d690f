/* The way of an item from its reply to the wire (design notes: server.h). */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "gateway/front/failure.h"
#include "gateway/websocket/server.h"

#include <stdlib.h>
#include <string.h>

enum { STATUS_MAX = 64 << 10, FRAME_HEAD_MAX = 10, OPCODE_CONTINUATION = 0, OPCODE_TEXT = 1, OPCODE_BINARY = 2, FIN = 0x80 };

/* ---- items ---- */

struct item *item_new(struct connection *connection)
{
    struct item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return NULL;
    item->connection = connection;
    rope_init(&item->message);
    buffer_init(&item->text, BUFFER_NO_LIMIT);
    connection->references++;
    connection->in_work++;
    atomic_fetch_add(&connection->front->working, 1);
    return item;
}

void item_free(struct item *item)
{
    struct connection *connection = item->connection;
    struct websocket_front *front = connection->front;

    if (item->request != NULL)
        request_free(item->request);
    rope_done(&item->message);
    buffer_done(&item->text);
    free(item);
    connection_settle(connection);
    connection_unref(connection);
    if (atomic_fetch_sub(&front->working, 1) == 1 && atomic_load(&front->draining)) {
        pthread_mutex_lock(&front->mutex);
        pthread_cond_broadcast(&front->changed);
        pthread_mutex_unlock(&front->mutex);
    }
}

static void land(struct item *item)
{
    struct connection *connection = item->connection;

    *(item->previous != NULL ? &item->previous->next : &connection->flying) = item->next;
    if (item->next != NULL)
        item->next->previous = item->previous;
    item->next = item->previous = NULL;
}

/* ---- replies ---- */

void item_answered(struct item *item)
{
    struct connection *connection = item->connection;

    if (connection->gone) {
        item_free(item);
    } else if (item->json.status != SLUICE_OK) {
        connection_stop(connection, CLOSE_FAILURE, item->json.text);
        item_free(item);
    } else {
        item_queue_append(&connection->answers, item);
        connection_dirty(connection);
    }
}

/* The last word of a dry run; its answer is written by write_dry_run(). */
static void dry_run_replied(struct item *item)
{
    struct connection *connection = item->connection;

    if (connection->purpose == PURPOSE_DRY_RUN && item->reply->status != SLUICE_OK) {
        connection_stop(connection, (uint16_t)status_codes_of(item->reply->status)->websocket, item->reply->text);
        item_free(item);
        return;
    }
    connection->ended = true;
    item_queue_append(&connection->answers, item);
    lws_callback_on_writable(connection->wsi);
}

/* The front's thread has the reply. */
static void take_reply(struct note *note)
{
    struct item *item = lws_container_of(note, struct item, note);
    struct connection *connection = item->connection;
    const struct reply *reply = item->reply;

    land(item);
    if (connection->gone || reply->status == SLUICE_CANCELLED) {
        item_free(item);
    } else if (connection->purpose != PURPOSE_DATA) {
        dry_run_replied(item);
    } else if (reply->status != SLUICE_OK) {
        /* Its own answer is the close, after all that is in flight. */
        connection_stop(connection, (uint16_t)status_codes_of(reply->status)->websocket, reply->text);
        item_free(item);
    } else if (connection->mode == MODE_JSON) {
        json_answer(item);
    } else {
        item_answered(item);
    }
}

void item_replied(struct request *request, const struct reply *reply, void *context)
{
    struct item *item = context;
    (void)request;

    item->reply = reply;
    item->note.take = take_reply;
    front_post(item->connection->front, &item->note);
}

/* ---- frames ---- */

static size_t answer_size(const struct item *item)
{
    return item->connection->mode == MODE_JSON ? item->text.size : item->reply->message.size;
}

static void copy_answer(const struct item *item, size_t offset, uint8_t *target, size_t size)
{
    if (item->connection->mode == MODE_JSON)
        memcpy(target, item->text.data + offset, size);
    else
        message_copy_out(&item->reply->message, offset, target, size);
}

static uint8_t *put_head(uint8_t *at, uint8_t first, size_t size)
{
    *at++ = first;
    if (size < 126) {
        *at++ = (uint8_t)size;
        return at;
    }
    int bytes = size < 65536 ? 2 : 8;
    *at++ = bytes == 2 ? 126 : 127;
    for (int i = bytes - 1; i >= 0; i--)
        *at++ = (uint8_t)((uint64_t)size >> (8 * i));
    return at;
}

static uint8_t opcode_of(const struct connection *connection)
{
    return connection->mode == MODE_JSON ? OPCODE_TEXT : OPCODE_BINARY;
}

/* The item's next frame at `at`. Returns its end. */
static uint8_t *put_frame(struct item *item, uint8_t *at, size_t size)
{
    bool first = item->written == 0, last = item->written + size == answer_size(item);

    at = put_head(at, (uint8_t)((first ? opcode_of(item->connection) : OPCODE_CONTINUATION) | (last ? FIN : 0)), size);
    copy_answer(item, item->written, at, size);
    item->written += size;
    return at + size;
}

/* ---- writing ---- */

/* What libwebsockets held back is out: those answers are done. */
static void flushed(struct connection *connection)
{
    if (connection->unflushed.first == NULL && connection->held == NULL)
        return;
    connection->heard_ns = clock_monotonic_ns(); /* the client reads, so it lives */
    free(connection->held);
    connection->held = NULL;
    while (connection->unflushed.first != NULL)
        item_free(item_queue_take(&connection->unflushed));
}

/* Whole frames as they are: libwebsockets sends what is said to be HTTP without a head of its own, so that many answers
 * leave with one system call. */
static int send_frames(struct connection *connection, uint8_t *data, size_t size)
{
    return lws_write(connection->wsi, data, size, LWS_WRITE_HTTP) < 0 ? -1 : 0;
}

/* Small answers, as many as fit. Returns the bytes, -1: the connection is lost. */
static ssize_t write_small(struct connection *connection)
{
    uint8_t *start = connection->front->scratch + LWS_PRE, *at = start, *end = start + WRITE_BYTES;

    while (connection->answers.first != NULL &&
           answer_size(connection->answers.first) + FRAME_HEAD_MAX <= (size_t)(end - at)) {
        struct item *item = item_queue_take(&connection->answers);
        at = put_frame(item, at, answer_size(item));
        item_queue_append(&connection->unflushed, item);
    }
    return send_frames(connection, start, (size_t)(at - start)) < 0 ? -1 : at - start;
}

/* The next frame of a large answer. */
static ssize_t write_large(struct connection *connection)
{
    struct item *item = connection->answers.first;
    size_t left = answer_size(item) - item->written;
    size_t size = left > FRAGMENT_BYTES ? FRAGMENT_BYTES : left;
    uint8_t *buffer = malloc(LWS_PRE + FRAME_HEAD_MAX + size);

    if (buffer == NULL)
        return -1;
    size = (size_t)(put_frame(item, buffer + LWS_PRE, size) - buffer) - LWS_PRE;
    int failed = send_frames(connection, buffer + LWS_PRE, size);
    free(buffer);
    if (item->written == answer_size(item))
        item_queue_append(&connection->unflushed, item_queue_take(&connection->answers));
    return failed != 0 ? -1 : (ssize_t)size;
}

/* One answer, for libwebsockets to compress; it reads the buffer until its next call of ours. */
static int write_compressed(struct connection *connection)
{
    struct item *item = item_queue_take(&connection->answers);
    size_t size = answer_size(item);

    connection->held = size <= INT32_MAX ? malloc(LWS_PRE + size + 1) : NULL; /* libwebsockets counts in an int */
    if (connection->held == NULL) {
        item_free(item);
        return -1;
    }
    copy_answer(item, 0, connection->held + LWS_PRE, size);
    item_queue_append(&connection->unflushed, item);
    lws_callback_on_writable(connection->wsi);
    return lws_write(connection->wsi, connection->held + LWS_PRE, size,
                     connection->mode == MODE_JSON ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) < 0
               ? -1
               : 0;
}

static int write_answers(struct connection *connection)
{
    ssize_t turn = 0;

    while (connection->answers.first != NULL && turn < WRITE_TURN_BYTES) {
        bool small = answer_size(connection->answers.first) + FRAME_HEAD_MAX <= WRITE_BYTES;
        ssize_t written = small ? write_small(connection) : write_large(connection);
        if (written < 0)
            return -1;
        if (lws_partial_buffered(connection->wsi))
            return 0; /* libwebsockets calls when it is out */
        flushed(connection);
        turn += written;
    }
    if (connection->answers.first != NULL)
        lws_callback_on_writable(connection->wsi);
    return 0;
}

/* The StatusProto, in a message of the connection's own kind. */
static int write_dry_run(struct connection *connection)
{
    struct item *item = item_queue_take(&connection->answers);
    struct buffer status, text;
    struct rope rope;
    sluice_error error;

    buffer_init(&status, STATUS_MAX);
    buffer_init(&text, BUFFER_NO_LIMIT);
    rope_init(&rope);
    failure_append_dry_run(&status, connection->front->settings.compatibility_3_5, item->reply);
    if (connection->mode == MODE_JSON && status.size == 0)
        buffer_append_text(&text, "{}"); /* protobuf's JSON leaves out what is not set */
    else if (connection->mode == MODE_JSON && rope_append(&rope, NULL, status.data, status.size) == SLUICE_OK)
        json_status_write(&rope, &text, &error);
    else
        buffer_append(&text, status.data, status.size);
    uint8_t *bytes = malloc(LWS_PRE + text.size + 1);
    int result = -1;
    if (bytes != NULL) {
        memcpy(bytes + LWS_PRE, text.data != NULL ? text.data : (const uint8_t *)"", text.size);
        result = lws_write(connection->wsi, bytes + LWS_PRE, text.size,
                           connection->mode == MODE_JSON ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) < 0
                     ? -1
                     : 0;
    }
    connection->held = bytes;
    rope_done(&rope);
    buffer_done(&text);
    buffer_done(&status);
    item_free(item);
    lws_callback_on_writable(connection->wsi);
    return result;
}

static int write_ping(struct connection *connection)
{
    uint8_t buffer[LWS_PRE + 4];

    connection->ping_due = false;
    memcpy(buffer + LWS_PRE, &connection->pinged_ns, 4);
    return lws_write(connection->wsi, buffer + LWS_PRE, 4, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int close_now(struct connection *connection)
{
    uint16_t code = connection->stopped ? connection->code : connection->ended ? CLOSE_NORMAL : CLOSE_DRAINING;

    connection->closing = true;
    lws_close_reason(connection->wsi, (enum lws_close_status)code, (unsigned char *)connection->reason,
                     connection->stopped ? connection->reason_size : 0);
    return -1;
}

int answer_write(struct connection *connection, bool writeable)
{
    if (connection->wsi == NULL || connection->gone || connection->closing)
        return 0;
    if (connection->purpose == PURPOSE_HTTP_DRY_RUN || lws_partial_buffered(connection->wsi))
        return 0;
    if (!writeable && (connection->compressed || connection->purpose != PURPOSE_DATA)) {
        lws_callback_on_writable(connection->wsi);
        return 0;
    }
    flushed(connection);
    if (connection->timed_out) {
        connection_gone(connection);
        return close_now(connection);
    }
    if (connection->ping_due && writeable && write_ping(connection) < 0)
        return -1;
    if (connection->answers.first != NULL) {
        int failed = connection->purpose == PURPOSE_DRY_RUN ? write_dry_run(connection)
                     : connection->compressed               ? write_compressed(connection)
                                                            : write_answers(connection);
        if (failed != 0)
            return -1;
    }
    if (!connection_may_close(connection) || connection->held != NULL)
        return 0;
    if (writeable)
        return close_now(connection);
    lws_callback_on_writable(connection->wsi);
    return 0;
}
