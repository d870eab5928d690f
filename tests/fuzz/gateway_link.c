/*
 * The gateway's end of the local transport against an executor that may send anything. The input is a row of orders: requests
 * are sent, cancelled, late; the executor greets, answers with any flags and sizes, what it has and what it has not got, sends
 * raw bytes, hangs up, dies, is given up. One thread does it all, in the order of the input.
 *
 * Every request is answered exactly once; none reaches an executor a second time; what counts as inside the executor is what
 * has a slot; the window is kept; nothing of a request is held when all is over.
 */
#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/foundation/log.h"
#include "common/net/control.h"
#include "gateway/upstream/connection.h"
#include "tests/fuzz/local_peer.h"
#include "tests/fuzz/orders.h"
#include "tests/fuzz/require.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS_MAX = 64, QUEUE_MAX = 12, BYTES_MAX = 6 << 20, CLIENTS = 2, HOUR_SECONDS = 3600 };
enum order {
    ORDER_ASK,
    ORDER_RAW,
    ORDER_HELLO,
    ORDER_ANSWER,
    ORDER_CANCEL,
    ORDER_RUN,
    ORDER_RECEIVE,
    ORDER_HANG_UP,
    ORDER_ACCEPT,
    ORDER_HOLD,
    ORDER_TOLD,
    ORDER_GOODBYE,
    ORDER_COUNT
};

struct scene;

struct asked {
    struct asking *asking; /* NULL: it is done, or was never taken */
    struct scene *scene;
    struct block *block;
    struct rope body;
    uint8_t next; /* what is asked as soon as this is done; 0: nothing */
    bool refused;
    unsigned answers, arrivals;
    char request_id[8];
};

/* Freed when it is done, so that a sanitizer sees whoever still looks at it. */
struct asking {
    struct upstream_call call;
    struct asked *asked;
};

struct scene {
    struct upstream_set *set;
    struct upstream *upstream;
    struct local_peer peer;
    int control; /* the supervisor's end, or -1 */
    struct asked asked[CALLS_MAX];
    size_t count, bytes;
    uint64_t ids[CALLS_MAX]; /* of the requests that this connection brought */
    size_t id_count;
    struct upstream_queue *clients[CLIENTS][1];
    bool held, ending;
};

/* ---- requests ---- */

static void ask(struct scene *scene, uint8_t how);

static void check_answer(const struct upstream_answer *answer)
{
    require(answer->outcome <= UPSTREAM_CANCELLED);
    if (answer->outcome == UPSTREAM_DIED)
        require(answer->text != NULL && answer->text[0] != '\0');
    if (answer->outcome != UPSTREAM_ANSWERED)
        return;
    const struct frame_message *message = answer->message;
    require(message->type == FRAME_ANSWER && (message->flags & FRAME_CANCELLED) == 0);
    require(answer->view.fixed.results_size + answer->view.fixed.failure_size + sizeof answer->view.fixed ==
            message->meta_size);
    require(answer->view.results >= message->meta && answer->view.failure >= message->meta);
}

static void on_done(struct upstream_call *call, const struct upstream_answer *answer)
{
    struct asked *asked = ((struct asking *)call)->asked;
    require(asked->asking != NULL && asked->answers == 0);
    asked->answers++;
    check_answer(answer);
    rope_done(&asked->body);
    free(asked->asking);
    asked->asking = NULL;
    if (asked->next != 0 && !asked->scene->ending)
        ask(asked->scene, asked->next);
}

