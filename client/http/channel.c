#include "client/http/channel.h"

#include "client/http/answer.h"
#include "client/http/request.h"
#include "common/foundation/clock.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { RETRY_AFTER_SECONDS_MOST = 365 * 86400 };

/* ---- references and the inbox ---- */

void channel_post(struct transport_channel *channel, struct transport_call *call)
{
    if (call->in_inbox)
        return;
    call->in_inbox = true;
    call->references++;
    call->inbox_next = NULL;
    if (channel->inbox_last != NULL) {
        channel->inbox_last->inbox_next = call;
    } else {
        uint64_t one = 1;
        channel->inbox_first = call;
        if (write(channel->event_fd, &one, sizeof one) < 0)
            (void)one; /* it is readable already */
    }
    channel->inbox_last = call;
}

void channel_unref(struct transport_call *call)
{
    struct transport_channel *channel = call->channel;
    pthread_mutex_lock(&channel->lock);
    bool last = --call->references == 0;
    pthread_mutex_unlock(&channel->lock);
    if (last)
        call_free(call);
}

/* ---- the list of those that wait ---- */

/* When the list is to be looked at by time, not because a connection became free. */
static void note_due(struct transport_channel *channel, const struct transport_call *call)
{
    uint64_t due = clock_earlier(call->not_before_ns, call->deadline_ns);
    channel->waiting_due_ns = clock_earlier(channel->waiting_due_ns, due);
}

static void wait_in_list(struct transport_call *call)
{
    struct transport_channel *channel = call->channel;
    note_due(channel, call);
    call->state = CALL_WAITING;
    call->next = NULL;
    call->previous = channel->waiting_last;
    if (channel->waiting_last != NULL)
        channel->waiting_last->next = call;
    else
        channel->waiting_first = call;
    channel->waiting_last = call;
}

static void leave_list(struct transport_call *call)
{
    struct transport_channel *channel = call->channel;
    *(call->previous != NULL ? &call->previous->next : &channel->waiting_first) = call->next;
    *(call->next != NULL ? &call->next->previous : &channel->waiting_last) = call->previous;
}

/* ---- the end of a call ---- */

static void stop_transfer(struct transport_call *call)
{
    curl_multi_remove_handle(call->channel->multi, call->easy);
    curl_easy_cleanup(call->easy);
    call->easy = NULL;
    call->channel->running--;
}

/* The last thing that happens to a call. It may be gone afterwards; until then its text is kept for the event. */
static void end(struct transport_call *call)
{
    call->state = CALL_OVER;
    if (call->events == NULL) {
        call->channel->own = NULL;
        routes_answered(call);
        channel_unref(call);
        return;
    }
    pthread_mutex_lock(&call->channel->lock);
    call->references++;
    pthread_mutex_unlock(&call->channel->lock);
    if (call->status == SLUICE_OK)
        call->events->received(call->context, &call->result);
    struct transport_end outcome = {
        .status = call->status,
        .code = call->code,
        .text = buffer_text(&call->text),
        .retry_after_ns = (uint64_t)call->retry_after_seconds * CLOCK_NS_PER_SECOND,
    };
    call->events->ended(call->context, &outcome);
    channel_unref(call);
}

static void end_failed(struct transport_call *call, sluice_status status, const char *text)
{
    call_fail(call, status, 0, "%s", text);
    end(call);
}

/* A good answer waits until it is asked for. */
static void settle(struct transport_call *call, bool read_wanted)
{
    if (call->status == SLUICE_OK && call->events != NULL && !read_wanted)
        call->state = CALL_HELD;
    else
        end(call);
}

static bool is_past(uint64_t deadline_ns)
{
    return deadline_ns != 0 && clock_monotonic_ns() >= deadline_ns;
}

static void fail_late(struct transport_call *call)
{
    const struct transport_call *own = call->channel->own;
    bool not_there = call->connect_failures > 0 || (own != NULL && own->connect_failures > 0);
    call_fail(call, SLUICE_TIMEOUT, 0, "%s: the timeout was past before the request could be sent%s", call_name(call),
              not_there ? "; the gateway is not there" : "");
}

