/*
 * load.h - the load driver's shared state: slots of requests in flight, and what is counted.
 *
 * A slot holds one request at a time. In the closed loop a slot sends its next request when the answer is there; in the
 * open loop requests fall due at a fixed rate, take a free slot, and their time counts from when they were due, so that
 * a server that stalls is charged for all who waited. One thread, one completion queue.
 */
#ifndef SLUICE_BENCH_LOAD_H
#define SLUICE_BENCH_LOAD_H

#include "tests/bench/load_message.h"
#include "tests/bench/load_report.h"

#include <grpc/grpc.h>

struct load_slot {
    uint32_t index;
    bool busy;
    uint64_t sequence;
    uint64_t due_ns;
    /* unary */
    grpc_call *call;
    grpc_byte_buffer *request, *answer;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
};

struct load {
    const char *address, *endpoint;
    bool stream, changed, embeddings;
    size_t size, documents, slot_count;
    double warm_seconds, seconds, rate; /* rate 0: closed loop */
    struct load_body body;
    struct load_slot *slots;
    grpc_completion_queue *queue;
    grpc_channel *channel;
    bool stopping;  /* no new requests */
    bool measuring; /* answers count */
    size_t in_flight;
    struct load_report report;
};

/* A request of this slot is answered: check, count, and free the slot. Destroys the answer. Ends the program when
 * wrong. */
struct load_slot *load_answered(struct load *load, grpc_byte_buffer *answer);

/* load_unary.c, load_stream.c: send the slot's request; handle one event, returning the slot that is free now or NULL.
 */
void load_unary_send(struct load *load, struct load_slot *slot);
struct load_slot *load_unary_event(struct load *load, grpc_event event);

void load_stream_open(struct load *load);
void load_stream_send(struct load *load, struct load_slot *slot);
struct load_slot *load_stream_event(struct load *load, grpc_event event);
void load_stream_close(struct load *load); /* half-close and wait for the status */

#endif
