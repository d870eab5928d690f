#include "common/foundation/log.h"
#include "common/net/local.h"
#include "executor/host/server_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLUSH_BYTES = 64 << 10, SPARE_REQUESTS = 1024 };

struct request *request_new(struct server *server)
{
    struct request *request = server->spare;
    if (request == NULL)
        return malloc(sizeof *request);
    server->spare = request->next;
    server->spare_count--;
    return request;
}

void request_free(struct server *server, struct request *request)
{
    if (server->spare_count == SPARE_REQUESTS) {
        free(request);
        return;
    }
    request->next = server->spare;
    server->spare = request;
    server->spare_count++;
}

void connection_unref(struct connection *connection)
{
    if (--connection->references > 0)
        return;
    close(connection->fd);
    frame_reader_free(connection->reader);
    frame_writer_free(connection->writer);
    pthread_mutex_destroy(&connection->write_lock);
    free(connection);
}

static struct connection *connection_new(struct server *server, int fd)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL)
        return NULL;
    connection->server = server;
    connection->fd = fd;
    connection->references = 1;
    connection->reader = frame_reader_new(server->settings->message_max);
    connection->writer = frame_writer_new();
    pthread_mutex_init(&connection->write_lock, NULL);
    struct iovec hello = {server->hello, server->hello_size};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (connection->reader != NULL && connection->writer != NULL &&
        frame_writer_add(connection->writer, FRAME_HELLO, 0, 0, &hello, 1, NULL, false) == SLUICE_OK &&
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return connection;
    connection->fd = -1;
    connection_unref(connection);
    return NULL;
}

void connection_accept(struct server *server)
{
    for (;;) {
        int fd;
        sluice_error error;
        sluice_status status = local_accept(server->settings->listening, &fd, &error);
        if (status == SLUICE_INVALID) {
            log_warning("%s", error.text);
            continue;
        }
        if (status != SLUICE_OK) {
            static struct log_limit limit;
            if (status != SLUICE_TIMEOUT)
                log_limited(&limit, LOG_LEVEL_ERROR, "%s", error.text);
            return;
        }
        struct connection *connection = connection_new(server, fd);
        if (connection == NULL) {
            log_error("no memory for a connection");
            close(fd);
            return;
        }
        connection->next = server->connections;
        server->connections = connection;
        connection_flush(connection);
        if (server->draining)
            connection_goodbye(connection);
    }
}

void connection_close(struct connection *connection)
{
    struct server *server = connection->server;
    if (connection->gone)
        return;
    connection->gone = true;
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    struct connection **link = &server->connections;
    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    if (server->next_served == connection)
        server->next_served = connection->next;
    while (connection->first != NULL) {
        struct request *request = connection->first;
        connection->first = request->next;
        frame_message_done(&request->message);
        request_free(server, request);
        server->queued--;
        connection->references--;
    }
    connection_cancel_inside(server, connection, NULL);
    connection_unref(connection);
}

void connection_cancel_inside(struct server *server, const struct connection *connection, const uint64_t *id)
{
    for (struct request *request = server->inside; request != NULL; request = request->next)
        if ((connection == NULL || request->connection == connection) && (id == NULL || request->message.id == *id))
            atomic_store_explicit(&request->cancelled, true, memory_order_relaxed);
}

struct request *connection_take(struct server *server)
{
    if (server->queued == 0)
        return NULL;
    struct connection *connection = server->next_served;
    for (;;) {
        if (connection == NULL)
            connection = server->connections;
        if (connection->first != NULL)
            break;
        connection = connection->next;
    }
    struct request *request = connection->first;
    connection->first = request->next;
    server->queued--;
    server->next_served = connection->next;
    return request;
}

/* ---- writing ---- */

static void set_events(struct connection *connection, bool waits_for_room)
{
    struct epoll_event event = {.events = EPOLLIN | (waits_for_room ? (uint32_t)EPOLLOUT : 0), .data.ptr = connection};
    connection->waits_for_room = waits_for_room;
    epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

static void flush_locked(struct connection *connection)
{
    if (connection->broken)
        return;
    if (frame_writer_flush(connection->writer, connection->fd) != SLUICE_OK) {
        connection->broken = true;
        shutdown(connection->fd, SHUT_RDWR); /* whoever reads meets the end and closes the connection */
        return;
    }
    bool waits_for_room = !frame_writer_empty(connection->writer);
    if (waits_for_room != connection->waits_for_room)
        set_events(connection, waits_for_room);
}

void connection_flush(struct connection *connection)
{
    pthread_mutex_lock(&connection->write_lock);
    flush_locked(connection);
    pthread_mutex_unlock(&connection->write_lock);
}

bool connection_answer(struct connection *connection, uint64_t id, uint8_t flags, const struct frame_answer *fixed,
                       const struct call_answer *answer, bool flush)
{
    struct iovec meta[3] = {{(void *)fixed, sizeof *fixed}};
    size_t meta_count = 1;
    if (fixed->results_size > 0)
        meta[meta_count++] = (struct iovec){answer->results->data, (size_t)fixed->results_size};
    if (fixed->failure_size > 0)
        meta[meta_count++] = (struct iovec){answer->failure->data, (size_t)fixed->failure_size};
    struct rope body;
    rope_init(&body);
    struct block *block = answer != NULL ? answer->body : NULL;
    if (block != NULL)
        rope_append(&body, block, block->data, block->size); /* the first slice needs no memory */

    /* Before the gateway can see the answer: it gives back credit, and the next request may be here at once. */
    atomic_fetch_sub(&connection->inside, 1);
    pthread_mutex_lock(&connection->write_lock);
    if (frame_writer_add(connection->writer, FRAME_ANSWER, flags, id, meta, meta_count, &body, false) != SLUICE_OK) {
        /* An answer that cannot be given would leave its request open for ever: the gateway is told by the break. */
        log_error("no memory for an answer; the connection is closed");
        connection->broken = true;
        shutdown(connection->fd, SHUT_RDWR);
    }
    if (flush || frame_writer_queued(connection->writer) >= FLUSH_BYTES)
        flush_locked(connection);
    bool unsent = !connection->broken && !connection->waits_for_room && !frame_writer_empty(connection->writer);
    pthread_mutex_unlock(&connection->write_lock);
    rope_done(&body);
    return unsent;
}

void connection_goodbye(struct connection *connection)
{
    pthread_mutex_lock(&connection->write_lock);
    if (frame_writer_add(connection->writer, FRAME_GOODBYE, 0, 0, NULL, 0, NULL, true) == SLUICE_OK)
        flush_locked(connection);
    pthread_mutex_unlock(&connection->write_lock);
}

bool connection_is_sent(struct connection *connection)
{
    pthread_mutex_lock(&connection->write_lock);
    bool sent = connection->broken || frame_writer_empty(connection->writer);
    pthread_mutex_unlock(&connection->write_lock);
    return sent;
}
