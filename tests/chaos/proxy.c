/*
 * chaos-proxy: stands between clients and a gateway and spoils connections as a seed wants it.
 *
 *   chaos-proxy --seed N HOST:PORT...   prints one line of JSON with the port that it listens on for each target
 *
 * A connection passes as it is, is slow, stops for a while after some bytes, or is cut after some bytes: wherever they end, mostly
 * in the middle of a frame, by an end on both sides, a reset of both, or a reset of one. A byte on its input ends all connections; when its input ends it says what it did.
 * One thread over epoll.
 */
#include "common/foundation/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TARGETS_MAX = 8,
    PIECE = 16 * 1024,
    SLOW_PIECE = 2 * 1024,  /* of a slow connection in a turn */
    TURN_MS = 5,            /* how often slow and stopped connections are looked at */
    STOP_MS = 400,          /* at most so long a connection stops */
    CUT_BITS = 19,          /* cut within the first 2^19 bytes, small numbers as often as large ones */
    EVENTS = 64,
    BACKLOG = 512,
};

enum fate { PASS, SLOW, STOP, CUT_END, CUT_RESET, CUT_RESET_GATEWAY, FATES };
static const char *const fate_names[FATES] = {"pass", "slow", "stop", "cut_end", "cut_reset", "cut_reset_gateway"};

/* One direction: what was read from one side and is not yet written to the other. */
struct flow {
    uint8_t data[PIECE];
    size_t start, size;
    bool ended, told; /* the reader saw the end; the writer was told */
};

struct link {
    int fds[2]; /* client, gateway */
    struct flow flows[2]; /* flows[i] is read from fds[i] */
    enum fate fate;
    uint64_t bytes, until_bytes; /* moved both ways; when its fate comes */
    uint64_t stopped_until_ns;
    bool stopped_once;
    struct link *next;
};

struct target {
    struct sockaddr_in address;
    int listener;
};

struct proxy {
    struct target targets[TARGETS_MAX];
    size_t target_count;
    struct link *links;
    unsigned seed;
    int poll;
    uint64_t connections, fates[FATES];
};

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "chaos-proxy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static unsigned draw(struct proxy *proxy, unsigned below)
{
    return (unsigned)rand_r(&proxy->seed) % below;
}

