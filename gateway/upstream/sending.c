/* sending.c - from the queue to the socket. Any thread, under the upstream's lock. */
#include "gateway/upstream/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { SLOT_INDEX_BITS = 32, NO_SLOT = UINT32_MAX };

static uint64_t slot_id(const struct upstream *upstream, uint32_t index)
{
    return (uint64_t)upstream->slots[index].generation << SLOT_INDEX_BITS | index;
}

bool sending_was_sent(const struct upstream *upstream, uint64_t id)
{
    uint32_t index = (uint32_t)id;
    if (index >= upstream->slot_count || !upstream->slots[index].used || slot_id(upstream, index) != id)
        return false;
    const struct upstream_call *call = upstream->slots[index].call; /* NULL: given up when it was sent */
    return call == NULL || call->state == UPSTREAM_CALL_SENT;
}

uint32_t sending_give_slot(struct upstream *upstream, struct upstream_call *call)
{
    if (upstream->first_free == NO_SLOT) {
        uint32_t count = upstream->slot_count == 0 ? 64 : 2 * upstream->slot_count;
        struct slot *slots = realloc(upstream->slots, count * sizeof *slots);
        if (slots == NULL)
            return NO_SLOT;
        memset(slots + upstream->slot_count, 0, (count - upstream->slot_count) * sizeof *slots);
        for (uint32_t i = upstream->slot_count; i < count; i++)
            slots[i].next_free = i + 1 < count ? i + 1 : NO_SLOT;
        upstream->first_free = upstream->slot_count;
        upstream->slots = slots;
        upstream->slot_count = count;
    }
    uint32_t index = upstream->first_free;
    struct slot *slot = &upstream->slots[index];
    upstream->first_free = slot->next_free;
    *slot = (struct slot){.call = call,
                          .generation = slot->generation + 1,
                          .used = true,
                          .bytes = call->body->size + call->parameters_size};
    return index;
}

void sending_free_slot(struct upstream *upstream, uint32_t index)
{
    struct slot *slot = &upstream->slots[index];
    upstream->in_flight--;
    upstream->bytes_in_flight -= slot->bytes;
    slot->call = NULL;
    slot->used = false;
    slot->next_free = upstream->first_free;
    upstream->first_free = index;
}

/*
 * How many requests to have inside the executor. What is inside is served in order of arrival, so a slow executor gets
 * few (fairness and cancels work on what waits here), a quick one as many as it takes (frames travel in batches).
 */
static uint32_t window_now(const struct upstream *upstream)
{
    uint64_t least = (uint64_t)WINDOW_FLOOR_PER_WORKER * upstream->workers;
    uint64_t wanted =
        upstream->run_ns == 0 ? upstream->window : (uint64_t)RUN_TIME_TARGET_NS * upstream->workers / upstream->run_ns;
    if (wanted < least)
        wanted = least;
    return wanted < upstream->window ? (uint32_t)wanted : upstream->window;
}

void sending_admit(struct upstream *upstream)
{
    if (upstream->state != CONNECTION_OPEN)
        return;
    uint32_t window = window_now(upstream);
    struct upstream_call *call;
    while (upstream->in_flight < window && (call = fair_queue_peek(&upstream->waiting)) != NULL) {
        uint64_t bytes = call->body->size + call->parameters_size;
        /* What is inside may exceed the window: a larger request is let in alone. Sums of sizes in memory do not wrap. */
        if (upstream->in_flight > 0 && upstream->bytes_in_flight + bytes > upstream->window_bytes)
            break;
        uint32_t slot = sending_give_slot(upstream, call);
        if (slot == NO_SLOT)
            break;
        fair_queue_take(&upstream->waiting);
        upstream->in_flight++;
        upstream->bytes_in_flight += bytes;
        call->slot = slot;
        call->state = UPSTREAM_CALL_READY;
        call->next = NULL;
        *upstream->ready_last = call;
        upstream->ready_last = &call->next;
    }
}

static sluice_status add_request(struct upstream *upstream, struct upstream_call *call)
{
    struct frame_request fixed = {
        .deadline_ns = call->deadline_ns,
        .endpoint_size = (uint32_t)call->endpoint_size,
        .request_id_size = (uint32_t)call->request_id_size,
        .parameters_size = call->parameters_size,
    };
    const struct iovec meta[] = {
        {&fixed,                   sizeof fixed         },
        {(void *)call->endpoint,   call->endpoint_size  },
        {(void *)call->request_id, call->request_id_size},
        {(void *)call->parameters, call->parameters_size},
    };
    uint8_t flags = call->has_data ? FRAME_HAS_DATA : 0;
    return frame_writer_add(upstream->writer, FRAME_REQUEST, flags, slot_id(upstream, call->slot), meta, 4,
                            call->body, false);
}

/* Puts everything that is ready into the writer. False when there is no memory: the connection is given up. */
static bool fill_writer(struct upstream *upstream)
{
    for (size_t i = 0; i < upstream->cancel_count; i++)
        if (frame_writer_add(upstream->writer, FRAME_CANCEL, 0, upstream->cancels[i], NULL, 0, NULL, true) !=
            SLUICE_OK)
            return false;
    upstream->cancel_count = 0;
    while (upstream->ready != NULL) {
        struct upstream_call *call = upstream->ready;
        if (add_request(upstream, call) != SLUICE_OK)
            return false;
        upstream->slots[call->slot].number = frame_writer_last_number(upstream->writer);
        call->state = UPSTREAM_CALL_SENT;
        upstream->ready = call->next;
        if (upstream->ready == NULL)
            upstream->ready_last = &upstream->ready;
    }
    return true;
}

