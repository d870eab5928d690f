/* Messages: put together from their pieces, made into requests, submitted in order of arrival. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "common/foundation/text.h"
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
        lws_callback_on_writable(connection->wsi);
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
static bool begin_message(struct connection *connection)
{
    connection->begun = true;
    connection->begun_text = !lws_frame_is_binary(connection->wsi);
    connection->begun_plain = lws_get_reserved_bits(connection->wsi) == 0;
    if (connection->begun_text == (connection->mode == MODE_JSON))
        return true;
    connection_stop(connection, CLOSE_FRAME_TYPE,
                    connection->begun_text ? "a text message; the sub-protocol `bytes` has binary ones only"
                                           : "a binary message; only the sub-protocol `bytes` has those");
    return false;
}

static void append_piece(struct connection *connection, const void *data, size_t size)
{
    uint64_t limit = connection->front->settings.limits.max_message_bytes;
    /* Of a compressed message nothing is known in advance. */
    uint64_t announced = connection->compressed ? 0 : lws_remaining_packet_payload(connection->wsi);

    if (size > limit || announced > limit || connection->incoming.size + size + announced > limit) {
        char text[CLOSE_REASON_MAX + 1];
        snprintf(text, sizeof text, "the message is larger than max_message_bytes (%llu)", (unsigned long long)limit);
        connection_stop(connection, CLOSE_TOO_LARGE, text);
    } else if (message_append(&connection->incoming, data, size, announced) != SLUICE_OK) {
        stop_with(connection, SLUICE_NO_MEMORY, "no memory for the message");
    }
}

void read_piece(struct connection *connection, const void *data, size_t size)
{
    struct lws *wsi = connection->wsi;
    bool last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    bool begins = !connection->begun;

    connection->heard_ns = clock_monotonic_ns();
    connection->pinged_ns = 0;
    if (!connection_takes(connection)) {
        connection->begun = !last;
        return;
    }
    if (begins && !begin_message(connection))
        return;
    if (!begins && connection->begun_plain && lws_get_reserved_bits(wsi) != 0) {
        connection_stop(connection, CLOSE_PROTOCOL, "a reserved bit is set in a continuation frame");
        return;
    }
    append_piece(connection, data, size);
    if (!last || !connection_takes(connection))
        return;
    connection->begun = false;
    take_message(connection);
}

/* libwebsockets has put 1002 into codes that it knows to be invalid. */
static bool is_close_code(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) || (code >= 3000 && code <= 4999);
}

/* libwebsockets answers with what is in `payload` then: another code, and nothing that is no text. */
static void answer_instead(uint8_t *payload, size_t size, unsigned code)
{
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    memset(payload + 2, ' ', size - 2);
}

int read_close(struct connection *connection, uint8_t *payload, size_t size)
{
    connection->closing = true;
    connection_gone(connection);
    if (size == 0)
        return 0;
    if (size == 1) { /* half a code; there is no room for a whole one, so this is a close of ours */
        lws_close_reason(connection->wsi, (enum lws_close_status)CLOSE_PROTOCOL, NULL, 0);
        return -1;
    }
    if (!is_close_code((unsigned)payload[0] << 8 | payload[1]))
        answer_instead(payload, size, CLOSE_PROTOCOL);
    else if (!text_is_utf8(payload + 2, size - 2))
        answer_instead(payload, size, CLOSE_UNREADABLE);
    return 0;
}
