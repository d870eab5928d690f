/*
 * bench-load: sends requests to a gRPC gateway at ADDRESS, checks every answer, and prints one line of JSON: rate,
 * latency, processor time per request of this client and of the server's processes.
 */
#include "tests/bench/load.h"

#include "common/foundation/clock.h"
#include "common/foundation/memory.h"

#include <getopt.h>
#include <grpc/grpc_security.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPEN_LOOP_SLOTS = 4096, STALL_SECONDS = 10 };

static const char usage[] = "usage: bench-load --address HOST:PORT [options]\n"
                            "  --mode unary|stream   default unary\n"
                            "  --endpoint TEXT       default /\n"
                            "  --size BYTES          of a request, default 1024\n"
                            "  --documents N         in a request, default 1 below 4 KB, else 100\n"
                            "  --embeddings          the documents have embeddings of 512 floats, no text\n"
                            "  --in-flight N         closed loop with N requests in flight, default 1\n"
                            "  --rate N              open loop with N requests a second instead\n"
                            "  --warm SECONDS        before anything is counted, default 0.3\n"
                            "  --seconds SECONDS     counted, default 1\n"
                            "  --changed             the executors change documents: they may come back longer\n"
                            "  --pids A,B,...        processes whose processor time is counted\n";

struct load_slot *load_answered(struct load *load, grpc_byte_buffer *answer)
{
    uint32_t index = 0;
    uint64_t sequence = 0;
    const char *wrong = load_check(&load->body, answer, &index, &sequence, NULL);
    if (wrong)
        load_fail("%s", wrong);
    if (index >= load->slot_count || !load->slots[index].busy || load->slots[index].sequence != sequence)
        load_fail("an answer to a request that is not in flight (a second one?)");
    grpc_byte_buffer_destroy(answer);
    struct load_slot *slot = &load->slots[index];
    slot->busy = false;
    load->in_flight--;
    if (load->measuring)
        load_report_answer(&load->report, clock_monotonic_ns() - slot->due_ns);
    return slot;
}

static void send_request(struct load *load, struct load_slot *slot, uint64_t due_ns)
{
    slot->busy = true;
    slot->sequence++;
    slot->due_ns = due_ns;
    load->in_flight++;
    if (load->stream)
        load_stream_send(load, slot);
    else
        load_unary_send(load, slot);
}

/* Wait for one event, at most until `until_ns`. False: none. */
static bool one_event(struct load *load, uint64_t until_ns, struct load_slot **ret_free)
{
    uint64_t now = clock_monotonic_ns();
    int64_t left = until_ns > now ? (int64_t)(until_ns - now) : 0;
    gpr_timespec limit = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left, GPR_TIMESPAN));
    grpc_event event = grpc_completion_queue_next(load->queue, limit, NULL);
    *ret_free = NULL;
    if (event.type != GRPC_OP_COMPLETE)
        return false;
    *ret_free = load->stream ? load_stream_event(load, event) : load_unary_event(load, event);
    return true;
}

/* Keep every slot busy until `until_ns`. */
static void closed_loop(struct load *load, uint64_t until_ns)
{
    for (size_t i = 0; i < load->slot_count; i++) {
        if (!load->slots[i].busy)
            send_request(load, &load->slots[i], clock_monotonic_ns());
    }
    for (uint64_t last = clock_monotonic_ns(), now = last; now < until_ns; now = clock_monotonic_ns()) {
        struct load_slot *slot;
        if (one_event(load, until_ns, &slot))
            last = now;
        else if (now - last > (uint64_t)STALL_SECONDS * CLOCK_NS_PER_SECOND)
            load_fail("no answer for %d seconds", STALL_SECONDS);
        if (slot)
            send_request(load, slot, clock_monotonic_ns());
    }
}

static struct load_slot *free_slot(struct load *load)
{
    static size_t next;
    for (size_t i = 0; i < load->slot_count; i++) {
        struct load_slot *slot = &load->slots[(next + i) % load->slot_count];
        if (!slot->busy) {
            next = slot->index + 1;
            return slot;
        }
    }
    return NULL;
}

/* Send what is due, *due_ns being when the next one is, until `until_ns`. */
static void open_loop(struct load *load, uint64_t until_ns, uint64_t *due_ns)
{
    uint64_t step = (uint64_t)((double)CLOCK_NS_PER_SECOND / load->rate);
    for (uint64_t now = clock_monotonic_ns(); now < until_ns; now = clock_monotonic_ns()) {
        struct load_slot *slot = NULL;
        while (*due_ns <= now && (slot = free_slot(load))) {
            send_request(load, slot, *due_ns);
            *due_ns += step;
        }
        uint64_t wake = *due_ns <= now || *due_ns > until_ns ? until_ns : *due_ns;
        one_event(load, wake, &slot);
    }
}

