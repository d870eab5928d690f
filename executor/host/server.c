/*
 * Design notes
 *
 * Every worker runs the same loop: take a queued request and run its handler; with nothing queued, take the reading role
 * and read; when another has the role, wait. So a request is read and run by one thread without a hand-over, and with
 * one worker nothing is ever handed over.
 *
 * While all workers are in handlers nobody reads, which is right as long as they are short. The monitor (the thread that
 * called server_run()) looks every TICK_NS: when a whole tick passed without a reading round, it takes the role, sends
 * what was answered but not flushed, and goes on reading, so that cancels, new requests and the supervisor are heard. A
 * worker that becomes idle asks for the role back. When nothing happened for IDLE_TICKS the monitor sleeps without
 * waking up; the next handler that begins wakes it.
 *
 * With several workers a worker that begins a request passes the reading role on to an idle one, unless handlers are so
 * short (SLOW_NS in worker.c) that the hand-over would cost more than it gains; then the monitor is the safety net.
 *
 * Answers are queued in the connection's writer and flushed when nothing is left to run, when much is queued, or at
 * once when handlers are slow.
 *
 * A deferred request has left its worker and is answered by the thread that completes it; what is begun and not answered
 * stands in server.inside, which a cancel walks and a drain waits for.
 *
 * executor_close() comes after all workers have been joined and nothing is inside; a handler that never returns therefore
 * forbids it.
 */
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "common/foundation/file.h"
#include "executor/host/crash.h"
#include "executor/host/server_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TICK_NS        (5 * (uint64_t)CLOCK_NS_PER_MS)
#define DRAIN_GRACE_NS (100 * (uint64_t)CLOCK_NS_PER_MS) /* a request may be under way when GOODBYE is sent */
#define STOP_GRACE_NS  (1 * (uint64_t)CLOCK_NS_PER_SECOND)
enum { IDLE_TICKS = 20 };

/* ---- the monitor ---- */

static void wait_tick(struct server *server, uint64_t duration_ns)
{
    uint64_t end = clock_monotonic_ns() + duration_ns;
    struct timespec at = {.tv_sec = (time_t)(end / CLOCK_NS_PER_SECOND), .tv_nsec = (long)(end % CLOCK_NS_PER_SECOND)};
    pthread_cond_timedwait(&server->tick, &server->lock, &at);
}

/* All workers are in handlers and none has read for a tick: read in their place until one is idle. */
static void read_meanwhile(struct server *server)
{
    server->reading = server->monitor_reads = true;
    for (struct connection *connection = server->connections; connection != NULL; connection = connection->next)
        connection_flush(connection);
    while (!server->stopping && server->idle == 0 && server->running > 0) {
        pthread_mutex_unlock(&server->lock);
        reading_round(server);
        pthread_mutex_lock(&server->lock);
        server->rounds++;
        if (server->queued > 0 && server->idle > 0)
            pthread_cond_signal(&server->work);
    }
    server->reading = server->monitor_reads = false;
    if (server->idle > 0)
        pthread_cond_signal(&server->work);
}

static bool is_drained(struct server *server)
{
    if (!server->draining || server->queued > 0 || server->inside != NULL)
        return false;
    for (struct connection *connection = server->connections; connection != NULL; connection = connection->next)
        if (!connection_is_sent(connection))
            return false;
    for (uint32_t i = 0; i < server->settings->workers; i++)
        if (server->workers[i].unsent != NULL)
            return false;
    return server->connections == NULL || clock_monotonic_ns() - server->active_ns >= DRAIN_GRACE_NS;
}

static void monitor(struct server *server)
{
    uint64_t rounds = 0, runs = 0;
    unsigned quiet = 0;
    while (!server->stopping) {
        wait_tick(server, TICK_NS);
        if (is_drained(server)) {
            server_stop(server);
            break;
        }
        if (!server->stopping && !server->reading && server->running > 0 && server->rounds == rounds)
            read_meanwhile(server);
        quiet = server->rounds == rounds && server->runs == runs ? quiet + 1 : 0;
        rounds = server->rounds;
        runs = server->runs;
        server->monitor_sleeps = quiet >= IDLE_TICKS && !server->draining && (server->reading || server->running == 0);
        while (server->monitor_sleeps && !server->stopping) {
            pthread_cond_wait(&server->tick, &server->lock);
            quiet = 0;
        }
    }
}

/* ---- start and end ---- */

static sluice_status make_hello(struct server *server)
{
    const struct instance *instance = server->instance;
    const struct bindings *bindings = &instance->bindings;
    struct frame_hello fixed = {
        .version = FRAME_VERSION,
        .window_requests = server->settings->window_requests,
        .window_bytes = server->settings->window_bytes,
        .workers = server->settings->workers,
        .pid = (uint32_t)getpid(),
        .pod_size = (uint32_t)strlen(instance->pod),
        .class_name_size = (uint32_t)strlen(instance->host.class_name),
        .endpoint_count = (uint32_t)bindings->count,
    };
    struct buffer hello;
    buffer_init(&hello, BUFFER_NO_LIMIT);
    buffer_append(&hello, &fixed, sizeof fixed);
    buffer_append_text(&hello, instance->pod);
    buffer_append_text(&hello, instance->host.class_name);
    for (size_t i = 0; i < bindings->count; i++) {
        uint32_t size = (uint32_t)bindings->items[i].endpoint_size;
        buffer_append(&hello, &size, sizeof size);
        buffer_append(&hello, bindings->items[i].endpoint, size);
    }
    if (hello.failed != SLUICE_OK) {
        buffer_done(&hello);
        return SLUICE_NO_MEMORY;
    }
    server->hello = buffer_take(&hello, &server->hello_size);
    return SLUICE_OK;
}

