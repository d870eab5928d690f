#include "tests/unit/gateway/grpc/rpc_client.h"

#include "common/net/grpc/core.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_S = 30, METADATA_MAX = 8 };

struct rpc_client {
    grpc_completion_queue *queue;
    grpc_channel *channel;
};

struct rpc_call {
    struct rpc_client *client;
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    bool over;
    char text[8192];
};

struct rpc_client *rpc_client_new(uint16_t port)
{
    struct rpc_client *client = calloc(1, sizeof *client);
    char target[32];

    rpc_core_init();
    client->queue = grpc_completion_queue_create_for_pluck(NULL);
    snprintf(target, sizeof target, "127.0.0.1:%u", port);
    grpc_arg list[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_ENABLE_HTTP_PROXY,          .value.integer = 0 },
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t) "grpc.use_local_subchannel_pool",   .value.integer = 1 },
    };
    grpc_channel_args arguments = {.num_args = 3, .args = list};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    client->channel = grpc_channel_create(target, credentials, &arguments);
    grpc_channel_credentials_release(credentials);
    return client;
}

void rpc_client_free(struct rpc_client *client)
{
    grpc_channel_destroy(client->channel);
    grpc_completion_queue_shutdown(client->queue);
    while (grpc_completion_queue_pluck(client->queue, NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(client->queue);
    free(client);
    rpc_core_done();
}

static bool pluck(struct rpc_client *client, void *tag)
{
    gpr_timespec until = gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(PATIENCE_S, GPR_TIMESPAN));
    grpc_event event = grpc_completion_queue_pluck(client->queue, tag, until, NULL);
    ck_assert_msg(event.type == GRPC_OP_COMPLETE, "a gRPC operation did not end in time");
    return event.success != 0;
}

static bool run(struct rpc_call *call, const grpc_op *operations, size_t count)
{
    int tag;
    ck_assert_int_eq(grpc_call_start_batch(call->call, operations, count, &tag, NULL), GRPC_CALL_OK);
    return pluck(call->client, &tag);
}

struct rpc_call *rpc_open(struct rpc_client *client, const char *path, const char *const *metadata, int timeout_ms)
{
    struct rpc_call *call = calloc(1, sizeof *call);
    grpc_metadata pairs[METADATA_MAX];
    size_t count = 0;

    for (; metadata != NULL && metadata[2 * count] != NULL; count++)
        pairs[count] = (grpc_metadata){.key = grpc_slice_from_static_string(metadata[2 * count]),
                                       .value = grpc_slice_from_static_string(metadata[2 * count + 1])};
    gpr_timespec deadline =
        timeout_ms == 0 ? gpr_inf_future(GPR_CLOCK_REALTIME)
                        : gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
    call->client = client;
    call->details = grpc_empty_slice();
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    call->call = grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, client->queue,
                                          grpc_slice_from_static_string(path), NULL, deadline, NULL);
    grpc_op receive_initial = {.op = GRPC_OP_RECV_INITIAL_METADATA,
                               .data.recv_initial_metadata.recv_initial_metadata = &call->initial};
    grpc_op receive_status = {
        .op = GRPC_OP_RECV_STATUS_ON_CLIENT,
        .data.recv_status_on_client = {
                                       .trailing_metadata = &call->trailing, .status = &call->status, .status_details = &call->details}
    };
    grpc_op send = {
        .op = GRPC_OP_SEND_INITIAL_METADATA, .data.send_initial_metadata = {.count = count, .metadata = pairs}
    };
    ck_assert_int_eq(grpc_call_start_batch(call->call, &receive_initial, 1, &call->initial, NULL), GRPC_CALL_OK);
    ck_assert_int_eq(grpc_call_start_batch(call->call, &receive_status, 1, &call->status, NULL), GRPC_CALL_OK);
    run(call, &send, 1);
    return call;
}

bool rpc_send(struct rpc_call *call, const void *message, size_t size)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(message, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op send = {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = buffer};
    bool sent = run(call, &send, 1);
    grpc_byte_buffer_destroy(buffer);
    grpc_slice_unref(slice);
    return sent;
}

bool rpc_half_close(struct rpc_call *call)
{
    grpc_op close = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    return run(call, &close, 1);
}

uint8_t *rpc_read(struct rpc_call *call, size_t *ret_size)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_op read = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &buffer};
    *ret_size = 0;
    run(call, &read, 1);
    if (buffer == NULL)
        return NULL;
    grpc_byte_buffer_reader reader;
    grpc_byte_buffer_reader_init(&reader, buffer);
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    uint8_t *bytes = malloc(GRPC_SLICE_LENGTH(slice) + 1);
    memcpy(bytes, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
    *ret_size = GRPC_SLICE_LENGTH(slice);
    grpc_slice_unref(slice);
    return bytes;
}

int rpc_status(struct rpc_call *call)
{
    if (!call->over) {
        pluck(call->client, &call->status);
        pluck(call->client, &call->initial);
        call->over = true;
        size_t size = GRPC_SLICE_LENGTH(call->details) < sizeof call->text ? GRPC_SLICE_LENGTH(call->details)
                                                                           : sizeof call->text - 1;
        memcpy(call->text, GRPC_SLICE_START_PTR(call->details), size);
        call->text[size] = '\0';
    }
    return (int)call->status;
}

const char *rpc_text(struct rpc_call *call)
{
    return call->text;
}

void rpc_cancel(struct rpc_call *call)
{
    grpc_call_cancel(call->call, NULL);
}

void rpc_close(struct rpc_call *call)
{
    if (!call->over)
        rpc_cancel(call);
    rpc_status(call);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_slice_unref(call->details);
    grpc_call_unref(call->call);
    free(call);
}

int rpc_unary(struct rpc_client *client, const char *path, const void *message, size_t size, uint8_t **ret_answer,
              size_t *ret_size, char text[8192])
{
    struct rpc_call *call = rpc_open(client, path, NULL, 0);
    rpc_send(call, message, size);
    rpc_half_close(call);
    *ret_answer = rpc_read(call, ret_size);
    int status = rpc_status(call);
    if (text != NULL)
        memcpy(text, call->text, sizeof call->text);
    rpc_close(call);
    return status;
}
