/*
 * connection.c - one executor's connection: greeting, answers, loss. Upstream thread only, except connection_init/done.
 *
 * Who completes a call: only this thread, and outside the lock, because `done` walks on to the next executor. A call is
 * first taken out of every list under the lock, so nobody else finds it.
 */
#include "gateway/upstream/connection.h"
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "common/net/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct upstream *upstream_of_timer(struct timer *timer, size_t offset)
{
    return (struct upstream *)((char *)timer - offset);
}

static void complete(struct upstream_call *call, const struct upstream_answer *answer)
{
    if (call->deadline_ns != 0)
        timers_cancel(&call->upstream->set->timers, &call->timer);
    call->state = UPSTREAM_CALL_IDLE;
    call->done(call, answer);
}

/* ---- giving up ---- */

static void take_from_ready(struct upstream *upstream, struct upstream_call *call)
{
    for (struct upstream_call **at = &upstream->ready; *at != NULL; at = &(*at)->next) {
        if (*at != call)
            continue;
        *at = call->next;
        if (call->next == NULL)
            upstream->ready_last = at;
        return;
    }
}

static bool take_from_inside(struct upstream *upstream, struct upstream_call *call)
{
    for (struct upstream_call **at = &upstream->inside; *at != NULL; at = &(*at)->next) {
        if (*at != call)
            continue;
        *at = call->next;
        return true;
    }
    return false;
}

/* Whether the deadline or a cancel came first does not matter: a client that has a deadline cancels at the same time.
 */
static void watch_for_stuck(struct upstream *upstream, struct slot *slot, uint64_t deadline_ns)
{
    slot->stuck_at_ns = deadline_ns + upstream->executor->stuck_timeout_ns;
    if (upstream->stuck.place == 0 || slot->stuck_at_ns < upstream->stuck.due_ns)
        timers_set(&upstream->set->timers, &upstream->stuck, slot->stuck_at_ns);
}

void connection_give_up(struct upstream_call *call, enum upstream_outcome outcome)
{
    struct upstream *upstream = call->upstream;
    if (take_from_inside(upstream, call)) {
        complete(call, &(struct upstream_answer){.outcome = outcome});
        return;
    }
    pthread_mutex_lock(&upstream->lock);
    if (call->state == UPSTREAM_CALL_IDLE) { /* it is being answered */
        pthread_mutex_unlock(&upstream->lock);
        return;
    }
    switch (call->state) {
    case UPSTREAM_CALL_WAITING: fair_queue_remove(&upstream->waiting, upstream->index, call); break;
    case UPSTREAM_CALL_READY:
        take_from_ready(upstream, call);
        sending_free_slot(upstream, call->slot);
        break;
    case UPSTREAM_CALL_SENT: {
        struct slot *slot = &upstream->slots[call->slot];
        slot->call = NULL;
        if (call->deadline_ns != 0)
            watch_for_stuck(upstream, slot, call->deadline_ns);
        sending_cancel_frame(upstream, call->slot);
        break;
    }
    case UPSTREAM_CALL_IDLE: break;
    }
    sending_admit(upstream);
    sending_write_or_hold(upstream);
    pthread_mutex_unlock(&upstream->lock);
    complete(call, &(struct upstream_answer){.outcome = outcome});
}

void upstream_cancel(struct upstream_call *call)
{
    connection_give_up(call, UPSTREAM_CANCELLED);
}

/* Reports the executor once if a given-up request has not come back; looks again when the next one is due. */
static void look_for_stuck(struct timer *timer)
{
    struct upstream *upstream = upstream_of_timer(timer, offsetof(struct upstream, stuck));
    uint64_t now = clock_monotonic_ns(), next = 0;
    bool report = false;
    pthread_mutex_lock(&upstream->lock);
    for (uint32_t i = 0; i < upstream->slot_count; i++) {
        struct slot *slot = &upstream->slots[i];
        if (!slot->used || slot->stuck_at_ns == 0)
            continue;
        if (slot->stuck_at_ns <= now) {
            slot->stuck_at_ns = 0;
            report = true;
        } else {
            next = clock_earlier(next, slot->stuck_at_ns);
        }
    }
    pthread_mutex_unlock(&upstream->lock);
    if (next != 0)
        timers_set(&upstream->set->timers, timer, next);
    if (!report)
        return;
    log_warning("executor %s is stuck: a request is past its deadline by more than stuck_timeout (%llu ms)",
                upstream->pod, (unsigned long long)(upstream->executor->stuck_timeout_ns / CLOCK_NS_PER_MS));
    if (upstream->set->control_fd >= 0)
        CONTROL_SEND(upstream->set->control_fd, "stuck", "pod", upstream->pod);
}

