/* The state of a connection: credit, the end, signs of life (design notes: server.h). The front's thread only. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "gateway/websocket/server.h"

#include <stdlib.h>
#include <string.h>

static void room_came(struct note *note);

static void list(struct connection *connection)
{
    struct websocket_front *front = connection->front;

    connection->next = front->connections;
    if (front->connections != NULL)
        front->connections->previous = connection;
    front->connections = connection;
    pthread_mutex_lock(&front->mutex);
    front->open++;
    pthread_mutex_unlock(&front->mutex);
}

static void unlist(struct connection *connection)
{
    struct websocket_front *front = connection->front;

    *(connection->previous != NULL ? &connection->previous->next : &front->connections) = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    pthread_mutex_lock(&front->mutex);
    front->open--;
    pthread_cond_broadcast(&front->changed);
    pthread_mutex_unlock(&front->mutex);
}

/* What is needed for messages that come or go compressed. */
static bool set_up_compression(struct connection *connection, const struct deflate_terms *terms)
{
    if (terms->agreed) {
        connection->inflater = websocket_inflater_new(terms->client_no_context_takeover);
        connection->deflater = websocket_deflater_new(terms->server_window_bits, terms->server_no_context_takeover);
        if (connection->inflater == NULL || connection->deflater == NULL)
            return false;
    }
    websocket_reader_init(&connection->reader, WEBSOCKET_FROM_CLIENT, connection->inflater, connection->front->room);
    return true;
}

static void admit(struct connection *connection)
{
    sluice_error error;

    if (connection->purpose != PURPOSE_DATA)
        return;
    sluice_status status = router_admit(connection->front->router, connection->client, &error);
    if (status == SLUICE_DRAINING)
        connection_drain(connection);
    else if (status != SLUICE_OK)
        connection_stop(connection, (uint16_t)status_codes_of(status)->websocket, error.text);
}

struct connection *connection_new(struct peer *peer, const struct handshake *handshake)
{
    struct websocket_front *front = peer->front;
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return NULL;
    connection->front = front;
    connection->client = client_new(front->router);
    connection->references = 1;
    connection->mode = handshake->mode;
    connection->purpose = handshake->purpose;
    message_init(&connection->incoming);
    item_queue_init(&connection->unread);
    item_queue_init(&connection->answers);
    item_queue_init(&connection->unflushed);
    connection->heard_ns = clock_monotonic_ns();
    connection->room.take = room_came;
    list(connection);
    if (connection->client == NULL || !set_up_compression(connection, &handshake->deflate)) {
        connection_unref(connection);
        return NULL;
    }
    connection->peer = peer;
    peer->connection = connection;
    admit(connection);
    return connection;
}

void connection_unref(struct connection *connection)
{
    if (--connection->references > 0)
        return;
    message_done(&connection->incoming);
    websocket_inflater_free(connection->inflater);
    websocket_deflater_free(connection->deflater);
    if (connection->client != NULL)
        client_unref(connection->client);
    unlist(connection);
    free(connection);
}

void connection_dirty(struct connection *connection)
{
    if (connection->listed_dirty || connection->peer == NULL)
        return;
    connection->listed_dirty = true;
    connection->references++;
    connection->next_dirty = connection->front->dirty;
    connection->front->dirty = connection;
}

/* ---- the end ---- */

bool connection_may_close(const struct connection *connection)
{
    return connection->in_work == 0 && connection->purpose != PURPOSE_HTTP_DRY_RUN &&
           (connection->stopped || connection->ended || connection->drained);
}

/* Texts that are not yet requests are dropped, but for the one that is being read. */
static void drop_unread(struct connection *connection)
{
    struct item *reading = item_queue_take(&connection->unread);
    for (struct item *item = item_queue_take(&connection->unread); item != NULL;
         item = item_queue_take(&connection->unread))
        item_free(item);
    if (reading != NULL)
        item_queue_append(&connection->unread, reading);
}

/* No message is wanted any more. */
static void stop_taking(struct connection *connection)
{
    message_done(&connection->incoming);
    message_init(&connection->incoming);
    drop_unread(connection);
    connection_pace(connection);
    connection_dirty(connection);
}

void connection_stop(struct connection *connection, uint16_t code, const char *text)
{
    if (connection->stopped)
        return;
    connection->stopped = true;
    connection->code = code;
    connection->reason_size = message_close_reason(text, connection->reason);
    stop_taking(connection);
}

void connection_end(struct connection *connection)
{
    connection->ended = true;
    stop_taking(connection);
}

void connection_drain(struct connection *connection)
{
    connection->drained = true;
    stop_taking(connection);
}

