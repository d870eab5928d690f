/*
 * Design notes.
 *
 * Life: new -> serving -> draining -> stopping -> stopped. What the steps do to connections is done by their event loops,
 * which get them as jobs: draining makes every answer the last of its connection and ends idle ones; stopping cancels
 * what is left, waits until no connection is suspended (libmicrohttpd aborts the process otherwise) and ends the loop.
 * Only then are the daemons stopped, by the main thread.
 */
#include "gateway/http/server.h"

#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "common/foundation/text.h"
#include "gateway/front/listen.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DAEMON_OPTIONS_MAX = 24,
    ALLOW_SUSPEND = MHD_ALLOW_SUSPEND_RESUME & ~MHD_USE_ITC, /* the loop wakes itself: half the wake-ups */
    /* What libmicrohttpd takes for a connection beside the header fields: the fields' list and the answer's head. */
    POOL_EXTRA_BYTES = 4096,
    POOL_LEAST_BYTES = 8192,
};

static struct http_front *front_with(const struct http_front_settings *settings, struct router *router)
{
    struct http_front *front = calloc(1, sizeof *front);
    if (front == NULL)
        return NULL;
    front->settings = *settings;
    if (front->settings.loop_fill == 0)
        front->settings.loop_fill = HTTP_LOOP_FILL;
    front->gateway = &settings->flow->gateway;
    front->router = router;
    front->started = clock_utc();
    text_random_id(front->session);
    buffer_init(&front->openapi, BUFFER_NO_LIMIT);
    front->acceptor.fd = -1;
    pthread_mutex_init(&front->mutex, NULL);
    clock_condition_init(&front->changed);
    return front;
}

static void front_done(struct http_front *front)
{
    workers_free(front->workers);
    http_loops_free(front);
    if (front->acceptor.fd >= 0)
        close(front->acceptor.fd);
    http_routes_done(front);
    buffer_done(&front->openapi);
    http_tls_free(front->tls);
    pthread_cond_destroy(&front->changed);
    pthread_mutex_destroy(&front->mutex);
    free(front);
}

/* Paths and queries are decoded by us (routes.c): a NUL from %00 must not end them. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static void log_of_library(void *context, const char *format, va_list arguments)
{
    (void)context;
    char text[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int size = vsnprintf(text, sizeof text, format, arguments);
#pragma GCC diagnostic pop
    while (size > 0 && size < (int)sizeof text && text[size - 1] == '\n')
        text[--size] = '\0';
    log_debug("libmicrohttpd: %s", log_quoted(text, strlen(text))); /* about single connections: no errors of ours */
}

struct options {
    struct MHD_OptionItem list[DAEMON_OPTIONS_MAX];
    size_t count;
};

static void add(struct options *options, enum MHD_OPTION option, intptr_t value, void *pointer)
{
    options->list[options->count++] = (struct MHD_OptionItem){option, value, pointer};
}

static void add_text(struct options *options, enum MHD_OPTION option, const char *text)
{
    add(options, option, 0, (void *)(uintptr_t)text);
}

/*
 * libmicrohttpd clears all of a connection's memory after each request: 64 KiB of it, the default of max_header_bytes,
 * were a tenth of a request's processor time. Hence http_max_header_bytes.
 */
static size_t pool_bytes(const struct http_front *front)
{
    size_t bytes = (size_t)http_header_bytes_max(front) + POOL_EXTRA_BYTES;
    return bytes < POOL_LEAST_BYTES ? POOL_LEAST_BYTES : bytes;
}

static intptr_t whole_seconds(uint64_t ns)
{
    return (intptr_t)((ns + CLOCK_NS_PER_SECOND - 1) / CLOCK_NS_PER_SECOND);
}

/* Connections come by MHD_add_connection() (accept.c). */
sluice_status http_daemon_start(struct http_loop *loop, sluice_error *error)
{
    const struct http_front *front = loop->front;
    unsigned flags = MHD_USE_EPOLL | ALLOW_SUSPEND | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
    struct options options = {.count = 0};

    add(&options, MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_of_library, NULL);
    add(&options, MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_exchange_completed, loop);
    add(&options, MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_connection_notify, loop);
    add(&options, MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL);
    add(&options, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)pool_bytes(front), NULL);
    add(&options, MHD_OPTION_CONNECTION_LIMIT, front->gateway->http.max_connections, NULL);
    add(&options, MHD_OPTION_CONNECTION_TIMEOUT, whole_seconds(front->gateway->http.idle_timeout_ns), NULL);
    add(&options, MHD_OPTION_STRICT_FOR_CLIENT, -1, NULL); /* framing.c is: its answers are whole */
    if (front->tls != NULL) {
        flags |= MHD_USE_TLS;
        add_text(&options, MHD_OPTION_HTTPS_MEM_CERT, buffer_text(&front->tls->material.certificate));
        add_text(&options, MHD_OPTION_HTTPS_MEM_KEY, buffer_text(&front->tls->material.key));
        add_text(&options, MHD_OPTION_HTTPS_PRIORITIES, HTTP_TLS_PRIORITIES);
        if (http_tls_authorities(front->tls) != NULL)
            add_text(&options, MHD_OPTION_HTTPS_MEM_TRUST, http_tls_authorities(front->tls));
    }
    add(&options, MHD_OPTION_END, 0, NULL);
    loop->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_exchange_call, NULL, MHD_OPTION_ARRAY, options.list,
                                    MHD_OPTION_END);
    if (loop->daemon != NULL)
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_SYSTEM, "gateway", "the HTTP server cannot be started%s",
                       front->tls != NULL ? ": libmicrohttpd refused the certificate or has no TLS" : "");
}