/* ---- loss and death ---- */

static void answer_inside(struct upstream *upstream, const char *text)
{
    struct upstream_call *call;
    while ((call = upstream->inside) != NULL) {
        upstream->inside = call->next;
        complete(call, &(struct upstream_answer){.outcome = UPSTREAM_DIED, .text = text});
    }
}

static void death_wait_over(struct timer *timer)
{
    struct upstream *upstream = upstream_of_timer(timer, offsetof(struct upstream, death_wait));
    char text[160];
    snprintf(text, sizeof text, "executor %s went away while it handled this request", upstream->pod);
    answer_inside(upstream, text);
}

/* Under the lock: calls inside the executor go to `inside`, the others back to the queue, in their old order. */
static void sort_out_calls(struct upstream *upstream)
{
    struct upstream_call *back = NULL; /* newest first */
    for (struct upstream_call *call = upstream->ready, *next; call != NULL; call = next) {
        next = call->next;
        call->next = back;
        back = call;
    }
    upstream->ready = NULL;
    upstream->ready_last = &upstream->ready;
    for (uint32_t i = 0; i < upstream->slot_count; i++) {
        struct slot *slot = &upstream->slots[i];
        struct upstream_call *call = slot->call;
        if (!slot->used || call == NULL || call->state != UPSTREAM_CALL_SENT)
            continue;
        if (frame_writer_written(upstream->writer, slot->number)) {
            call->state = UPSTREAM_CALL_IDLE;
            call->next = upstream->inside;
            upstream->inside = call;
        } else {
            /* Insert by frame number, so that the order of arrival is kept. */
            struct upstream_call **at = &back;
            while (*at != NULL &&
                   ((*at)->state != UPSTREAM_CALL_SENT || upstream->slots[(*at)->slot].number > slot->number))
                at = &(*at)->next;
            call->next = *at;
            *at = call;
        }
    }
    for (struct upstream_call *call = back, *next; call != NULL; call = next) {
        next = call->next;
        call->state = UPSTREAM_CALL_WAITING;
        fair_queue_add(&upstream->waiting, upstream->index, call, true);
    }
}

static void reset_slots(struct upstream *upstream)
{
    upstream->first_free = UINT32_MAX;
    for (uint32_t i = upstream->slot_count; i-- > 0;) {
        upstream->slots[i] =
            (struct slot){.generation = upstream->slots[i].generation, .next_free = upstream->first_free};
        upstream->first_free = i;
    }
    upstream->in_flight = 0;
    upstream->bytes_in_flight = 0;
    upstream->cancel_count = 0;
    upstream->run_ns = 0;
}

static void connection_lost(struct upstream *upstream)
{
    pthread_mutex_lock(&upstream->lock);
    bool was_open = upstream->state == CONNECTION_OPEN;
    upstream->state = CONNECTION_CLOSED;
    while (upstream->writing)
        pthread_cond_wait(&upstream->written, &upstream->lock);
    sort_out_calls(upstream);
    reset_slots(upstream);
    upstream->blocked = upstream->broken = false;
    upstream->writer = frame_writer_free(upstream->writer);
    pthread_mutex_unlock(&upstream->lock);

    close(upstream->fd);
    upstream->fd = -1;
    upstream->reader = frame_reader_free(upstream->reader);
    timers_cancel(&upstream->set->timers, &upstream->stuck);
    if (was_open) {
        upstream->losses++;
        log_warning("lost the connection to executor %s", upstream->pod);
        if (upstream->set->control_fd >= 0)
            CONTROL_SEND(upstream->set->control_fd, "lost", "pod", upstream->pod);
    }
    if (upstream->inside != NULL) {
        if (upstream->notices >= upstream->losses)
            answer_inside(upstream, upstream->death);
        else if (upstream->set->control_fd >= 0)
            timers_set(&upstream->set->timers, &upstream->death_wait, clock_monotonic_ns() + DEATH_NOTICE_NS);
        else
            death_wait_over(&upstream->death_wait);
    }
    if (was_open)
        connection_open(upstream);
    else
        timers_set(&upstream->set->timers, &upstream->reconnect, clock_monotonic_ns() + RECONNECT_NS);
}

