/*
 * The front's life and its thread (design notes: server.h).
 *
 * Stopping: drain() lets connections end by themselves; free() gives them STOP_GRACE_MS for their close frames, then has
 * the thread cancel and close what is left, waits until every connection's requests have come back, and stops the
 * thread.
 */
#include "common/foundation/clock.h"
#include "common/foundation/text.h"
#include "gateway/websocket/server.h"

#include <stdlib.h>
#include <string.h>

enum { STOP_GRACE_MS = 500 };

void front_post(struct websocket_front *front, struct note *note)
{
    note->next = NULL;
    pthread_mutex_lock(&front->mutex);
    bool was_empty = front->first == NULL;
    *front->last = note;
    front->last = &note->next;
    /* Under the mutex: free() takes it once before the loop goes, so nobody is in here any more. */
    if (was_empty)
        socket_loop_wake(front->loop);
    pthread_mutex_unlock(&front->mutex);
}

void front_hold(struct websocket_front *front)
{
    if (front->held || front->settings.burst_begin == NULL)
        return;
    front->held = true;
    front->settings.burst_begin();
}

static void release(struct websocket_front *front)
{
    if (!front->held)
        return;
    front->held = false;
    front->settings.burst_end();
}

static void take_notes(struct websocket_front *front)
{
    pthread_mutex_lock(&front->mutex);
    struct note *note = front->first;
    front->first = NULL;
    front->last = &front->first;
    pthread_mutex_unlock(&front->mutex);
    while (note != NULL) {
        struct note *next = note->next; /* taking it may free it */
        note->take(note);
        note = next;
    }
}

/* Writes what there is to be written, and reads what has come and waited for that. */
static void serve_dirty(struct websocket_front *front)
{
    while (front->dirty != NULL) {
        struct connection *connection = front->dirty;
        front->dirty = connection->next_dirty;
        connection->listed_dirty = false;
        if (connection->peer != NULL && !connection->peer->lost && !answer_write(connection))
            connection_kill(connection);
        if (connection->peer != NULL)
            peer_read_rest(connection->peer);
        connection_unref(connection);
    }
}

/* Calls `what` for every connection; it may end the one that it is called for. */
static void for_each(struct websocket_front *front, void (*what)(struct connection *connection))
{
    for (struct connection *at = front->connections, *next; at != NULL; at = next) {
        next = at->next;
        what(at);
    }
}

static void look_for_the_end(struct websocket_front *front)
{
    if (!front->drained && atomic_load(&front->draining)) {
        front->drained = true;
        for_each(front, connection_drain);
    }
    if (!front->aborted && atomic_load(&front->abort)) {
        front->aborted = true;
        socket_loop_refuse(front->loop);
        for_each(front, connection_kill);
    }
}

static void *serve(void *context)
{
    struct websocket_front *front = context;

    while (!atomic_load(&front->stop) && socket_loop_run(front->loop)) {
        release(front); /* what was read leaves before answers are written */
        take_notes(front);
        look_for_the_end(front);
        serve_dirty(front);
        release(front);
    }
    return NULL;
}

static struct websocket_front *front_with(const struct websocket_front_settings *settings, struct router *router)
{
    struct websocket_front *front = calloc(1, sizeof *front);
    if (front == NULL)
        return NULL;
    front->settings = *settings;
    struct websocket_front_settings *set = &front->settings;
    if (set->prefetch == 0 || set->prefetch > set->limits.max_in_flight_per_client)
        set->prefetch = set->limits.max_in_flight_per_client;
    if (set->ping_interval_ms == 0)
        set->ping_interval_ms = WEBSOCKET_PING_INTERVAL_MS;
    if (set->ping_timeout_ms == 0)
        set->ping_timeout_ms = WEBSOCKET_PING_TIMEOUT_MS;
    if (set->connections_max == 0)
        set->connections_max = WEBSOCKET_CONNECTIONS_MAX;
    if (set->handshake_timeout_ms == 0)
        set->handshake_timeout_ms = WEBSOCKET_HANDSHAKE_TIMEOUT_MS;
    front->router = router;
    front->started = clock_utc();
    text_random_id(front->session);
    pthread_mutex_init(&front->mutex, NULL);
    clock_condition_init(&front->changed);
    front->last = &front->first;
    front->scratch = malloc(WRITE_BYTES);
    front->room = malloc(WEBSOCKET_INFLATE_ROOM);
    return front;
}

