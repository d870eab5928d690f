/*
 * loop.c - the channel's thread: epoll under libcurl's multi interface, and the inbox of calls.
 */
#include "client/http/channel.h"
#include "common/foundation/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

/* ---- libcurl's callbacks ---- */

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    struct transport_channel *channel = context;
    struct epoll_event event = {.data.fd = socket};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(channel->epoll_fd, EPOLL_CTL_DEL, socket, &event);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    int result = epoll_ctl(channel->epoll_fd, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    if (result != 0 && (errno == ENOENT || errno == EEXIST))
        epoll_ctl(channel->epoll_fd, errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    if (known == NULL)
        curl_multi_assign(channel->multi, socket, channel);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct transport_channel *channel = context;
    (void)multi;
    channel->curl_due_ns = timeout_ms < 0 ? 0 : clock_monotonic_ns() + (uint64_t)timeout_ms * CLOCK_NS_PER_MS;
    return 0;
}

/* ---- one turn ---- */

static struct transport_call *pop_inbox(struct transport_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    struct transport_call *call = channel->inbox_first;
    if (call != NULL) {
        channel->inbox_first = call->inbox_next;
        if (channel->inbox_first == NULL)
            channel->inbox_last = NULL;
        call->in_inbox = false;
    }
    pthread_mutex_unlock(&channel->lock);
    return call;
}

static void take_inbox(struct transport_channel *channel)
{
    struct transport_call *call;
    while ((call = pop_inbox(channel)) != NULL) {
        channel_look(call);
        channel_unref(call);
    }
}

static void take_finished(struct transport_channel *channel)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(channel->multi, &left)) != NULL) {
        struct transport_call *call;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        call->curl_code = code;
        channel_finished(call);
    }
}

static void wait_events(struct transport_channel *channel)
{
    struct epoll_event events[EVENTS_MAX];
    int running;
    int timeout = clock_poll_timeout(clock_earlier(channel->curl_due_ns, channel->waiting_due_ns));
    int count = epoll_wait(channel->epoll_fd, events, EVENTS_MAX, timeout);
    for (int i = 0; i < count; i++) {
        uint64_t value;
        if (events[i].data.fd == channel->event_fd) {
            if (read(channel->event_fd, &value, sizeof value) < 0)
                continue;
        } else {
            int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                       (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(channel->multi, events[i].data.fd, what, &running);
        }
    }
    if (channel->curl_due_ns != 0 && channel->curl_due_ns <= clock_monotonic_ns()) {
        channel->curl_due_ns = 0;
        curl_multi_socket_action(channel->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static bool stopping(struct transport_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    bool stop = channel->stopping && channel->inbox_first == NULL;
    pthread_mutex_unlock(&channel->lock);
    return stop;
}

void *loop_run(void *context)
{
    struct transport_channel *channel = context;
    pthread_setname_np(pthread_self(), "sluice-http");
    while (!stopping(channel)) {
        wait_events(channel);
        take_finished(channel);
        take_inbox(channel);
        channel_pump(channel);
    }
    channel_abandon(channel);
    /* Here, where signals are blocked: the last words of TLS may meet a broken pipe. */
    curl_multi_cleanup(channel->multi);
    channel->multi = NULL;
    return NULL;
}

/* ---- making and ending ---- */

static sluice_status fail(sluice_error *error, const char *what)
{
    return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot make %s: %s", what, strerror(errno));
}

sluice_status loop_init(struct transport_channel *channel, sluice_error *error)
{
    channel->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (channel->epoll_fd < 0)
        return fail(error, "an epoll descriptor");
    channel->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (channel->event_fd < 0)
        return fail(error, "an event descriptor");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = channel->event_fd};
    if (epoll_ctl(channel->epoll_fd, EPOLL_CTL_ADD, channel->event_fd, &event) != 0)
        return fail(error, "an epoll entry");
    channel->multi = curl_multi_init();
    if (channel->multi == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    curl_multi_setopt(channel->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(channel->multi, CURLMOPT_SOCKETDATA, channel);
    curl_multi_setopt(channel->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(channel->multi, CURLMOPT_TIMERDATA, channel);
    curl_multi_setopt(channel->multi, CURLMOPT_MAXCONNECTS, (long)channel->max_connections);
    curl_multi_setopt(channel->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return SLUICE_OK;
}

void loop_done(struct transport_channel *channel)
{
    if (channel->multi != NULL)
        curl_multi_cleanup(channel->multi);
    if (channel->event_fd >= 0)
        close(channel->event_fd);
    if (channel->epoll_fd >= 0)
        close(channel->epoll_fd);
}
