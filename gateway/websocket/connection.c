/* The state of a connection: credit, the end, signs of life (design notes: server.h). The front's thread only. */
#include "common/foundation/clock.h"
#include "common/foundation/status.h"
#include "gateway/websocket/server.h"

#include <poll.h>
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

struct connection *connection_new(struct websocket_front *front, struct lws *wsi, const struct handshake *handshake)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct client *client = connection != NULL ? client_new(front->router) : NULL;
    sluice_error error;

    if (client == NULL) {
        free(connection);
        return NULL;
    }
    connection->front = front;
    connection->wsi = wsi;
    connection->client = client;
    connection->references = 1;
    connection->mode = handshake->mode;
    connection->purpose = handshake->purpose;
    connection->compressed = handshake->compressed;
    message_init(&connection->incoming);
    item_queue_init(&connection->unread);
    item_queue_init(&connection->answers);
    item_queue_init(&connection->unflushed);
    connection->heard_ns = clock_monotonic_ns();
    connection->room.take = room_came;
    list(connection);
    if (connection->purpose == PURPOSE_DATA) {
        sluice_status status = router_admit(front->router, client, &error);
        if (status == SLUICE_DRAINING)
            connection_drain(connection);
        else if (status != SLUICE_OK)
            connection_stop(connection, (uint16_t)status_codes_of(status)->websocket, error.text);
    }
    return connection;
}

void connection_unref(struct connection *connection)
{
    if (--connection->references > 0)
        return;
    message_done(&connection->incoming);
    free(connection->held);
    client_unref(connection->client);
    unlist(connection);
    free(connection);
}

void connection_dirty(struct connection *connection)
{
    if (connection->listed_dirty || connection->wsi == NULL)
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

void connection_gone(struct connection *connection)
{
    if (connection->gone)
        return;
    connection->gone = true;
    connection->references++;
    for (struct item *item = item_queue_take(&connection->answers); item != NULL;
         item = item_queue_take(&connection->answers))
        item_free(item);
    for (struct item *item = item_queue_take(&connection->unflushed); item != NULL;
         item = item_queue_take(&connection->unflushed))
        item_free(item);
    drop_unread(connection);
    for (struct item *item = connection->flying; item != NULL; item = item->next)
        router_cancel(item->request); /* the reply comes as a note */
    connection_unref(connection);
}

void connection_kill(struct connection *connection)
{
    connection_gone(connection);
    if (connection->wsi != NULL)
        lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void connection_closed(struct connection *connection)
{
    connection_gone(connection);
    connection->wsi = NULL;
    connection_unref(connection);
}

/* ---- credit ---- */

static void room_came(struct note *note)
{
    struct connection *connection = lws_container_of(note, struct connection, room);

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
    if (connection->wsi == NULL || connection->purpose != PURPOSE_DATA)
        return;
    bool pause = connection_takes(connection) &&
                 (connection->in_work >= connection->front->settings.prefetch || !has_room(connection));
    if (pause == connection->paused)
        return;
    connection->paused = pause;
    lws_rx_flow_control(connection->wsi, !pause);
    if (!pause)
        connection->heard_ns = clock_monotonic_ns(); /* its pongs could not be read */
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

/* A paused socket is not read, nor is one that waits for an HTTP answer, so libwebsockets does not see its end. */
static bool has_hung_up(const struct connection *connection)
{
    struct pollfd look = {.fd = lws_get_socket_fd(connection->wsi), .events = POLLRDHUP};
    return poll(&look, 1, 0) == 1 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

void connection_tick(struct connection *connection, uint64_t now_ns)
{
    const struct websocket_front_settings *settings = &connection->front->settings;
    uint64_t interval_ns = settings->ping_interval_ms * (uint64_t)CLOCK_NS_PER_MS;
    uint64_t timeout_ns = settings->ping_timeout_ms * (uint64_t)CLOCK_NS_PER_MS;

    bool plain = connection->purpose == PURPOSE_HTTP_DRY_RUN;
    if (connection->wsi == NULL || connection->gone || connection->closing)
        return;
    if ((connection->paused || plain) && has_hung_up(connection))
        connection_kill(connection);
    if (plain || connection->gone)
        return;
    if (connection->unflushed.first != NULL) {
        /* A client that reads nothing would not see a ping either. */
        if (since(connection->heard_ns, now_ns) > interval_ns + timeout_ns)
            connection_kill(connection);
    } else if (connection->paused) {
        connection->heard_ns = now_ns;
        connection->pinged_ns = 0;
    } else if (connection->pinged_ns != 0) {
        if (since(connection->pinged_ns, now_ns) > timeout_ns) {
            /* What is inside is given up: nobody is there to take it. */
            connection_stop(connection, CLOSE_FAILURE, "keepalive ping timeout");
            connection->ping_due = false;
            connection->timed_out = true;
            lws_callback_on_writable(connection->wsi);
        }
    } else if (since(connection->heard_ns, now_ns) > interval_ns) {
        connection->pinged_ns = now_ns;
        connection->ping_due = true;
        lws_callback_on_writable(connection->wsi);
    }
}
