/*
 * The executor's end of the local transport against gateways that may send anything. The input is a row of orders: gateways
 * connect, ask with any endpoint, parameters and documents, cancel, send raw bytes, read or do not read their answers, hang
 * up; handlers that deferred complete; the executor drains. One thread is gateway, reader and worker, in the order of the input.
 *
 * What a gateway sends is read a second time by the codec alone: a connection that breaks the protocol is closed, and on any
 * other each request is answered once. Nothing that a request holds is left.
 */
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "executor/host/server_impl.h"
#include "tests/fuzz/local_peer.h"
#include "tests/fuzz/orders.h"
#include "tests/fuzz/require.h"

#include <sluice/executor.h>

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GATEWAYS = 3, WINDOW = 6, MESSAGE_MAX = 1 << 20, DEFERRED_MAX = 64, BIG_BYTES = 400000, PIPE_BYTES = 32 << 10, ASKED_MAX = 128 };
enum order {
    ORDER_CONNECT,
    ORDER_ASK,
    ORDER_RAW,
    ORDER_CANCEL,
    ORDER_RUN,
    ORDER_RECEIVE,
    ORDER_HANG_UP,
    ORDER_HALF_CLOSE,
    ORDER_COMPLETE,
    ORDER_DRAIN,
    ORDER_COUNT
};

struct gateway {
    struct local_peer peer;
    struct frame_reader *shadow; /* what it has sent, as the codec reads it */
    int pipe[2];
    uint64_t asked[ASKED_MAX]; /* ids; those that are answered come first */
    size_t asked_count, answered;
    bool breaks;  /* what it has sent breaks the protocol */
    bool crowds;  /* it may have asked for more at once than the window allows */
    bool left;    /* it has closed its side */
};

struct scene {
    struct server *server;
    struct gateway gateways[GATEWAYS];
    sluice_call *deferred[DEFERRED_MAX];
    size_t deferred_count;
    bool drains;
};

/* ---- the executor ---- */

static struct scene scene;

static sluice_status read_all(sluice_call *call)
{
    const sluice_document_array *documents = sluice_call_read_documents(call);
    const sluice_value *parameters = sluice_call_parameters(call);
    sluice_value_set_number(sluice_call_results(call), "count",
                            (double)(sluice_document_array_size(documents) + sluice_value_size(parameters)));
    return SLUICE_OK;
}

static sluice_status edit(sluice_call *call)
{
    sluice_document_array *documents = sluice_call_documents(call);
    sluice_document *document = sluice_document_array_append(documents);
    return document == NULL ? SLUICE_NO_MEMORY : sluice_document_set_text(document, "edited", 6);
}

static sluice_status big(sluice_call *call)
{
    static char text[BIG_BYTES];
    memset(text, 'x', sizeof text);
    sluice_document *document = sluice_document_array_append(sluice_call_replace_documents(call));
    return document == NULL ? SLUICE_NO_MEMORY
                            : sluice_document_set_text(document, text, sizeof text);
}

static sluice_status fail(sluice_call *call)
{
    return sluice_call_fail(call, "ValueError", "as %s", "asked");
}

static sluice_status later(sluice_call *call)
{
    if (scene.deferred_count == DEFERRED_MAX)
        return SLUICE_OK;
    scene.deferred[scene.deferred_count++] = call;
    return sluice_call_defer(call);
}

static const sluice_handler handlers[] = {
    {"read",  "/read",  read_all},
    {"edit",  "/edit",  edit    },
    {"big",   "/big",   big     },
    {"fail",  "/fail",  fail    },
    {"later", "/later", later   },
    {0}
};

static struct instance *the_instance(void)
{
    static const sluice_plugin plugin = {SLUICE_PLUGIN_HEADER, .name = "Fuzzed", .version = "1", .handlers = handlers};
    static struct instance instance;
    static sluice_value *empty;
    if (instance.plugin != NULL)
        return &instance;
    empty = sluice_value_new_map();
    const struct instance_settings settings = {.where = "fuzzed",
                                               .deployment = "a",
                                               .workspace = "/tmp",
                                               .workers = 1,
                                               .uses_with = empty,
                                               .uses_requests = empty,
                                               .answer_max = MESSAGE_MAX};
    sluice_error error;
    require(empty != NULL && instance_open(&instance, &plugin, &settings, &error) == SLUICE_OK);
    return &instance;
}

/* One reading round, then all work that it brought. */
static void run(void *context)
{
    (void)context;
    struct server *server = scene.server;
    struct worker *worker = &server->workers[0];
    reading_wake(server);
    pthread_mutex_lock(&server->lock);
    require(server->queued == 0 && worker->unsent == NULL && !server->stopping);
    do
        worker_step(worker);
    while (server->queued > 0 || worker->unsent != NULL);
    for (const struct connection *connection = server->connections; connection != NULL; connection = connection->next)
        require(connection->first == NULL && atomic_load(&connection->inside) <= WINDOW);
    pthread_mutex_unlock(&server->lock);
}

