/* The way of an item from its reply to the wire (design notes: server.h). */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "gateway/front/failure.h"
#include "gateway/websocket/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { STATUS_MAX = 64 << 10 };

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
        connection_stop(connection, CLOSE_INTERNAL_ERROR, item->json.text);
        item_free(item);
    } else {
        item_queue_append(&connection->answers, item);
        connection_dirty(connection);
    }
}

/* The StatusProto, in a message of the connection's own kind. */
static void write_dry_run(struct item *item)
{
    struct buffer status;
    struct rope rope;
    sluice_error error;

    buffer_init(&status, STATUS_MAX);
    rope_init(&rope);
    failure_append_dry_run(&status, item->connection->front->settings.compatibility_3_5, item->reply);
    if (item->connection->mode == MODE_BYTES)
        buffer_append(&item->text, status.data, status.size);
    else if (status.size == 0)
        buffer_append_text(&item->text, "{}"); /* protobuf's JSON leaves out what is not set */
    else if (rope_append(&rope, NULL, status.data, status.size) == SLUICE_OK)
        json_status_write(&rope, &item->text, &error);
    rope_done(&rope);
    buffer_done(&status);
    item->answer_is_text = true;
}

/* The last word of a dry run. */
static void dry_run_replied(struct item *item)
{
    struct connection *connection = item->connection;

    connection->ended = true;
    if (connection->purpose == PURPOSE_HTTP_DRY_RUN) {
        item_queue_append(&connection->answers, item);
    } else if (item->reply->status != SLUICE_OK) {
        connection_stop(connection, (uint16_t)status_codes_of(item->reply->status)->websocket, item->reply->text);
        item_free(item);
    } else {
        write_dry_run(item);
        item_queue_append(&connection->answers, item);
    }
    connection_dirty(connection);
}

/* The front's thread has the reply. */
static void take_reply(struct note *note)
{
    struct item *item = container_of(note, struct item, note);
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
    return item->answer_is_text ? item->text.size : item->reply->message.size;
}

/* The answer's bytes from what is written on, as far as they lie in one piece. */
static const uint8_t *answer_piece(const struct item *item, size_t *ret_size)
{
    const struct rope *rope = &item->reply->message;
    size_t offset = item->written;

    if (item->answer_is_text) {
        *ret_size = item->text.size - offset;
        return item->text.data + offset;
    }
    for (size_t i = 0; i < rope->count; i++) {
        if (offset < rope->slices[i].size) {
            *ret_size = rope->slices[i].size - offset;
            return rope->slices[i].data + offset;
        }
        offset -= rope->slices[i].size;
    }
    *ret_size = 0;
    return (const uint8_t *)"";
}

static void copy_answer(const struct item *item, uint8_t *target, size_t size)
{
    if (item->answer_is_text)
        memcpy(target, item->text.data + item->written, size);
    else
        rope_copy_part(&item->reply->message, item->written, target, size);
}

static enum websocket_opcode opcode_of(const struct item *item)
{
    return item->begun                                ? WEBSOCKET_CONTINUATION
           : item->connection->mode == MODE_JSON ? WEBSOCKET_TEXT
                                                      : WEBSOCKET_BINARY;
}

/* What is to be sent, as it is put together. */
struct output {
    uint8_t *at, *end;
    size_t cost; /* bytes that were read for it, which compression makes more than those written */
};

static size_t room_of(const struct output *output)
{
    return (size_t)(output->end - output->at);
}

/* The first answer's payload, as far as there is room. */
static void put_payload(struct connection *connection, struct output *output)
{
    struct item *item = connection->answers.first;
    size_t size = connection->frame_left < room_of(output) ? connection->frame_left : room_of(output);

    if (size > 0)
        copy_answer(item, output->at, size);
    output->at += size;
    output->cost += size;
    item->written += size;
    connection->frame_left -= size;
    if (connection->frame_left == 0 && item->written == answer_size(item))
        item_queue_append(&connection->unflushed, item_queue_take(&connection->answers));
}

static void put_frame(struct connection *connection, struct output *output)
{
    struct item *item = connection->answers.first;
    size_t left = answer_size(item) - item->written;
    size_t size = left > FRAGMENT_BYTES ? FRAGMENT_BYTES : left;

    output->at += websocket_write_head(output->at, opcode_of(item), size == left, false, size, NULL);
    item->begun = true;
    connection->frame_left = size;
    put_payload(connection, output);
}

/* Compresses into `room` what comes next of the answer. -1: there is no memory. */
static ssize_t compress(struct connection *connection, uint8_t *room, size_t capacity, struct output *output, bool *ret_done)
{
    struct item *item = connection->answers.first;
    size_t made = 0;

    *ret_done = false;
    while (!*ret_done && capacity - made >= DEFLATE_ROOM_MIN && output->cost < WRITE_TURN_BYTES) {
        size_t size, put, budget = WRITE_TURN_BYTES - output->cost;
        const uint8_t *begin = answer_piece(item, &size), *at = begin;
        bool last = item->written + size == answer_size(item) && size <= budget;
        size = size < budget ? size : budget;
        if (websocket_deflate(connection->deflater, &at, begin + size, last, room + made, capacity - made, &put,
                              ret_done) != SLUICE_OK)
            return -1;
        item->written += (size_t)(at - begin);
        output->cost += (size_t)(at - begin) + 1; /* the end of a flush reads nothing */
        made += put;
    }
    return (ssize_t)made;
}