static sluice_status add_routes(struct http_front *front, sluice_error *error)
{
    static sluice_status (*const adders[])(struct http_front *, sluice_error *) = {
        http_openapi_routes, http_docs_routes,    http_jina_routes,
        http_info_routes,    http_graphql_routes, http_openapi_write};
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sizeof adders / sizeof adders[0] && status == SLUICE_OK; i++)
        status = adders[i](front, error);
    return status;
}

/* As many loops as processors that this process may use: one that is busy leaves the others idle. */
static unsigned count_of_loops(unsigned wanted)
{
    cpu_set_t processors;
    if (wanted > 0)
        return wanted < HTTP_LOOPS_MAX ? wanted : HTTP_LOOPS_MAX;
    unsigned count = sched_getaffinity(0, sizeof processors, &processors) == 0 ? (unsigned)CPU_COUNT(&processors) : 1;
    return count < 1 ? 1 : count < HTTP_LOOPS_UNASKED ? count : HTTP_LOOPS_UNASKED;
}

static sluice_status open_front(struct http_front *front, sluice_error *error)
{
    const struct http_front_settings *settings = &front->settings;
    sluice_status status = add_routes(front, error);
    if (status == SLUICE_OK && front->gateway->tls.certfile != NULL)
        status = http_tls_new(&front->gateway->tls, &front->tls, error);
    if (status == SLUICE_OK)
        status = workers_new("sluice-json", front->gateway->http.workers, WORKERS_AT_ONCE, &front->workers, error);
    if (status == SLUICE_OK)
        status = front_listen("HTTP", settings->host, settings->port, &front->acceptor.fd, &front->port, error);
    for (unsigned i = count_of_loops(settings->threads); i > 0 && status == SLUICE_OK; i--)
        status = http_loop_new(front, error);
    if (status == SLUICE_OK)
        status = http_loops_start(front, error);
    return status;
}

sluice_status http_front_new(const struct http_front_settings *settings, struct router *router,
                             struct http_front **ret_front, sluice_error *error)
{
    const struct flow_limits *limits = &settings->flow->gateway.limits;
    if (limits->max_in_flight_per_client == 0 || limits->max_message_bytes == 0)
        return sluice_fail(error, SLUICE_INVALID, "gateway",
                           "max_in_flight_per_client and max_message_bytes must be above 0");
    struct http_front *front = front_with(settings, router);
    if (front == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the HTTP front");
    sluice_status status = open_front(front, error);
    if (status != SLUICE_OK) {
        http_front_free(front);
        return status;
    }
    *ret_front = front;
    return SLUICE_OK;
}

uint32_t http_header_bytes_max(const struct http_front *front)
{
    uint32_t all = front->gateway->limits.max_header_bytes, own = front->gateway->http.max_header_bytes;
    return all < own ? all : own;
}

uint16_t http_front_port(const struct http_front *front)
{
    return front->port;
}

const struct flow *http_front_flow(const struct http_front *front)
{
    return front->settings.flow;
}

static void start_draining(struct job *job)
{
    struct http_loop *loop = (struct http_loop *)((char *)job - offsetof(struct http_loop, drain_job));
    loop->draining = true;
    http_connections_sweep(loop, clock_monotonic_ns());
}

void http_front_drain(struct http_front *front)
{
    if (front->told_to_drain)
        return;
    front->told_to_drain = true;
    for (unsigned i = 0; i < front->loop_count; i++)
        http_run_on_loop(front->loops[i], &front->loops[i]->drain_job, start_draining);
}

static bool has_work(const struct http_front *front)
{
    for (unsigned i = 0; i < front->loop_count; i++)
        if (atomic_load(&front->loops[i]->working) > 0)
            return true;
    return false;
}

bool http_front_wait(struct http_front *front, uint64_t deadline_ns)
{
    bool in_time = true;

    pthread_mutex_lock(&front->mutex);
    atomic_store(&front->waiting, true);
    while (has_work(front) && in_time)
        in_time = clock_condition_wait(&front->changed, &front->mutex, deadline_ns);
    bool idle = !has_work(front);
    pthread_mutex_unlock(&front->mutex);
    return idle;
}

struct http_front *http_front_free(struct http_front *front)
{
    if (front == NULL)
        return NULL;
    http_loops_stop(front);
    front_done(front);
    return NULL;
}