static void watch(struct upstream *upstream, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = upstream};
    epoll_ctl(upstream->set->epoll_fd, EPOLL_CTL_MOD, upstream->fd, &event);
}

void sending_write_out(struct upstream *upstream)
{
    if (upstream->writing || upstream->state != CONNECTION_OPEN || upstream->broken)
        return;
    upstream->writing = true;
    while (upstream->ready != NULL || upstream->cancel_count > 0 || !frame_writer_empty(upstream->writer)) {
        bool filled = fill_writer(upstream);
        int fd = upstream->fd;
        pthread_mutex_unlock(&upstream->lock);
        sluice_status status = filled ? frame_writer_flush(upstream->writer, fd) : SLUICE_NO_MEMORY;
        pthread_mutex_lock(&upstream->lock);
        if (status != SLUICE_OK) {
            /* The upstream thread learns of it as the end of the stream. */
            upstream->broken = true;
            shutdown(fd, SHUT_RDWR);
            break;
        }
        if (!frame_writer_empty(upstream->writer)) {
            if (!upstream->blocked) {
                upstream->blocked = true;
                watch(upstream, EPOLLIN | EPOLLOUT);
            }
            break;
        }
    }
    if (upstream->blocked && frame_writer_empty(upstream->writer)) {
        upstream->blocked = false;
        watch(upstream, EPOLLIN);
    }
    upstream->writing = false;
    pthread_cond_broadcast(&upstream->written);
}

void sending_cancel_frame(struct upstream *upstream, uint32_t index)
{
    if (upstream->cancel_count == upstream->cancel_capacity) {
        size_t capacity = upstream->cancel_capacity == 0 ? 16 : 2 * upstream->cancel_capacity;
        uint64_t *cancels = realloc(upstream->cancels, capacity * sizeof *cancels);
        if (cancels == NULL)
            return; /* a cancel is a courtesy: without it the answer comes late and is dropped */
        upstream->cancels = cancels;
        upstream->cancel_capacity = capacity;
    }
    upstream->cancels[upstream->cancel_count++] = slot_id(upstream, index);
}

/* What this thread has sent since upstream_hold(); written when it lets go. */
enum { HELD_MAX = 32 };
static _Thread_local struct {
    unsigned depth, count;
    struct upstream *upstreams[HELD_MAX];
} held;

void upstream_hold(void)
{
    held.depth++;
}

void upstream_release(void)
{
    if (--held.depth > 0)
        return;
    for (unsigned i = 0; i < held.count; i++) {
        struct upstream *upstream = held.upstreams[i];
        pthread_mutex_lock(&upstream->lock);
        sending_write_out(upstream);
        pthread_mutex_unlock(&upstream->lock);
    }
    held.count = 0;
}

void sending_write_or_hold(struct upstream *upstream)
{
    if (held.depth == 0) {
        sending_write_out(upstream);
        return;
    }
    for (unsigned i = 0; i < held.count; i++)
        if (held.upstreams[i] == upstream)
            return;
    if (held.count == HELD_MAX)
        sending_write_out(upstream);
    else
        held.upstreams[held.count++] = upstream;
}

static void deadline_passed(struct timer *timer)
{
    connection_give_up((struct upstream_call *)((char *)timer - offsetof(struct upstream_call, timer)),
                       UPSTREAM_TIMED_OUT);
}

/* Why a call cannot be queued, or SLUICE_OK. Under the lock. */
static sluice_status refuse(struct upstream *upstream, sluice_error *error)
{
    char where[96];
    snprintf(where, sizeof where, "executor \"%s\"", upstream->executor->name);
    if (upstream->state == CONNECTION_GONE)
        return sluice_fail(error, SLUICE_UNAVAILABLE, where, "%s", upstream->gone);
    if (upstream->waiting.size >= upstream->set->flow->gateway.limits.max_queue_per_executor)
        return sluice_fail(error, SLUICE_LIMIT, where,
                           "%zu requests wait for it already (max_queue_per_executor); try again later",
                           upstream->waiting.size);
    return sluice_fail(error, SLUICE_NO_MEMORY, where, "no memory to queue a request");
}

sluice_status upstream_send(struct upstream *upstream, struct upstream_call *call, sluice_error *error)
{
    call->upstream = upstream;
    call->timer = (struct timer){.run = deadline_passed};
    pthread_mutex_lock(&upstream->lock);
    if (upstream->state == CONNECTION_GONE ||
        upstream->waiting.size >= upstream->set->flow->gateway.limits.max_queue_per_executor ||
        fair_queue_add(&upstream->waiting, upstream->index, call, false) != SLUICE_OK) {
        sluice_status status = refuse(upstream, error);
        pthread_mutex_unlock(&upstream->lock);
        return status;
    }
    call->state = UPSTREAM_CALL_WAITING;
    if (call->deadline_ns != 0)
        timers_set(&upstream->set->timers, &call->timer, call->deadline_ns);
    sending_admit(upstream);
    sending_write_or_hold(upstream);
    pthread_mutex_unlock(&upstream->lock);
    return SLUICE_OK;
}
