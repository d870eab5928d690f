/*
 * exchange.c - one request: from its header fields over its body to its handler. All on the event loop.
 *
 * libmicrohttpd calls three times: with the header fields, with each piece of the body, at the end; and once more after
 * the connection was resumed. It takes an answer only before or behind the body, and one given before it ends the
 * connection, at times with a reset that the client sees instead of the answer. So a request that is refused early has
 * its body read and dropped when it is short (and keeps its connection), and is otherwise answered past libmicrohttpd.
 */
#include "gateway/http/body.h"
#include "gateway/http/server.h"

#include "common/foundation/clock.h"
#include "common/foundation/status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    DROP_BYTES_MAX = 65536,   /* of the body of a refused request that is read to keep the connection */
    RESERVE_BYTES = 1 << 20,  /* at most so much memory is taken on a Content-Length's word */
    ARENA_FIRST_BYTES = 2048, /* an exchange with its calls */
};

/* The exchange whose function runs on this thread, the event loop, right now. */
static _Thread_local struct http_exchange *inline_exchange;

/* ---- its end ---- */

static void uncount_body(struct http_exchange *exchange)
{
    struct http_front *front = exchange->connection->front;
    if (!exchange->counted)
        return;
    exchange->counted = false;
    atomic_fetch_sub(&front->body_bytes, exchange->body.size);
}

void http_exchange_completed(void *context, struct MHD_Connection *mhd, void **state,
                             enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *state;
    struct http_loop *loop = context;
    struct http_front *front = loop->front;
    (void)mhd;
    (void)code;

    if (exchange == NULL)
        return;
    struct http_connection *connection = exchange->connection;
    *state = NULL;
    connection->exchange = NULL;
    connection->since_ns = loop->now_ns;
    uncount_body(exchange);
    http_calls_free(exchange);
    buffer_done(&exchange->body);
    buffer_done(&exchange->answer);
    pthread_mutex_destroy(&exchange->mutex);
    arena_reset(connection->arena);
    if (atomic_fetch_sub(&loop->working, 1) == 1 && atomic_load(&front->waiting)) {
        pthread_mutex_lock(&front->mutex);
        pthread_cond_broadcast(&front->changed);
        pthread_mutex_unlock(&front->mutex);
    }
}

/* ---- refusing ---- */

/* The answer is set; how does it get to the client, and what becomes of the body? MHD_NO ends the connection. */
static enum MHD_Result refuse(struct http_exchange *exchange, bool close)
{
    if (!close && exchange->length <= DROP_BYTES_MAX && !exchange->expects) {
        exchange->stage = HTTP_DROPPING;
        return MHD_YES;
    }
    http_answer_raw(exchange);
    exchange->stage = HTTP_LINGERING;
    exchange->connection->since_ns = exchange->connection->loop->now_ns;
    return exchange->expects ? MHD_NO : MHD_YES;
}

static enum MHD_Result refuse_with(struct http_exchange *exchange, unsigned status, const char *text)
{
    http_answer_set_detail(exchange, status, text);
    return refuse(exchange, false);
}

void http_exchange_end(struct http_exchange *exchange, unsigned status, const char *text)
{
    http_answer_set_detail(exchange, status, text);
    http_answer_raw(exchange);
    exchange->stage = HTTP_LINGERING;
    http_connection_shut(exchange->connection);
}

/* ---- the head ---- */

static struct http_exchange *new_exchange(struct http_connection *connection, const char *method)
{
    if (connection->arena == NULL)
        connection->arena = arena_new(ARENA_FIRST_BYTES, ARENA_NO_LIMIT);
    struct http_exchange *exchange =
        connection->arena != NULL ? arena_zalloc(connection->arena, sizeof *exchange) : NULL;
    if (exchange == NULL)
        return NULL;
    exchange->connection = connection;
    exchange->method = method;
    buffer_init(&exchange->body, connection->front->gateway->limits.max_message_bytes);
    buffer_init(&exchange->answer, BUFFER_NO_LIMIT);
    pthread_mutex_init(&exchange->mutex, NULL);
    connection->exchange = exchange;
    connection->since_ns = connection->loop->now_ns;
    atomic_fetch_add(&connection->loop->working, 1);
    return exchange;
}

/* Of a request whose framing is in order. */
static void read_length(struct http_exchange *exchange)
{
    const char *length = http_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL)
        exchange->length = strtoull(length, NULL, 10);
    else
        exchange->length = http_header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ? UINT64_MAX : 0;
    const char *expect = http_header(exchange, MHD_HTTP_HEADER_EXPECT);
    exchange->expects = expect != NULL && exchange->length > 0 && strcasecmp(expect, "100-continue") == 0;
}

/* SLUICE_OK, or how to refuse a body in this coding. */
static bool takes_coding(struct http_exchange *exchange)
{
    enum body_coding coding = body_coding_of(http_header(exchange, MHD_HTTP_HEADER_CONTENT_ENCODING));
    exchange->compressed = coding == BODY_GZIP;
    return coding != BODY_UNKNOWN;
}

