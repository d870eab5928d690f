#include "tests/unit/gateway/grpc/fake_router.h"

#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/wire/wire.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_ID = 1, ID_MAX = 64, RECORD_MAX = 20000, WAKERS_MAX = 256, PATIENCE_S = 20 };

struct client {
    atomic_uint references;
    struct router *router;
};

struct request {
    struct router *router;
    struct client *client;
    struct rope message;
    char id[ID_MAX];
    reply_function *reply;
    void *context;
    struct reply answer;
    char text[512];
    bool done;            /* somebody has taken it upon himself to reply */
    struct request *next; /* in router->held */
    struct request *work; /* in router->first */
};

struct router {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool stop, room;
    _Atomic sluice_status refusal;
    bool draining;
    const char *_Atomic failure_text;
    struct request *held;
    struct request *first, **last;
    struct {
        void (*wake)(void *);
        void *context;
    } wakers[WAKERS_MAX];
    size_t waker_count;
    _Atomic unsigned name_field; /* of the header; 0: request_id */
    size_t live, clients, cancelled, submitted;
    uint64_t last_deadline_ns;
    char (*ids)[ID_MAX];
};

static void give_reply(struct request *request)
{
    request->reply(request, &request->answer, request->context);
}

static void *work(void *context)
{
    struct router *router = context;

    pthread_mutex_lock(&router->mutex);
    for (;;) {
        while (router->first == NULL && !router->stop)
            pthread_cond_wait(&router->changed, &router->mutex);
        struct request *request = router->first;
        if (request == NULL)
            break;
        router->first = request->work;
        if (router->first == NULL)
            router->last = &router->first;
        pthread_mutex_unlock(&router->mutex);
        give_reply(request);
        pthread_mutex_lock(&router->mutex);
    }
    pthread_mutex_unlock(&router->mutex);
    return NULL;
}

/* Under the lock. */
static void queue_reply(struct request *request)
{
    struct router *router = request->router;
    request->done = true;
    request->work = NULL;
    *router->last = request;
    router->last = &request->work;
    pthread_cond_broadcast(&router->changed);
}

struct router *fake_router_new(void)
{
    struct router *router = calloc(1, sizeof *router);
    pthread_mutex_init(&router->mutex, NULL);
    pthread_cond_init(&router->changed, NULL);
    router->room = true;
    router->failure_text = "TEXT";
    router->last = &router->first;
    router->ids = calloc(RECORD_MAX, sizeof *router->ids);
    pthread_create(&router->thread, NULL, work, router);
    return router;
}

void fake_name_by(struct router *router, unsigned header_field)
{
    router->name_field = header_field;
}

void fake_router_done(struct router *router)
{
    pthread_mutex_lock(&router->mutex);
    router->stop = true;
    pthread_cond_broadcast(&router->changed);
    pthread_mutex_unlock(&router->mutex);
    pthread_join(router->thread, NULL);
    ck_assert_uint_eq(router->live, 0);
    ck_assert_uint_eq(router->clients, 0);
    ck_assert_ptr_null(router->held);
    free(router->ids);
    free(router);
}

/* ---- the test's side ---- */

static void wait_until(struct router *router, size_t *counter, size_t count, const char *what)
{
    struct timespec until = clock_utc();
    until.tv_sec += PATIENCE_S;

    pthread_mutex_lock(&router->mutex);
    while (*counter != count)
        if (pthread_cond_timedwait(&router->changed, &router->mutex, &until) != 0)
            break;
    size_t found = *counter;
    pthread_mutex_unlock(&router->mutex);
    ck_assert_msg(found == count, "%zu %s, %zu expected", found, what, count);
}

void fake_wait_submitted(struct router *router, size_t count)
{
    wait_until(router, &router->submitted, count, "submitted");
}

void fake_wait_live(struct router *router, size_t count)
{
    wait_until(router, &router->live, count, "live");
}

void fake_wait_waiting(struct router *router, size_t count)
{
    wait_until(router, &router->waker_count, count, "waiting for room");
}

