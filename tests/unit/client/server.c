#include "tests/unit/client/server.h"

#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/net/grpc/bytes.h"
#include "common/net/grpc/loop.h"
#include "common/wire/wire.h"

#include <check.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 4096, MESSAGES_MAX = 1 << 16, METADATA_MAX = 24, WAIT_SECONDS = 50 };

struct record {
    char method[96];
    bool deadline;
    size_t metadata_count;
    struct {
        char key[64], value[128];
    } metadata[METADATA_MAX];
};

struct bytes {
    struct bytes *next;
    size_t size;
    uint8_t data[];
};

struct call {
    struct call *next;
    struct server *server;
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    struct rpc_event accepted, started, received, sent, closed, finished;
    grpc_byte_buffer *incoming, *outgoing;
    struct bytes *requests, *answers; /* not answered; not sent */
    unsigned request_count, answered;
    bool plain, half_closed, sending, ending, status_started, reading;
    int cancelled;
    int end_code;
    unsigned outstanding;
};

struct server {
    struct server_script script;
    struct rpc_loop *loop;
    grpc_server *server;
    int port;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping, stopped;
    unsigned answers; /* in all calls, for error_every and garbage_at */
    struct call *calls;
    struct record *records;
    size_t record_count, cancelled;
    struct bytes **messages;
    size_t message_count;
    struct rpc_event shut_down;
};

static void accept_next(struct server *server);
static void progress(struct call *call);

/* ---- messages ---- */

static struct bytes *bytes_of(const void *data, size_t size)
{
    struct bytes *bytes = malloc(sizeof *bytes + size);
    ck_assert_ptr_nonnull(bytes);
    bytes->next = NULL;
    bytes->size = size;
    if (size > 0)
        memcpy(bytes->data, data, size);
    return bytes;
}

static void append(struct bytes **list, struct bytes *bytes)
{
    while (*list != NULL)
        list = &(*list)->next;
    *list = bytes;
}

static struct bytes *take_first(struct bytes **list)
{
    struct bytes *first = *list;
    *list = first->next;
    first->next = NULL;
    return first;
}

static struct bytes *take_last(struct bytes **list)
{
    while ((*list)->next != NULL)
        list = &(*list)->next;
    return take_first(list);
}

static void free_list(struct bytes **list)
{
    while (*list != NULL)
        free(take_first(list));
}

static void append_time(struct buffer *buffer, uint32_t number, uint64_t seconds, uint64_t nanos)
{
    size_t time = wire_begin_message(buffer, number);
    wire_append_uint(buffer, 1, seconds);
    wire_append_uint(buffer, 2, nanos);
    wire_end_message(buffer, time);
}

static void append_route(struct buffer *buffer, const char *executor, uint64_t start_ms, uint64_t end_ms)
{
    size_t route = wire_begin_message(buffer, 3);
    wire_append_text(buffer, 1, executor);
    append_time(buffer, 2, 1700000000, start_ms * 1000000);
    append_time(buffer, 3, 1700000000, end_ms * 1000000);
    wire_end_message(buffer, route);
}

static void append_failure(struct buffer *buffer)
{
    size_t header = wire_begin_message(buffer, 1);
    size_t status = wire_begin_message(buffer, 2);
    wire_append_uint(buffer, 1, 1);
    wire_append_text(buffer, 2, "ValueError('bad')");
    size_t exception = wire_begin_message(buffer, 3);
    wire_append_text(buffer, 1, "ValueError");
    wire_append_text(buffer, 2, "bad");
    wire_append_text(buffer, 3, "Traceback (most recent call last):\n");
    wire_append_text(buffer, 4, "Encoder");
    wire_end_message(buffer, exception);
    wire_end_message(buffer, status);
    wire_end_message(buffer, header);
}

/* Fields after a message are merged into it, so an answer is the request with more behind it. */
static struct bytes *make_answer(struct server *server, const struct bytes *request)
{
    const struct server_script *script = &server->script;
    struct buffer buffer;
    unsigned number = ++server->answers;
    if (script->garbage_at != 0 && number == script->garbage_at)
        return bytes_of("\xFF\xFF\xFF", 3);
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    buffer_append(&buffer, request->data, request->size);
    append_route(&buffer, "gateway", 0, 10);
    append_route(&buffer, "encoder", 2, 9);
    if (script->error_every != 0 && number % script->error_every == 0)
        append_failure(&buffer);
    struct bytes *answer = bytes_of(buffer.data, buffer.size);
    buffer_done(&buffer);
    return answer;
}

