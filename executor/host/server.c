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
 * short (SLOW_NS) that the hand-over would cost more than it gains; then the monitor is the safety net.
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
#define SLOW_NS        (CLOCK_NS_PER_MS / 10)
#define DRAIN_GRACE_NS (100 * (uint64_t)CLOCK_NS_PER_MS) /* a request may be under way when GOODBYE is sent */
#define STOP_GRACE_NS  (1 * (uint64_t)CLOCK_NS_PER_SECOND)
enum { IDLE_TICKS = 20 };

/* ---- one request ---- */

static uint8_t flags_of(const struct call_answer *answer)
{
    switch (answer->outcome) {
    case CALL_ANSWERED: return FRAME_LAST | FRAME_HAS_DATA;
    case CALL_FAILED: return FRAME_LAST | FRAME_FAILED;
    default: return FRAME_LAST | FRAME_UNCHANGED;
    }
}

/* Queue the answer of a handler. True: it is not flushed. */
static bool answer_request(const struct request *request, const struct call_answer *answer, bool flush)
{
    struct frame_answer fixed = {
        .queue_ns = request->started_ns - request->arrived_ns,
        .run_ns = request->run_ns,
        .has_endpoint = answer->has_endpoint,
        .has_results = answer->has_results,
        .results_size = answer->has_results ? answer->results->size : 0,
        .failure_size = answer->outcome == CALL_FAILED ? answer->failure->size : 0,
    };
    bool unsent = connection_answer(request->connection, request->message.id, flags_of(answer), &fixed, answer, flush);
    block_unref(answer->body);
    return unsent;
}

/* With the lock: the request is answered. */
static void leave(struct server *server, struct request *request)
{
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        server->inside = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    request_free(server, request);
}

/* A deferred request is completed, in the plugin's thread. */
static void completed(sluice_call *call, void *context)
{
    struct request *request = context;
    struct connection *connection = request->connection;
    struct server *server = connection->server;
    struct call_answer answer;
    call_take_answer(call, &answer);
    request->run_ns = answer.deferred_ns - request->started_ns; /* the worker's time, by which the gateway sends */
    answer_request(request, &answer, true);
    call_free(call);
    frame_message_done(&request->message);
    pthread_mutex_lock(&server->lock);
    leave(server, request);
    connection_unref(connection);
    pthread_mutex_unlock(&server->lock);
}

enum served { SERVED, SERVED_UNSENT, SERVED_LATER };

/* Run the handler and queue its answer. SERVED_LATER: the request is out of reach. */
static enum served serve(struct worker *worker, struct request *request, bool flush, uint64_t *ret_run_ns)
{
    uint64_t started = request->started_ns = clock_monotonic_ns();
    struct frame_answer fixed = {.queue_ns = started - request->arrived_ns};
    *ret_run_ns = 0;
    if (atomic_load_explicit(&request->cancelled, memory_order_relaxed) ||
        (request->view.deadline_ns != 0 && request->view.deadline_ns <= started))
        return connection_answer(request->connection, request->message.id, FRAME_LAST | FRAME_CANCELLED, &fixed, NULL,
                                 flush)
                   ? SERVED_UNSENT
                   : SERVED;
    struct call_request call_request = {
        .endpoint = {request->view.endpoint, request->view.endpoint_size},
        .request_id = {request->view.request_id, request->view.request_id_size},
        .deadline_ns = request->view.deadline_ns,
        .parameters = request->view.parameters,
        .parameters_size = request->view.parameters_size,
        .body = request->message.flags & FRAME_HAS_DATA ? &request->message.body : NULL,
        .cancelled = &request->cancelled,
        .completed = completed,
        .context = request,
    };
    struct call_answer answer;
    call_run(worker->call, &call_request, &answer);
    *ret_run_ns = clock_monotonic_ns() - started;
    if (answer.outcome == CALL_DEFERRED) {
        worker->call = answer.successor;
        return SERVED_LATER;
    }
    request->run_ns = *ret_run_ns;
    return answer_request(request, &answer, flush || *ret_run_ns > SLOW_NS) ? SERVED_UNSENT : SERVED;
}

/* With the lock: send what this worker left unsent. Gives the lock up meanwhile. */
static void send_unsent(struct worker *worker)
{
    struct connection *connection = worker->unsent;
    if (connection == NULL)
        return;
    worker->unsent = NULL;
    pthread_mutex_unlock(&worker->server->lock);
    connection_flush(connection);
    pthread_mutex_lock(&worker->server->lock);
    connection_unref(connection);
}