/* ---- gateways ---- */

static void look_at(struct gateway *gateway, const struct frame_message *message)
{
    struct frame_request_view view;
    if (gateway->breaks || message->type == FRAME_CANCEL)
        return;
    if (message->type != FRAME_REQUEST || frame_read_request(message, &view) != SLUICE_OK) {
        gateway->breaks = true;
        return;
    }
    if (gateway->asked_count - gateway->answered >= WINDOW || gateway->asked_count == ASKED_MAX)
        gateway->crowds = true;
    if (gateway->asked_count < ASKED_MAX)
        gateway->asked[gateway->asked_count++] = message->id;
}

/* Bytes for the codec alone. */
static void shadow_send(struct gateway *gateway, const uint8_t *at, size_t size)
{
    while (size > 0 && !gateway->breaks) {
        size_t part = size < PIPE_BYTES ? size : PIPE_BYTES, got = 1;
        bool again = false;
        require(write(gateway->pipe[1], at, part) == (ssize_t)part);
        at += part;
        size -= part;
        while (!again && !gateway->breaks) {
            struct frame_message message;
            sluice_status status;
            require(frame_reader_fill(gateway->shadow, gateway->pipe[0], &got, &again) == SLUICE_OK);
            while (frame_reader_next(gateway->shadow, &message, &status)) {
                look_at(gateway, &message);
                frame_message_done(&message);
            }
            gateway->breaks |= status != SLUICE_OK;
        }
    }
}

static void gateway_send(struct gateway *gateway, const void *data, size_t size)
{
    if (gateway->peer.fd < 0 || gateway->left)
        return;
    shadow_send(gateway, data, size);
    if (!local_peer_send(&gateway->peer, data, size))
        require(gateway->breaks || gateway->crowds);
}

static void take_answer(struct gateway *gateway, const struct frame_message *message)
{
    struct frame_answer_view view;
    require(message->flags & FRAME_LAST && frame_read_answer(message, &view) == SLUICE_OK);
    size_t at = gateway->answered;
    while (at < gateway->asked_count && gateway->asked[at] != message->id)
        at++;
    if (at == gateway->asked_count) {
        require(gateway->crowds); /* and was not written down */
        return;
    }
    gateway->asked[at] = gateway->asked[gateway->answered];
    gateway->asked[gateway->answered++] = message->id;
}

static void hang_up(struct gateway *gateway)
{
    if (gateway->peer.fd < 0)
        return;
    local_peer_close(&gateway->peer);
    frame_reader_free(gateway->shadow);
    close(gateway->pipe[0]);
    close(gateway->pipe[1]);
}

static void receive(struct gateway *gateway)
{
    struct frame_message message;
    bool end = false;
    while (gateway->peer.fd >= 0 && local_peer_receive(&gateway->peer, &message, &end)) {
        require(message.type == FRAME_HELLO || message.type == FRAME_ANSWER || message.type == FRAME_GOODBYE);
        require(message.type != FRAME_GOODBYE || scene.drains);
        if (message.type == FRAME_ANSWER)
            take_answer(gateway, &message);
        frame_message_done(&message);
    }
    if (!end)
        return;
    require(gateway->breaks || gateway->crowds || gateway->left);
    hang_up(gateway);
}

static void connect_one(struct gateway *gateway)
{
    int fd;
    if (scene.drains)
        return;
    hang_up(gateway);
    require(local_connect(local_folder_of("a")->path, &fd, NULL) == SLUICE_OK);
    *gateway = (struct gateway){.peer.run = run, .shadow = frame_reader_new(MESSAGE_MAX)};
    local_peer_open(&gateway->peer, fd);
    require(gateway->shadow != NULL && pipe2(gateway->pipe, O_NONBLOCK | O_CLOEXEC) == 0);
    run(NULL);
}