/* ---- from state to state ---- */

static bool read_flag(struct transport_call *call, const bool *flag)
{
    pthread_mutex_lock(&call->channel->lock);
    bool value = *flag;
    pthread_mutex_unlock(&call->channel->lock);
    return value;
}

static void start(struct transport_call *call);

static void work_done(struct transport_call *call)
{
    if (call->state == CALL_READING)
        settle(call, read_flag(call, &call->read_wanted));
    else
        start(call);
}

static void run_work(struct job *job)
{
    struct transport_call *call = (struct transport_call *)((char *)job - offsetof(struct transport_call, job));
    struct transport_channel *channel = call->channel;
    call_work(call);
    pthread_mutex_lock(&channel->lock);
    call->worked = true;
    channel_post(channel, call);
    pthread_mutex_unlock(&channel->lock);
}

/* The JSON work of the state: at once when it is small, else by a worker. */
static void work(struct transport_call *call, enum call_state state, size_t bytes)
{
    call->state = state;
    call->job.run = run_work;
    if (bytes > HTTP_INLINE_BYTES && workers_add(call->channel->workers, &call->job))
        return;
    call_work(call);
    work_done(call);
}

/* Its body is there, or could not be made. */
static void start(struct transport_call *call)
{
    struct transport_channel *channel = call->channel;
    if (call->status == SLUICE_OK && is_past(call->deadline_ns))
        fail_late(call);
    if (call->path == NULL && call->method == TRANSPORT_SINGLE)
        call->path = routes_path(&channel->routes, call->endpoint);
    if (call->status != SLUICE_OK || !request_prepare(call)) {
        channel->running--;
        end(call);
        return;
    }
    call->state = CALL_RUNNING;
    CURLMcode code = curl_multi_add_handle(channel->multi, call->easy);
    if (code == CURLM_OK)
        return;
    channel->running--;
    end_failed(call, SLUICE_INTERNAL, curl_multi_strerror(code));
}

/* It gets a connection. Only now is its body made, so that those that wait for one hold no JSON. */
static void begin(struct transport_call *call)
{
    call->channel->running++;
    if (call->body_written) {
        start(call);
        return;
    }
    call->body_written = true;
    work(call, CALL_WRITING, request_work(call));
}

/* Does a call wait for the answer to the transport's own? */
static bool is_awaited(const struct transport_call *own)
{
    const struct transport_call *call = own->channel->waiting_first;
    while (call != NULL && call->method != TRANSPORT_SINGLE)
        call = call->next;
    return call != NULL;
}

/* wait_for_ready: a gateway that is not there yet is tried again, with the pauses of the settings. */
static bool connect_again(struct transport_call *call)
{
    if (call->events == NULL && !is_awaited(call))
        return false;
    const struct transport_channel *channel = call->channel;
    bool not_there = call->curl_code == CURLE_COULDNT_CONNECT || call->curl_code == CURLE_COULDNT_RESOLVE_HOST;
    if (!call->wait_for_ready || !not_there || call->body_at != 0)
        return false;
    uint64_t pause_ms = (uint64_t)channel->backoff_ms << (call->connect_failures < 16 ? call->connect_failures : 16);
    if (pause_ms > (uint64_t)channel->backoff_max_ms)
        pause_ms = (uint64_t)channel->backoff_max_ms;
    call->connect_failures++;
    call->not_before_ns = clock_monotonic_ns() + pause_ms * CLOCK_NS_PER_MS;
    wait_in_list(call);
    return true;
}