void connection_died(struct upstream *upstream, int signal, int exit_status)
{
    if (signal != 0)
        snprintf(upstream->death, sizeof upstream->death,
                 "executor %s died of signal %d (SIG%s: %s) while it handled this request", upstream->pod, signal,
                 sigabbrev_np(signal) != NULL ? sigabbrev_np(signal) : "?", strsignal(signal));
    else
        snprintf(upstream->death, sizeof upstream->death,
                 "executor %s ended with exit status %d while it handled this request", upstream->pod, exit_status);
    upstream->notices++;
    if (upstream->notices < upstream->losses)
        upstream->notices = upstream->losses;
    if (upstream->inside != NULL && upstream->notices >= upstream->losses) {
        timers_cancel(&upstream->set->timers, &upstream->death_wait);
        answer_inside(upstream, upstream->death);
    }
}

void connection_gone(struct upstream *upstream, const char *text)
{
    upstream->given_up = true;
    if (upstream->fd >= 0)
        connection_lost(upstream);
    timers_cancel(&upstream->set->timers, &upstream->death_wait);
    timers_cancel(&upstream->set->timers, &upstream->reconnect);
    pthread_mutex_lock(&upstream->lock);
    snprintf(upstream->gone, sizeof upstream->gone, "executor %s has been given up: %s", upstream->pod, text);
    upstream->state = CONNECTION_GONE;
    struct upstream_call *call;
    while ((call = fair_queue_take(&upstream->waiting)) != NULL) {
        call->state = UPSTREAM_CALL_IDLE;
        call->next = upstream->inside;
        upstream->inside = call;
    }
    pthread_mutex_unlock(&upstream->lock);
    pthread_mutex_lock(&upstream->set->ready_lock);
    upstream->gone_seen = true;
    pthread_cond_broadcast(&upstream->set->ready_changed);
    pthread_mutex_unlock(&upstream->set->ready_lock);
    answer_inside(upstream, upstream->gone);
}

/* ---- greeting and answers ---- */

static bool greet(struct upstream *upstream, const struct frame_message *message)
{
    struct frame_hello_view hello;
    if (frame_read_hello(message, &hello) != SLUICE_OK || hello.fixed.version != FRAME_VERSION) {
        log_error("executor %s speaks another version of the local transport (wanted %u): gateway and executor must be "
                  "of one build",
                  upstream->pod, FRAME_VERSION);
        return false;
    }
    endpoints_publish(upstream, &hello);
    pthread_mutex_lock(&upstream->lock);
    upstream->window = hello.fixed.window_requests > 0 ? hello.fixed.window_requests : 1;
    upstream->window_bytes = hello.fixed.window_bytes;
    upstream->workers = hello.fixed.workers > 0 ? hello.fixed.workers : 1;
    upstream->state = CONNECTION_OPEN;
    sending_admit(upstream);
    sending_write_out(upstream);
    pthread_mutex_unlock(&upstream->lock);

    struct upstream_set *set = upstream->set;
    pthread_mutex_lock(&set->ready_lock);
    upstream->hello_seen = true;
    pthread_cond_broadcast(&set->ready_changed);
    pthread_mutex_unlock(&set->ready_lock);
    return true;
}

enum { RUN_MEAN_WEIGHT = 8 };

static void take_answer(struct upstream *upstream, struct frame_message *message)
{
    struct upstream_answer answer = {.outcome = UPSTREAM_ANSWERED, .message = message};
    bool readable = frame_read_answer(message, &answer.view) == SLUICE_OK;
    uint32_t index = (uint32_t)message->id;
    pthread_mutex_lock(&upstream->lock);
    if (!sending_was_sent(upstream, message->id)) {
        pthread_mutex_unlock(&upstream->lock);
        log_error("executor %s answered a request that it was not sent", upstream->pod);
        return;
    }
    struct upstream_call *call = upstream->slots[index].call;
    sending_free_slot(upstream, index);
    if (readable && !(message->flags & FRAME_CANCELLED)) {
        uint64_t run_ns = answer.view.fixed.run_ns + 1;
        upstream->run_ns = upstream->run_ns == 0
                               ? run_ns
                               : upstream->run_ns - upstream->run_ns / RUN_MEAN_WEIGHT + run_ns / RUN_MEAN_WEIGHT;
    }
    sending_admit(upstream);
    pthread_mutex_unlock(&upstream->lock);
    if (call == NULL)
        return;
    if (!readable) {
        complete(call,
                 &(struct upstream_answer){.outcome = UPSTREAM_DIED, .text = "the executor sent an unreadable answer"});
        return;
    }
    /* Late work is dropped: the host drops a request that is late in its queue, and a handler that ends at its deadline
     * must not win against the timer, which says the same in a moment. */
    if (call->deadline_ns != 0 && (message->flags & FRAME_CANCELLED || clock_monotonic_ns() >= call->deadline_ns))
        answer.outcome = UPSTREAM_TIMED_OUT;
    else if (message->flags & FRAME_CANCELLED)
        answer.outcome = UPSTREAM_CANCELLED;
    complete(call, &answer);
}