/* `how`: two bits of size, two of deadline, one of client, the rest of what follows. */
static void ask(struct scene *scene, uint8_t how)
{
    static const size_t sizes[] = {0, 100, 70000, 1300000};
    const uint64_t deadlines[] = {0, 0, 1, clock_monotonic_ns() + HOUR_SECONDS * (uint64_t)CLOCK_NS_PER_SECOND};
    size_t size = sizes[how & 3];
    if (scene->count == CALLS_MAX || scene->bytes + size > BYTES_MAX)
        return;
    struct asked *asked = &scene->asked[scene->count++];
    struct asking *asking = calloc(1, sizeof *asking);
    *asked = (struct asked){.asking = asking, .scene = scene, .block = block_new(size), .next = how >> 5};
    require(asking != NULL && asked->block != NULL);
    memset(asked->block->data, (int)scene->count, size);
    rope_init(&asked->body);
    require(rope_append(&asked->body, asked->block, asked->block->data, size) == SLUICE_OK);
    scene->bytes += size;
    snprintf(asked->request_id, sizeof asked->request_id, "%zu", scene->count - 1);
    asking->asked = asked;
    asking->call = (struct upstream_call){.client = scene->clients[how >> 4 & 1],
                                          .client_queues = scene->clients[how >> 4 & 1],
                                          .endpoint = "/x",
                                          .endpoint_size = 2,
                                          .request_id = asked->request_id,
                                          .request_id_size = strlen(asked->request_id),
                                          .body = &asked->body,
                                          .has_data = true,
                                          .deadline_ns = deadlines[how >> 2 & 3],
                                          .done = on_done};
    sluice_error error;
    if (upstream_send(scene->upstream, &asking->call, &error) == SLUICE_OK)
        return; /* and perhaps it is done already */
    require(asked->answers == 0 && error.text[0] != '\0');
    rope_done(&asked->body);
    free(asking);
    asked->asking = NULL;
    asked->refused = true;
}

/* ---- the gateway's books ---- */

static void check_credit(const struct upstream *upstream)
{
    uint32_t used = 0, unused = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < upstream->slot_count; i++) {
        const struct slot *slot = &upstream->slots[i];
        used += slot->used;
        bytes += slot->used ? slot->bytes : 0;
        if (slot->call == NULL)
            continue;
        require(slot->used && slot->call->slot == i);
        require(slot->call->state == UPSTREAM_CALL_READY || slot->call->state == UPSTREAM_CALL_SENT);
    }
    for (uint32_t i = upstream->first_free; i != UINT32_MAX; i = upstream->slots[i].next_free) {
        require(i < upstream->slot_count && !upstream->slots[i].used && unused < upstream->slot_count);
        unused++;
    }
    require(used + unused == upstream->slot_count);
    require(used == upstream->in_flight && bytes == upstream->bytes_in_flight);
    require(upstream->state != CONNECTION_OPEN || upstream->window == 0 || used <= upstream->window);
    require(used <= 1 || bytes <= upstream->window_bytes);
    for (const struct upstream_call *call = upstream->ready; call != NULL; call = call->next)
        require(call->state == UPSTREAM_CALL_READY && upstream->slots[call->slot].call == call);
}

/* The supervisor reads what it is told. */
static void hear(const struct scene *scene)
{
    struct control_message message;
    while (scene->control >= 0 && control_receive(scene->control, &message) == SLUICE_OK)
        require(strcmp(message.word, "lost") == 0 || strcmp(message.word, "stuck") == 0);
}

static void run(void *context)
{
    struct scene *scene = context;
    upstream_set_run(scene->set);
    check_credit(scene->upstream);
    hear(scene);
}

/* The timer of the next try to connect, as if its time had come. */
static void reconnect(struct scene *scene)
{
    if (scene->upstream->reconnect.place != 0)
        require(timers_set(&scene->set->timers, &scene->upstream->reconnect, 1) == SLUICE_OK);
    run(scene);
}

/* ---- the executor ---- */