static void watch(struct proxy *proxy, int fd)
{
    /* Edges: every turn tries all that can be done, so nothing is missed. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    if (epoll_ctl(proxy->poll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl");
}

static void open_target(struct proxy *proxy, const char *text)
{
    struct target *target = &proxy->targets[proxy->target_count++];
    const char *colon = strrchr(text, ':');
    target->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    target->address.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : text));
    struct sockaddr_in mine = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof mine;
    target->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (target->listener < 0 || bind(target->listener, (struct sockaddr *)&mine, size) < 0 ||
        listen(target->listener, BACKLOG) < 0 || getsockname(target->listener, (struct sockaddr *)&mine, &size) < 0)
        die("no port to listen on");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = target->listener};
    epoll_ctl(proxy->poll, EPOLL_CTL_ADD, target->listener, &event);
    printf("%s%d", proxy->target_count > 1 ? "," : "", ntohs(mine.sin_port));
}

static void close_link(struct link *link, bool reset_client, bool reset_gateway)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    bool reset[2] = {reset_client, reset_gateway};
    for (int i = 0; i < 2; i++) {
        if (reset[i])
            setsockopt(link->fds[i], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        close(link->fds[i]);
        link->fds[i] = -1;
    }
}

static void accept_one(struct proxy *proxy, struct target *target)
{
    int client = accept4(target->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return;
    int gateway = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct link *link = calloc(1, sizeof *link);
    if (gateway < 0 || !link || connect(gateway, (struct sockaddr *)&target->address, sizeof target->address) < 0)
        die("the gateway takes no connection");
    fcntl(gateway, F_SETFL, O_NONBLOCK);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(gateway, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    link->fds[0] = client;
    link->fds[1] = gateway;
    link->fate = (enum fate)draw(proxy, FATES);
    link->until_bytes = 1 + draw(proxy, 1u << (1 + draw(proxy, CUT_BITS)));
    link->next = proxy->links;
    proxy->links = link;
    proxy->connections++;
    watch(proxy, client);
    watch(proxy, gateway);
}

/* Bytes that may move now, before the link's fate comes. */
static size_t allowed(const struct link *link, size_t size)
{
    size_t most = link->fate == SLOW ? SLOW_PIECE : PIECE;
    bool counted = link->fate >= CUT_END || (link->fate == STOP && !link->stopped_once);
    uint64_t left = link->until_bytes - (link->bytes < link->until_bytes ? link->bytes : link->until_bytes);
    if (counted && left < most)
        most = (size_t)left;
    return size < most ? size : most;
}

/* Move what can be moved from one side to the other. False: broken. */
static bool move(struct link *link, int from, bool *ret_moved)
{
    struct flow *flow = &link->flows[from];
    if (flow->size == 0 && !flow->ended) {
        ssize_t got = recv(link->fds[from], flow->data, PIECE, MSG_DONTWAIT);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        flow->ended = got == 0;
        flow->start = 0;
        flow->size = got > 0 ? (size_t)got : 0;
    }
    size_t size = allowed(link, flow->size);
    if (size > 0) {
        ssize_t sent = send(link->fds[1 - from], flow->data + flow->start, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent > 0) {
            flow->start += (size_t)sent;
            flow->size -= (size_t)sent;
            link->bytes += (size_t)sent;
            *ret_moved = true;
        }
    }
    if (flow->ended && flow->size == 0 && !flow->told) {
        flow->told = true;
        shutdown(link->fds[1 - from], SHUT_WR);
    }
    return true;
}

/* One turn of a link. False: it is closed. */
static bool turn(struct proxy *proxy, struct link *link)
{
    uint64_t now = clock_monotonic_ns();
    if (link->stopped_until_ns > now)
        return true;
    for (bool moved = true; moved;) {
        moved = false;
        if (!move(link, 0, &moved) || !move(link, 1, &moved)) {
            close_link(link, true, true);
            return false;
        }
        if (link->fate != PASS && link->fate != SLOW && link->bytes >= link->until_bytes && !link->stopped_once) {
            proxy->fates[link->fate]++;
            if (link->fate != STOP) {
                close_link(link, link->fate == CUT_RESET, link->fate != CUT_END);
                return false;
            }
            link->stopped_once = true;
            link->stopped_until_ns = now + (uint64_t)draw(proxy, STOP_MS) * CLOCK_NS_PER_MS;
            return true;
        }
        if (link->fate == SLOW)
            break;
    }
    if (link->flows[0].told && link->flows[1].told) {
        close_link(link, false, false);
        return false;
    }
    return true;
}

static void turn_all(struct proxy *proxy)
{
    for (struct link **at = &proxy->links; *at;) {
        struct link *link = *at;
        if (turn(proxy, link)) {
            at = &link->next;
        } else {
            *at = link->next;
            free(link);
        }
    }
}

static void drop_all(struct proxy *proxy)
{
    while (proxy->links) {
        struct link *link = proxy->links;
        proxy->links = link->next;
        close_link(link, true, true);
        free(link);
    }
}

static void run(struct proxy *proxy)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(proxy->poll, events, EVENTS, proxy->links ? TURN_MS : -1);
        for (int i = 0; i < count; i++) {
            char byte;
            if (events[i].data.fd == STDIN_FILENO) {
                ssize_t got = read(STDIN_FILENO, &byte, 1);
                drop_all(proxy);
                if (got <= 0)
                    return;
            }
            for (size_t target = 0; target < proxy->target_count; target++)
                if (events[i].data.fd == proxy->targets[target].listener)
                    accept_one(proxy, &proxy->targets[target]);
        }
        turn_all(proxy);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seed", 1, NULL, 's'},
        {NULL,   0, NULL, 0  }
    };
    static struct proxy proxy = {.seed = 1};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 's') {
            fputs("usage: chaos-proxy [--seed N] HOST:PORT...\n", stderr);
            return 2;
        }
        proxy.seed = (unsigned)strtoul(optarg, NULL, 10);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    proxy.poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event input = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    if (proxy.poll < 0 || epoll_ctl(proxy.poll, EPOLL_CTL_ADD, STDIN_FILENO, &input) < 0)
        die("standard input must be a pipe");
    printf("{\"ports\":[");
    for (int i = optind; i < argc && proxy.target_count < TARGETS_MAX; i++)
        open_target(&proxy, argv[i]);
    puts("]}");
    run(&proxy);
    printf("{\"connections\":%" PRIu64, proxy.connections);
    for (int i = STOP; i < FATES; i++)
        printf(",\"%s\":%" PRIu64, fate_names[i], proxy.fates[i]);
    puts("}");
    return 0;
}