static bool watch(struct server *server, int fd, const void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = (void *)what};
    return fd < 0 || (file_set_nonblocking(fd, true) && epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static sluice_status prepare(struct server *server, sluice_error *error)
{
    const struct server_settings *settings = server->settings;
    server->epoll = server->wake = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->work, NULL);
    clock_condition_init(&server->tick);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->workers = calloc(settings->workers, sizeof *server->workers);
    if (server->workers == NULL || make_hello(server) != SLUICE_OK)
        return sluice_fail(error, SLUICE_NO_MEMORY, server->instance->where, "no memory for its workers");
    if (server->epoll < 0 || server->wake < 0 || !watch(server, server->wake, &server->wake) ||
        !watch(server, settings->listening, &settings->listening) ||
        !watch(server, settings->control, &settings->control))
        return sluice_fail(error, SLUICE_SYSTEM, server->instance->where, "cannot watch its sockets: %s", strerror(errno));
    for (uint32_t i = 0; i < settings->workers; i++)
        server->workers[i].server = server;
    server->slow = true; /* until the first handler shows otherwise */
    return SLUICE_OK;
}

sluice_status server_open(struct instance *instance, const struct server_settings *settings, struct server **ret_server,
                          sluice_error *error)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, instance->where, "no memory for its workers");
    server->instance = instance;
    server->settings = settings;
    sluice_status status = prepare(server, error);
    if (status == SLUICE_OK)
        *ret_server = server;
    else
        server_close(server);
    return status;
}

/* Start the workers and wait until each is open or has failed. *ret_threads: how many are to be joined. */
static sluice_status start_workers(struct server *server, uint32_t *ret_threads, sluice_error *error)
{
    uint32_t threads = 0;
    int failed = 0;
    while (threads < server->settings->workers && failed == 0) {
        struct worker *worker = &server->workers[threads];
        failed = pthread_create(&worker->thread, NULL, worker_main, worker);
        threads += failed == 0;
    }
    *ret_threads = threads;
    pthread_mutex_lock(&server->lock);
    while (server->begun < threads)
        pthread_cond_wait(&server->tick, &server->lock);
    sluice_status status = server->failed;
    if (status != SLUICE_OK && error != NULL)
        *error = server->failure;
    if (failed != 0)
        status = sluice_fail(error, SLUICE_SYSTEM, server->instance->where, "cannot start worker %u: %s", threads + 1,
                             strerror(failed));
    if (status == SLUICE_OK)
        server->started = true;
    else
        server->stopping = true;
    pthread_cond_broadcast(&server->work);
    pthread_mutex_unlock(&server->lock);
    return status;
}

/* With the lock, after server_stop(): is everything answered that was begun? */
static bool wait_for_handlers(struct server *server)
{
    uint64_t end = clock_monotonic_ns() + STOP_GRACE_NS;
    while ((server->running > 0 || server->inside != NULL) && clock_monotonic_ns() < end)
        wait_tick(server, TICK_NS);
    return server->running == 0 && server->inside == NULL;
}

void server_close(struct server *server)
{
    while (server->connections != NULL)
        connection_close(server->connections);
    while (server->spare != NULL) {
        struct request *request = server->spare;
        server->spare = request->next;
        free(request);
    }
    free(server->hello);
    free(server->workers);
    if (server->epoll >= 0)
        close(server->epoll);
    if (server->wake >= 0)
        close(server->wake);
    pthread_cond_destroy(&server->work);
    pthread_cond_destroy(&server->tick);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* Ready until told to end. False: a handler does not come back. */
static bool serve_until_stopped(struct server *server)
{
    server->settings->ready(server->settings->context);
    pthread_mutex_lock(&server->lock);
    monitor(server);
    bool finished = wait_for_handlers(server);
    pthread_mutex_unlock(&server->lock);
    return finished;
}

sluice_status server_run(struct instance *instance, const struct server_settings *settings, sluice_error *error)
{
    struct server *server;
    uint32_t threads = 0;
    sluice_status status = server_open(instance, settings, &server, error);
    if (status != SLUICE_OK)
        return status;
    reading_take_sigterm(server);
    status = start_workers(server, &threads, error);
    if (status == SLUICE_OK) {
        if (!serve_until_stopped(server))
            return SLUICE_TIMEOUT; /* the threads still use `server` */
        status = server->orphaned ? SLUICE_UNAVAILABLE : SLUICE_OK;
    }
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(server->workers[i].thread, NULL);
    signal(SIGTERM, SIG_IGN); /* its handler writes to a descriptor that is closed now */
    server_close(server);
    return status;
}
