/*
 * loop.c - the front's event loops, each around a daemon of libmicrohttpd without threads of its own.
 *
 * One round: wait; note who hung up and, in the first loop, who wants to connect; take the executors' answers, when their
 * thread's work is borrowed (the first loop too); run the jobs of the mailbox, which resume connections; let
 * libmicrohttpd work off everything that is ready, the resumed connections included. So the answers of one round leave
 * together, and requests submitted in it reach the executors in few system calls (burst_begin, burst_end).
 *
 * Stopping: the first loop ends first and gives the executors' answers back to their own thread, which the other loops
 * then wait for.
 */
#include "gateway/http/server.h"

#include "common/foundation/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 64, SWEEP_MS = 500 };

static bool watch(struct http_loop *loop, int fd, uint32_t events, void *pointer)
{
    struct epoll_event event = {.events = events, .data.ptr = pointer};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool is_first(const struct http_loop *loop)
{
    return loop == loop->front->loops[0];
}

/* ---- running ---- */

static int sooner(int one_ms, int other_ms)
{
    return one_ms < 0 || (other_ms >= 0 && other_ms < one_ms) ? other_ms : one_ms;
}

/* Milliseconds that the loop may sleep. */
static int sleep_ms(const struct http_loop *loop, uint64_t next_sweep_ns)
{
    MHD_UNSIGNED_LONG_LONG library;
    int least = loop->connections != NULL ? clock_poll_timeout(next_sweep_ns) : -1;

    if (loop->executors != NULL)
        least = sooner(least, loop->executors->timeout_ms(loop->executors->set));
    if (is_first(loop))
        least = sooner(least, http_accept_timeout_ms(loop->front));
    if (MHD_get_timeout(loop->daemon, &library) != MHD_YES)
        return least;
    return sooner(least, library > 60000 ? 60000 : (int)library);
}

/* The answers of executors, when this loop is the upstream thread. Their jobs are run right behind. */
static void run_executors(struct http_loop *loop)
{
    http_mailbox_run_follows(&loop->mailbox);
    loop->executors->run(loop->executors->set);
}

static void connection_event(struct http_connection *connection, uint32_t events)
{
    http_handshake_event(connection);
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        http_connection_hung_up(connection);
}

static void round_of(struct http_loop *loop, const struct epoll_event *events, int count, uint64_t *next_sweep_ns)
{
    struct http_front *front = loop->front;
    bool executors = loop->executors != NULL && loop->executors->timeout_ms(loop->executors->set) == 0;
    bool arrivals = false;
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr == &front->executors)
            executors = true;
        else if (events[i].data.ptr == &front->acceptor)
            arrivals = true;
        else if (events[i].data.ptr != NULL)
            connection_event(events[i].data.ptr, events[i].events);
    if (executors)
        run_executors(loop);
    http_mailbox_run(&loop->mailbox);
    if (arrivals)
        http_accept_ready(front);
    MHD_run(loop->daemon);
    http_handshakes_rest(loop);
    loop->now_ns = clock_monotonic_ns();
    if (is_first(loop))
        http_accept_look(front);
    if (loop->connections != NULL && loop->now_ns >= *next_sweep_ns) {
        http_connections_sweep(loop, loop->now_ns);
        *next_sweep_ns = loop->now_ns + SWEEP_MS * (uint64_t)CLOCK_NS_PER_MS;
    }
}

static void *serve(void *context)
{
    struct http_loop *loop = context;
    const struct http_front_settings *settings = &loop->front->settings;
    struct epoll_event events[EVENTS];
    uint64_t next_sweep_ns = 0;

    while (!loop->stopping || loop->suspended > 0) {
        int count = epoll_wait(loop->epoll_fd, events, EVENTS, sleep_ms(loop, next_sweep_ns));
        if (settings->burst_begin != NULL)
            settings->burst_begin();
        round_of(loop, events, count, &next_sweep_ns);
        if (settings->burst_end != NULL)
            settings->burst_end();
    }
    http_handshakes_end(loop);
    return NULL;
}

/* ---- starting and stopping ---- */