/* A frame that is under way is sent to its end when another one, the last, is to follow it. */
static void drop_answers(struct connection *connection)
{
    struct item *under_way = connection->farewell && connection->frame_left > 0 ? item_queue_take(&connection->answers) : NULL;

    for (struct item *item = item_queue_take(&connection->answers); item != NULL;
         item = item_queue_take(&connection->answers))
        item_free(item);
    for (struct item *item = item_queue_take(&connection->unflushed); item != NULL;
         item = item_queue_take(&connection->unflushed))
        item_free(item);
    if (under_way != NULL)
        item_queue_append(&connection->answers, under_way);
    else
        connection->frame_left = 0;
}

void connection_gone(struct connection *connection)
{
    bool first = !connection->gone;

    connection->gone = true;
    connection->references++;
    drop_answers(connection);
    drop_unread(connection);
    for (struct item *item = first ? connection->flying : NULL; item != NULL; item = item->next)
        router_cancel(item->request); /* the reply comes as a note */
    connection_unref(connection);
}

void connection_farewell(struct connection *connection, uint16_t code, const char *reason, size_t size)
{
    if (connection->farewell || connection->closing)
        return;
    connection->farewell = true;
    connection->code = code;
    connection->reason_size = size > WEBSOCKET_REASON_MAX ? WEBSOCKET_REASON_MAX : size;
    memcpy(connection->reason, reason, connection->reason_size);
    connection_gone(connection);
    connection_dirty(connection);
}

void connection_kill(struct connection *connection)
{
    if (connection->peer != NULL)
        peer_kill(connection->peer);
}

void connection_closed(struct connection *connection)
{
    connection->farewell = false;
    connection_gone(connection);
    connection->peer = NULL;
    connection_unref(connection);
}

/* ---- credit ---- */

static void room_came(struct note *note)
{
    struct connection *connection = container_of(note, struct connection, room);

    connection->awaits_room = false;
    connection_pace(connection);
    connection_unref(connection);
}

static void wake(void *context)
{
    struct connection *connection = context;
    front_post(connection->front, &connection->room);
}

/* May another message come in? Otherwise room_came() looks again. */
static bool has_room(struct connection *connection)
{
    struct router *router = connection->front->router;

    if (router_has_room(router, connection->client))
        return true;
    if (!connection->awaits_room) {
        connection->awaits_room = true;
        connection->references++;
        router_when_room(router, connection->client, wake, connection);
    }
    return false; /* if room has just come, the note is on its way */
}

void connection_pace(struct connection *connection)
{
    if (connection->peer == NULL || connection->purpose != PURPOSE_DATA)
        return;
    bool pause = connection_takes(connection) &&
                 (connection->in_work >= connection->front->settings.prefetch || !has_room(connection));
    if (pause == connection->paused)
        return;
    connection->paused = pause;
    peer_pace(connection->peer);
    if (pause)
        return;
    connection->heard_ns = clock_monotonic_ns(); /* its pongs could not be read */
    connection_dirty(connection);                /* what has come and waited is read */
}

void connection_settle(struct connection *connection)
{
    connection->in_work--;
    if (connection->paused)
        connection_pace(connection);
    if (connection_may_close(connection))
        connection_dirty(connection);
}

/* ---- signs of life ---- */

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

void connection_tick(struct connection *connection, uint64_t now_ns)
{
    static const char timed_out[] = "keepalive ping timeout";
    const struct websocket_front_settings *settings = &connection->front->settings;
    uint64_t interval_ns = settings->ping_interval_ms * (uint64_t)CLOCK_NS_PER_MS;
    uint64_t timeout_ns = settings->ping_timeout_ms * (uint64_t)CLOCK_NS_PER_MS;

    if (connection->peer->state != PEER_OPEN)
        return;
    if (peer_is_sending(connection->peer)) {
        /* A client that reads nothing would not see a ping either. */
        if (since(connection->heard_ns, now_ns) > interval_ns + timeout_ns)
            connection_kill(connection);
    } else if (connection->gone || connection->closing) {
        return;
    } else if (connection->paused) {
        connection->heard_ns = now_ns;
        connection->pinged_ns = 0;
    } else if (connection->pinged_ns != 0) {
        if (since(connection->pinged_ns, now_ns) > timeout_ns)
            /* What is inside is given up: nobody is there to take it. */
            connection_farewell(connection, CLOSE_INTERNAL_ERROR, timed_out, sizeof timed_out - 1);
    } else if (since(connection->heard_ns, now_ns) > interval_ns) {
        connection->pinged_ns = now_ns;
        connection->ping_due = true;
        connection_dirty(connection);
    }
}
