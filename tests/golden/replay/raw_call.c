/*
 * Sends all messages, closes its side, reads until the end: what the recording program did. Every method is driven as a
 * stream, which gRPC permits.
 */
#include "raw_call.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>
#include <stdio.h>
#include <string.h>

struct state {
    grpc_completion_queue *queue;
    grpc_call *call;
    gpr_timespec deadline;
};

enum tag { TAG_SEND = 1, TAG_RECEIVE, TAG_STATUS };

static void *tag(enum tag value)
{
    return (void *)(intptr_t)value;
}

static grpc_byte_buffer *message_of(const struct buffer *buffer)
{
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)buffer->data, buffer->size);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return message;
}

static void keep_response(struct raw_call *call, grpc_byte_buffer *message)
{
    if (call->response_count < RAW_MESSAGES_MAX) {
        struct buffer *response = &call->responses[call->response_count++];
        buffer_init(response, BUFFER_NO_LIMIT);
        grpc_byte_buffer_reader reader;
        grpc_slice slice;
        grpc_byte_buffer_reader_init(&reader, message);
        while (grpc_byte_buffer_reader_next(&reader, &slice)) {
            buffer_append(response, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
            grpc_slice_unref(slice);
        }
        grpc_byte_buffer_reader_destroy(&reader);
    }
    grpc_byte_buffer_destroy(message);
}

static void start(struct state *state, const grpc_op *ops, size_t count, enum tag value)
{
    grpc_call_error error = grpc_call_start_batch(state->call, ops, count, tag(value), NULL);
    if (error != GRPC_CALL_OK)
        fprintf(stderr, "grpc_call_start_batch: %s\n", grpc_call_error_to_string(error));
}

static void send_next(struct raw_call *call, struct state *state, size_t index, grpc_byte_buffer **sending)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    if (index < call->request_count) {
        *sending = message_of(&call->requests[index]);
        op.op = GRPC_OP_SEND_MESSAGE;
        op.data.send_message.send_message = *sending;
    }
    start(state, &op, 1, TAG_SEND);
}

static void run_ops(struct raw_call *call, struct state *state, grpc_metadata *metadata, size_t metadata_count)
{
    grpc_metadata_array initial, trailing;
    grpc_metadata_array_init(&initial);
    grpc_metadata_array_init(&trailing);
    grpc_slice details = grpc_empty_slice();
    grpc_status_code status = GRPC_STATUS_UNKNOWN;
    grpc_byte_buffer *received = NULL, *sending = NULL;
    grpc_op first[] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                       {.op = GRPC_OP_RECV_INITIAL_METADATA},
                       {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}};
    first[0].data.send_initial_metadata.metadata = metadata;
    first[0].data.send_initial_metadata.count = metadata_count;
    first[1].data.recv_initial_metadata.recv_initial_metadata = &initial;
    first[2].data.recv_status_on_client.trailing_metadata = &trailing;
    first[2].data.recv_status_on_client.status = &status;
    first[2].data.recv_status_on_client.status_details = &details;
    grpc_op receive = {.op = GRPC_OP_RECV_MESSAGE};
    receive.data.recv_message.recv_message = &received;
    start(state, first, 3, TAG_STATUS);
    start(state, &receive, 1, TAG_RECEIVE);
    size_t sent = 0;
    send_next(call, state, sent, &sending);
    for (int open = 3; open > 0;) {
        grpc_event event = grpc_completion_queue_next(state->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
        switch ((enum tag)(intptr_t)event.tag) {
        case TAG_SEND:
            if (sending != NULL)
                grpc_byte_buffer_destroy(sending);
            sending = NULL;
            if (event.success && sent < call->request_count)
                send_next(call, state, ++sent, &sending);
            else
                open--;
            break;
        case TAG_RECEIVE:
            if (received != NULL) {
                keep_response(call, received);
                received = NULL;
                start(state, &receive, 1, TAG_RECEIVE);
            } else {
                open--;
            }
            break;
        case TAG_STATUS: open--; break;
        }
    }
    call->status = (int)status;
    snprintf(call->details, sizeof call->details, "%.*s", (int)GRPC_SLICE_LENGTH(details),
             (const char *)GRPC_SLICE_START_PTR(details));
    grpc_slice_unref(details);
    grpc_metadata_array_destroy(&initial);
    grpc_metadata_array_destroy(&trailing);
}

void raw_call_run(struct raw_call *call)
{
    char target[64];
    snprintf(target, sizeof target, "ipv4:127.0.0.1:%d", call->port);
    grpc_arg unlimited[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.enable_http_proxy",            .value.integer = 0 }
    };
    grpc_channel_args arguments = {2, unlimited};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, credentials, &arguments);
    grpc_channel_credentials_release(credentials);
    struct state state = {.queue = grpc_completion_queue_create_for_next(NULL)};
    state.deadline = gpr_time_add(gpr_now(GPR_CLOCK_REALTIME),
                                  gpr_time_from_micros((int64_t)(call->timeout_seconds * 1e6), GPR_TIMESPAN));
    state.call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, state.queue,
                                          grpc_slice_from_static_string(call->path), NULL, state.deadline, NULL);
    grpc_metadata metadata[9];
    size_t count = 0;
    for (; count < 8 && call->metadata[count][0] != NULL; count++)
        metadata[count] = (grpc_metadata){.key = grpc_slice_from_copied_string(call->metadata[count][0]),
                                          .value = grpc_slice_from_copied_string(call->metadata[count][1])};
    if (call->compression != NULL)
        metadata[count++] = (grpc_metadata){.key = grpc_slice_from_static_string("grpc-internal-encoding-request"),
                                            .value = grpc_slice_from_copied_string(call->compression)};
    run_ops(call, &state, metadata, count);
    for (size_t i = 0; i < count; i++) {
        grpc_slice_unref(metadata[i].key);
        grpc_slice_unref(metadata[i].value);
    }
    grpc_call_unref(state.call);
    grpc_completion_queue_shutdown(state.queue);
    while (grpc_completion_queue_next(state.queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(state.queue);
    grpc_channel_destroy(channel);
}

void raw_call_done(struct raw_call *call)
{
    for (size_t i = 0; i < call->request_count; i++)
        buffer_done(&call->requests[i]);
    for (size_t i = 0; i < call->response_count; i++)
        buffer_done(&call->responses[i]);
}
