/*
 * chaos-crowd: many clients at once, each on a connection of its own with so many requests a second, and what each of them saw.
 *
 * Connects them all, prints "connected" when each was greeted, and goes on when a line comes on its input. Requests fall due at
 * fixed times, evenly over the clients, and their time counts from then. Each answer must carry the token of a request that is in
 * flight on its connection, in its header and in its document; at the end one line of JSON says what was seen.
 */
#include "common/foundation/clock.h"
#include "common/foundation/memory.h"
#include "tests/chaos/wire.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    WAITING_MAX = 64, /* requests in flight of one client */
    EVENTS = 256,
    PATIENCE_SECONDS = 30,
};

struct client {
    struct wire wire;
    bool gone, watched_for_room;
    uint64_t sent, due_ns[WAITING_MAX]; /* of request n at n % WAITING_MAX; 0: nothing is in flight there */
};

struct crowd {
    const char *address;
    enum wire_protocol protocol;
    size_t client_count, text_size;
    double rate, seconds;
    struct client *clients;
    int poll;
    size_t greeted;
    uint64_t in_flight, sent, answered, refused, wrong, broken, skipped;
    uint64_t *times_ns;
    size_t times_room;
};

static const char usage[] = "usage: chaos-crowd --address HOST:PORT --protocol grpc|http|websocket [options]\n"
                            "  --clients N   default 1000\n"
                            "  --rate N      requests a second of each client, default 1\n"
                            "  --seconds N   default 60\n"
                            "  --size BYTES  of a document's text, default 1024\n";

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "chaos-crowd: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(struct crowd *crowd, struct client *client, int operation, bool room)
{
    struct epoll_event event = {.events = EPOLLIN | (room ? EPOLLOUT : 0), .data.ptr = client};
    client->watched_for_room = room;
    if (epoll_ctl(crowd->poll, operation, client->wire.fd, &event) < 0)
        die("epoll_ctl");
}

static void lose(struct crowd *crowd, struct client *client)
{
    if (client->gone)
        return;
    client->gone = true;
    crowd->broken++;
    epoll_ctl(crowd->poll, EPOLL_CTL_DEL, client->wire.fd, NULL);
}

static void flush(struct crowd *crowd, struct client *client)
{
    if (!wire_flush(&client->wire)) {
        lose(crowd, client);
        return;
    }
    bool room = wire_unsent(&client->wire) > 0;
    if (room != client->watched_for_room)
        watch(crowd, client, EPOLL_CTL_MOD, room);
}

static void on_answer(struct crowd *crowd, struct client *client, const char *token)
{
    unsigned number = 0;
    unsigned long long sequence = 0;
    char text[WIRE_TOKEN_SIZE + 1];
    memcpy(text, token, WIRE_TOKEN_SIZE);
    text[WIRE_TOKEN_SIZE] = '\0';
    uint64_t *due = NULL;
    if (sscanf(text, "%8x%16llx", &number, &sequence) == 2 && &crowd->clients[number] == client)
        due = &client->due_ns[sequence % WAITING_MAX];
    if (!due || *due == 0 || sequence + WAITING_MAX < client->sent) {
        crowd->wrong++;
        return;
    }
    if (crowd->answered < crowd->times_room)
        crowd->times_ns[crowd->answered] = clock_monotonic_ns() - *due;
    crowd->answered++;
    crowd->in_flight--;
    *due = 0;
}

static void on_bytes(struct crowd *crowd, struct client *client)
{
    ssize_t got = wire_read(&client->wire);
    const char *token = NULL;
    for (enum wire_taken taken; (taken = wire_take(&client->wire, &token)) != WIRE_NOTHING;) {
        if (taken == WIRE_GREETING)
            crowd->greeted++;
        else if (taken == WIRE_ANSWER)
            on_answer(crowd, client, token);
        else
            crowd->refused++;
    }
    if (got < 0)
        lose(crowd, client);
    else
        flush(crowd, client);
}

/* Handle what comes until `until_ns`, in whole milliseconds. */
static void turn(struct crowd *crowd, uint64_t until_ns)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(crowd->poll, events, EVENTS, clock_poll_timeout(until_ns));
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (client->gone)
            continue;
        if (events[i].events & EPOLLOUT)
            flush(crowd, client);
        if (!client->gone && (events[i].events & ~(uint32_t)EPOLLOUT))
            on_bytes(crowd, client);
    }
}

static void connect_all(struct crowd *crowd)
{
    uint64_t limit = clock_monotonic_ns() + (uint64_t)PATIENCE_SECONDS * CLOCK_NS_PER_SECOND;
    for (size_t i = 0; i < crowd->client_count; i++) {
        struct client *client = &crowd->clients[i];
        if (!wire_open(&client->wire, crowd->protocol, crowd->address))
            die("a client was not let in");
        watch(crowd, client, EPOLL_CTL_ADD, false);
        flush(crowd, client);
        crowd->greeted += client->wire.greeted;
        turn(crowd, 1);
    }
    while (crowd->greeted < crowd->client_count && clock_monotonic_ns() < limit)
        turn(crowd, limit);
    if (crowd->greeted < crowd->client_count || crowd->broken > 0) {
        errno = 0;
        die("not every client was greeted");
    }
}