static struct bytes *answer_with_id(const void *id, size_t size)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    size_t header = wire_begin_message(&buffer, 1);
    wire_append_bytes(&buffer, 1, id, size);
    wire_end_message(&buffer, header);
    struct bytes *answer = bytes_of(buffer.data, buffer.size);
    buffer_done(&buffer);
    return answer;
}

static struct bytes *make_stub(const struct bytes *request)
{
    struct wire_reader reader = wire_read(request->data, request->size);
    struct wire_field field, id;
    ck_assert(wire_next(&reader, &field));
    reader = wire_read(field.data, field.size);
    ck_assert(wire_next(&reader, &id));
    return answer_with_id(id.data, id.size);
}

/* ---- one call ---- */

static void release(struct call *call)
{
    struct call **place = &call->server->calls;
    while (*place != call)
        place = &(*place)->next;
    *place = call->next;
    if (call->call != NULL)
        grpc_call_unref(call->call);
    grpc_call_details_destroy(&call->details);
    grpc_metadata_array_destroy(&call->metadata);
    free_list(&call->requests);
    free_list(&call->answers);
    free(call);
}

static void settle(struct call *call)
{
    if (--call->outstanding == 0)
        release(call);
}

static void start(struct call *call, const grpc_op *ops, size_t count, struct rpc_event *event)
{
    ck_assert(rpc_start_batch(call->call, ops, count, event));
    call->outstanding++;
}

static void read_next(struct call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->incoming};
    call->reading = true;
    start(call, &op, 1, &call->received);
}

static void send_status(struct call *call, int code, bool trailers_only)
{
    grpc_slice text =
        grpc_slice_from_copied_string(call->server->script.fail_text != NULL ? call->server->script.fail_text : "");
    grpc_op ops[2] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA                                                        },
        { .op = GRPC_OP_SEND_STATUS_FROM_SERVER,
         .data.send_status_from_server = {.status = (grpc_status_code)code, .status_details = &text}},
    };
    call->status_started = true;
    start(call, trailers_only ? ops : ops + 1, trailers_only ? 2 : 1, &call->finished);
    grpc_slice_unref(text);
}

static void send_next(struct call *call)
{
    struct bytes *answer = take_first(&call->answers);
    call->outgoing = rpc_bytes_copy(answer->data, answer->size);
    free(answer);
    call->sending = true;
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = call->outgoing};
    start(call, &op, 1, &call->sent);
}

/* Turns requests into answers as the script says. */
static void answer(struct call *call)
{
    const struct server_script *script = &call->server->script;
    if (script->reverse > 0 && call->request_count < script->reverse && !call->half_closed)
        return;
    while (call->requests != NULL && !call->ending && !script->hold && !script->silent) {
        if (script->unknown_first && call->answered == 0)
            append(&call->answers, answer_with_id("nobody", 6));
        struct bytes *request = script->reverse > 0 ? take_last(&call->requests) : take_first(&call->requests);
        call->request_count--;
        append(&call->answers,
               call->plain ? bytes_of(script->plain, script->plain_size) : make_answer(call->server, request));
        free(request);
        call->answered++;
        call->ending = script->end_after != 0 && call->answered == script->end_after;
        call->end_code = script->fail_code;
    }
    if (call->ending && script->stub && call->requests != NULL) {
        append(&call->answers, make_stub(call->requests));
        free(take_first(&call->requests));
        call->request_count--;
    }
}

static void progress(struct call *call)
{
    const struct server_script *script = &call->server->script;
    if (call->status_started || call->call == NULL)
        return;
    if (script->stub && script->end_after != 0 && call->answered + 1 >= script->end_after && call->request_count < 2 &&
        !call->half_closed && !call->ending)
        return; /* the stub needs a request to stand for */
    answer(call);
    if (!call->sending && call->answers != NULL)
        send_next(call);
    bool drained = !call->sending && call->answers == NULL;
    bool complete = call->half_closed && (call->requests == NULL || script->silent) && !script->hold;
    if (drained && (call->ending || complete))
        send_status(call, call->ending ? call->end_code : 0, false);
}

static void lock_of(struct call *call)
{
    pthread_mutex_lock(&call->server->lock);
}

static void unlock(struct server *server)
{
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static void on_started(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, started);
    struct server *server = call->server;
    (void)ok;
    lock_of(call);
    settle(call);
    unlock(server);
}