/* Collect the body of a request that has a handler, or refuse it. */
static enum MHD_Result begin_body(struct http_exchange *exchange)
{
    struct http_front *front = exchange->connection->front;
    sluice_error error;

    if (!exchange->route->body)
        return MHD_YES;
    if (exchange->length != UINT64_MAX && exchange->length > front->gateway->limits.max_message_bytes)
        return refuse_with(exchange, MHD_HTTP_CONTENT_TOO_LARGE,
                           "the body is larger than the gateway takes (max_message_bytes)");
    if (!exchange->route->any_coding && !takes_coding(exchange))
        return refuse_with(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                           "the body is in a Content-Encoding that is not known here; send it plain or in gzip");
    sluice_status status = router_admit(front->router, exchange->connection->client, &error);
    if (status != SLUICE_OK)
        return refuse_with(exchange, (unsigned)status_codes_of(status)->http, error.text);
    if (exchange->length != UINT64_MAX)
        buffer_reserve(&exchange->body, exchange->length < RESERVE_BYTES ? exchange->length : RESERVE_BYTES);
    return MHD_YES;
}

/* A WebSocket client at the wrong door, refused as Jina does it. */
static bool wants_websocket(const struct http_exchange *exchange)
{
    const char *upgrade = http_header(exchange, MHD_HTTP_HEADER_UPGRADE);
    return upgrade != NULL && strcasecmp(upgrade, "websocket") == 0;
}

static enum MHD_Result begin(struct http_connection *connection, const char *url, const char *method,
                             const char *version, void **state)
{
    struct http_front *front = connection->front;
    struct http_exchange *exchange = connection->loop->stopping ? NULL : new_exchange(connection, method);
    if (exchange == NULL)
        return MHD_NO;
    *state = exchange;
    exchange->last = strcmp(version, MHD_HTTP_VERSION_1_1) != 0; /* as Jina, whatever it says of keep-alive */
    const char *fault = http_framing_fault(connection->mhd, url, version);
    if (fault != NULL) {
        exchange->length = UINT64_MAX; /* nobody knows */
        http_answer_set_detail(exchange, MHD_HTTP_BAD_REQUEST, fault);
        return refuse(exchange, true);
    }
    read_length(exchange);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (info != NULL && info->header_size > http_header_bytes_max(front))
        return refuse_with(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
                           "the header fields are larger than the gateway takes (http_max_header_bytes, "
                           "max_header_bytes)");
    if (wants_websocket(exchange)) {
        exchange->status = MHD_HTTP_FORBIDDEN;
        exchange->type = "text/plain";
        return refuse(exchange, true);
    }
    if (http_cors_preflight(exchange))
        return refuse(exchange, false);
    exchange->route = http_routes_find(exchange, url, method);
    return exchange->route == NULL ? refuse(exchange, false) : begin_body(exchange);
}

/* ---- the body ---- */

/* No more of this body: it is too much. */
static void give_up_body(struct http_exchange *exchange, unsigned status, const char *text)
{
    uncount_body(exchange);
    exchange->dropped += exchange->body.size;
    buffer_done(&exchange->body);
    http_answer_set_detail(exchange, status, text);
    http_answer_raw(exchange);
    exchange->stage = HTTP_LINGERING;
    exchange->connection->since_ns = exchange->connection->loop->now_ns;
}

/*
 * Room for more of this body beside the others? One may be larger than all together: it is then the only one. Loops that
 * look at the same time may go beyond the limit by a piece each.
 */
static bool has_room(const struct http_exchange *exchange, size_t size)
{
    struct http_front *front = exchange->connection->front;
    uint64_t own = exchange->body.size, counted = exchange->counted ? own : 0;
    uint64_t others = atomic_load(&front->body_bytes) - counted;
    return others == 0 || others + own + size <= front->gateway->limits.max_bytes_in_flight;
}

static void keep_body(struct http_exchange *exchange, const char *data, size_t size)
{
    bool whole = size == exchange->length; /* it goes to its handler at once, where the router counts it */

    if (!has_room(exchange, size)) {
        give_up_body(exchange, MHD_HTTP_TOO_MANY_REQUESTS,
                     "the gateway holds as many bytes of requests as it may (max_bytes_in_flight); try again later");
        return;
    }
    buffer_append(&exchange->body, data, size);
    if (exchange->body.failed != SLUICE_OK) {
        bool memory = exchange->body.failed == SLUICE_NO_MEMORY;
        give_up_body(exchange, memory ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_CONTENT_TOO_LARGE,
                     memory ? "no memory for the body"
                            : "the body is larger than the gateway takes (max_message_bytes)");
        return;
    }
    if (whole)
        return;
    exchange->counted = true;
    atomic_fetch_add(&exchange->connection->front->body_bytes, size);
}

