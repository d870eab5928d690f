/*
 * chaos-rude: clients that do not behave, on sockets of their own.
 *
 *   never-read   one connection on which requests are sent for ever and no answer is taken. Prints "full" when nothing more could be
 *                sent for a while, and then a line of JSON when its input ends.
 *   cut          connections that stop in the middle of a frame, wherever the seed says, stay so for a while and vanish, by an end or
 *                a reset; again and again until its input ends, then a line of JSON.
 *
 * Over gRPC the client that never reads gives no window for answers, but obeys the windows that it is given.
 */
#include "common/foundation/clock.h"
#include "tests/chaos/wire.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FULL_MS = 1000,             /* so long nothing could be sent: it is full */
    LOOK_MS = 20,               /* how often the windows of HTTP/2 are looked at */
    CUTTERS = 8,                /* connections that stop in the middle, at a time */
    LINGER_MS = 300,            /* at most so long such a connection stays */
    UNSENT_MOST = 4 << 20,
};

struct rude {
    const char *address;
    enum wire_protocol protocol;
    bool cut;
    size_t text_size;
    unsigned seed, name; /* `name`: in the tokens, so that no other has them */
    uint64_t requests, bytes, cuts;
};

struct cutter {
    struct wire wire;
    uint64_t until_ns; /* 0: not connected */
    bool reset;
};

static const char usage[] = "usage: chaos-rude --address HOST:PORT --protocol grpc|http|websocket --mode never-read|cut\n"
                            "                  [--size BYTES] [--seed N]\n";

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "chaos-rude: %s: %s\n", what, strerror(errno));
    exit(1);
}

static bool input_ended(int timeout_ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char byte;
    return poll(&input, 1, timeout_ms) == 1 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void put_request(struct rude *rude, struct wire *wire)
{
    char token[WIRE_TOKEN_SIZE + 1];
    snprintf(token, sizeof token, "%08x%016" PRIx64, rude->name, rude->requests++);
    wire_request(wire, token, rude->text_size);
}

/* What HTTP/2 must read to learn its windows. The answers themselves stay with the gateway: it has no window for them. */
static void read_control_frames(struct wire *wire)
{
    const char *token;
    if (wire->protocol != WIRE_GRPC)
        return;
    while (wire_read(wire) > 0)
        continue;
    for (enum wire_taken taken; (taken = wire_take(wire, &token)) != WIRE_NOTHING;)
        if (taken != WIRE_GREETING)
            die("the gateway ended the stream of a client that does not read");
}

/* Wait for the end of the handshake, which must be read; nothing is after that. */
static void shake_hands(struct wire *wire)
{
    const char *token;
    while (!wire->greeted) {
        if (!wire_flush(wire))
            die("the connection broke");
        struct pollfd socket = {.fd = wire->fd, .events = POLLIN};
        poll(&socket, 1, -1);
        if (wire_read(wire) < 0 || wire_take(wire, &token) == WIRE_REFUSED)
            die("the handshake was refused");
    }
}

static void never_read(struct rude *rude)
{
    struct wire wire = {.one_stream = true, .no_window = true};
    if (!wire_open(&wire, rude->protocol, rude->address))
        die("nobody listens");
    shake_hands(&wire);
    uint64_t moved_ns = clock_monotonic_ns();
    bool full = false;
    while (!input_ended(0)) {
        while (wire_unsent(&wire) < UNSENT_MOST && wire_has_window(&wire, rude->text_size))
            put_request(rude, &wire);
        size_t unsent = wire_unsent(&wire);
        if (!wire_flush(&wire))
            die("the gateway ended the connection of a client that does not read");
        read_control_frames(&wire);
        size_t moved = unsent - wire_unsent(&wire);
        uint64_t now = clock_monotonic_ns();
        rude->bytes += moved;
        if (moved > 0)
            moved_ns = now;
        if (!full && now - moved_ns > (uint64_t)FULL_MS * CLOCK_NS_PER_MS) {
            full = true;
            puts("full");
        }
        struct pollfd socket = {.fd = wire.fd, .events = wire_unsent(&wire) > 0 ? POLLOUT : 0};
        poll(&socket, 1, LOOK_MS);
    }
    wire_close(&wire, true);
}

/* A part of a hello and of some requests, sent as it is. */
static void begin_cut(struct rude *rude, struct cutter *cutter)
{
    struct wire *wire = &cutter->wire;
    wire->one_stream = rand_r(&rude->seed) % 2 == 0;
    if (!wire_open(wire, rude->protocol, rude->address))
        die("nobody listens");
    if (rude->protocol == WIRE_WEBSOCKET && rand_r(&rude->seed) % 4 != 0)
        shake_hands(wire);
    for (int count = rand_r(&rude->seed) % 4; count >= 0; count--)
        put_request(rude, wire);
    wire->out.size = 1 + (size_t)rand_r(&rude->seed) % wire->out.size;
    wire_flush(wire);
    cutter->reset = rand_r(&rude->seed) % 2 == 0;
    cutter->until_ns = clock_monotonic_ns() + (uint64_t)(rand_r(&rude->seed) % LINGER_MS) * CLOCK_NS_PER_MS;
}

static void cut(struct rude *rude)
{
    static struct cutter cutters[CUTTERS];
    do {
        for (int i = 0; i < CUTTERS; i++) {
            struct cutter *cutter = &cutters[i];
            if (cutter->until_ns == 0) {
                begin_cut(rude, cutter);
            } else if (cutter->until_ns < clock_monotonic_ns()) {
                wire_close(&cutter->wire, cutter->reset);
                cutter->until_ns = 0;
                rude->cuts++;
            }
        }
    } while (!input_ended(LOOK_MS));
    for (int i = 0; i < CUTTERS; i++)
        if (cutters[i].until_ns)
            wire_close(&cutters[i].wire, false);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"address",  1, NULL, 'a'},
        {"protocol", 1, NULL, 'p'},
        {"mode",     1, NULL, 'm'},
        {"size",     1, NULL, 's'},
        {"seed",     1, NULL, 'r'},
        {"help",     0, NULL, 'h'},
        {NULL,       0, NULL, 0  }
    };
    struct rude rude = {.text_size = 10000, .seed = 1};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': rude.address = optarg; break;
        case 'p': rude.protocol = wire_protocol_of(optarg); break;
        case 'm': rude.cut = strcmp(optarg, "cut") == 0; break;
        case 's': rude.text_size = strtoull(optarg, NULL, 10); break;
        case 'r': rude.seed = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'h': fputs(usage, stdout); return 0;
        default: fputs(usage, stderr); return 2;
        }
    }
    if (!rude.address) {
        fputs(usage, stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    rude.name = 0x80000000u | rude.seed;
    if (rude.cut)
        cut(&rude);
    else
        never_read(&rude);
    printf("{\"requests\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"cuts\":%" PRIu64 "}\n", rude.requests, rude.bytes, rude.cuts);
    return 0;
}