static void remember_message(struct server *server, const struct rope *rope)
{
    struct bytes *copy = malloc(sizeof *copy + rope->size);
    ck_assert(copy != NULL && server->message_count < MESSAGES_MAX);
    copy->next = NULL;
    copy->size = rope->size;
    rope_copy_out(rope, copy->data);
    server->messages[server->message_count++] = copy;
}

static void on_received(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, received);
    struct server *server = call->server;
    lock_of(call);
    call->reading = false;
    if (ok && call->incoming != NULL) {
        struct rope rope;
        rope_init(&rope);
        ck_assert_int_eq(rpc_bytes_receive(call->incoming, &rope), SLUICE_OK);
        remember_message(server, &rope);
        rope_done(&rope);
        const struct bytes *last = server->messages[server->message_count - 1];
        append(&call->requests, bytes_of(last->data, last->size));
        call->request_count++;
        if (!call->status_started)
            read_next(call);
    } else {
        call->half_closed = true;
    }
    progress(call);
    settle(call);
    unlock(server);
}

static void on_sent(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, sent);
    struct server *server = call->server;
    (void)ok;
    lock_of(call);
    grpc_byte_buffer_destroy(call->outgoing);
    call->sending = false;
    progress(call);
    settle(call);
    unlock(server);
}

static void on_closed(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, closed);
    struct server *server = call->server;
    (void)ok;
    lock_of(call);
    if (call->cancelled != 0) {
        server->cancelled += !call->status_started;
        if (!call->status_started)
            send_status(call, GRPC_STATUS_CANCELLED, false);
    }
    settle(call);
    unlock(server);
}

static void on_finished(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, finished);
    struct server *server = call->server;
    (void)ok;
    lock_of(call);
    settle(call);
    unlock(server);
}

/* ---- accepting ---- */

static void copy_slice(grpc_slice slice, char *target, size_t capacity)
{
    snprintf(target, capacity, "%.*s", (int)GRPC_SLICE_LENGTH(slice), (const char *)GRPC_SLICE_START_PTR(slice));
}

static void remember_call(struct call *call)
{
    struct server *server = call->server;
    ck_assert_uint_lt(server->record_count, CALLS_MAX);
    struct record *record = &server->records[server->record_count++];
    copy_slice(call->details.method, record->method, sizeof record->method);
    record->deadline = rpc_deadline_ns(call->details.deadline) != 0;
    for (size_t i = 0; i < call->metadata.count && i < METADATA_MAX; i++) {
        copy_slice(call->metadata.metadata[i].key, record->metadata[i].key, sizeof record->metadata[i].key);
        copy_slice(call->metadata.metadata[i].value, record->metadata[i].value, sizeof record->metadata[i].value);
        record->metadata_count++;
    }
    call->plain =
        strstr(record->method, "/jina.JinaRPC/") == NULL && strstr(record->method, "process_single_data") == NULL;
}

static void serve(struct call *call)
{
    struct server *server = call->server;
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &call->cancelled};
    start(call, &close, 1, &call->closed);
    if (server->script.fail_calls > 0) {
        server->script.fail_calls--;
        send_status(call, server->script.fail_code, true);
        return;
    }
    grpc_op initial = {.op = GRPC_OP_SEND_INITIAL_METADATA};
    start(call, &initial, 1, &call->started);
    read_next(call);
}

static void on_accepted(struct rpc_event *event, bool ok)
{
    struct call *call = RPC_EVENT_OWNER(event, struct call, accepted);
    struct server *server = call->server;
    lock_of(call);
    if (ok && !server->stopping) {
        remember_call(call);
        accept_next(server);
        serve(call);
    }
    settle(call);
    unlock(server);
}

static void accept_next(struct server *server)
{
    struct call *call = calloc(1, sizeof *call);
    ck_assert_ptr_nonnull(call);
    call->server = server;
    call->next = server->calls;
    server->calls = call;
    call->outstanding = 1;
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    rpc_event_init(&call->accepted, on_accepted);
    rpc_event_init(&call->started, on_started);
    rpc_event_init(&call->received, on_received);
    rpc_event_init(&call->sent, on_sent);
    rpc_event_init(&call->closed, on_closed);
    rpc_event_init(&call->finished, on_finished);
    grpc_completion_queue *queue = rpc_loop_queue(server->loop);
    grpc_server_request_call(server->server, &call->call, &call->details, &call->metadata, queue, queue,
                             rpc_event_arm(&call->accepted));
}

/* ---- the server ---- */