void channel_finished(struct transport_call *call)
{
    char *text = NULL;
    curl_off_t retry_after = 0;
    long os_error = 0, connections = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->http_status);
    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_error);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connections);
    call->os_error = (int)os_error;
    call->new_connection = connections > 0;
    /* Seconds, also of a date. One that is past is below 0; what is far away is far enough. */
    call->retry_after_seconds =
        retry_after <= 0 ? 0 : retry_after < RETRY_AFTER_SECONDS_MOST ? (long)retry_after : RETRY_AFTER_SECONDS_MOST;
    if (curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text != NULL)
        call->content_type = strdup(text);
    if (curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text != NULL)
        call->location = strdup(text);
    stop_transfer(call);
    if (connect_again(call))
        return;
    buffer_done(&call->body);
    work(call, CALL_READING, call->answer.size);
}

/* The worker brings a call back, cancelled meanwhile or not. */
static void look_working(struct transport_call *call, bool worked, bool cancelled)
{
    if (!worked)
        return;
    if (cancelled && call->state == CALL_WRITING)
        call->channel->running--;
    if (cancelled)
        end_failed(call, SLUICE_CANCELLED, "the call was cancelled");
    else
        work_done(call);
}

static void take_message(struct transport_call *call)
{
    if (call->method == TRANSPORT_SINGLE && (call->endpoint = request_endpoint(&call->message)) == NULL)
        end_failed(call, SLUICE_NO_MEMORY, "no memory for a request");
    else
        wait_in_list(call);
}

void channel_look(struct transport_call *call)
{
    pthread_mutex_lock(&call->channel->lock);
    bool cancelled = call->cancelled, given = call->given, read_wanted = call->read_wanted, worked = call->worked;
    call->worked = false;
    pthread_mutex_unlock(&call->channel->lock);

    if (call->state == CALL_OVER)
        return;
    if (call->state == CALL_WRITING || call->state == CALL_READING) {
        look_working(call, worked, cancelled);
    } else if (cancelled) {
        if (call->state == CALL_RUNNING)
            stop_transfer(call);
        else if (call->state == CALL_WAITING)
            leave_list(call);
        end_failed(call, SLUICE_CANCELLED, "the call was cancelled");
    } else if (call->state == CALL_NEW && given) {
        call->events->sent(call->context);
        take_message(call);
    } else if (call->state == CALL_HELD && read_wanted) {
        end(call);
    }
}

void channel_start_own(struct transport_call *call)
{
    call->channel->own = call;
    begin(call);
}

void channel_choose_paths(struct transport_channel *channel)
{
    for (struct transport_call *call = channel->waiting_first; call != NULL; call = call->next)
        if (call->method == TRANSPORT_SINGLE && call->path == NULL)
            call->path = routes_path(&channel->routes, call->endpoint);
}

void channel_abandon(struct transport_channel *channel)
{
    struct transport_call *own = channel->own;
    if (own == NULL)
        return;
    if (own->state == CALL_RUNNING)
        stop_transfer(own);
    call_free(own);
}

/* ---- starting ---- */

static bool may_start(struct transport_channel *channel, struct transport_call *call)
{
    if (call->not_before_ns != 0)
        return false;
    return call->method != TRANSPORT_SINGLE || call->path != NULL || routes_ready(channel, call) || call->path != NULL;
}

static void expire(struct transport_call *call)
{
    leave_list(call);
    fail_late(call);
    end(call);
}

void channel_pump(struct transport_channel *channel)
{
    uint64_t now = clock_monotonic_ns();
    bool by_time = channel->waiting_due_ns != 0 && channel->waiting_due_ns <= now;
    if (by_time)
        channel->waiting_due_ns = 0;
    struct transport_call *next;
    for (struct transport_call *call = channel->waiting_first; call != NULL; call = next) {
        bool full = channel->running >= channel->max_connections;
        next = call->next;
        if (full && !by_time)
            break;
        if (call->not_before_ns != 0 && call->not_before_ns <= now)
            call->not_before_ns = 0;
        if (is_past(call->deadline_ns)) {
            expire(call);
        } else if (!full && may_start(channel, call)) {
            leave_list(call);
            begin(call);
        } else {
            note_due(channel, call);
        }
    }
}
