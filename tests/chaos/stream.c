/*
 * chaos-stream: keeps requests in flight on one stream while processes behind the gateway are killed, and accounts for
 * each of them.
 *
 * When all is well it prints "pid?" and reads a process id from its input; a moment later, with the stream full again,
 * it kills that process with SIGKILL and waits until a request that was sent after the kill is answered without an
 * error. An empty line ends it: what is in flight is waited for, the stream is half-closed, and one line of JSON says
 * what was seen.
 */
#include "common/foundation/clock.h"
#include "common/foundation/memory.h"
#include "common/net/grpc/core.h"
#include "tests/bench/load_message.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 32,
    KILLS_MAX = 1000,
    REQUEST_BYTES = 1024,
    PUMP_MS_LEAST = 20, /* between the process id and the kill */
    PUMP_MS_MORE = 40,
    CALM_MS = 150, /* after a recovery: longer than what the supervisor takes for a crash loop */
    PATIENCE_MS = 10000,
};

struct slot {
    bool busy;
    uint64_t sequence, sent_ns;
};

struct chaos {
    struct load_body body;
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_byte_buffer *sending, *received;
    grpc_metadata_array initial, trailing;
    grpc_status_code status;
    grpc_slice details;
    struct slot slots[SLOTS];
    unsigned waiting[SLOTS]; /* slots whose request is not sent yet */
    size_t first_waiting, waiting_count, in_flight;
    uint64_t sent, answered, failed, twice, wrong;
    const char *wrong_text;
    uint64_t killed_ns, recovered_ns; /* recovered: the first good answer to a request sent after the kill */
    bool ended, finishing;
    double recovery_ms[KILLS_MAX];
    size_t kills;
};

static char tag_open, tag_send, tag_receive, tag_status, tag_close;

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "chaos-stream: %s\n", what);
    exit(1);
}

static void start(struct chaos *chaos, grpc_op *ops, size_t count, void *tag)
{
    if (grpc_call_start_batch(chaos->call, ops, count, tag, NULL) != GRPC_CALL_OK)
        die("grpc_call_start_batch failed");
}

static void receive_next(struct chaos *chaos)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &chaos->received;
    start(chaos, &op, 1, &tag_receive);
}

static void open_stream(struct chaos *chaos, grpc_channel *channel)
{
    chaos->call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, chaos->queue,
                                           grpc_slice_from_static_string("/jina.JinaRPC/Call"), NULL,
                                           gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    grpc_metadata_array_init(&chaos->initial);
    grpc_metadata_array_init(&chaos->trailing);
    grpc_op ops[2];
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[1].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &chaos->initial;
    start(chaos, ops, 2, &tag_open);
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[0].data.recv_status_on_client.trailing_metadata = &chaos->trailing;
    ops[0].data.recv_status_on_client.status = &chaos->status;
    ops[0].data.recv_status_on_client.status_details = &chaos->details;
    start(chaos, ops, 1, &tag_status);
    receive_next(chaos);
}

static void send_next(struct chaos *chaos)
{
    if (chaos->sending || chaos->waiting_count == 0 || chaos->ended)
        return;
    unsigned index = chaos->waiting[chaos->first_waiting];
    chaos->first_waiting = (chaos->first_waiting + 1) % SLOTS;
    chaos->waiting_count--;
    struct slot *slot = &chaos->slots[index];
    slot->sent_ns = clock_monotonic_ns();
    chaos->sent++;
    chaos->sending = load_request(&chaos->body, "/", index, slot->sequence);
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_SEND_MESSAGE;
    op.data.send_message.send_message = chaos->sending;
    start(chaos, &op, 1, &tag_send);
}

static void fill_slot(struct chaos *chaos, unsigned index)
{
    struct slot *slot = &chaos->slots[index];
    slot->busy = true;
    slot->sequence++;
    chaos->in_flight++;
    chaos->waiting[(chaos->first_waiting + chaos->waiting_count++) % SLOTS] = index;
    send_next(chaos);
}

static void on_answer(struct chaos *chaos, grpc_byte_buffer *answer)
{
    uint32_t index = 0;
    uint64_t sequence = 0;
    bool failed = false;
    const char *wrong = load_check(&chaos->body, answer, &index, &sequence, &failed);
    grpc_byte_buffer_destroy(answer);
    if (wrong) {
        chaos->wrong++;
        chaos->wrong_text = wrong;
        return;
    }
    struct slot *slot = index < SLOTS ? &chaos->slots[index] : NULL;
    if (!slot || !slot->busy || slot->sequence != sequence) {
        chaos->twice++;
        return;
    }
    slot->busy = false;
    chaos->in_flight--;
    chaos->answered++;
    if (failed)
        chaos->failed++;
    else if (chaos->killed_ns && !chaos->recovered_ns && slot->sent_ns > chaos->killed_ns)
        chaos->recovered_ns = clock_monotonic_ns();
    if (!chaos->finishing)
        fill_slot(chaos, index);
}

