/*
 * One worker: its loop, and a request from the queue to its answer. The design notes are in server.c.
 */
#include "common/foundation/clock.h"
#include "executor/host/crash.h"
#include "executor/host/server_impl.h"

#define SLOW_NS (CLOCK_NS_PER_MS / 10)

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

sluice_status worker_open(struct worker *worker, sluice_error *error)
{
    struct server *server = worker->server;
    sluice_status status = instance_open_worker(server->instance, &worker->state, error);
    if (status != SLUICE_OK)
        return status;
    worker->call = call_new(server->instance, worker->state);
    if (worker->call != NULL)
        return SLUICE_OK;
    instance_close_worker(server->instance, worker->state);
    return sluice_fail(error, SLUICE_NO_MEMORY, server->instance->where, "no memory for a worker");
}

void worker_close(struct worker *worker)
{
    if (worker->call == NULL)
        return;
    call_free(worker->call);
    instance_close_worker(worker->server->instance, worker->state);
}

/* Open it, tell the thread that waits for all of them, and wait for the start. */
static void begin(struct worker *worker)
{
    struct server *server = worker->server;
    sluice_error error;
    sluice_status status = worker_open(worker, &error);
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

void worker_step(struct worker *worker)
{
    struct server *server = worker->server;
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

static void work(struct worker *worker)
{
    struct server *server = worker->server;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping)
        worker_step(worker);
    send_unsent(worker);
    pthread_mutex_unlock(&server->lock);
}

void *worker_main(void *context)
{
    struct worker *worker = context;
    crash_thread_init();
    begin(worker);
    if (worker->call != NULL)
        work(worker);
    worker_close(worker);
    crash_thread_done();
    return NULL;
}