sluice_status http_loop_new(struct http_front *front, sluice_error *error)
{
    struct http_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the HTTP front");
    front->loops[front->loop_count++] = loop;
    loop->front = front;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!http_mailbox_init(&loop->mailbox) || loop->epoll_fd < 0)
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "no descriptors for the HTTP front: %s", strerror(errno));
    sluice_status status = http_daemon_start(loop, error);
    if (status != SLUICE_OK)
        return status;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || !watch(loop, info->epoll_fd, EPOLLIN, NULL) ||
        !watch(loop, loop->mailbox.event_fd, EPOLLIN | EPOLLET, NULL))
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "the HTTP front's event loop cannot be set up: %s",
                           strerror(errno));
    return SLUICE_OK;
}

static bool borrow(struct http_loop *loop)
{
    struct http_front *front = loop->front;
    if (front->settings.executors == NULL || !is_first(loop))
        return true;
    front->executors = *front->settings.executors;
    loop->executors = &front->executors;
    return watch(loop, front->executors.borrow(front->executors.set), EPOLLIN, &front->executors);
}

static void give_back(struct http_loop *loop)
{
    if (loop->executors != NULL)
        loop->executors->give_back(loop->executors->set);
    loop->executors = NULL;
}

static sluice_status start_loop(struct http_loop *loop, sluice_error *error)
{
    bool good = borrow(loop) && (!is_first(loop) || http_accept_start(loop->front));
    int failure = good ? 0 : errno;
    loop->now_ns = clock_monotonic_ns();
    if (failure == 0)
        failure = pthread_create(&loop->thread, NULL, serve, loop);
    if (failure != 0) {
        give_back(loop);
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "the HTTP front's thread cannot be started: %s",
                           strerror(failure));
    }
    pthread_setname_np(loop->thread, "sluice-http");
    loop->thread_runs = true;
    return SLUICE_OK;
}

sluice_status http_loops_start(struct http_front *front, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    /* The first loop last: it deals connections to the others. */
    for (unsigned i = front->loop_count; i-- > 0 && status == SLUICE_OK;)
        status = start_loop(front->loops[i], error);
    return status;
}

static void start_stopping(struct job *job)
{
    struct http_loop *loop = (struct http_loop *)((char *)job - offsetof(struct http_loop, stop_job));
    loop->stopping = loop->draining = true;
    if (is_first(loop))
        http_accept_stop(loop->front);
    for (struct http_connection *at = loop->connections; at != NULL; at = at->next)
        http_connection_hung_up(at);
}

void http_loops_stop(struct http_front *front)
{
    for (unsigned i = 0; i < front->loop_count; i++)
        if (front->loops[i]->thread_runs)
            http_run_on_loop(front->loops[i], &front->loops[i]->stop_job, start_stopping);
    for (unsigned i = 0; i < front->loop_count; i++) {
        struct http_loop *loop = front->loops[i];
        if (loop->thread_runs)
            pthread_join(loop->thread, NULL);
        loop->thread_runs = false;
        give_back(loop);
    }
}

void http_loops_free(struct http_front *front)
{
    for (unsigned i = 0; i < front->loop_count; i++) {
        front->loops[i]->stopping = true;
        http_mailbox_run(&front->loops[i]->mailbox); /* connections that came too late */
    }
    for (unsigned i = 0; i < front->loop_count; i++)
        if (front->loops[i]->daemon != NULL)
            MHD_stop_daemon(front->loops[i]->daemon);
    for (unsigned i = 0; i < front->loop_count; i++) {
        struct http_loop *loop = front->loops[i];
        http_mailbox_done(&loop->mailbox);
        if (loop->epoll_fd >= 0)
            close(loop->epoll_fd);
        free(loop);
    }
    front->loop_count = 0;
}

/* ---- work for others ---- */

void http_run_on_loop(struct http_loop *loop, struct job *job, void (*run)(struct job *))
{
    job->run = run;
    http_mailbox_post(&loop->mailbox, job);
}

void http_run_on_worker(struct http_front *front, struct job *job, void (*run)(struct job *))
{
    job->run = run;
    workers_add(front->workers, job);
}
