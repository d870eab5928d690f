#include "tests/bench/load.h"

#include <stdlib.h>
#include <string.h>

#define METHOD "/jina.JinaSingleDataRequestRPC/process_single_data"

void load_unary_send(struct load *load, struct load_slot *slot)
{
    slot->call =
        grpc_channel_create_call(load->channel, NULL, GRPC_PROPAGATE_DEFAULTS, load->queue,
                                 grpc_slice_from_static_string(METHOD), NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    slot->request = load_request(&load->body, load->endpoint, slot->index, slot->sequence);
    grpc_metadata_array_init(&slot->initial);
    grpc_metadata_array_init(&slot->trailing);
    grpc_op ops[6];
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[1].data.send_message.send_message = slot->request;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &slot->initial;
    ops[4].op = GRPC_OP_RECV_MESSAGE;
    ops[4].data.recv_message.recv_message = &slot->answer;
    ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[5].data.recv_status_on_client.trailing_metadata = &slot->trailing;
    ops[5].data.recv_status_on_client.status = &slot->status;
    ops[5].data.recv_status_on_client.status_details = &slot->details;
    if (grpc_call_start_batch(slot->call, ops, 6, slot, NULL) != GRPC_CALL_OK)
        load_fail("grpc_call_start_batch failed");
}

struct load_slot *load_unary_event(struct load *load, grpc_event event)
{
    struct load_slot *slot = event.tag;
    if (slot->status != GRPC_STATUS_OK) {
        char *text = grpc_slice_to_c_string(slot->details);
        load_fail("status %d: %s", (int)slot->status, text);
    }
    grpc_byte_buffer_destroy(slot->request);
    grpc_slice_unref(slot->details);
    grpc_metadata_array_destroy(&slot->initial);
    grpc_metadata_array_destroy(&slot->trailing);
    grpc_call_unref(slot->call);
    struct load_slot *answered = load_answered(load, slot->answer);
    if (answered != slot)
        load_fail("a call got the answer to another one");
    return slot;
}
