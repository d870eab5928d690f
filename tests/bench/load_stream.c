/* One bidirectional stream: requests wait in a list while one is being sent, answers come in any order. */
#include "tests/bench/load.h"

#include <stdlib.h>
#include <string.h>

#define METHOD "/jina.JinaRPC/Call"

static struct {
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    grpc_byte_buffer *sending, *received;
    struct load_slot **waiting; /* a ring with a place for every slot */
    size_t first, count, room;
    bool closed;
} stream;

/* Tags: the address tells the kind of event. */
static char tag_open, tag_send, tag_receive, tag_status, tag_close;

static void start(grpc_op *ops, size_t count, void *tag)
{
    if (grpc_call_start_batch(stream.call, ops, count, tag, NULL) != GRPC_CALL_OK)
        load_fail("grpc_call_start_batch failed");
}

static void receive_next(void)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &stream.received;
    start(&op, 1, &tag_receive);
}

void load_stream_open(struct load *load)
{
    stream.call =
        grpc_channel_create_call(load->channel, NULL, GRPC_PROPAGATE_DEFAULTS, load->queue,
                                 grpc_slice_from_static_string(METHOD), NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    stream.room = load->slot_count;
    stream.waiting = calloc(stream.room, sizeof(struct load_slot *));
    if (!stream.waiting)
        load_fail("no memory");
    grpc_metadata_array_init(&stream.initial);
    grpc_metadata_array_init(&stream.trailing);
    grpc_op ops[2];
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[1].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &stream.initial;
    start(ops, 2, &tag_open);
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[0].data.recv_status_on_client.trailing_metadata = &stream.trailing;
    ops[0].data.recv_status_on_client.status = &stream.status;
    ops[0].data.recv_status_on_client.status_details = &stream.details;
    start(ops, 1, &tag_status);
    receive_next();
}

static void send_next(struct load *load)
{
    if (stream.sending || stream.count == 0)
        return;
    struct load_slot *slot = stream.waiting[stream.first];
    stream.first = (stream.first + 1) % stream.room;
    stream.count--;
    stream.sending = load_request(&load->body, load->endpoint, slot->index, slot->sequence);
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_SEND_MESSAGE;
    op.flags = stream.count > 0 ? GRPC_WRITE_BUFFER_HINT : 0;
    op.data.send_message.send_message = stream.sending;
    start(&op, 1, &tag_send);
}

void load_stream_send(struct load *load, struct load_slot *slot)
{
    stream.waiting[(stream.first + stream.count++) % stream.room] = slot;
    send_next(load);
}

struct load_slot *load_stream_event(struct load *load, grpc_event event)
{
    if (event.tag == &tag_status && !stream.closed) {
        char *text = grpc_slice_to_c_string(stream.details);
        load_fail("the stream ended with status %d: %s", (int)stream.status, text);
    }
    if (event.tag == &tag_send) {
        grpc_byte_buffer_destroy(stream.sending);
        stream.sending = NULL;
        send_next(load);
    }
    if (event.tag != &tag_receive || !stream.received)
        return NULL;
    grpc_byte_buffer *answer = stream.received;
    receive_next();
    return load_answered(load, answer);
}

void load_stream_close(struct load *load)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    stream.closed = true;
    start(&op, 1, &tag_close);
    for (bool ended = false; !ended;) {
        gpr_timespec limit = gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(10, GPR_TIMESPAN));
        grpc_event event = grpc_completion_queue_next(load->queue, limit, NULL);
        if (event.type != GRPC_OP_COMPLETE)
            load_fail("the stream does not end after half-close");
        ended = event.tag == &tag_status;
    }
    if (stream.status != GRPC_STATUS_OK)
        load_fail("the stream ended with status %d", (int)stream.status);
}