/* Handle what comes until `until_ns`. */
static void pump(struct chaos *chaos, uint64_t until_ns)
{
    uint64_t now = clock_monotonic_ns();
    int64_t left = until_ns > now ? (int64_t)(until_ns - now) : 0;
    gpr_timespec limit = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(left, GPR_TIMESPAN));
    grpc_event event = grpc_completion_queue_next(chaos->queue, limit, NULL);
    if (event.type != GRPC_OP_COMPLETE)
        return;
    if (event.tag == &tag_status) {
        chaos->ended = true;
    } else if (event.tag == &tag_send) {
        grpc_byte_buffer_destroy(chaos->sending);
        chaos->sending = NULL;
        send_next(chaos);
    } else if (event.tag == &tag_receive && chaos->received) {
        grpc_byte_buffer *answer = chaos->received;
        receive_next(chaos);
        on_answer(chaos, answer);
    }
}

static void pump_ms(struct chaos *chaos, uint64_t milliseconds)
{
    uint64_t until = clock_monotonic_ns() + milliseconds * CLOCK_NS_PER_MS;
    while (!chaos->ended && clock_monotonic_ns() < until)
        pump(chaos, until);
}

static void kill_and_wait(struct chaos *chaos, pid_t pid)
{
    pump_ms(chaos, PUMP_MS_LEAST + (uint64_t)rand() % PUMP_MS_MORE);
    chaos->recovered_ns = 0;
    chaos->killed_ns = clock_monotonic_ns();
    if (kill(pid, SIGKILL) < 0)
        die("the process to be killed is not there");
    uint64_t limit = chaos->killed_ns + (uint64_t)PATIENCE_MS * CLOCK_NS_PER_MS;
    while (!chaos->ended && !chaos->recovered_ns && clock_monotonic_ns() < limit)
        pump(chaos, limit);
    double took = chaos->recovered_ns ? (double)(chaos->recovered_ns - chaos->killed_ns) / CLOCK_NS_PER_MS : -1;
    chaos->recovery_ms[chaos->kills++] = took;
    pump_ms(chaos, CALM_MS);
}

static void finish(struct chaos *chaos)
{
    chaos->finishing = true;
    uint64_t limit = clock_monotonic_ns() + (uint64_t)PATIENCE_MS * CLOCK_NS_PER_MS;
    while (!chaos->ended && chaos->in_flight > 0 && clock_monotonic_ns() < limit)
        pump(chaos, limit);
    size_t never = chaos->in_flight;
    bool broken = chaos->ended; /* before we half-closed */
    if (!broken) {
        grpc_op op;
        memset(&op, 0, sizeof(op));
        op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
        start(chaos, &op, 1, &tag_close);
        while (!chaos->ended && clock_monotonic_ns() < limit)
            pump(chaos, limit);
    }
    char *text = chaos->ended ? grpc_slice_to_c_string(chaos->details) : NULL;
    printf("{\"sent\":%llu,\"answered\":%llu,\"failed\":%llu,\"twice\":%llu,\"wrong\":%llu,\"never\":%zu,\"broken\":%s,"
           "\"status\":%d,\"recovery_ms\":[",
           (unsigned long long)chaos->sent, (unsigned long long)chaos->answered, (unsigned long long)chaos->failed,
           (unsigned long long)chaos->twice, (unsigned long long)chaos->wrong, never, broken ? "true" : "false",
           chaos->ended ? (int)chaos->status : -1);
    for (size_t i = 0; i < chaos->kills; i++)
        printf("%s%.1f", i ? "," : "", chaos->recovery_ms[i]);
    puts("]}");
    if (chaos->wrong_text)
        fprintf(stderr, "chaos-stream: %s\n", chaos->wrong_text);
    if (broken)
        fprintf(stderr, "chaos-stream: the stream ended with status %d: %s\n", (int)chaos->status, text);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: chaos-stream HOST:PORT\n");
        return 2;
    }
    static struct chaos chaos;
    memory_tune();
    setvbuf(stdout, NULL, _IOLBF, 0);
    rpc_core_init();
    load_body_init(&chaos.body, REQUEST_BYTES, 1, 0);
    chaos.queue = grpc_completion_queue_create_for_next(NULL);
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(argv[1], credentials, NULL);
    open_stream(&chaos, channel);
    for (unsigned i = 0; i < SLOTS; i++)
        fill_slot(&chaos, i);
    pump_ms(&chaos, CALM_MS);
    while (!chaos.ended && chaos.kills < KILLS_MAX) {
        char line[32];
        puts("pid?");
        if (!fgets(line, sizeof(line), stdin) || atoi(line) <= 0)
            break;
        kill_and_wait(&chaos, (pid_t)atoi(line));
    }
    finish(&chaos);
    fflush(stdout);
    _Exit(0); /* open reads may still be in the queue; there is nothing left to say */
}