static void take_request(struct scene *scene, const struct frame_message *message)
{
    struct frame_request_view view;
    require(frame_read_request(message, &view) == SLUICE_OK);
    char digits[8] = "";
    require(view.request_id_size < sizeof digits && view.endpoint_size == 2);
    memcpy(digits, view.request_id, view.request_id_size);
    size_t number = (size_t)atoi(digits), size = 0;
    require(number < scene->count);
    struct asked *asked = &scene->asked[number];
    require(++asked->arrivals == 1); /* an executor has it, and no other will */
    for (size_t i = 0; i < message->body.count; i++) {
        const struct slice *slice = &message->body.slices[i];
        require(memcmp(slice->data, asked->block->data + size, slice->size) == 0);
        size += slice->size;
    }
    require(size == asked->block->size);
    scene->ids[scene->id_count++] = message->id;
}

static void receive(struct scene *scene)
{
    struct frame_message message;
    bool end = false;
    while (scene->peer.fd >= 0 && local_peer_receive(&scene->peer, &message, &end)) {
        require(message.type == FRAME_REQUEST || message.type == FRAME_CANCEL);
        if (message.type == FRAME_REQUEST)
            take_request(scene, &message);
        frame_message_done(&message);
    }
    if (end)
        local_peer_close(&scene->peer);
}

static void accept_gateway(struct scene *scene)
{
    int fd;
    reconnect(scene);
    if (local_accept(local_folder_of("a")->listening, &fd, NULL) != SLUICE_OK)
        return;
    local_peer_close(&scene->peer);
    local_peer_open(&scene->peer, fd);
    scene->id_count = 0;
}

static void hello(struct scene *scene, struct orders *orders)
{
    uint8_t window = orders_byte(orders), odd = orders_byte(orders);
    struct frame_hello fixed = {.version = FRAME_VERSION + (odd == 255),
                                .window_requests = window == 255 ? UINT32_MAX : window,
                                .window_bytes = odd & 1 ? UINT64_MAX : (uint64_t)odd * 1000,
                                .workers = odd & 2 ? UINT32_MAX : odd & 4,
                                .endpoint_count = odd >> 6};
    static const char endpoints[] = "\x02\0\0\0/x\x08\0\0\0/default\0\0\0\0";
    static const size_t sizes[] = {0, 6, 18, 22};
    const struct iovec meta[] = {
        {&fixed,             sizeof fixed          },
        {(void *)endpoints, sizes[fixed.endpoint_count]}
    };
    local_peer_send_frame(&scene->peer, FRAME_HELLO, 0, 0, meta, 2, NULL, 0);
}

static void answer(struct scene *scene, struct orders *orders)
{
    uint8_t which = orders_byte(orders), flags = orders_byte(orders), shape = orders_byte(orders);
    /* One of those that came, or a guess: generation and slot. */
    uint64_t id = which < scene->id_count ? scene->ids[which] : (uint64_t)(which & 7) << 32 | (which >> 3 & 7);
    struct frame_answer fixed = {.run_ns = shape >> 6 == 3 ? UINT64_MAX : (uint64_t)(shape >> 6) * 1000000,
                                 .results_size = shape & 3,
                                 .failure_size = shape >> 2 & 3};
    bool lies = (shape >> 4 & 3) == 3;
    const struct iovec meta[] = {
        {&fixed,         sizeof fixed                                            },
        {(void *)"abcdef", (size_t)(fixed.results_size + fixed.failure_size + lies)}
    };
    local_peer_send_frame(&scene->peer, FRAME_ANSWER, flags, id, meta, 2, "body", (shape >> 4 & 3) == 1 ? 4 : 0);
}

/* ---- orders ---- */

static void cancel(struct scene *scene, uint8_t which)
{
    if (which < scene->count && scene->asked[which].asking != NULL)
        upstream_cancel(&scene->asked[which].asking->call);
}

static void tell(struct scene *scene, uint8_t what)
{
    if (what == 255)
        upstream_set_gone(scene->set, "a/rep-0", "it died too often");
    else
        upstream_set_died(scene->set, what == 254 ? "another" : "a/rep-0", what & 15, what >> 4, true);
}

