/*
 * submit.c - requests of an exchange at the router.
 *
 * `pending` counts the replies that have not come, and one for the submitter, so that nothing is over before every
 * request was submitted; whoever brings it to 0 hands the exchange on to `done`. The event loop may cancel at any time
 * between; `live`, under the mutex, tells it whether there is something to cancel, and tells the submitter what it
 * missed.
 */
#include "gateway/http/server.h"

#include <stdlib.h>
#include <string.h>

static struct http_exchange *of_job(struct job *job)
{
    return (struct http_exchange *)((char *)job - offsetof(struct http_exchange, job));
}

static void run_done(struct job *job)
{
    struct http_exchange *exchange = of_job(job);
    exchange->done(exchange);
}

static void run_done_inline(struct job *job)
{
    struct http_exchange *exchange = of_job(job);
    http_exchange_run_inline(exchange, exchange->done);
}

/* All replies are there; any thread. */
static void finished(struct http_exchange *exchange)
{
    struct http_connection *connection = exchange->connection;
    size_t bytes = 0;

    for (size_t i = 0; i < exchange->call_count; i++)
        bytes += exchange->calls[i].reply.message.size;
    if (bytes <= HTTP_INLINE_BYTES)
        http_run_on_loop(connection->loop, &exchange->job, run_done_inline);
    else
        http_run_on_worker(connection->front, &exchange->job, run_done);
}

static void count_down(struct http_exchange *exchange)
{
    if (atomic_fetch_sub_explicit(&exchange->pending, 1, memory_order_acq_rel) == 1)
        finished(exchange);
}

static void replied(struct request *request, const struct reply *reply, void *context)
{
    struct http_call *call = context;
    (void)request;
    call->reply = *reply; /* its rope is not ours: it lasts as long as the request */
    count_down(call->exchange);
}

static void not_made(struct http_call *call, sluice_status status, const char *text)
{
    call->reply = (struct reply){.status = status, .text = arena_text(http_arena(call->exchange), text)};
    if (call->reply.text == NULL)
        call->reply.text = "";
}

static bool make_calls(struct http_exchange *exchange, size_t count, http_done *done)
{
    http_calls_free(exchange);
    exchange->done = done;
    exchange->calls = arena_zalloc(http_arena(exchange), count * sizeof *exchange->calls);
    if (exchange->calls == NULL)
        return false;
    exchange->call_count = count;
    atomic_init(&exchange->pending, count + 1);
    for (size_t i = 0; i < count; i++)
        exchange->calls[i].exchange = exchange;
    return true;
}

/* A request that was admitted when its head came is not refused because the gateway began to drain since. */
static sluice_status admit(struct http_exchange *exchange, sluice_error *error)
{
    struct http_connection *connection = exchange->connection;
    sluice_status status = router_admit(connection->front->router, connection->client, error);
    return status == SLUICE_DRAINING && exchange->route->body ? SLUICE_OK : status;
}

static void submit_all(struct http_exchange *exchange)
{
    size_t count = exchange->call_count;
    for (size_t i = 0; i < count; i++) {
        struct http_call *call = &exchange->calls[i];
        if (call->request != NULL)
            router_submit(call->request, 0, replied, call);
        else
            atomic_fetch_sub_explicit(&exchange->pending, 1, memory_order_relaxed); /* the submitter's one remains */
    }
    pthread_mutex_lock(&exchange->mutex);
    exchange->live = true;
    bool cancelled = exchange->cancelled;
    for (size_t i = 0; i < count && cancelled; i++)
        if (exchange->calls[i].request != NULL)
            router_cancel(exchange->calls[i].request);
    pthread_mutex_unlock(&exchange->mutex);
    count_down(exchange);
}

bool http_submit(struct http_exchange *exchange, const struct rope *messages, size_t count, http_done *done)
{
    struct http_connection *connection = exchange->connection;
    sluice_error error;

    if (!make_calls(exchange, count, done))
        return false;
    sluice_status admitted = admit(exchange, &error);
    for (size_t i = 0; i < count; i++) {
        sluice_status status = admitted;
        if (status == SLUICE_OK)
            status = request_new(connection->front->router, connection->client, &messages[i],
                                 &exchange->calls[i].request, &error);
        if (status != SLUICE_OK)
            not_made(&exchange->calls[i], status, error.text);
    }
    submit_all(exchange);
    return true;
}

bool http_submit_dry_run(struct http_exchange *exchange, http_done *done)
{
    struct http_connection *connection = exchange->connection;
    sluice_error error;

    if (!make_calls(exchange, 1, done))
        return false;
    sluice_status status = admit(exchange, &error);
    if (status == SLUICE_OK)
        status =
            request_new_dry_run(connection->front->router, connection->client, &exchange->calls[0].request, &error);
    if (status != SLUICE_OK)
        not_made(&exchange->calls[0], status, error.text);
    submit_all(exchange);
    return true;
}

const struct reply *http_reply(const struct http_exchange *exchange, size_t index)
{
    return &exchange->calls[index].reply;
}

sluice_text http_reply_id(const struct http_exchange *exchange, size_t index)
{
    const struct request *request = exchange->calls[index].request;
    return request != NULL ? request_id(request) : (sluice_text){"", 0};
}

void http_calls_cancel(struct http_exchange *exchange)
{
    pthread_mutex_lock(&exchange->mutex);
    bool first = !exchange->cancelled;
    exchange->cancelled = true;
    size_t count = first && exchange->live ? exchange->call_count : 0; /* before that it is the submitter's */
    for (size_t i = 0; i < count; i++)
        if (exchange->calls[i].request != NULL)
            router_cancel(exchange->calls[i].request);
    pthread_mutex_unlock(&exchange->mutex);
}

void http_calls_free(struct http_exchange *exchange)
{
    if (exchange->call_count == 0) /* whoever has the exchange is the only one that changes it */
        return;
    pthread_mutex_lock(&exchange->mutex);
    exchange->live = false;
    size_t count = exchange->call_count;
    exchange->call_count = 0;
    pthread_mutex_unlock(&exchange->mutex);
    for (size_t i = 0; i < count; i++)
        if (exchange->calls[i].request != NULL)
            request_free(exchange->calls[i].request);
}