/* A request: an endpoint, a deadline, parameters and documents from the input, or documents of one kind. */
static void ask(struct gateway *gateway, struct orders *orders)
{
    static const char *const endpoints[] = {"/read", "/edit", "/big", "/fail", "/later", "/nowhere", "_jina_dry_run_", ""};
    static uint8_t frame[BIG_BYTES + 4096];
    static const char document[] = "\x0a\x05\x0a\x03\x0a\x01" "d"; /* docs { docs { id "d" } } */
    const uint64_t deadlines[] = {0, 0, 1, clock_monotonic_ns() + 3600 * (uint64_t)CLOCK_NS_PER_SECOND};
    uint8_t how = orders_byte(orders), id = orders_byte(orders), flags = orders_byte(orders);
    size_t parameters_size = 0, body_size = 0, at = sizeof(struct frame_header) + sizeof(struct frame_request);
    const char *endpoint = endpoints[how & 7];
    const uint8_t *parameters = orders_bytes(orders, flags & 64 ? orders_byte(orders) : 0, &parameters_size), *body;
    struct frame_request fixed = {.deadline_ns = deadlines[how >> 3 & 3],
                                  .endpoint_size = (uint32_t)strlen(endpoint),
                                  .request_id_size = 1,
                                  .parameters_size = parameters_size + (flags >= 192)};
    memcpy(frame + at, endpoint, fixed.endpoint_size);
    at += fixed.endpoint_size;
    frame[at++] = 'r';
    memcpy(frame + at, parameters, parameters_size);
    at += parameters_size;
    size_t meta_size = at - sizeof(struct frame_header);
    switch (how >> 5 & 3) {
    case 0: break;
    case 1:
        body = orders_bytes(orders, orders_byte(orders), &body_size);
        memcpy(frame + at, body, body_size);
        break;
    case 2: memcpy(frame + at, document, body_size = sizeof document - 1); break;
    default: memset(frame + at, 0x0a, body_size = BIG_BYTES / 2);
    }
    struct frame_header header = {.magic = FRAME_MAGIC,
                                  .type = FRAME_REQUEST,
                                  .flags = flags & (FRAME_MORE | FRAME_HAS_DATA),
                                  .id = id,
                                  .meta_size = meta_size,
                                  .body_size = body_size};
    memcpy(frame, &header, sizeof header);
    memcpy(frame + sizeof header, &fixed, sizeof fixed);
    gateway_send(gateway, frame, at + body_size);
}

static void cancel(struct gateway *gateway, uint8_t id)
{
    struct frame_header header = {.magic = FRAME_MAGIC, .type = FRAME_CANCEL, .id = id};
    gateway_send(gateway, &header, sizeof header);
}

/* ---- orders ---- */

static void complete(size_t which)
{
    if (which >= scene.deferred_count)
        return;
    sluice_call *call = scene.deferred[which];
    scene.deferred[which] = scene.deferred[--scene.deferred_count];
    sluice_call_complete(call, edit(call));
}

static void drain(void)
{
    scene.drains = true;
    pthread_mutex_lock(&scene.server->lock);
    server_drain(scene.server);
    pthread_mutex_unlock(&scene.server->lock);
}

static void carry_out(struct orders *orders)
{
    uint8_t byte = orders_byte(orders);
    struct gateway *gateway = &scene.gateways[byte >> 6 < GATEWAYS ? byte >> 6 : 0];
    const uint8_t *bytes;
    size_t size;
    switch ((enum order)((byte & 63) % ORDER_COUNT)) {
    case ORDER_CONNECT: connect_one(gateway); break;
    case ORDER_ASK: ask(gateway, orders); break;
    case ORDER_RAW:
        bytes = orders_bytes(orders, orders_byte(orders), &size);
        gateway_send(gateway, bytes, size);
        break;
    case ORDER_CANCEL: cancel(gateway, orders_byte(orders)); break;
    case ORDER_RUN: run(NULL); break;
    case ORDER_RECEIVE: receive(gateway); break;
    case ORDER_HANG_UP: hang_up(gateway); break;
    case ORDER_HALF_CLOSE:
        if (gateway->peer.fd >= 0)
            shutdown(gateway->peer.fd, SHUT_WR);
        gateway->left = true;
        break;
    case ORDER_COMPLETE: complete(orders_byte(orders)); break;
    case ORDER_DRAIN: drain(); break;
    case ORDER_COUNT: break;
    }
}

/* Read what is there and answer it, until nothing is left to do. */
static void settle(void)
{
    enum { ROUNDS = 64 }; /* more than a socket holds */
    for (int i = 0; i < ROUNDS; i++) {
        run(NULL);
        while (scene.deferred_count > 0)
            complete(0);
        for (size_t k = 0; k < GATEWAYS; k++)
            receive(&scene.gateways[k]);
    }
}

static void end(void)
{
    settle();
    for (size_t i = 0; i < GATEWAYS; i++) {
        struct gateway *gateway = &scene.gateways[i];
        if (gateway->peer.fd < 0)
            continue;
        require(!gateway->breaks && !gateway->left);
        require(gateway->crowds || gateway->answered == gateway->asked_count);
        hang_up(gateway);
    }
    run(NULL);
    require(scene.server->connections == NULL && scene.server->inside == NULL && scene.deferred_count == 0);
    worker_close(&scene.server->workers[0]);
    server_close(scene.server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct orders orders = {data, data + size};
    const struct server_settings settings = {.listening = local_folder_of("a")->listening,
                                             .control = -1,
                                             .workers = 1,
                                             .window_requests = WINDOW,
                                             .window_bytes = 1 << 20,
                                             .message_max = MESSAGE_MAX};
    sluice_error error;
    setenv("SLUICE_LOG_LEVEL", "none", 1);
    log_init("fuzz");
    scene = (struct scene){0};
    for (size_t i = 0; i < GATEWAYS; i++)
        scene.gateways[i].peer.fd = -1;
    require(server_open(the_instance(), &settings, &scene.server, &error) == SLUICE_OK);
    require(worker_open(&scene.server->workers[0], &error) == SLUICE_OK);
    while (orders.at < orders.end)
        carry_out(&orders);
    end();
    return 0;
}