void fake_release(struct router *router, const char *id)
{
    struct timespec until = clock_utc();
    until.tv_sec += PATIENCE_S;
    bool found = false;

    pthread_mutex_lock(&router->mutex);
    for (bool late = false; !found && !late;) {
        for (struct request **link = &router->held; *link != NULL; link = &(*link)->next) {
            struct request *request = *link;
            if (strcmp(request->id, id) != 0)
                continue;
            *link = request->next;
            queue_reply(request);
            found = true;
            break;
        }
        if (!found)
            late = pthread_cond_timedwait(&router->changed, &router->mutex, &until) != 0;
    }
    pthread_mutex_unlock(&router->mutex);
    ck_assert_msg(found, "%s is not held", id);
}

void fake_set_room(struct router *router, bool room)
{
    void (*wakes[WAKERS_MAX])(void *);
    void *contexts[WAKERS_MAX];

    pthread_mutex_lock(&router->mutex);
    router->room = room;
    size_t count = room ? router->waker_count : 0;
    for (size_t i = 0; i < count; i++) {
        wakes[i] = router->wakers[i].wake;
        contexts[i] = router->wakers[i].context;
    }
    router->waker_count -= count;
    pthread_mutex_unlock(&router->mutex);
    for (size_t i = 0; i < count; i++)
        wakes[i](contexts[i]);
}

void fake_set_refusal(struct router *router, sluice_status status)
{
    pthread_mutex_lock(&router->mutex);
    router->refusal = status;
    pthread_mutex_unlock(&router->mutex);
}

void fake_set_failure_text(struct router *router, const char *text)
{
    router->failure_text = text;
}

static size_t read_counter(struct router *router, const size_t *counter)
{
    pthread_mutex_lock(&router->mutex);
    size_t value = *counter;
    pthread_mutex_unlock(&router->mutex);
    return value;
}

size_t fake_submitted(struct router *router)
{
    return read_counter(router, &router->submitted);
}

size_t fake_cancelled(struct router *router)
{
    return read_counter(router, &router->cancelled);
}

uint64_t fake_last_deadline(struct router *router)
{
    pthread_mutex_lock(&router->mutex);
    uint64_t value = router->last_deadline_ns;
    pthread_mutex_unlock(&router->mutex);
    return value;
}

const char *fake_submitted_id(struct router *router, size_t number)
{
    return router->ids[number];
}

uint8_t *fake_message(const char *id, size_t text_size, size_t *ret_size)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    size_t header = wire_begin_message(&buffer, 1);
    wire_append_text(&buffer, 1, id);
    wire_end_message(&buffer, header);
    if (text_size > 0) {
        char *text = malloc(text_size);
        memset(text, 'x', text_size);
        wire_append_bytes(&buffer, 9, text, text_size); /* an unknown field: the front does not care */
        free(text);
    }
    return buffer_take(&buffer, ret_size);
}

static void copy_name(const uint8_t *bytes, size_t size, unsigned name_field, char id[ID_MAX])
{
    struct wire_reader reader = wire_read(bytes, size);
    struct wire_field field, inner;

    id[0] = '\0';
    while (wire_next(&reader, &field)) {
        if (field.number != 1 || field.type != WIRE_BYTES)
            continue;
        struct wire_reader header = wire_read(field.data, field.size);
        while (wire_next(&header, &inner))
            if (inner.number == name_field && inner.type == WIRE_BYTES && inner.size < ID_MAX) {
                memcpy(id, inner.data, inner.size);
                id[inner.size] = '\0';
            }
    }
}

bool fake_has_id(const uint8_t *message, size_t size, const char *id)
{
    char found[ID_MAX];
    copy_name(message, size, REQUEST_ID, found);
    return strcmp(found, id) == 0;
}

/* ---- the front's side: router.h ---- */

struct client *client_new(struct router *router)
{
    struct client *client = calloc(1, sizeof *client);
    atomic_init(&client->references, 1);
    client->router = router;
    pthread_mutex_lock(&router->mutex);
    router->clients++;
    pthread_mutex_unlock(&router->mutex);
    return client;
}