/* With the lock, which is given up while the handler runs. */
static void run_request(struct worker *worker, struct request *request)
{
    struct server *server = worker->server;
    struct connection *connection = request->connection;
    if (worker->unsent != connection)
        send_unsent(worker);
    request->previous = NULL;
    request->next = server->inside;
    if (server->inside != NULL)
        server->inside->previous = request;
    server->inside = request;
    server->running++;
    server->runs++;
    bool flush = server->slow;
    if (server->idle > 0 && (server->queued > 0 || (!server->reading && server->slow)))
        pthread_cond_signal(&server->work);
    if (server->monitor_sleeps) {
        server->monitor_sleeps = false;
        pthread_cond_signal(&server->tick);
    }
    pthread_mutex_unlock(&server->lock);

    uint64_t run_ns;
    enum served served = serve(worker, request, flush, &run_ns);
    if (served != SERVED_LATER)
        frame_message_done(&request->message);

    pthread_mutex_lock(&server->lock);
    server->slow = run_ns > SLOW_NS;
    server->running--;
    if (served == SERVED_LATER)
        return;
    leave(server, request);
    if (served == SERVED_UNSENT && worker->unsent == NULL)
        worker->unsent = connection; /* and keeps the request's reference */
    else
        connection_unref(connection);
}

/* ---- workers ---- */

static void open_worker(struct worker *worker, void **ret_worker)
{
    struct server *server = worker->server;
    sluice_error error;
    sluice_status status = instance_open_worker(server->instance, ret_worker, &error);
    if (status == SLUICE_OK) {
        worker->call = call_new(server->instance, *ret_worker);
        if (worker->call == NULL) {
            instance_close_worker(server->instance, *ret_worker);
            status = sluice_fail(&error, SLUICE_NO_MEMORY, server->instance->where, "no memory for a worker");
        }
    }
    pthread_mutex_lock(&server->lock);
    if (status != SLUICE_OK && server->failed == SLUICE_OK) {
        server->failed = status;
        server->failure = error;
    }
    server->begun++;
    pthread_cond_signal(&server->tick);
    while (!server->started && !server->stopping)
        pthread_cond_wait(&server->work, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

static void work(struct worker *worker)
{
    struct server *server = worker->server;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        struct request *request = connection_take(server);
        if (request != NULL) {
            run_request(worker, request);
        } else if (worker->unsent != NULL) {
            send_unsent(worker);
        } else if (!server->reading) {
            server->reading = true;
            pthread_mutex_unlock(&server->lock);
            reading_round(server);
            pthread_mutex_lock(&server->lock);
            server->reading = false;
            server->rounds++;
        } else {
            if (server->monitor_reads)
                reading_wake(server);
            server->idle++;
            pthread_cond_wait(&server->work, &server->lock);
            server->idle--;
        }
    }
    send_unsent(worker);
    pthread_mutex_unlock(&server->lock);
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    void *opened = NULL;
    crash_thread_init();
    open_worker(worker, &opened);
    if (worker->call != NULL) {
        work(worker);
        call_free(worker->call);
        instance_close_worker(worker->server->instance, opened);
    }
    crash_thread_done();
    return NULL;
}

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
    reading_take_sigterm(server);
    return SLUICE_OK;
}

/* Start the workers and wait until each is open or has failed. *ret_threads: how many are to be joined. */
static sluice_status start_workers(struct server *server, uint32_t *ret_threads, sluice_error *error)
{
    uint32_t threads = 0;
    int failed = 0;
    while (threads < server->settings->workers && failed == 0) {
        struct worker *worker = &server->workers[threads];
        worker->server = server;
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
    server->slow = true; /* until the first handler shows otherwise */
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

static void release(struct server *server)
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
    signal(SIGTERM, SIG_IGN); /* its handler writes to the descriptor that is closed here */
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
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, instance->where, "no memory for its workers");
    server->instance = instance;
    server->settings = settings;
    server->epoll = server->wake = -1;
    uint32_t threads = 0;
    sluice_status status = prepare(server, error);
    if (status == SLUICE_OK)
        status = start_workers(server, &threads, error);
    if (status == SLUICE_OK) {
        if (!serve_until_stopped(server))
            return SLUICE_TIMEOUT; /* the threads still use `server` */
        status = server->orphaned ? SLUICE_UNAVAILABLE : SLUICE_OK;
    }
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(server->workers[i].thread, NULL);
    release(server);
    return status;
}