struct server *server_start(const struct server_script *script, int port)
{
    struct server *server = calloc(1, sizeof *server);
    char address[32];
    ck_assert_ptr_nonnull(server);
    server->script = *script;
    server->records = calloc(CALLS_MAX, sizeof *server->records);
    server->messages = calloc(MESSAGES_MAX, sizeof(struct bytes *));
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    ck_assert_int_eq(rpc_loop_new(1, "test-server", &server->loop, NULL), SLUICE_OK);
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ALLOW_REUSEPORT,            .value.integer = 0 },
    };
    grpc_channel_args all = {.num_args = 2, .args = args};
    server->server = grpc_server_create(&all, NULL);
    grpc_server_register_completion_queue(server->server, rpc_loop_queue(server->loop), NULL);
    grpc_server_credentials *credentials = grpc_insecure_server_credentials_create();
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    server->port = grpc_server_add_http2_port(server->server, address, credentials);
    grpc_server_credentials_release(credentials);
    ck_assert_int_ne(server->port, 0);
    grpc_server_start(server->server);
    pthread_mutex_lock(&server->lock);
    accept_next(server);
    pthread_mutex_unlock(&server->lock);
    return server;
}

static void on_shut_down(struct rpc_event *event, bool ok)
{
    struct server *server = RPC_EVENT_OWNER(event, struct server, shut_down);
    (void)ok;
    pthread_mutex_lock(&server->lock);
    server->stopped = true;
    unlock(server);
}

void server_stop(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    rpc_event_init(&server->shut_down, on_shut_down);
    grpc_server_shutdown_and_notify(server->server, rpc_loop_queue(server->loop), rpc_event_arm(&server->shut_down));
    grpc_server_cancel_all_calls(server->server);
    pthread_mutex_lock(&server->lock);
    while (!server->stopped || server->calls != NULL)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
    grpc_server_destroy(server->server);
    rpc_loop_free(server->loop);
    for (size_t i = 0; i < server->message_count; i++)
        free(server->messages[i]);
    free(server->messages);
    free(server->records);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int server_port(const struct server *server)
{
    return server->port;
}

void server_release(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->script.hold = false;
    for (struct call *call = server->calls; call != NULL; call = call->next)
        if (call->call != NULL)
            progress(call);
    pthread_mutex_unlock(&server->lock);
}

/* ---- what it was asked ---- */

size_t server_calls(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->record_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t server_messages(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->message_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t server_message(struct server *server, size_t index, uint8_t *target, size_t capacity)
{
    pthread_mutex_lock(&server->lock);
    ck_assert_uint_lt(index, server->message_count);
    size_t size = server->messages[index]->size;
    ck_assert_uint_le(size, capacity);
    memcpy(target, server->messages[index]->data, size);
    pthread_mutex_unlock(&server->lock);
    return size;
}

bool server_metadata(struct server *server, size_t call, const char *key, char *value, size_t capacity)
{
    bool found = false;
    pthread_mutex_lock(&server->lock);
    ck_assert_uint_lt(call, server->record_count);
    const struct record *record = &server->records[call];
    for (size_t i = 0; i < record->metadata_count; i++)
        if (strcmp(record->metadata[i].key, key) == 0) {
            snprintf(value, capacity, "%s", record->metadata[i].value);
            found = true;
        }
    pthread_mutex_unlock(&server->lock);
    return found;
}

void server_method(struct server *server, size_t call, char *method, size_t capacity)
{
    pthread_mutex_lock(&server->lock);
    ck_assert_uint_lt(call, server->record_count);
    snprintf(method, capacity, "%s", server->records[call].method);
    pthread_mutex_unlock(&server->lock);
}

bool server_has_deadline(struct server *server, size_t call)
{
    pthread_mutex_lock(&server->lock);
    ck_assert_uint_lt(call, server->record_count);
    bool deadline = server->records[call].deadline;
    pthread_mutex_unlock(&server->lock);
    return deadline;
}

static bool wait_for(struct server *server, const size_t *counter, size_t count)
{
    struct timespec until = clock_utc();
    until.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&server->lock);
    while (*counter < count && pthread_cond_timedwait(&server->changed, &server->lock, &until) == 0)
        ;
    bool reached = *counter >= count;
    pthread_mutex_unlock(&server->lock);
    return reached;
}

bool server_wait_messages(struct server *server, size_t count)
{
    return wait_for(server, &server->message_count, count);
}

bool server_wait_cancelled(struct server *server, size_t count)
{
    return wait_for(server, &server->cancelled, count);
}