static void send_raw(struct scene *scene, struct orders *orders)
{
    size_t size;
    const uint8_t *bytes = orders_bytes(orders, orders_byte(orders), &size);
    local_peer_send(&scene->peer, bytes, size);
}

static void carry_out(struct scene *scene, struct orders *orders)
{
    enum order order = orders_byte(orders) % ORDER_COUNT;
    bool connected = scene->peer.fd >= 0;
    switch (order) {
    case ORDER_ASK: ask(scene, orders_byte(orders)); break;
    case ORDER_CANCEL: cancel(scene, orders_byte(orders)); break;
    case ORDER_RUN: run(scene); break;
    case ORDER_RECEIVE: receive(scene); break;
    case ORDER_HANG_UP: local_peer_close(&scene->peer); break;
    case ORDER_ACCEPT: accept_gateway(scene); break;
    case ORDER_HOLD:
        scene->held ? upstream_release() : upstream_hold();
        scene->held = !scene->held;
        break;
    case ORDER_TOLD: tell(scene, orders_byte(orders)); break;
    case ORDER_RAW:
        if (connected)
            send_raw(scene, orders);
        break;
    case ORDER_HELLO:
        if (connected)
            hello(scene, orders);
        break;
    case ORDER_ANSWER:
        if (connected)
            answer(scene, orders);
        break;
    case ORDER_GOODBYE:
        if (connected)
            local_peer_send_frame(&scene->peer, FRAME_GOODBYE, 0, 0, NULL, 0, NULL, 0);
        break;
    case ORDER_COUNT: break;
    }
}

/* Given up at last: whatever is open is answered by that. */
static void end(struct scene *scene)
{
    scene->ending = true;
    if (scene->held)
        upstream_release();
    run(scene);
    upstream_set_gone(scene->set, "a/rep-0", "it is over");
    run(scene);
    for (size_t i = 0; i < scene->count; i++)
        require(scene->asked[i].answers == !scene->asked[i].refused && scene->asked[i].asking == NULL);
    require(scene->upstream->in_flight == 0 && scene->upstream->waiting.size == 0);
    upstream_set_free(scene->set);
    local_peer_close(&scene->peer);
    for (size_t i = 0; i < scene->count; i++) {
        require(atomic_load(&scene->asked[i].block->references) == 1);
        block_unref(scene->asked[i].block);
    }
}

/* Connections of the last input that nobody took. */
static void clear_backlog(const struct local_folder *folder)
{
    int fd;
    while (local_accept(folder->listening, &fd, NULL) == SLUICE_OK)
        close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;
    const struct local_folder *folder = local_folder_of("a");
    struct orders orders = {data, data + size};
    struct flow_executor executor = {.name = "a", .class_name = "Fake", .workers = 1, .stuck_timeout_ns = 1};
    struct flow flow = {.executor_count = 1, .executors = &executor};
    flow.gateway.limits =
        (struct flow_limits){.max_message_bytes = 1 << 20, .max_queue_per_executor = QUEUE_MAX, .max_depth = 64};
    int control = -1;

    setenv("SLUICE_LOG_LEVEL", "none", 1);
    log_init("fuzz");
    clear_backlog(folder);
    scene = (struct scene){.peer = {.fd = -1, .run = run, .context = &scene}, .control = -1};
    if (orders_byte(&orders) & 1) {
        require(control_pair(&scene.control, &control, NULL) == SLUICE_OK);
        require(file_set_nonblocking(scene.control, true));
    }
    require(upstream_set_new(&flow, folder->folder, control, &scene.set, NULL) == SLUICE_OK);
    upstream_set_borrow(scene.set); /* no thread from here on */
    scene.upstream = upstream_of(scene.set, 0);
    while (orders.at < orders.end)
        carry_out(&scene, &orders);
    end(&scene);
    if (control >= 0) {
        close(control);
        close(scene.control);
    }
    return 0;
}