static void take_body(struct http_exchange *exchange, const char *data, size_t size)
{
    if (exchange->stage == HTTP_COLLECTING && exchange->route->body) {
        keep_body(exchange, data, size);
        return;
    }
    exchange->dropped += size;
    if (exchange->stage == HTTP_LINGERING || exchange->dropped <= DROP_BYTES_MAX)
        return;
    if (exchange->stage == HTTP_COLLECTING) /* a route that reads no body got a long one */
        http_answer_set_detail(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "this path takes no body");
    http_answer_raw(exchange);
    exchange->stage = HTTP_LINGERING;
    exchange->connection->since_ns = exchange->connection->loop->now_ns;
}

/* ---- the handler, the answer ---- */

static struct http_exchange *of_job(struct job *job)
{
    return (struct http_exchange *)((char *)job - offsetof(struct http_exchange, job));
}

static void suspend(struct http_exchange *exchange)
{
    exchange->suspended = true;
    exchange->connection->loop->suspended++;
    MHD_suspend_connection(exchange->connection->mhd);
}

static void handle(struct job *job)
{
    struct http_exchange *exchange = of_job(job);
    if (!exchange->compressed || http_body_open(exchange))
        exchange->route->handle(exchange);
}

void http_exchange_run_inline(struct http_exchange *exchange, http_handler *function)
{
    inline_exchange = exchange;
    function(exchange);
    inline_exchange = NULL;
}

static enum MHD_Result dispatch(struct http_exchange *exchange)
{
    struct http_front *front = exchange->connection->front;

    if (exchange->connection->loop->stopping)
        return MHD_NO;
    uncount_body(exchange);
    exchange->stage = HTTP_WORKING;
    exchange->cancelled = exchange->connection->gone; /* it hung up before its request was read */
    if (exchange->compressed || exchange->body.size > HTTP_INLINE_BYTES) {
        suspend(exchange);
        http_run_on_worker(front, &exchange->job, handle);
        return MHD_YES;
    }
    http_exchange_run_inline(exchange, exchange->route->handle);
    if (exchange->stage == HTTP_ANSWERED)
        return http_answer_queue(exchange);
    suspend(exchange);
    return MHD_YES;
}

static void answered_elsewhere(struct job *job)
{
    struct http_exchange *exchange = of_job(job);
    exchange->stage = HTTP_ANSWERED;
    http_exchange_answered(exchange);
}

void http_exchange_answered(struct http_exchange *exchange)
{
    exchange->suspended = false;
    exchange->connection->loop->suspended--;
    MHD_resume_connection(exchange->connection->mhd);
}

/* The answer is complete; any thread that has the exchange. */
void http_exchange_give_answer(struct http_exchange *exchange)
{
    http_calls_free(exchange);
    if (inline_exchange != exchange) {
        http_run_on_loop(exchange->connection->loop, &exchange->job, answered_elsewhere);
        return;
    }
    exchange->stage = HTTP_ANSWERED;
    if (exchange->suspended)
        http_exchange_answered(exchange);
}

enum MHD_Result http_exchange_call(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct http_exchange *exchange = *state;
    (void)context;

    if (exchange == NULL) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct http_connection *connection = info != NULL ? info->socket_context : NULL;
        return connection == NULL ? MHD_NO : begin(connection, url, method, version, state);
    }
    if (*upload_size > 0) {
        size_t size = *upload_size;
        *upload_size = 0;
        take_body(exchange, upload, size);
        return MHD_YES;
    }
    switch (exchange->stage) {
    case HTTP_COLLECTING: return dispatch(exchange);
    case HTTP_DROPPING: exchange->stage = HTTP_ANSWERED; return http_answer_queue(exchange);
    case HTTP_ANSWERED: return exchange->connection->gone ? MHD_NO : http_answer_queue(exchange);
    case HTTP_LINGERING:
    case HTTP_WORKING: break;
    }
    return MHD_NO;
}

/* ---- what a handler asks ---- */

struct http_front *http_front_of(const struct http_exchange *exchange)
{
    return exchange->connection->front;
}

const struct flow *http_flow(const struct http_exchange *exchange)
{
    return exchange->connection->front->settings.flow;
}

const struct http_route *http_route_of(const struct http_exchange *exchange)
{
    return exchange->route;
}

const char *http_method(const struct http_exchange *exchange)
{
    return exchange->method;
}

sluice_text http_body(const struct http_exchange *exchange)
{
    return (sluice_text){buffer_text(&exchange->body), exchange->body.size};
}

void http_body_drop(struct http_exchange *exchange)
{
    buffer_done(&exchange->body);
}

/* Reads libmicrohttpd's list, which nobody changes while the exchange lives. */
const char *http_header(const struct http_exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection->mhd, MHD_HEADER_KIND, name);
}

struct arena *http_arena(struct http_exchange *exchange)
{
    return exchange->connection->arena;
}

void **http_state(struct http_exchange *exchange)
{
    return &exchange->state;
}