static void front_done(struct websocket_front *front)
{
    socket_loop_free(front->loop);
    workers_free(front->workers);
    free(front->scratch);
    free(front->room);
    pthread_cond_destroy(&front->changed);
    pthread_mutex_destroy(&front->mutex);
    free(front);
}

static sluice_status open_front(struct websocket_front *front, sluice_error *error)
{
    const struct socket_loop_settings settings = {
        .host = front->settings.host,
        .port = front->settings.port,
        .tls = &front->settings.tls,
        .connections_max = front->settings.connections_max,
        .events = &peer_events,
        .context = front,
    };

    if (front->scratch == NULL || front->room == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the WebSocket front");
    sluice_status status = json_warm(error);
    if (status == SLUICE_OK)
        status = workers_new("sluice-ws-json", front->settings.json_workers, WORKERS_AT_ONCE, &front->workers, error);
    if (status == SLUICE_OK)
        status = socket_loop_new(&settings, &front->loop, error);
    if (status != SLUICE_OK)
        return status;
    front->port = socket_loop_port(front->loop);
    int failure = pthread_create(&front->thread, NULL, serve, front);
    if (failure != 0)
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "the thread for WebSocket cannot be started: %s",
                           strerror(failure));
    pthread_setname_np(front->thread, "sluice-ws");
    front->has_thread = true;
    return SLUICE_OK;
}

sluice_status websocket_front_new(const struct websocket_front_settings *settings, struct router *router,
                                  struct websocket_front **ret_front, sluice_error *error)
{
    if (settings->limits.max_in_flight_per_client == 0 || settings->limits.max_message_bytes == 0)
        return sluice_fail(error, SLUICE_INVALID, "gateway",
                           "max_in_flight_per_client and max_message_bytes must be above 0");
    struct websocket_front *front = front_with(settings, router);
    if (front == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the WebSocket front");
    sluice_status status = open_front(front, error);
    if (status != SLUICE_OK) {
        front_done(front);
        return status;
    }
    *ret_front = front;
    return SLUICE_OK;
}

uint16_t websocket_front_port(const struct websocket_front *front)
{
    return front->port;
}

static void wake(struct websocket_front *front, atomic_bool *flag)
{
    atomic_store(flag, true);
    socket_loop_wake(front->loop);
}

void websocket_front_drain(struct websocket_front *front)
{
    wake(front, &front->draining);
}

bool websocket_front_wait(struct websocket_front *front, uint64_t deadline_ns)
{
    bool in_time = true;

    pthread_mutex_lock(&front->mutex);
    while (atomic_load(&front->working) > 0 && in_time)
        in_time = clock_condition_wait(&front->changed, &front->mutex, deadline_ns);
    bool idle = atomic_load(&front->working) == 0;
    pthread_mutex_unlock(&front->mutex);
    return idle;
}

static void wait_closed(struct websocket_front *front, uint64_t deadline_ns)
{
    bool in_time = true;

    pthread_mutex_lock(&front->mutex);
    while (front->open > 0 && in_time)
        in_time = clock_condition_wait(&front->changed, &front->mutex, deadline_ns);
    pthread_mutex_unlock(&front->mutex);
}

struct websocket_front *websocket_front_free(struct websocket_front *front)
{
    if (front == NULL)
        return NULL;
    websocket_front_drain(front);
    wait_closed(front, clock_monotonic_ns() + STOP_GRACE_MS * (uint64_t)CLOCK_NS_PER_MS);
    wake(front, &front->abort);
    wait_closed(front, 0);
    wake(front, &front->stop);
    pthread_join(front->thread, NULL);
    /* Whoever posted the last note has left front_post() when the mutex was had. */
    pthread_mutex_lock(&front->mutex);
    pthread_mutex_unlock(&front->mutex);
    front_done(front);
    return NULL;
}