/* False: the connection is to be closed. */
static bool take_message(struct upstream *upstream, struct frame_message *message)
{
    switch (message->type) {
    case FRAME_HELLO: return upstream->state == CONNECTION_GREETING && greet(upstream, message);
    case FRAME_ANSWER:
        if ((message->flags & FRAME_LAST) == 0) {
            log_error("executor %s sent a part of an answer, which this version does not know", upstream->pod);
            return false;
        }
        take_answer(upstream, message);
        return true;
    case FRAME_GOODBYE:
        /* It answers what it has and closes; the rest waits for its successor. */
        pthread_mutex_lock(&upstream->lock);
        upstream->window = 0;
        pthread_mutex_unlock(&upstream->lock);
        return true;
    default: log_error("executor %s sent a frame of an unexpected type", upstream->pod); return false;
    }
}

static bool read_messages(struct upstream *upstream)
{
    for (;;) {
        size_t bytes = 0;
        bool again = false;
        if (frame_reader_fill(upstream->reader, upstream->fd, &bytes, &again) != SLUICE_OK || (bytes == 0 && !again))
            return false;
        if (again)
            return true;
        struct frame_message message;
        sluice_status status = SLUICE_OK;
        while (frame_reader_next(upstream->reader, &message, &status)) {
            bool good = take_message(upstream, &message);
            frame_message_done(&message);
            if (!good)
                return false;
        }
        if (status != SLUICE_OK) {
            log_error("executor %s: its stream of frames is broken (%s)", upstream->pod, sluice_status_name(status));
            return false;
        }
        return true; /* epoll says so if there is more: other executors get their turn */
    }
}

void connection_event(struct upstream *upstream, uint32_t events)
{
    if (upstream->fd < 0)
        return;
    if (!read_messages(upstream)) {
        connection_lost(upstream);
        return;
    }
    pthread_mutex_lock(&upstream->lock);
    if (events & EPOLLOUT || upstream->ready != NULL || upstream->cancel_count > 0)
        sending_write_or_hold(upstream);
    pthread_mutex_unlock(&upstream->lock);
}

/* ---- connecting ---- */

static void reconnect(struct timer *timer)
{
    connection_open(upstream_of_timer(timer, offsetof(struct upstream, reconnect)));
}

void connection_open(struct upstream *upstream)
{
    struct upstream_set *set = upstream->set;
    if (upstream->given_up || atomic_load(&set->stopping))
        return;
    int fd = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = upstream};
    struct frame_reader *reader = frame_reader_new(set->flow->gateway.limits.max_message_bytes);
    struct frame_writer *writer = frame_writer_new();
    if (reader == NULL || writer == NULL || local_connect(upstream->path, &fd, NULL) != SLUICE_OK) {
        frame_reader_free(reader);
        frame_writer_free(writer);
        timers_set(&set->timers, &upstream->reconnect, clock_monotonic_ns() + RECONNECT_NS);
        return;
    }
    pthread_mutex_lock(&upstream->lock);
    upstream->fd = fd;
    upstream->reader = reader;
    upstream->writer = writer;
    upstream->state = CONNECTION_GREETING;
    pthread_mutex_unlock(&upstream->lock);
    epoll_ctl(set->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

sluice_status connection_init(struct upstream *upstream, struct upstream_set *set, size_t index, const char *folder,
                              sluice_error *error)
{
    *upstream = (struct upstream){.set = set,
                                  .executor = &set->flow->executors[index],
                                  .index = index,
                                  .fd = -1,
                                  .first_free = UINT32_MAX,
                                  .workers = 1};
    upstream->ready_last = &upstream->ready;
    upstream->reconnect.run = reconnect;
    upstream->death_wait.run = death_wait_over;
    upstream->stuck.run = look_for_stuck;
    pthread_mutex_init(&upstream->lock, NULL);
    pthread_cond_init(&upstream->written, NULL);
    snprintf(upstream->pod, sizeof upstream->pod, "%s/rep-0", upstream->executor->name);
    snprintf(upstream->where, sizeof upstream->where, "executor \"%s\"", upstream->executor->name);
    return local_socket_path(folder, upstream->executor->name, 0, upstream->path, error);
}

void connection_done(struct upstream *upstream)
{
    if (upstream->fd >= 0)
        close(upstream->fd);
    frame_reader_free(upstream->reader);
    frame_writer_free(upstream->writer);
    free(upstream->slots);
    free(upstream->cancels);
    endpoints_done(upstream);
    pthread_cond_destroy(&upstream->written);
    pthread_mutex_destroy(&upstream->lock);
}
