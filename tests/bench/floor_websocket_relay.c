/*
 * floor-websocket-relay: the least WebSocket server that hands each message to an echo process and answers with what
 * comes back. --hops 0: the bare echo.
 *
 * Design notes. One thread services libwebsockets and writes to the hop, once per round of the service loop. Another
 * reads the hop, queues the answers under a lock and wakes the first (lws_cancel_service(), the only call that another
 * thread may make) when the queue was empty. A connection writes as many answers as its socket takes before it gives the
 * loop back. The bare echo queues in place and needs neither the lock nor the wake-up.
 */
#include "tests/bench/floor_frames.h"
#include "tests/bench/floor_process.h"

#include <libwebsockets.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICE_BUFFER_BYTES = 64 << 10, MESSAGE_MAX = 1 << 30 };

struct answer {
    struct answer *next;
    struct session *session;
    size_t size;
    uint8_t room[]; /* LWS_PRE bytes, then the message */
};

struct list {
    struct answer *first, **end;
};

struct session {
    struct lws *wsi; /* NULL: the client went away */
    struct floor_bytes message;
    struct list out;
    size_t owed; /* messages in the hop */
};

static struct floor_frames frames;
static struct lws_context *context;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list answered = {NULL, &answered.first}; /* by `lock` */
static int hops;
static volatile sig_atomic_t stopping;

static void list_add(struct list *list, struct answer *answer)
{
    answer->next = NULL;
    *list->end = answer;
    list->end = &answer->next;
}

static struct answer *answer_new(struct session *session, const uint8_t *data, size_t size)
{
    struct answer *answer = malloc(sizeof(*answer) + LWS_PRE + size);
    if (!answer)
        abort();
    answer->session = session;
    answer->size = size;
    memcpy(answer->room + LWS_PRE, data, size);
    return answer;
}

static void take_answer(uint64_t id, const uint8_t *data, size_t size, void *unused)
{
    (void)unused;
    struct answer *answer = answer_new((struct session *)(uintptr_t)id, data, size);
    pthread_mutex_lock(&lock);
    bool was_empty = answered.first == NULL;
    list_add(&answered, answer);
    pthread_mutex_unlock(&lock);
    if (was_empty)
        lws_cancel_service(context);
}

static void *read_hop(void *unused)
{
    (void)unused;
    while (floor_frames_read(&frames, true, take_answer, NULL))
        ;
    return NULL;
}

static void session_free(struct session *session)
{
    for (struct answer *next; session->out.first; session->out.first = next) {
        next = session->out.first->next;
        free(session->out.first);
    }
    free(session->message.data);
    free(session);
}

/* The answers that came since the last time, to their sessions. */
static void hand_out(void)
{
    pthread_mutex_lock(&lock);
    struct answer *next, *answer = answered.first;
    answered = (struct list){NULL, &answered.first};
    pthread_mutex_unlock(&lock);
    for (; answer; answer = next) {
        next = answer->next;
        struct session *session = answer->session;
        session->owed--;
        if (session->wsi) {
            if (!session->out.first)
                lws_callback_on_writable(session->wsi);
            list_add(&session->out, answer);
            continue;
        }
        free(answer);
        if (session->owed == 0)
            session_free(session);
    }
}

static void receive(struct lws *wsi, struct session *session, const void *data, size_t size)
{
    struct floor_bytes *message = &session->message;
    bool whole = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    if (message->end > 0 || !whole) {
        floor_bytes_reserve(message, size + lws_remaining_packet_payload(wsi));
        floor_bytes_append(message, data, size);
        data = message->data;
        size = message->end;
    }
    if (!whole)
        return;
    if (hops > 0) {
        floor_frames_send(&frames, (uint64_t)(uintptr_t)session, data, size);
        session->owed++;
    } else {
        if (!session->out.first)
            lws_callback_on_writable(wsi);
        list_add(&session->out, answer_new(session, data, size));
    }
    message->end = 0;
}

static int send_answers(struct lws *wsi, struct session *session)
{
    while (session->out.first && !lws_send_pipe_choked(wsi)) {
        struct answer *answer = session->out.first;
        if (lws_write(wsi, answer->room + LWS_PRE, answer->size, LWS_WRITE_BINARY) < (int)answer->size)
            return -1;
        session->out.first = answer->next;
        if (!answer->next)
            session->out.end = &session->out.first;
        free(answer);
    }
    if (session->out.first)
        lws_callback_on_writable(wsi);
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data, size_t size)
{
    struct session **of_wsi = user, *session = of_wsi ? *of_wsi : NULL;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        *of_wsi = session = calloc(1, sizeof(*session));
        if (!session)
            return -1;
        session->wsi = wsi;
        session->out.end = &session->out.first;
        return 0;
    case LWS_CALLBACK_RECEIVE: receive(wsi, session, data, size); return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return send_answers(wsi, session);
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED: hand_out(); return 0;
    case LWS_CALLBACK_CLOSED:
        if (session) {
            session->wsi = NULL;
            if (session->owed == 0)
                session_free(session);
        }
        return 0;
    default: return 0;
    }
}

static void *wait_for_signal(void *unused)
{
    (void)unused;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int number;
    sigwait(&set, &number);
    stopping = 1;
    lws_cancel_service(context);
    return NULL;
}

static struct lws_vhost *start_server(int port)
{
    static const struct lws_protocols protocols[] = {
        {.name = "bytes", .callback = on_event, .per_session_data_size = sizeof(void *), .rx_buffer_size = SERVICE_BUFFER_BYTES},
        {.name = NULL},
    };
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context_creation_info info = {
        .port = port ? port : -1,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .pt_serv_buf_size = SERVICE_BUFFER_BYTES,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
    };
    context = lws_create_context(&info);
    info.port = port;
    return context ? lws_create_vhost(context, &info) : NULL;
}

int main(int argc, char **argv)
{
    struct floor_options options = floor_process_begin("floor-websocket-relay", argc, argv, 0, 1);
    int pid = 0;
    hops = options.hops;
    floor_process_peers("floor-websocket-relay", hops, &frames.fd, &pid);
    struct lws_vhost *host = start_server(options.port);
    pthread_t reader, waiter;
    if (!host || pthread_create(&waiter, NULL, wait_for_signal, NULL) != 0 ||
        (hops > 0 && pthread_create(&reader, NULL, read_hop, NULL) != 0)) {
        fprintf(stderr, "floor-websocket-relay: cannot start\n");
        return 1;
    }
    floor_report_ready(options.ready_fd, "relay", "websocket", lws_get_vhost_listen_port(host), &pid, hops);
    while (!stopping && lws_service(context, 0) >= 0) {
        if (hops > 0)
            floor_frames_flush(&frames, true);
    }
    return 0; /* the echo process ends with its socket */
}