struct client *client_ref(struct client *client)
{
    atomic_fetch_add(&client->references, 1);
    return client;
}

void client_unref(struct client *client)
{
    if (client == NULL || atomic_fetch_sub(&client->references, 1) != 1)
        return;
    pthread_mutex_lock(&client->router->mutex);
    client->router->clients--;
    pthread_mutex_unlock(&client->router->mutex);
    free(client);
}

sluice_status request_new(struct router *router, struct client *client, const struct rope *message,
                          struct request **ret_request, sluice_error *error)
{
    uint8_t *bytes = malloc(message->size + 1);
    rope_copy_out(message, bytes);
    struct wire_reader reader = wire_read(bytes, message->size);
    struct wire_field field;
    while (wire_next(&reader, &field))
        ;
    if (reader.malformed) {
        free(bytes);
        return sluice_fail(error, SLUICE_INVALID, "request", "the message is no DataRequestProto");
    }
    struct request *request = calloc(1, sizeof *request);
    copy_name(bytes, message->size, router->name_field != 0 ? router->name_field : REQUEST_ID, request->id);
    free(bytes);
    request->router = router;
    request->client = client_ref(client);
    rope_init(&request->message);
    rope_append_rope(&request->message, message);
    rope_init(&request->answer.message);
    pthread_mutex_lock(&router->mutex);
    router->live++;
    pthread_cond_broadcast(&router->changed);
    pthread_mutex_unlock(&router->mutex);
    *ret_request = request;
    return SLUICE_OK;
}

sluice_status request_new_dry_run(struct router *router, struct client *client, struct request **ret_request,
                                  sluice_error *error)
{
    struct rope message;
    size_t size;
    rope_init(&message);
    uint8_t *bytes = fake_message(router->refusal == SLUICE_OK ? router->failure_text : "later", 0, &size);
    rope_append(&message, NULL, bytes, size);
    sluice_status status = request_new(router, client, &message, ret_request, error);
    struct block *block = block_new(size);
    memcpy(block->data, bytes, size);
    rope_done(&(*ret_request)->message);
    rope_append(&(*ret_request)->message, block, block->data, size);
    block_unref(block);
    rope_done(&message);
    free(bytes);
    return status;
}

