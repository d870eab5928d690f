/* Messages: put together from their pieces, made into requests, submitted in order of arrival. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "gateway/websocket/server.h"

#include <stdio.h>
#include <string.h>

static void stop_with(struct connection *connection, sluice_status status, const char *text)
{
    connection_stop(connection, (uint16_t)status_codes_of(status)->websocket, text);
}

void read_submit(struct item *item)
{
    struct connection *connection = item->connection;
    struct websocket_front *front = connection->front;
    sluice_error error = {.text = ""};

    sluice_status status = request_new(front->router, connection->client, &item->message, &item->request, &error);
    rope_done(&item->message);
    rope_init(&item->message);
    if (status != SLUICE_OK) {
        stop_with(connection, status, error.text);
        item_free(item);
        return;
    }
    item->next = connection->flying;
    if (connection->flying != NULL)
        connection->flying->previous = item;
    connection->flying = item;
    front_hold(front);
    router_submit(item->request, 0, item_replied, item);
}

void read_dry_run(struct connection *connection)
{
    struct item *item = item_new(connection);
    sluice_error error = {.text = "no memory for the request"};

    sluice_status status = item == NULL ? SLUICE_NO_MEMORY
                                        : request_new_dry_run(connection->front->router, connection->client,
                                                              &item->request, &error);
    if (status != SLUICE_OK) {
        stop_with(connection, status, error.text);
        if (item != NULL)
            item_free(item);
        connection_dirty(connection);
        return;
    }
    connection->flying = item;
    front_hold(connection->front);
    router_submit(item->request, 0, item_replied, item);
}

/* A whole message. */
static void take_message(struct connection *connection)
{
    struct item *item = item_new(connection);

    if (item == NULL || message_finish(&connection->incoming, &item->message) != SLUICE_OK) {
        stop_with(connection, SLUICE_NO_MEMORY, "no memory for another request");
        if (item != NULL)
            item_free(item);
        return;
    }
    if (connection->mode == MODE_JSON) {
        json_take(item);
    } else if (message_is_end(&item->message)) {
        connection_end(connection);
        item_free(item);
    } else {
        read_submit(item);
    }
    if (connection_takes(connection))
        connection_pace(connection);
}

/* The first piece of a message. False: it is not wanted. */
static bool begin_message(struct connection *connection, bool text)
{
    if (text == (connection->mode == MODE_JSON))
        return true;
    connection_stop(connection, CLOSE_UNSUPPORTED_DATA,
                    text ? "a text message; the sub-protocol `bytes` has binary ones only"
                         : "a binary message; only the sub-protocol `bytes` has those");
    return false;
}

/* Is there room for so many bytes more? `announced` may be a lie of any size. */
static bool fits(struct connection *connection, size_t size, uint64_t announced)
{
    uint64_t limit = connection->front->settings.limits.max_message_bytes;
    uint64_t taken = connection->incoming.size;
    char text[WEBSOCKET_REASON_MAX + 1];

    if (size <= limit && announced <= limit && taken + size + announced <= limit)
        return true;
    snprintf(text, sizeof text, "the message is larger than max_message_bytes (%llu)", (unsigned long long)limit);
    connection_stop(connection, CLOSE_TOO_BIG, text);
    return false;
}

static void take_piece(struct connection *connection, const struct websocket_seen *piece)
{
    if (!connection_takes(connection) || !begin_message(connection, piece->opcode == WEBSOCKET_TEXT) ||
        !fits(connection, piece->size, piece->more))
        return;
    if (message_append(&connection->incoming, piece->data, piece->size, piece->more) != SLUICE_OK)
        stop_with(connection, SLUICE_NO_MEMORY, "no memory for the message");
    else if (piece->last)
        take_message(connection);
}

/* Of several pings that were not answered the last counts (RFC 6455, 5.5.3). */
static void take_ping(struct connection *connection, const struct websocket_seen *ping)
{
    memcpy(connection->pong, ping->data, ping->size);
    connection->pong_size = ping->size;
    connection->pong_due = true;
    connection_dirty(connection);
}

/* The client's close frame: it is answered by the same, or it was the answer to ours. */
static void take_close(struct connection *connection, const struct websocket_seen *seen)
{
    if (connection->closing)
        peer_leave(connection->peer);
    else
        connection_farewell(connection, seen->code == CLOSE_NO_CODE ? 0 : (uint16_t)seen->code, (const char *)seen->data,
                            seen->size);
}

static void take_fault(struct connection *connection, const struct websocket_seen *seen)
{
    connection->deaf = true;
    if (connection->closing)
        peer_leave(connection->peer);
    else if (seen->opcode != 0) /* a message is bad, the frames are not: what is inside is answered first */
        connection_stop(connection, (uint16_t)seen->code, seen->text);
    else
        connection_farewell(connection, (uint16_t)seen->code, seen->text, strlen(seen->text));
}

/* One event. False: there are none any more in these bytes. */
static bool read_frame(struct connection *connection, uint8_t **at, const uint8_t *end)
{
    struct websocket_seen seen;

    switch (websocket_read(&connection->reader, at, end, &seen)) {
    case WEBSOCKET_PIECE: take_piece(connection, &seen); return true;
    case WEBSOCKET_PINGED: take_ping(connection, &seen); return true;
    case WEBSOCKET_PONGED: return true;
    case WEBSOCKET_CLOSED: take_close(connection, &seen); return true;
    case WEBSOCKET_BROKEN: take_fault(connection, &seen); return true;
    default:
        if (connection_takes(connection))
            fits(connection, 0, websocket_announced(&connection->reader));
        return false;
    }
}

bool read_frames(struct connection *connection, uint8_t **at, const uint8_t *end)
{
    connection->heard_ns = clock_monotonic_ns();
    connection->pinged_ns = 0;
    while (!connection->paused && !connection->deaf && !connection->farewell && connection->peer->state == PEER_OPEN)
        if (!read_frame(connection, at, end))
            return true;
    if (!connection->paused)
        *at += end - *at; /* nothing that follows counts */
    return !connection->paused;
}
