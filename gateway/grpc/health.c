/*
 * grpc.health.v1: Check and Watch.
 *
 * Every known name has the same status: SERVING, and NOT_SERVING from grpc_front_drain() on. A watcher is a stream that
 * gets the status when it changes: at most one send is in progress, `shown` is what the last one said, and whoever
 * finishes a send looks again.
 */
#include "common/wire/wire.h"
#include "gateway/grpc/server.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_SERVICE = 1, RESPONSE_STATUS = 1 };
enum health { NONE = -1, SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };
enum { SERVICE_NAME_MAX = 256 };

/* The names that a gateway of Jina 3.34 marks as serving, whether it serves them or not. */
const char *const health_services[] = {
    "",
    "grpc.reflection.v1alpha.ServerReflection",
    "jina.JinaDataRequestRPC",
    "jina.JinaDiscoverEndpointsRPC",
    "jina.JinaGatewayDryRunRPC",
    "jina.JinaInfoRPC",
    "jina.JinaRPC",
    "jina.JinaSingleDataRequestRPC",
    "jina.JinaSingleDocumentRequestRPC",
    NULL,
};

/* Reads the name; false when the message is no HealthCheckRequest. A name that is too long is nobody's: "?". */
static bool read_service(const struct rope *message, char name[SERVICE_NAME_MAX])
{
    uint8_t bytes[SERVICE_NAME_MAX + 16];

    name[0] = '\0';
    if (message->size > sizeof bytes) {
        memcpy(name, "?", 2);
        return true;
    }
    rope_copy_out(message, bytes);
    struct wire_reader reader = wire_read(bytes, message->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        if (field.number != REQUEST_SERVICE || field.type != WIRE_BYTES)
            continue;
        bool fits = field.size < SERVICE_NAME_MAX && memchr(field.data, '\0', field.size) == NULL;
        memcpy(name, fits ? (const char *)field.data : "?", fits ? field.size : 1);
        name[fits ? field.size : 1] = '\0';
    }
    return !reader.malformed;
}

static enum health health_of(const struct grpc_front *front, const char *service)
{
    for (const char *const *known = health_services; *known != NULL; known++)
        if (strcmp(*known, service) == 0)
            return atomic_load(&front->draining) ? NOT_SERVING : SERVING;
    return SERVICE_UNKNOWN;
}

static grpc_status_code answer_check(struct call *call, const struct rope *message, struct buffer *answer)
{
    char service[SERVICE_NAME_MAX];

    if (!read_service(message, service))
        return GRPC_STATUS_INVALID_ARGUMENT;
    enum health health = health_of(call->front, service);
    if (health == SERVICE_UNKNOWN)
        return GRPC_STATUS_NOT_FOUND;
    wire_append_uint(answer, RESPONSE_STATUS, (uint64_t)health);
    return GRPC_STATUS_OK;
}

static void start_check(struct call *call)
{
    local_start(call, answer_check);
}

const struct method method_check = LOCAL_METHOD("/grpc.health.v1.Health/Check", start_check);

/* ---- Watch ---- */

struct watch {
    struct call *call;
    pthread_mutex_t mutex;
    struct rpc_event read, sent, ended;
    grpc_byte_buffer *incoming, *outgoing;
    char service[SERVICE_NAME_MAX];
    enum health shown;
    grpc_status_code code; /* of the end */
    bool ready;            /* the request was read */
    bool sending, begun, broken, stopped, ending;
};

static void watch_advance(struct watch *watch)
{
    struct call *call = watch->call;

    pthread_mutex_lock(&watch->mutex);
    bool free_to_send = !watch->sending && !watch->broken && !watch->ending;
    enum health health = watch->ready ? health_of(call->front, watch->service) : NONE;
    bool send = free_to_send && health != watch->shown;
    bool end = free_to_send && !send && watch->stopped;
    bool first = !watch->begun;
    watch->sending = watch->sending || send;
    watch->ending = watch->ending || end;
    watch->begun = watch->begun || send || end;
    if (send)
        watch->shown = health;
    pthread_mutex_unlock(&watch->mutex);

    if (send) {
        uint8_t bytes[] = {RESPONSE_STATUS << 3 | WIRE_VARINT, (uint8_t)health};
        if (watch->outgoing != NULL)
            grpc_byte_buffer_destroy(watch->outgoing);
        watch->outgoing = rpc_bytes_copy(bytes, sizeof bytes);
        call_send(call, watch->outgoing, first, false, &watch->sent);
    } else if (end) {
        call_end(call, NULL, first, watch->code, NULL, &watch->ended);
    }
}

static void watch_sent(struct rpc_event *event, bool ok)
{
    struct watch *watch = RPC_EVENT_OWNER(event, struct watch, sent);

    pthread_mutex_lock(&watch->mutex);
    watch->sending = false;
    watch->broken = !ok;
    pthread_mutex_unlock(&watch->mutex);
    watch_advance(watch);
    call_unref(watch->call);
}

static void watch_read(struct rpc_event *event, bool ok)
{
    struct watch *watch = RPC_EVENT_OWNER(event, struct watch, read);
    struct rope message;

    rope_init(&message);
    bool known = ok && watch->incoming != NULL && call_receive(watch->call, watch->incoming, &message, NULL) == SLUICE_OK &&
                 read_service(&message, watch->service);
    watch->incoming = NULL;
    rope_done(&message);
    pthread_mutex_lock(&watch->mutex);
    watch->ready = known;
    if (!known) {
        watch->stopped = true;
        watch->code = GRPC_STATUS_INVALID_ARGUMENT;
    }
    pthread_mutex_unlock(&watch->mutex);
    watch_advance(watch);
    call_unref(watch->call);
}

static void watch_ended(struct rpc_event *event, bool ok)
{
    struct watch *watch = RPC_EVENT_OWNER(event, struct watch, ended);
    (void)ok;
    call_unref(watch->call);
}

static void watch_drain(struct call *call, bool stop)
{
    struct watch *watch = call->state;

    pthread_mutex_lock(&watch->mutex);
    watch->stopped = watch->stopped || stop;
    pthread_mutex_unlock(&watch->mutex);
    watch_advance(watch);
}

static void watch_start(struct call *call)
{
    struct watch *watch = call->state;

    watch->call = call;
    watch->shown = NONE;
    watch->code = GRPC_STATUS_UNAVAILABLE;
    pthread_mutex_init(&watch->mutex, NULL);
    rpc_event_init(&watch->read, watch_read);
    rpc_event_init(&watch->sent, watch_sent);
    rpc_event_init(&watch->ended, watch_ended);
    call_enlist(call);
    call_read(call, &watch->incoming, &watch->read);
}

static void watch_finish(struct call *call)
{
    struct watch *watch = call->state;

    if (watch->incoming != NULL)
        grpc_byte_buffer_destroy(watch->incoming);
    if (watch->outgoing != NULL)
        grpc_byte_buffer_destroy(watch->outgoing);
    pthread_mutex_destroy(&watch->mutex);
}

const struct method method_watch = {
    .path = "/grpc.health.v1.Health/Watch",
    .state_size = sizeof(struct watch),
    .start = watch_start,
    .drain = watch_drain,
    .finish = watch_finish,
};
