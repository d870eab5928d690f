/*
 * The reading role: one thread at a time waits for events and turns frames into queued requests.
 */
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "common/net/control.h"
#include "executor/host/server_impl.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

static atomic_int sigterm_wake = -1;
static atomic_uint sigterm_count;

static void on_sigterm(int number)
{
    (void)number;
    int saved = errno;
    atomic_fetch_add(&sigterm_count, 1);
    uint64_t one = 1;
    ssize_t ignored = write(atomic_load(&sigterm_wake), &one, sizeof one);
    (void)ignored;
    errno = saved;
}

void reading_take_sigterm(struct server *server)
{
    atomic_store(&sigterm_wake, server->wake);
    struct sigaction action = {.sa_handler = on_sigterm, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
}

void reading_wake(struct server *server)
{
    uint64_t one = 1;
    ssize_t ignored = write(server->wake, &one, sizeof one);
    (void)ignored;
}

/* ---- frames ---- */

static void cancel(struct connection *connection, uint64_t id)
{
    struct server *server = connection->server;
    struct request **link = &connection->first, *before = NULL;
    while (*link != NULL && (*link)->message.id != id) {
        before = *link;
        link = &(*link)->next;
    }
    struct request *request = *link;
    if (request == NULL) {
        connection_cancel_inside(server, connection, &id);
        return; /* or it was answered already */
    }
    *link = request->next;
    if (connection->last == request)
        connection->last = before;
    server->queued--;
    struct frame_answer fixed = {.queue_ns = clock_monotonic_ns() - request->arrived_ns};
    connection_answer(connection, id, FRAME_LAST | FRAME_CANCELLED, &fixed, NULL, true);
    frame_message_done(&request->message);
    request_free(server, request);
    connection_unref(connection);
}

static bool enqueue(struct connection *connection, struct frame_message *message, uint64_t now)
{
    struct server *server = connection->server;
    struct request *request = request_new(server);
    if (request == NULL) {
        frame_message_done(message);
        return false;
    }
    request->message = *message;
    rope_move(&request->message.body, &message->body);
    if (frame_read_request(&request->message, &request->view) != SLUICE_OK ||
        atomic_load(&connection->inside) == server->settings->window_requests) {
        frame_message_done(&request->message);
        request_free(server, request);
        return false;
    }
    request->next = NULL;
    request->connection = connection;
    request->arrived_ns = now;
    atomic_init(&request->cancelled, false);
    connection->references++;
    atomic_fetch_add(&connection->inside, 1);
    if (connection->first == NULL)
        connection->first = request;
    else
        connection->last->next = request;
    connection->last = request;
    server->queued++;
    return true;
}

/* Everything that has been read of a connection; false: it breaks the protocol. */
static bool take_messages(struct connection *connection)
{
    struct frame_message message;
    sluice_status status;
    uint64_t now = 0;
    while (frame_reader_next(connection->reader, &message, &status)) {
        if (now == 0)
            now = clock_monotonic_ns();
        if (message.type == FRAME_REQUEST) {
            if (!enqueue(connection, &message, now))
                return false;
            continue;
        }
        uint64_t id = message.id;
        bool is_cancel = message.type == FRAME_CANCEL;
        frame_message_done(&message);
        if (!is_cancel)
            return false;
        cancel(connection, id);
    }
    if (now != 0)
        connection->server->active_ns = now;
    return status == SLUICE_OK;
}

static void read_connection(struct connection *connection)
{
    size_t bytes;
    bool again;
    sluice_status status = frame_reader_fill(connection->reader, connection->fd, &bytes, &again);
    struct server *server = connection->server;
    pthread_mutex_lock(&server->lock);
    if (status == SLUICE_OK && bytes > 0 && !take_messages(connection)) {
        log_error("a gateway broke the protocol of the local transport; its connection is closed");
        shutdown(connection->fd, SHUT_RDWR); /* now, not when the last of its handlers has returned */
        status = SLUICE_INVALID;
    }
    if (status != SLUICE_OK || (bytes == 0 && !again))
        connection_close(connection);
    pthread_mutex_unlock(&server->lock);
}

/* ---- control ---- */

void server_drain(struct server *server)
{
    if (server->draining)
        return;
    log_debug("draining");
    server->draining = true;
    server->active_ns = clock_monotonic_ns();
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->settings->listening, NULL);
    for (struct connection *connection = server->connections; connection != NULL; connection = connection->next)
        connection_goodbye(connection);
    server->monitor_sleeps = false;
    pthread_cond_signal(&server->tick);
}

void server_stop(struct server *server)
{
    server->stopping = true;
    connection_cancel_inside(server, NULL, NULL);
    server->monitor_sleeps = false;
    pthread_cond_signal(&server->tick);
    pthread_cond_broadcast(&server->work);
    reading_wake(server);
}

static void read_control(struct server *server)
{
    static _Thread_local struct control_message message;
    sluice_status status = control_receive(server->settings->control, &message);
    pthread_mutex_lock(&server->lock);
    if (status == SLUICE_OK && strcmp(message.word, "drain") == 0) {
        server_drain(server);
    } else if (status == SLUICE_UNAVAILABLE) {
        server->orphaned = true;
        epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->settings->control, NULL);
        server_stop(server);
    } else if (status != SLUICE_TIMEOUT) {
        log_warning("the supervisor sent something that is not understood");
    }
    pthread_mutex_unlock(&server->lock);
}

static void read_wake(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    /* Left readable when stopping: every thread must see it. */
    uint64_t count;
    ssize_t ignored = server->stopping ? 0 : read(server->wake, &count, sizeof count);
    (void)ignored;
    unsigned signals = atomic_exchange(&sigterm_count, 0);
    if (signals > 1 || (signals > 0 && server->draining))
        server_stop(server);
    else if (signals > 0)
        server_drain(server);
    pthread_mutex_unlock(&server->lock);
}

void reading_round(struct server *server)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &server->wake) {
            read_wake(server);
        } else if (events[i].data.ptr == &server->settings->control) {
            read_control(server);
        } else if (events[i].data.ptr == &server->settings->listening) {
            pthread_mutex_lock(&server->lock);
            connection_accept(server);
            pthread_mutex_unlock(&server->lock);
        } else {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                connection_flush(connection);
            if (events[i].events & ~(uint32_t)EPOLLOUT)
                read_connection(connection);
        }
    }
}