sluice_text request_id(const struct request *request)
{
    return (sluice_text){request->id, strlen(request->id)};
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* header { request_id, status { code: ERROR, description: "no" } } */
static void append_failed(struct rope *message, const char *id)
{
    static const uint8_t status[] = {0x12, 0x06, 0x08, 0x01, 0x12, 0x02, 'n', 'o'};
    struct buffer buffer;
    buffer_init(&buffer, 256);
    size_t header = wire_begin_message(&buffer, 1);
    wire_append_text(&buffer, 1, id);
    buffer_append(&buffer, status, sizeof status);
    wire_end_message(&buffer, header);
    struct block *block = block_new(buffer.size);
    memcpy(block->data, buffer.data, buffer.size);
    rope_append(message, block, block->data, buffer.size);
    block_unref(block);
    buffer_done(&buffer);
}

static void decide(struct request *request)
{
    struct reply *answer = &request->answer;
    answer->status = begins(request->id, "timeout") ? SLUICE_TIMEOUT
                     : begins(request->id, "gone")  ? SLUICE_UNAVAILABLE
                                                    : SLUICE_OK;
    if (answer->status != SLUICE_OK) {
        snprintf(request->text, sizeof request->text, "%.400s of %s", request->router->failure_text, request->id);
        answer->text = strlen(request->router->failure_text) > 400 ? request->router->failure_text : request->text;
        return;
    }
    if (begins(request->id, "fail") || begins(request->id, "died")) {
        answer->failed = true;
        answer->executor_died = begins(request->id, "died");
        append_failed(&answer->message, request->id);
        return;
    }
    rope_append_rope(&answer->message, &request->message);
}

void router_submit(struct request *request, uint64_t deadline_ns, reply_function *reply, void *context)
{
    struct router *router = request->router;
    request->reply = reply;
    request->context = context;
    decide(request);
    bool now = begins(request->id, "now");

    pthread_mutex_lock(&router->mutex);
    if (router->submitted < RECORD_MAX)
        memcpy(router->ids[router->submitted], request->id, ID_MAX);
    router->submitted++;
    router->last_deadline_ns = deadline_ns;
    if (begins(request->id, "hold") || begins(request->id, "never")) {
        request->next = router->held;
        router->held = request;
    } else if (now) {
        request->done = true;
    } else {
        queue_reply(request);
    }
    pthread_cond_broadcast(&router->changed);
    pthread_mutex_unlock(&router->mutex);
    if (now)
        give_reply(request);
}

void router_cancel(struct request *request)
{
    struct router *router = request->router;

    pthread_mutex_lock(&router->mutex);
    router->cancelled++;
    for (struct request **link = &router->held; *link != NULL && !request->done; link = &(*link)->next) {
        if (*link != request)
            continue;
        *link = request->next;
        request->answer.status = SLUICE_CANCELLED;
        queue_reply(request);
        break;
    }
    pthread_cond_broadcast(&router->changed);
    pthread_mutex_unlock(&router->mutex);
}

void request_free(struct request *request)
{
    struct router *router = request->router;
    rope_done(&request->message);
    rope_done(&request->answer.message);
    client_unref(request->client);
    free(request);
    pthread_mutex_lock(&router->mutex);
    router->live--;
    pthread_cond_broadcast(&router->changed);
    pthread_mutex_unlock(&router->mutex);
}

sluice_status request_stub(const struct request *request, struct rope *ret_message)
{
    size_t size;
    uint8_t *bytes = fake_message(request->id, 0, &size);
    struct block *block = block_new(size);
    memcpy(block->data, bytes, size);
    free(bytes);
    sluice_status status = rope_append(ret_message, block, block->data, size);
    block_unref(block);
    return status;
}

bool router_has_room(struct router *router, struct client *client)
{
    (void)client;
    pthread_mutex_lock(&router->mutex);
    bool room = router->room;
    pthread_mutex_unlock(&router->mutex);
    return room;
}

void router_when_room(struct router *router, struct client *client, void (*wake)(void *context), void *context)
{
    (void)client;
    pthread_mutex_lock(&router->mutex);
    ck_assert_uint_lt(router->waker_count, WAKERS_MAX);
    router->wakers[router->waker_count].wake = wake;
    router->wakers[router->waker_count++].context = context;
    bool room = router->room;
    pthread_cond_broadcast(&router->changed);
    pthread_mutex_unlock(&router->mutex);
    if (room)
        fake_set_room(router, true);
}

sluice_status router_admit(struct router *router, struct client *client, sluice_error *error)
{
    (void)client;
    if (router_draining(router))
        return sluice_fail(error, SLUICE_DRAINING, "gateway", "the gateway is shutting down");
    return router->refusal == SLUICE_OK ? SLUICE_OK
                                        : sluice_fail(error, router->refusal, "gateway", "refused by the test");
}

void router_drain(struct router *router)
{
    pthread_mutex_lock(&router->mutex);
    router->draining = true;
    pthread_mutex_unlock(&router->mutex);
}

bool router_draining(const struct router *router)
{
    struct router *mutable = (struct router *)(uintptr_t)router;
    pthread_mutex_lock(&mutable->mutex);
    bool draining = router->draining;
    pthread_mutex_unlock(&mutable->mutex);
    return draining;
}

size_t router_in_flight(const struct router *router)
{
    return router->live;
}

char **router_endpoints(struct router *router)
{
    (void)router;
    static const char texts[] = "/echo\0/index";
    char **list = malloc(3 * sizeof *list + sizeof texts);
    char *at = memcpy(list + 3, texts, sizeof texts);
    list[0] = at;
    list[1] = at + 6;
    list[2] = NULL;
    return list;
}
