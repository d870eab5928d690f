/* connection.c - who is connected, who hung up, who takes too long. All on the event loop of the connection. */
#include "gateway/http/server.h"

#include "common/foundation/clock.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void link_connection(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    connection->next = loop->connections;
    if (loop->connections != NULL)
        loop->connections->previous = connection;
    loop->connections = connection;
}

static void unlink_connection(struct http_connection *connection)
{
    *(connection->previous != NULL ? &connection->previous->next : &connection->loop->connections) = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
}

/*
 * libmicrohttpd does not look at a suspended connection. This watch lasts as long as the connection and fires once, when
 * the client closes its side, or breaks: no system call per request. During a TLS handshake it tells everything.
 */
void http_connection_watch(const struct http_connection *connection, int operation)
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET, .data.ptr = (void *)(uintptr_t)connection};
    if (connection->handshaking)
        event.events |= EPOLLIN | EPOLLOUT;
    epoll_ctl(connection->loop->epoll_fd, operation, connection->fd, &event);
}

/* NULL: no memory; its first request then ends the connection. */
static struct http_connection *opened(struct http_loop *loop, struct MHD_Connection *mhd)
{
    struct http_front *front = loop->front;
    struct http_connection *connection = calloc(1, sizeof *connection);
    struct client *client = client_new(front->router);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (connection == NULL || client == NULL || info == NULL) {
        free(connection);
        client_unref(client);
        return NULL;
    }
    connection->front = front;
    connection->loop = loop;
    connection->mhd = mhd;
    connection->client = client;
    connection->fd = info->connect_fd;
    connection->since_ns = clock_monotonic_ns();
    link_connection(connection);
    if (front->tls != NULL) {
        http_tls_session(front->tls, mhd);
        http_handshake_begin(connection);
    }
    http_connection_watch(connection, EPOLL_CTL_ADD);
    return connection;
}

void http_connection_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_loop *loop = context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        loop->started++;
        *socket_context = opened(loop, mhd);
        return;
    }
    http_accept_ended(loop);
    struct http_connection *connection = *socket_context;
    if (connection == NULL)
        return;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, connection->fd, NULL);
    unlink_connection(connection);
    http_handshake_forget(connection);
    client_unref(connection->client);
    arena_free(connection->arena);
    free(connection);
    *socket_context = NULL;
}

void http_connection_hung_up(struct http_connection *connection)
{
    struct http_exchange *exchange = connection->exchange;
    connection->gone = true;
    if (exchange == NULL)
        return;
    if (exchange->stage == HTTP_WORKING)
        http_calls_cancel(exchange);
    else if (exchange->stage != HTTP_ANSWERED) /* its body may never be whole; libmicrohttpd would wait for it */
        http_connection_shut(connection);
}

void http_connection_shut(struct http_connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
}

/* ---- time limits ---- */

enum { STALLS_MAX = 3 }; /* looks, half a second apart */

static bool body_is_too_slow(const struct flow_http *limits, const struct http_exchange *exchange, uint64_t took_ns)
{
    if (took_ns <= limits->body_timeout_ns)
        return false;
    uint64_t came = exchange->body.size + exchange->dropped;
    uint64_t over_ms = (took_ns - limits->body_timeout_ns) / CLOCK_NS_PER_MS;
    return came < over_ms * limits->body_rate / 1000;
}

/*
 * A chunk's extension or a trailer that fills the library's buffer: it can neither read on nor say so, and asks itself
 * again and again. Then there are bytes to read and the body stands still, which a client that is only slow does not
 * bring about.
 */
static bool is_stuck(const struct http_connection *connection, struct http_exchange *exchange)
{
    size_t came = exchange->body.size + exchange->dropped;
    int unread = 0;
    bool moved = came != exchange->seen;
    exchange->seen = came;
    if (moved || ioctl(connection->fd, FIONREAD, &unread) != 0 || unread == 0) {
        exchange->stalls = 0;
        return false;
    }
    return ++exchange->stalls >= STALLS_MAX;
}

static void sweep(struct http_connection *connection, uint64_t now_ns)
{
    const struct flow_http *limits = &connection->front->gateway->http;
    struct http_exchange *exchange = connection->exchange;
    uint64_t took_ns = now_ns > connection->since_ns ? now_ns - connection->since_ns : 0;

    if (exchange == NULL) {
        /* A goodbye within a request's first line is read by libmicrohttpd, and then waited for as if more could come. */
        if (connection->loop->draining || connection->gone || took_ns >= limits->head_timeout_ns)
            http_connection_shut(connection);
        return;
    }
    switch (exchange->stage) {
    case HTTP_COLLECTING:
    case HTTP_DROPPING:
        if (connection->gone) /* what came with the goodbye has been read by now */
            http_connection_shut(connection);
        else if (body_is_too_slow(limits, exchange, took_ns))
            http_exchange_end(exchange, MHD_HTTP_REQUEST_TIMEOUT, "the body of the request came too slowly");
        else if (is_stuck(connection, exchange))
            http_exchange_end(exchange, MHD_HTTP_BAD_REQUEST, "the line of a chunk or the trailer is too long");
        break;
    case HTTP_LINGERING:
        if (took_ns >= limits->linger_timeout_ns)
            http_connection_shut(connection);
        break;
    case HTTP_WORKING:
    case HTTP_ANSWERED: break; /* libmicrohttpd's own limit holds for the sending */
    }
}

void http_connections_sweep(struct http_loop *loop, uint64_t now_ns)
{
    for (struct http_connection *at = loop->connections, *next; at != NULL; at = next) {
        next = at->next;
        sweep(at, now_ns);
    }
}
