/*
 * bench-load-web: as bench-load, for gateways that speak HTTP or WebSocket: sends requests, checks every answer, and
 * prints one line of JSON.
 */
#include "tests/bench/load_web.h"

#include "common/foundation/clock.h"
#include "common/foundation/memory.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STALL_SECONDS = 30, READ_BYTES = 256 << 10, EVENTS = 64 };

static const char usage[] = "usage: bench-load-web --address HOST:PORT [options]\n"
                            "  --protocol http|websocket   default http\n"
                            "  --path TEXT                 default /post for http, / for websocket\n"
                            "  --endpoint TEXT             default /\n"
                            "  --size BYTES                of a request, default 1024\n"
                            "  --documents N               in a request, default 1 below 4 KB, else 100\n"
                            "  --embeddings                the documents have embeddings of 512 floats, no text\n"
                            "  --in-flight N               http: on N connections, websocket: on one; default 1\n"
                            "  --warm SECONDS              before anything is counted, default 0.3\n"
                            "  --seconds SECONDS           counted, default 1\n"
                            "  --changed                   documents may come back longer\n"
                            "  --pids A,B,...              processes whose processor time is counted\n";

static int connect_to(const char *address)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    if (!colon || (size_t)(colon - address) >= sizeof(host))
        load_fail("--address takes HOST:PORT");
    snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int failed = getaddrinfo(host, colon + 1, &hints, &found);
    if (failed)
        load_fail("%s: %s", address, gai_strerror(failed));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
        load_fail("%s: %s", address, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    freeaddrinfo(found);
    return fd;
}

static void watch(struct web *web, struct web_connection *connection, int operation, bool for_room)
{
    struct epoll_event event = {.events = EPOLLIN | (for_room ? EPOLLOUT : 0u), .data.ptr = connection};
    if (epoll_ctl(web->poll, operation, connection->fd, &event) < 0)
        load_fail("epoll_ctl: %s", strerror(errno));
    connection->waits_for_room = for_room;
}

static bool read_some(struct web_connection *connection, int flags)
{
    floor_bytes_reserve(&connection->in, READ_BYTES);
    ssize_t got = recv(connection->fd, connection->in.data + connection->in.end,
                       connection->in.room - connection->in.end, flags);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0)
        load_fail("the server closed a connection%s%s", got < 0 ? ": " : "", got < 0 ? strerror(errno) : "");
    connection->in.end += (size_t)got;
    return true;
}

void web_read_more(struct web_connection *connection)
{
    while (!read_some(connection, 0))
        ;
}