static void send_due(struct crowd *crowd, size_t number, uint64_t due_ns)
{
    struct client *client = &crowd->clients[number];
    uint64_t *due = &client->due_ns[client->sent % WAITING_MAX];
    if (client->gone || *due != 0 || !wire_has_window(&client->wire, crowd->text_size)) {
        crowd->skipped++; /* its requests of a minute are not answered: that is told, not hidden */
        return;
    }
    char token[WIRE_TOKEN_SIZE + 1];
    snprintf(token, sizeof token, "%08x%016" PRIx64, (unsigned)number, client->sent);
    *due = due_ns;
    client->sent++;
    crowd->sent++;
    crowd->in_flight++;
    wire_request(&client->wire, token, crowd->text_size);
    flush(crowd, client);
}

static void run(struct crowd *crowd)
{
    uint64_t step = (uint64_t)((double)CLOCK_NS_PER_SECOND / crowd->rate / (double)crowd->client_count);
    uint64_t due = clock_monotonic_ns(), end = due + (uint64_t)(crowd->seconds * CLOCK_NS_PER_SECOND);
    crowd->times_room = (size_t)(crowd->seconds * crowd->rate * (double)crowd->client_count) + crowd->client_count;
    crowd->times_ns = calloc(crowd->times_room, sizeof *crowd->times_ns);
    if (!crowd->times_ns)
        die("no memory");
    for (size_t number = 0; due < end; turn(crowd, due < end ? due : end)) {
        for (uint64_t now = clock_monotonic_ns(); due <= now && due < end; due += step) {
            send_due(crowd, number, due);
            number = (number + 1) % crowd->client_count;
        }
    }
    uint64_t limit = clock_monotonic_ns() + (uint64_t)PATIENCE_SECONDS * CLOCK_NS_PER_SECOND;
    while (crowd->in_flight > 0 && clock_monotonic_ns() < limit)
        turn(crowd, limit);
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void report(struct crowd *crowd)
{
    size_t count = crowd->answered < crowd->times_room ? crowd->answered : crowd->times_room;
    qsort(crowd->times_ns, count, sizeof *crowd->times_ns, compare_times);
    double parts[] = {0.5, 0.99, 1}, ms[3] = {-1, -1, -1};
    for (int i = 0; i < 3 && count > 0; i++)
        ms[i] = (double)crowd->times_ns[(size_t)((double)(count - 1) * parts[i])] / CLOCK_NS_PER_MS;
    printf("{\"clients\":%zu,\"sent\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"never\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"wrong\":%" PRIu64 ",\"broken\":%" PRIu64 ",\"skipped\":%" PRIu64
           ",\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           crowd->client_count, crowd->sent, crowd->answered, crowd->in_flight, crowd->refused, crowd->wrong, crowd->broken,
           crowd->skipped, ms[0], ms[1], ms[2]);
}

static void parse(struct crowd *crowd, int argc, char **argv)
{
    static const struct option options[] = {
        {"address",  1, NULL, 'a'},
        {"protocol", 1, NULL, 'm'},
        {"clients",  1, NULL, 'n'},
        {"rate",     1, NULL, 'r'},
        {"seconds",  1, NULL, 't'},
        {"size",     1, NULL, 's'},
        {"help",     0, NULL, 'h'},
        {NULL,       0, NULL, 0  }
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': crowd->address = optarg; break;
        case 'm': crowd->protocol = wire_protocol_of(optarg); break;
        case 'n': crowd->client_count = strtoull(optarg, NULL, 10); break;
        case 'r': crowd->rate = strtod(optarg, NULL); break;
        case 't': crowd->seconds = strtod(optarg, NULL); break;
        case 's': crowd->text_size = strtoull(optarg, NULL, 10); break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (!crowd->address || crowd->client_count == 0 || !(crowd->rate > 0) || !(crowd->seconds > 0)) {
        fputs(usage, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static struct crowd crowd = {.client_count = 1000, .rate = 1, .seconds = 60, .text_size = 1024};
    char line[16];
    struct rlimit limit;
    parse(&crowd, argc, argv);
    memory_tune();
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    crowd.poll = epoll_create1(EPOLL_CLOEXEC);
    crowd.clients = calloc(crowd.client_count, sizeof *crowd.clients);
    if (crowd.poll < 0 || !crowd.clients)
        die("no memory");
    connect_all(&crowd);
    puts("connected");
    if (!fgets(line, sizeof line, stdin))
        return 1;
    run(&crowd);
    report(&crowd);
    if (!fgets(line, sizeof line, stdin)) /* the clients stay connected until somebody has looked at the gateway */
        return 0;
    for (size_t i = 0; i < crowd.client_count; i++)
        wire_close(&crowd.clients[i].wire, false);
    free(crowd.clients);
    free(crowd.times_ns);
    return 0;
}