static void drain(struct load *load)
{
    uint64_t limit = clock_monotonic_ns() + (uint64_t)STALL_SECONDS * CLOCK_NS_PER_SECOND;
    while (load->in_flight > 0) {
        struct load_slot *slot;
        if (!one_event(load, limit, &slot))
            load_fail("%zu requests were never answered", load->in_flight);
    }
}

static void measure(struct load *load)
{
    uint64_t due = clock_monotonic_ns();
    uint64_t begin = due + (uint64_t)(load->warm_seconds * CLOCK_NS_PER_SECOND);
    if (load->rate > 0)
        open_loop(load, begin, &due);
    else
        closed_loop(load, begin);
    load_report_begin(&load->report);
    uint64_t end = load->report.begin_ns + (uint64_t)(load->seconds * CLOCK_NS_PER_SECOND);
    load->measuring = true;
    if (load->rate > 0)
        open_loop(load, end, &due);
    else
        closed_loop(load, end);
    load->measuring = false;
    load_report_end(&load->report);
    drain(load);
    if (load->stream)
        load_stream_close(load);
    load_report_print(&load->report, load->body.prefix_size + load->body.content_size);
}

static void parse(struct load *load, int argc, char **argv)
{
    static const struct option options[] = {
        {"address",   1, NULL, 'a'},
        {"mode",      1, NULL, 'm'},
        {"endpoint",  1, NULL, 'e'},
        {"size",      1, NULL, 's'},
        {"documents", 1, NULL, 'd'},
        {"embeddings", 0, NULL, 'f'},
        {"in-flight", 1, NULL, 'n'},
        {"rate",      1, NULL, 'r'},
        {"warm",      1, NULL, 'w'},
        {"seconds",   1, NULL, 't'},
        {"pids",      1, NULL, 'p'},
        {"changed",   0, NULL, 'c'},
        {"help",      0, NULL, 'h'},
        {NULL,        0, NULL, 0  }
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': load->address = optarg; break;
        case 'm': load->stream = strcmp(optarg, "stream") == 0; break;
        case 'e': load->endpoint = optarg; break;
        case 's': load->size = strtoull(optarg, NULL, 10); break;
        case 'f': load->embeddings = true; break;
        case 'd': load->documents = strtoull(optarg, NULL, 10); break;
        case 'n': load->slot_count = strtoull(optarg, NULL, 10); break;
        case 'r': load->rate = strtod(optarg, NULL); break;
        case 'w': load->warm_seconds = strtod(optarg, NULL); break;
        case 't': load->seconds = strtod(optarg, NULL); break;
        case 'p': load_report_pids(&load->report, optarg); break;
        case 'c': load->changed = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (!load->address || load->slot_count == 0 || strlen(load->endpoint) > 128) {
        fputs(usage, stderr);
        exit(2);
    }
    if (load->documents == 0)
        load->documents = load->size < 4096 && !load->embeddings ? 1 : 100;
    if (load->rate > 0)
        load->slot_count = OPEN_LOOP_SLOTS;
}

int main(int argc, char **argv)
{
    struct load load = {.endpoint = "/", .size = 1024, .slot_count = 1, .warm_seconds = 0.3, .seconds = 1};
    parse(&load, argc, argv);
    memory_tune();
    grpc_init();
    load_body_init(&load.body, load.size, load.documents, load.embeddings ? LOAD_EMBEDDING_FLOATS : 0);
    load.body.may_grow = load.changed;
    load.slots = calloc(load.slot_count, sizeof(*load.slots));
    if (!load.slots)
        load_fail("no memory");
    for (size_t i = 0; i < load.slot_count; i++)
        load.slots[i].index = (uint32_t)i;
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.max_receive_message_length", .value.integer = -1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.enable_http_proxy",          .value.integer = 0 },
    };
    grpc_channel_args channel_args = {sizeof(args) / sizeof(args[0]), args};
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    load.channel = grpc_channel_create(load.address, credentials, &channel_args);
    load.queue = grpc_completion_queue_create_for_next(NULL);
    if (load.stream)
        load_stream_open(&load);
    measure(&load);
    grpc_channel_destroy(load.channel);
    grpc_channel_credentials_release(credentials);
    grpc_slice_unref(load.body.data);
    fflush(stdout);
    _exit(0); /* the queue still holds the stream's open reads; there is nothing left to say */
}