static void flush(struct web *web, struct web_connection *connection)
{
    struct floor_bytes *out = &connection->out;
    bool full = false;
    while (out->start < out->end && !full) {
        ssize_t sent = send(connection->fd, out->data + out->start, out->end - out->start, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            load_fail("send: %s", strerror(errno));
        full = sent < 0 && errno == EAGAIN;
        out->start += sent > 0 ? (size_t)sent : 0;
    }
    if (full != connection->waits_for_room)
        watch(web, connection, EPOLL_CTL_MOD, full);
}

static void send_request(struct web *web, size_t slot)
{
    web->slots[slot].busy = true;
    web->slots[slot].sequence++;
    web->slots[slot].sent_ns = clock_monotonic_ns();
    web->busy_count++;
    if (web->websocket)
        load_websocket_send(web, slot);
    else
        load_http_send(web, slot);
}

void web_answered(struct web *web, size_t slot)
{
    if (slot >= web->in_flight || !web->slots[slot].busy)
        load_fail("an answer to a request that is not in flight (a second one?)");
    web->slots[slot].busy = false;
    web->busy_count--;
    if (web->measuring)
        load_report_answer(&web->report, clock_monotonic_ns() - web->slots[slot].sent_ns);
    if (!web->stopping)
        send_request(web, slot);
}

/* One wait and all that follows from it. False: nothing came and nothing could be sent. */
static bool one_round(struct web *web, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(web->poll, events, EVENTS, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct web_connection *connection = events[i].data.ptr;
        if ((events[i].events & ~(uint32_t)EPOLLOUT) && read_some(connection, MSG_DONTWAIT)) {
            if (web->websocket)
                load_websocket_take(web, connection);
            else
                load_http_take(web, connection);
        }
        flush(web, connection);
    }
    return count > 0;
}

/* Until that time; at the end of the program until nothing is in flight. */
static void loop(struct web *web, uint64_t until_ns)
{
    uint64_t last = clock_monotonic_ns();
    for (uint64_t now = last; web->stopping ? web->busy_count > 0 : now < until_ns; now = clock_monotonic_ns()) {
        uint64_t left_ms = web->stopping ? 100 : (until_ns - now) / 1000000 + 1;
        if (one_round(web, (int)(left_ms < 100 ? left_ms : 100)))
            last = now;
        else if (now - last > (uint64_t)STALL_SECONDS * CLOCK_NS_PER_SECOND)
            load_fail("no answer for %d seconds", STALL_SECONDS);
    }
}

static void measure(struct web *web)
{
    for (size_t i = 0; i < web->in_flight; i++)
        send_request(web, i);
    for (size_t i = 0; i < web->connection_count; i++)
        flush(web, &web->connections[i]);
    loop(web, clock_monotonic_ns() + (uint64_t)(web->warm_seconds * CLOCK_NS_PER_SECOND));
    load_report_begin(&web->report);
    web->measuring = true;
    loop(web, web->report.begin_ns + (uint64_t)(web->seconds * CLOCK_NS_PER_SECOND));
    web->measuring = false;
    load_report_end(&web->report);
    web->stopping = true;
    loop(web, 0);
    load_report_print(&web->report, web->body_size);
}

static void open_connections(struct web *web)
{
    web->connection_count = web->websocket ? 1 : web->in_flight;
    web->connections = calloc(web->connection_count, sizeof(*web->connections));
    web->slots = calloc(web->in_flight, sizeof(*web->slots));
    web->poll = epoll_create1(EPOLL_CLOEXEC);
    if (!web->connections || !web->slots || web->poll < 0)
        load_fail("no memory");
    for (size_t i = 0; i < web->connection_count; i++) {
        web->connections[i].fd = connect_to(web->address);
        watch(web, &web->connections[i], EPOLL_CTL_ADD, false);
    }
}

static void parse(struct web *web, int argc, char **argv)
{
    static const struct option options[] = {
        {"address",    1, NULL, 'a'},
        {"protocol",   1, NULL, 'm'},
        {"path",       1, NULL, 'u'},
        {"endpoint",   1, NULL, 'e'},
        {"size",       1, NULL, 's'},
        {"documents",  1, NULL, 'd'},
        {"embeddings", 0, NULL, 'f'},
        {"in-flight",  1, NULL, 'n'},
        {"warm",       1, NULL, 'w'},
        {"seconds",    1, NULL, 't'},
        {"pids",       1, NULL, 'p'},
        {"changed",    0, NULL, 'c'},
        {"help",       0, NULL, 'h'},
        {NULL,         0, NULL, 0  }
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'a': web->address = optarg; break;
        case 'm': web->websocket = strcmp(optarg, "websocket") == 0; break;
        case 'u': web->path = optarg; break;
        case 'e': web->endpoint = optarg; break;
        case 's': web->size = strtoull(optarg, NULL, 10); break;
        case 'd': web->documents = strtoull(optarg, NULL, 10); break;
        case 'f': web->embeddings = true; break;
        case 'n': web->in_flight = strtoull(optarg, NULL, 10); break;
        case 'w': web->warm_seconds = strtod(optarg, NULL); break;
        case 't': web->seconds = strtod(optarg, NULL); break;
        case 'p': load_report_pids(&web->report, optarg); break;
        case 'c': web->changed = true; break;
        case 'h': fputs(usage, stdout); exit(0);
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (!web->address || web->in_flight == 0 || strlen(web->endpoint) > 128) {
        fputs(usage, stderr);
        exit(2);
    }
    if (web->documents == 0)
        web->documents = web->size < 4096 && !web->embeddings ? 1 : 100;
    if (!web->path)
        web->path = web->websocket ? "/" : "/post";
}

int main(int argc, char **argv)
{
    static struct web web = {.endpoint = "/", .size = 1024, .in_flight = 1, .warm_seconds = 0.3, .seconds = 1};
    parse(&web, argc, argv);
    memory_tune();
    open_connections(&web);
    if (web.websocket)
        load_websocket_prepare(&web);
    else
        load_http_prepare(&web);
    measure(&web);
    fflush(stdout);
    _exit(0); /* the system closes the connections and takes the memory */
}
