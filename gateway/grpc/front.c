/*
 * Design notes.
 *
 * Life: new -> serving -> draining -> stopping -> stopped. `waiting` tags wait for calls all the time; each call that
 * arrives arms the next tag first. Stopping follows the order that gRPC demands: shutdown_and_notify, cancel what is
 * left, wait for its event and for every call to be freed, destroy the server, then the queue.
 *
 * front->mutex guards the counters and the list of calls and is held for a few instructions only; no function of the
 * router, of gRPC or of a method is called under it.
 */
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "common/foundation/text.h"
#include "common/net/grpc/inflate.h"
#include "gateway/front/listen.h"
#include "gateway/grpc/server.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WAITING_CALLS = 128,     /* request_call tags armed at once: the burst that is taken without a wait */
    PING_INTERVAL_MS = 5000, /* clients of Jina ping every 10 s */
    KEEPALIVE_MS = 60000,    /* how soon a connection whose client vanished is noticed */
    KEEPALIVE_TIMEOUT_MS = 20000,
    HANDSHAKE_TIMEOUT_MS = 20000, /* of TLS and the HTTP/2 preface */
    ARGUMENT_MAX = 20,
    ADDRESS_MAX = 300,
    STOP_GRACE_MS = 200, /* for the last bytes of calls that have ended */
};

/*
 * Metadata is held to max_header_bytes by call.c, which answers status 8 and says why. Core's own limit would hold only
 * from when a client has confirmed the settings on, counts the fields of HTTP/2 too, and its answer is status 2, "Missing
 * :method header"; so it lies above by this much, and only bounds memory.
 */
#define CORE_HEADER_EXTRA_BYTES (1u << 20)

/* Memory beside the requests: buffers of idle connections, HTTP/2 tables. */
#define QUOTA_EXTRA_BYTES ((uint64_t)64 << 20)

struct arguments {
    grpc_arg list[ARGUMENT_MAX];
    size_t count;
};