/* The next frame of a compressed answer. False: there is no memory. */
static bool put_compressed(struct connection *connection, struct output *output)
{
    enum { HEAD = 4 }; /* bytes, for a payload of up to 65535 */
    struct item *item = connection->answers.first;
    size_t capacity = room_of(output) - HEAD < UINT16_MAX ? room_of(output) - HEAD : UINT16_MAX;
    uint8_t head[WEBSOCKET_HEAD_MAX];
    bool done;

    ssize_t size = compress(connection, output->at + HEAD, capacity, output, &done);
    if (size < 0)
        return false;
    if (size == 0 && !done)
        return true; /* so far it is all in the compressor */
    size_t head_size = websocket_write_head(head, opcode_of(item), done, !item->begun, (uint64_t)size, NULL);
    memmove(output->at + head_size, output->at + HEAD, (size_t)size);
    memcpy(output->at, head, head_size);
    output->at += head_size + (size_t)size;
    item->begun = true;
    if (done)
        item_queue_append(&connection->unflushed, item_queue_take(&connection->answers));
    return true;
}

static void put_control(struct output *output, enum websocket_opcode opcode, const void *payload, size_t size)
{
    output->at += websocket_write_head(output->at, opcode, true, false, size, NULL);
    memcpy(output->at, payload, size);
    output->at += size;
}

static void put_ping(struct connection *connection, struct output *output)
{
    put_control(output, WEBSOCKET_PING, &connection->pinged_ns, 4);
    connection->ping_due = false;
}

static void put_pong(struct connection *connection, struct output *output)
{
    put_control(output, WEBSOCKET_PONG, connection->pong, connection->pong_size);
    connection->pong_due = false;
}

static void put_close(struct connection *connection, struct output *output)
{
    bool told = connection->farewell || connection->stopped;
    uint16_t code = told ? connection->code : connection->ended ? CLOSE_NORMAL : CLOSE_RESTART;
    uint8_t payload[WEBSOCKET_CONTROL_MAX] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t reason_size = told ? connection->reason_size : 0;

    memcpy(payload + 2, connection->reason, reason_size);
    put_control(output, WEBSOCKET_CLOSE, payload, code == 0 ? 0 : 2 + reason_size);
    connection->closing = true;
}

/* The next frame, or the rest of one. False: there is none, or no room for it. */
static bool put_next(struct connection *connection, struct output *output)
{
    if (connection->frame_left > 0) {
        put_payload(connection, output);
        return connection->frame_left == 0;
    }
    if (connection->closing || room_of(output) < WEBSOCKET_HEAD_MAX + WEBSOCKET_CONTROL_MAX)
        return false;
    if (connection->pong_due)
        put_pong(connection, output);
    else if (connection->farewell || connection_may_close(connection))
        put_close(connection, output);
    else if (connection->ping_due)
        put_ping(connection, output);
    else if (connection->answers.first == NULL || output->cost >= WRITE_TURN_BYTES)
        return false;
    else if (connection->deflater == NULL || answer_size(connection->answers.first) == 0)
        put_frame(connection, output);
    else
        return put_compressed(connection, output) || (connection_farewell(connection, CLOSE_TRY_AGAIN, "", 0), true);
    return true;
}

/* ---- writing ---- */

/* What was sent is out: those answers are done. */
static void flushed(struct connection *connection)
{
    if (connection->unflushed.first == NULL)
        return;
    connection->heard_ns = clock_monotonic_ns(); /* the client reads, so it lives */
    while (connection->unflushed.first != NULL)
        item_free(item_queue_take(&connection->unflushed));
}

/* Our close frame is out: the client's is to follow, if it can be read and was not there before. */
static void wait_for_the_end(struct connection *connection)
{
    struct peer *peer = connection->peer;

    if (connection->farewell || connection->deaf || connection->reader.in_payload)
        peer_leave(peer);
    else if (peer->due_ns == 0)
        peer->due_ns = clock_monotonic_ns() + LEAVE_MS * (uint64_t)CLOCK_NS_PER_MS;
}

bool answer_write(struct connection *connection)
{
    struct peer *peer = connection->peer;
    struct output output = {.cost = 0};

    if (connection->purpose == PURPOSE_HTTP_DRY_RUN)
        return plain_answer_dry_run(connection);
    if (peer->state != PEER_OPEN)
        return true;
    while (!peer_is_sending(peer) && output.cost < WRITE_TURN_BYTES) {
        flushed(connection);
        output.at = connection->front->scratch;
        output.end = output.at + WRITE_BYTES;
        while (put_next(connection, &output))
            ;
        size_t size = (size_t)(output.at - connection->front->scratch);
        if (size == 0)
            break;
        if (!peer_send(peer, connection->front->scratch, size))
            return false;
    }
    if (peer_is_sending(peer))
        return true; /* it comes back when that is out */
    flushed(connection);
    if (connection->closing)
        wait_for_the_end(connection);
    else if (connection->answers.first != NULL)
        socket_call_when_writable(peer->socket);
    return true;
}
