/*
 * floor-http-relay: the least HTTP server that hands each body to an echo process and answers with what comes back.
 * --hops 0: the bare echo, answered on the spot.
 *
 * Design notes. One thread: an epoll set of the daemon's own set, the hop's socket and the signals. The daemon has no
 * wake-up descriptor (MHD_ALLOW_SUSPEND_RESUME without MHD_USE_ITC), so resuming costs no system call: all answers of a
 * round are resumed first and then sent by one MHD_run(). Measured, that takes 25 to 37 % less processor time than the
 * library's thread and another one that resumes.
 */
#include "tests/bench/floor_frames.h"
#include "tests/bench/floor_process.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    SUSPEND_WITHOUT_ITC = MHD_ALLOW_SUSPEND_RESUME & ~MHD_USE_ITC,
    CONNECTIONS_MAX = 1024,
    MEMORY_PER_CONNECTION = 32 << 10,
};

struct request {
    struct MHD_Connection *connection;
    struct floor_bytes body;
    uint8_t *answer; /* from malloc */
    size_t answer_size;
};

struct relay {
    struct MHD_Daemon *daemon;
    struct floor_frames frames;
    int poll, hops;
    bool waits_for_room;
};

static void fail(const char *what)
{
    fprintf(stderr, "floor-http-relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static enum MHD_Result answer(struct request *request)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(request->answer_size, request->answer, MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    request->answer = NULL; /* the response's now */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    enum MHD_Result result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void take_answer(uint64_t id, const uint8_t *data, size_t size, void *context)
{
    (void)context;
    struct request *request = (struct request *)(uintptr_t)id;
    request->answer = malloc(size ? size : 1);
    if (!request->answer)
        fail("malloc");
    memcpy(request->answer, data, size);
    request->answer_size = size;
    MHD_resume_connection(request->connection);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **state)
{
    (void)url, (void)method, (void)version;
    struct relay *relay = context;
    struct request *request = *state;
    if (!request) {
        *state = request = calloc(1, sizeof(*request));
        if (!request)
            return MHD_NO;
        request->connection = connection;
        return MHD_YES;
    }
    if (*size > 0) {
        floor_bytes_append(&request->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (!request->answer && relay->hops > 0) {
        floor_frames_send(&relay->frames, (uint64_t)(uintptr_t)request, request->body.data, request->body.end);
        MHD_suspend_connection(connection);
        return MHD_YES;
    }
    if (!request->answer) {
        request->answer = request->body.data;
        request->answer_size = request->body.end;
        request->body.data = NULL;
    }
    return answer(request);
}

static void forget(void *context, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode reason)
{
    (void)context, (void)connection, (void)reason;
    struct request *request = *state;
    if (request) {
        free(request->body.data);
        free(request->answer);
        free(request);
    }
    *state = NULL;
}

static void watch(struct relay *relay, int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(relay->poll, operation, fd, &event) < 0)
        fail("epoll_ctl");
}

static void start_daemon(struct relay *relay, int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    relay->daemon =
        MHD_start_daemon((unsigned)MHD_USE_EPOLL | (unsigned)SUSPEND_WITHOUT_ITC, 0, NULL, NULL, handle, relay,
                         MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, forget, NULL,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_END);
    if (!relay->daemon)
        fail("cannot listen");
    relay->poll = epoll_create1(EPOLL_CLOEXEC);
    watch(relay, EPOLL_CTL_ADD, MHD_get_daemon_info(relay->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN);
    if (relay->hops > 0)
        watch(relay, EPOLL_CTL_ADD, relay->frames.fd, EPOLLIN);
}

static void flush(struct relay *relay)
{
    bool full = relay->hops > 0 && !floor_frames_flush(&relay->frames, false);
    if (full != relay->waits_for_room)
        watch(relay, EPOLL_CTL_MOD, relay->frames.fd, EPOLLIN | (full ? EPOLLOUT : 0u));
    relay->waits_for_room = full;
}

static void serve(struct relay *relay, int signals)
{
    watch(relay, EPOLL_CTL_ADD, signals, EPOLLIN);
    for (;;) {
        flush(relay);
        MHD_UNSIGNED_LONG_LONG soon;
        int timeout = MHD_get_timeout(relay->daemon, &soon) == MHD_YES ? (int)(soon < 1000 ? soon : 1000) : -1;
        struct epoll_event events[4];
        int count = epoll_wait(relay->poll, events, 4, timeout);
        if (count < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == signals)
                return;
            if (relay->hops > 0 && events[i].data.fd == relay->frames.fd && (events[i].events & ~(uint32_t)EPOLLOUT) &&
                !floor_frames_read(&relay->frames, false, take_answer, relay))
                return;
        }
        MHD_run(relay->daemon);
    }
}

int main(int argc, char **argv)
{
    struct floor_options options = floor_process_begin("floor-http-relay", argc, argv, 0, 1);
    int socket = -1, pid = 0;
    floor_process_peers("floor-http-relay", options.hops, &socket, &pid);
    static struct relay relay; /* a leak checker finds the daemon by it */
    relay = (struct relay){.frames.fd = socket, .hops = options.hops};
    start_daemon(&relay, options.port);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int port = MHD_get_daemon_info(relay.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    floor_report_ready(options.ready_fd, "relay", "http", port, &pid, options.hops);
    serve(&relay, signalfd(-1, &set, SFD_CLOEXEC));
    return 0; /* stopping the daemon would abort while connections are suspended; there is nothing left to say */
}