static void add(struct arguments *arguments, const char *key, int value)
{
    arguments->list[arguments->count++] =
        (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

static int clamp(uint64_t value)
{
    return value > INT_MAX ? INT_MAX : (int)value;
}

/* What core may hold for all connections together: everything in flight, one message on its way in, and a little. */
static grpc_resource_quota *quota_of(const struct flow_limits *limits)
{
    uint64_t bytes;
    if (__builtin_add_overflow(limits->max_bytes_in_flight, limits->max_message_bytes, &bytes) ||
        __builtin_add_overflow(bytes, QUOTA_EXTRA_BYTES, &bytes) || bytes > SIZE_MAX / 2)
        bytes = SIZE_MAX / 2;
    grpc_resource_quota *quota = grpc_resource_quota_create("gateway");
    grpc_resource_quota_resize(quota, bytes);
    return quota;
}

static grpc_server *server_with_limits(const struct flow_limits *limits)
{
    grpc_resource_quota *quota = quota_of(limits);
    struct arguments arguments = {.count = 0};

    add(&arguments, GRPC_ARG_ALLOW_REUSEPORT, 0); /* else a second server on the port is no error */
    add(&arguments, GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1);
    add(&arguments, GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, clamp(limits->max_message_bytes));
    add(&arguments, RPC_DECOMPRESSION, 0); /* core would do it without a bound */
    add(&arguments, GRPC_ARG_MAX_METADATA_SIZE, clamp((uint64_t)limits->max_header_bytes + CORE_HEADER_EXTRA_BYTES));
    add(&arguments, GRPC_ARG_MAX_CONCURRENT_STREAMS, clamp(limits->max_in_flight));
    add(&arguments, GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_INTERVAL_MS);
    add(&arguments, GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0); /* never "too many pings" */
    add(&arguments, GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    add(&arguments, GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS);
    add(&arguments, GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS);
    add(&arguments, GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0); /* 0: our own keepalive pings are not held back */
    add(&arguments, GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS);
    add(&arguments, GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    add(&arguments, GRPC_ARG_ENABLE_CHANNELZ, 0);
    add(&arguments, GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
    arguments.list[arguments.count++] = (grpc_arg){
        .type = GRPC_ARG_POINTER,
        .key = (char *)(uintptr_t)GRPC_ARG_RESOURCE_QUOTA,
        .value.pointer = {.p = quota, .vtable = grpc_resource_quota_arg_vtable()}
    };

    grpc_channel_args list = {.num_args = arguments.count, .args = arguments.list};
    grpc_server *server = grpc_server_create(&list, NULL);
    grpc_resource_quota_unref(quota);
    return server;
}

/* gRPC tells no reason: the port is tried without it. */
static sluice_status say_why(const struct grpc_front_settings *settings, const char *address, sluice_error *error)
{
    int fd;
    uint16_t port;
    sluice_status status = front_listen("gRPC", settings->host, settings->port, &fd, &port, error);
    if (status != SLUICE_OK)
        return status;
    close(fd);
    return sluice_fail(error, SLUICE_SYSTEM, address,
                       "the gRPC port cannot be opened: gRPC refused it; choose another `port`, or 0 for a free one");
}

static sluice_status open_port(struct grpc_front *front, sluice_error *error)
{
    const char *host = front->settings.host;
    uint16_t port = front->settings.port;
    char address[ADDRESS_MAX];

    const char *form = strchr(host, ':') != NULL && host[0] != '[' ? "[%s]:%u" : "%s:%u";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int size = snprintf(address, sizeof address, form, host, port);
#pragma GCC diagnostic pop
    if (size < 0 || (size_t)size >= sizeof address)
        return sluice_fail(error, SLUICE_INVALID, "gateway", "the host name to listen on is longer than %d characters",
                           ADDRESS_MAX - 8);
    grpc_server_credentials *credentials = NULL;
    sluice_status status = credentials_of(&front->settings.tls, &credentials, error);
    if (status != SLUICE_OK)
        return status;
    front->port = grpc_server_add_http2_port(front->server, address, credentials);
    grpc_server_credentials_release(credentials);
    if (front->port > 0)
        return SLUICE_OK;
    return say_why(&front->settings, address, error);
}

static void mark_stopped(struct rpc_event *event, bool ok)
{
    struct grpc_front *front = RPC_EVENT_OWNER(event, struct grpc_front, shut_down);
    (void)ok;
    pthread_mutex_lock(&front->mutex);
    front->stopped = true;
    pthread_cond_broadcast(&front->changed);
    pthread_mutex_unlock(&front->mutex);
}

static struct grpc_front *front_with(const struct grpc_front_settings *settings, struct router *router)
{
    struct grpc_front *front = calloc(1, sizeof *front);
    if (front == NULL)
        return NULL;
    front->settings = *settings;
    if (front->settings.threads == 0)
        front->settings.threads = 1;
    if (front->settings.prefetch == 0 || front->settings.prefetch > settings->limits.max_in_flight_per_client)
        front->settings.prefetch = settings->limits.max_in_flight_per_client;
    front->router = router;
    front->started = clock_utc();
    text_random_id(front->session);
    pthread_mutex_init(&front->mutex, NULL);
    clock_condition_init(&front->changed);
    rpc_event_init(&front->shut_down, mark_stopped);
    front->peers = peers_new(router);
    return front;
}

static void front_done(struct grpc_front *front)
{
    peers_free(front->peers);
    pthread_cond_destroy(&front->changed);
    pthread_mutex_destroy(&front->mutex);
    free(front);
}

sluice_status grpc_front_new(const struct grpc_front_settings *settings, struct router *router,
                             struct grpc_front **ret_front, sluice_error *error)
{
    if (settings->limits.max_in_flight_per_client == 0 || settings->limits.max_message_bytes == 0)
        return sluice_fail(error, SLUICE_INVALID, "gateway",
                           "max_in_flight_per_client and max_message_bytes must be above 0");
    struct grpc_front *front = front_with(settings, router);
    if (front == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the gRPC front");
    sluice_status status = front->peers != NULL
                               ? SLUICE_OK
                               : sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the gRPC front");
    if (status == SLUICE_OK)
        status = rpc_loop_new_with(front->settings.threads, "sluice-grpc",
                                   (struct rpc_burst){settings->burst_begin, settings->burst_end}, &front->loop, error);
    if (status != SLUICE_OK) {
        front_done(front);
        return status;
    }
    front->server = server_with_limits(&settings->limits);
    grpc_server_register_completion_queue(front->server, rpc_loop_queue(front->loop), NULL);
    status = open_port(front, error);
    grpc_server_start(front->server);
    for (int i = 0; i < WAITING_CALLS && status == SLUICE_OK; i++)
        if (!call_await(front))
            status = sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the gRPC front");
    if (status != SLUICE_OK) {
        grpc_front_free(front);
        return status;
    }
    *ret_front = front;
    return SLUICE_OK;
}

uint16_t grpc_front_port(const struct grpc_front *front)
{
    return (uint16_t)front->port;
}

/* A reference to a call that may be going away at this moment. */
static bool try_ref(struct call *call)
{
    unsigned references = atomic_load_explicit(&call->references, memory_order_relaxed);
    while (references != 0)
        if (atomic_compare_exchange_weak_explicit(&call->references, &references, references + 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    return false;
}

/*
 * Calls drain() of every listed call. The list may change between two calls, so the walk holds a reference to the one
 * it is at; a call that is still listed when it is left has a valid `next`, because unlisting happens in the last
 * unref.
 */
static void drain_listed(struct grpc_front *front, bool stop)
{
    struct call *at = NULL;

    for (;;) {
        pthread_mutex_lock(&front->mutex);
        struct call *next = at == NULL ? front->listed : at->next;
        while (next != NULL && !try_ref(next))
            next = next->next;
        pthread_mutex_unlock(&front->mutex);
        if (at != NULL)
            call_unref(at);
        if (next == NULL)
            return;
        if (next->method->drain != NULL)
            next->method->drain(next, stop);
        at = next;
    }
}

void grpc_front_drain(struct grpc_front *front)
{
    if (!atomic_exchange(&front->draining, true))
        drain_listed(front, false);
}

bool grpc_front_wait(struct grpc_front *front, uint64_t deadline_ns)
{
    bool in_time = true;

    pthread_mutex_lock(&front->mutex);
    while (front->working > 0 && in_time)
        in_time = clock_condition_wait(&front->changed, &front->mutex, deadline_ns);
    bool idle = front->working == 0;
    pthread_mutex_unlock(&front->mutex);
    return idle;
}

static bool everything_gone(const struct grpc_front *front)
{
    return front->stopped && front->waiting == 0 && front->open == 0;
}

static void stop_server(struct grpc_front *front)
{
    uint64_t grace = clock_monotonic_ns() + STOP_GRACE_MS * (uint64_t)CLOCK_NS_PER_MS;

    grpc_server_shutdown_and_notify(front->server, rpc_loop_queue(front->loop), rpc_event_arm(&front->shut_down));
    pthread_mutex_lock(&front->mutex);
    bool in_time = true;
    while (!everything_gone(front) && in_time)
        in_time = clock_condition_wait(&front->changed, &front->mutex, grace);
    pthread_mutex_unlock(&front->mutex);

    grpc_server_cancel_all_calls(front->server);
    pthread_mutex_lock(&front->mutex);
    while (!everything_gone(front))
        clock_condition_wait(&front->changed, &front->mutex, 0);
    pthread_mutex_unlock(&front->mutex);
}

struct grpc_front *grpc_front_free(struct grpc_front *front)
{
    if (front == NULL)
        return NULL;
    grpc_front_drain(front);
    pthread_mutex_lock(&front->mutex);
    front->stopping = true;
    pthread_mutex_unlock(&front->mutex);
    drain_listed(front, true);
    stop_server(front);
    grpc_server_destroy(front->server);
    rpc_loop_free(front->loop);
    front_done(front);
    return NULL;
}
