/*
 * accept.c - new connections: accepted by the first loop and dealt to all of them.
 *
 * A loop gets some (HTTP_LOOP_FILL) of them before the next one gets any, and then each goes to the loop that has the fewest. A
 * few connections are served with less processor time by one loop: requests travel in larger groups, and the first loop
 * needs no hand-over for the answers.
 *
 * The loops do not accept for themselves: whoever wakes first would take all that wait, and a port for each
 * (SO_REUSEPORT) deals by chance. Above the limit of connections, or without descriptors, the socket is not watched, so
 * that more wait in its queue.
 */
#include "gateway/http/server.h"

#include "common/foundation/clock.h"
#include "common/foundation/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_AT_ONCE = 64, RETRY_MS = 500 };

/* A connection on its way to its loop. */
struct arrival {
    struct job job;
    struct http_loop *loop;
    int fd;
    socklen_t size;
    struct sockaddr_storage address;
};

/* ---- counting ---- */

static bool has_room(struct http_front *front)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < front->loop_count; i++)
        sum += atomic_load(&front->loops[i]->dealt);
    return sum < front->gateway->http.max_connections;
}

static struct http_loop *loop_for_next(struct http_front *front)
{
    struct http_loop *found = front->loops[0];
    unsigned fewest = atomic_load(&found->dealt);
    for (unsigned i = 0; i < front->loop_count; i++) {
        unsigned dealt = atomic_load(&front->loops[i]->dealt);
        if (dealt < front->settings.loop_fill)
            return front->loops[i];
        if (dealt < fewest) {
            found = front->loops[i];
            fewest = dealt;
        }
    }
    return found;
}

/* ---- watching ---- */

static bool watch(struct http_front *front)
{
    struct http_acceptor *acceptor = &front->acceptor;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = acceptor};
    if (!acceptor->watched && acceptor->fd >= 0)
        acceptor->watched = epoll_ctl(front->loops[0]->epoll_fd, EPOLL_CTL_ADD, acceptor->fd, &event) == 0;
    return acceptor->watched;
}

static void unwatch(struct http_front *front)
{
    struct http_acceptor *acceptor = &front->acceptor;
    if (acceptor->watched)
        epoll_ctl(front->loops[0]->epoll_fd, EPOLL_CTL_DEL, acceptor->fd, NULL);
    acceptor->watched = false;
}

bool http_accept_start(struct http_front *front)
{
    return watch(front);
}

void http_accept_stop(struct http_front *front)
{
    unwatch(front);
    front->acceptor.retry_ns = 0;
}

int http_accept_timeout_ms(const struct http_front *front)
{
    return front->acceptor.retry_ns != 0 ? clock_poll_timeout(front->acceptor.retry_ns) : -1;
}

void http_accept_look(struct http_front *front)
{
    struct http_acceptor *acceptor = &front->acceptor;
    if (acceptor->retry_ns == 0 || front->loops[0]->now_ns < acceptor->retry_ns)
        return;
    acceptor->retry_ns = 0;
    watch(front);
}

static void there_is_room(struct job *job)
{
    struct http_acceptor *acceptor = (struct http_acceptor *)((char *)job - offsetof(struct http_acceptor, room_job));
    struct http_front *front = (struct http_front *)((char *)acceptor - offsetof(struct http_front, acceptor));
    if (!front->loops[0]->stopping)
        watch(front);
}

void http_accept_ended(struct http_loop *loop)
{
    struct http_front *front = loop->front;
    struct http_acceptor *acceptor = &front->acceptor;
    atomic_fetch_sub(&loop->dealt, 1);
    if (atomic_load(&acceptor->full) && atomic_exchange(&acceptor->full, false))
        http_run_on_loop(front->loops[0], &acceptor->room_job, there_is_room);
}

/* Above the limit: true when a connection has ended meanwhile, so that there is room after all. */
static bool room_after_all(struct http_front *front)
{
    unwatch(front);
    atomic_store(&front->acceptor.full, true);
    if (!has_room(front) || !atomic_exchange(&front->acceptor.full, false))
        return false; /* there_is_room() comes, or is on its way */
    return watch(front);
}

/* ---- dealing ---- */

/* libmicrohttpd owns the descriptor from here on. One that it refuses is closed, with an end of the connection if that
 * had begun (connection.c). */
static void add(struct http_loop *loop, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    unsigned started = loop->started;
    if (MHD_add_connection(loop->daemon, fd, (const struct sockaddr *)address, size) != MHD_YES &&
        loop->started == started)
        http_accept_ended(loop);
}

static void arrive(struct job *job)
{
    struct arrival *arrival = (struct arrival *)job;
    if (arrival->loop->stopping)
        close(arrival->fd);
    else
        add(arrival->loop, arrival->fd, &arrival->address, arrival->size);
    free(arrival);
}

static void deal(struct http_front *front, int fd, const struct sockaddr_storage *address, socklen_t size)
{
    struct http_loop *loop = loop_for_next(front);
    struct arrival *arrival = loop != front->loops[0] ? malloc(sizeof *arrival) : NULL;

    if (arrival == NULL) { /* for the first loop, which this is, also for want of memory */
        atomic_fetch_add(&front->loops[0]->dealt, 1);
        add(front->loops[0], fd, address, size);
        return;
    }
    *arrival = (struct arrival){.loop = loop, .fd = fd, .size = size, .address = *address};
    atomic_fetch_add(&loop->dealt, 1);
    http_run_on_loop(loop, &arrival->job, arrive);
}

/* Nobody can be accepted for now. */
static void pause_for(struct http_front *front, int reason)
{
    static struct log_limit limit;
    log_limited(&limit, LOG_LEVEL_WARNING, "no connection over HTTP can be accepted now: %s", strerror(reason));
    unwatch(front);
    front->acceptor.retry_ns = clock_monotonic_ns() + RETRY_MS * (uint64_t)CLOCK_NS_PER_MS;
}

void http_accept_ready(struct http_front *front)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE && front->acceptor.watched; i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        if (!has_room(front) && !room_after_all(front))
            return;
        int fd = accept4(front->acceptor.fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0)
            deal(front, fd, &address, size);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            pause_for(front, errno);
        /* Else the client has gone again, accept(2), "Error handling". */
    }
}
