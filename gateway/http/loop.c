/*
 * loop.c - the front's one event loop, around a daemon of libmicrohttpd without threads of its own.
 *
 * One round: wait; note who hung up; take the executors' answers, when their thread's work is borrowed; run the jobs of
 * the mailbox, which resume connections; let libmicrohttpd work off everything that is ready, the resumed connections included. So the answers of one round leave together, and requests
 * submitted in it reach the executors in few system calls (burst_begin, burst_end).
 */
#include "gateway/http/server.h"

#include "common/foundation/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum { EVENTS = 64, SWEEP_MS = 500 };

static bool watch(struct http_front *front, int fd, uint32_t events, void *pointer)
{
    struct epoll_event event = {.events = events, .data.ptr = pointer};
    return epoll_ctl(front->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int sooner(int one_ms, int other_ms)
{
    return one_ms < 0 || (other_ms >= 0 && other_ms < one_ms) ? other_ms : one_ms;
}

/* Milliseconds that the loop may sleep for what is its own. */
static int sleep_ms(const struct http_front *front, uint64_t next_sweep_ns)
{
    MHD_UNSIGNED_LONG_LONG library;
    int sweep = front->connections != NULL ? clock_poll_timeout(next_sweep_ns) : -1;

    if (MHD_get_timeout(front->daemon, &library) != MHD_YES)
        return sweep;
    int wanted = library > 60000 ? 60000 : (int)library;
    return sooner(wanted, sweep);
}

/* The answers of executors, when this loop is the upstream thread. Their jobs are run right behind. */
static void run_executors(struct http_front *front)
{
    http_mailbox_run_follows(&front->mailbox);
    front->executors.run(front->executors.set);
}

static void round_of(struct http_front *front, const struct epoll_event *events, int count, uint64_t *next_sweep_ns)
{
    bool executors = front->borrowed && front->executors.timeout_ms(front->executors.set) == 0;
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr == &front->executors)
            executors = true;
        else if (events[i].data.ptr != NULL)
            http_connection_hung_up(events[i].data.ptr);
    if (executors)
        run_executors(front);
    http_mailbox_run(&front->mailbox);
    MHD_run(front->daemon);
    front->now_ns = clock_monotonic_ns();
    if (front->connections != NULL && front->now_ns >= *next_sweep_ns) {
        http_connections_sweep(front, front->now_ns);
        *next_sweep_ns = front->now_ns + SWEEP_MS * (uint64_t)CLOCK_NS_PER_MS;
    }
}

static void *serve(void *context)
{
    struct http_front *front = context;
    struct epoll_event events[EVENTS];
    uint64_t next_sweep_ns = 0;

    while (!front->stopping || front->suspended > 0) {
        int timeout = sleep_ms(front, next_sweep_ns);
        if (front->borrowed)
            timeout = sooner(timeout, front->executors.timeout_ms(front->executors.set));
        int count = epoll_wait(front->epoll_fd, events, EVENTS, timeout);
        if (front->settings.burst_begin != NULL)
            front->settings.burst_begin();
        round_of(front, events, count, &next_sweep_ns);
        if (front->settings.burst_end != NULL)
            front->settings.burst_end();
    }
    return NULL;
}

static bool borrow(struct http_front *front)
{
    if (front->settings.executors == NULL)
        return true;
    front->executors = *front->settings.executors;
    front->borrowed = true;
    return watch(front, front->executors.borrow(front->executors.set), EPOLLIN, &front->executors);
}

static void give_back(struct http_front *front)
{
    if (front->borrowed)
        front->executors.give_back(front->executors.set);
    front->borrowed = false;
}

sluice_status http_loop_start(struct http_front *front, sluice_error *error)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(front->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL || !watch(front, info->epoll_fd, EPOLLIN, NULL) ||
        !watch(front, front->mailbox.event_fd, EPOLLIN | EPOLLET, NULL) || !borrow(front)) {
        give_back(front);
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "the HTTP front's event loop cannot be set up: %s",
                           strerror(errno));
    }
    front->now_ns = clock_monotonic_ns();
    int failure = pthread_create(&front->thread, NULL, serve, front);
    if (failure != 0) {
        give_back(front);
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "the HTTP front's thread cannot be started: %s",
                           strerror(failure));
    }
    pthread_setname_np(front->thread, "sluice-http");
    front->thread_runs = true;
    return SLUICE_OK;
}

static void start_stopping(struct front_job *job)
{
    struct http_front *front = (struct http_front *)((char *)job - offsetof(struct http_front, stop_job));
    front->stopping = front->draining = true;
    for (struct http_connection *at = front->connections; at != NULL; at = at->next)
        http_connection_hung_up(at);
}

void http_loop_stop(struct http_front *front)
{
    http_run_on_loop(front, &front->stop_job, start_stopping);
    pthread_join(front->thread, NULL);
    front->thread_runs = false;
    give_back(front);
}

void http_run_on_loop(struct http_front *front, struct front_job *job, void (*run)(struct front_job *))
{
    job->run = run;
    http_mailbox_post(&front->mailbox, job);
}

void http_run_on_worker(struct http_front *front, struct front_job *job, void (*run)(struct front_job *))
{
    job->run = run;
    front_workers_add(front->workers, job);
}
