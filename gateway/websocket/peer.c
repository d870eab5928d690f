/* The other end of a socket, from its first byte to its last (design notes: server.h). The front's thread only. */
#include "common/foundation/clock.h"
#include "gateway/websocket/server.h"

#include <stdlib.h>
#include <string.h>

static uint64_t in_ms(unsigned ms)
{
    return clock_monotonic_ns() + ms * (uint64_t)CLOCK_NS_PER_MS;
}

static void *accepted(void *context, struct socket *socket)
{
    struct websocket_front *front = context;
    struct peer *peer = calloc(1, sizeof *peer);

    if (peer == NULL)
        return NULL;
    peer->front = front;
    peer->socket = socket;
    peer->due_ns = in_ms(front->settings.handshake_timeout_ms);
    head_collector_init(&peer->head, front->settings.limits.max_header_bytes);
    buffer_init(&peer->rest, BUFFER_NO_LIMIT);
    buffer_init(&peer->kept, BUFFER_NO_LIMIT);
    peer->next = front->peers;
    if (front->peers != NULL)
        front->peers->previous = peer;
    front->peers = peer;
    return peer;
}

static void closed(void *context)
{
    struct peer *peer = context;

    *(peer->previous != NULL ? &peer->previous->next : &peer->front->peers) = peer->next;
    if (peer->next != NULL)
        peer->next->previous = peer->previous;
    if (peer->connection != NULL)
        connection_closed(peer->connection);
    head_collector_done(&peer->head);
    buffer_done(&peer->rest);
    buffer_done(&peer->kept);
    free(peer);
}

/* ---- reading ---- */

static bool may_read(const struct peer *peer)
{
    switch (peer->state) {
    case PEER_REQUEST: return !peer_is_sending(peer); /* its answer is to be taken before the next request is read */
    case PEER_ANSWER: return false;
    case PEER_OPEN: return !peer->connection->paused;
    default: return true;
    }
}

void peer_pace(struct peer *peer)
{
    /* Who waits for an answer is still read, so that its end is seen, until it has sent something more. */
    bool pause = peer->rest.size > 0 || (!may_read(peer) && peer->state != PEER_ANSWER);
    if (pause == peer->paused)
        return;
    peer->paused = pause;
    socket_pause(peer->socket, pause);
}

static void take_head(struct peer *peer, const uint8_t **at, const uint8_t *end)
{
    struct head head;
    struct head_fault fault = {.status = 0};
    enum head_result result = head_collect(&peer->head, at, end, &fault);

    if (result == HEAD_MORE)
        return;
    if (result == HEAD_WHOLE && !head_read((char *)peer->head.bytes.data, &head, &fault))
        result = HEAD_BAD;
    bool good = result == HEAD_WHOLE ? plain_request(peer, &head) : plain_refuse(peer, fault.status, fault.text);
    size_t limit = peer->head.bytes.limit;
    head_collector_done(&peer->head);
    head_collector_init(&peer->head, limit);
    if (!good)
        peer_kill(peer);
    else if (peer->state == PEER_REQUEST)
        peer->due_ns = in_ms(peer->front->settings.handshake_timeout_ms);
}

/* How many of these bytes are used; the others have to wait. */
static size_t consume(struct peer *peer, uint8_t *data, size_t size)
{
    uint8_t *at = data;
    const uint8_t *end = data + size;

    while (at < end && may_read(peer)) {
        const uint8_t *head_at = at;
        switch (peer->state) {
        case PEER_REQUEST:
            take_head(peer, &head_at, end);
            at += head_at - at;
            break;
        case PEER_OPEN:
            if (!read_frames(peer->connection, &at, end) && peer->state == PEER_OPEN)
                return (size_t)(at - data);
            break;
        default: return size;
        }
    }
    return (size_t)(at - data);
}

static bool received(void *context, uint8_t *data, size_t size)
{
    struct peer *peer = context;
    size_t used = peer->rest.size > 0 && peer->state != PEER_LEAVING ? 0 : consume(peer, data, size);

    if (used < size)
        buffer_append(&peer->rest, data + used, size - used);
    peer_pace(peer);
    return !peer->lost && peer->rest.failed == SLUICE_OK;
}

void peer_read_rest(struct peer *peer)
{
    struct buffer rest = peer->rest;

    if (rest.size == 0 || !may_read(peer) || peer->lost)
        return;
    buffer_init(&peer->rest, BUFFER_NO_LIMIT);
    size_t used = consume(peer, rest.data, rest.size);
    if (used == 0) {
        peer->rest = rest;
        return;
    }
    if (used < rest.size)
        buffer_append(&peer->rest, rest.data + used, rest.size - used);
    buffer_done(&rest);
    if (peer->rest.failed != SLUICE_OK)
        peer_kill(peer);
    peer_pace(peer);
}

/* ---- writing ---- */

/* Some of what is kept. False: the connection is lost. */
static bool send_kept(struct peer *peer)
{
    struct buffer *kept = &peer->kept;

    if (kept->size == 0)
        return true;
    ssize_t sent = socket_write(peer->socket, kept->data + peer->kept_done, kept->size - peer->kept_done);
    if (sent < 0)
        return false;
    peer->kept_done += (size_t)sent;
    if (peer->kept_done < kept->size) {
        socket_call_when_writable(peer->socket);
        return true;
    }
    buffer_done(kept);
    buffer_init(kept, BUFFER_NO_LIMIT);
    peer->kept_done = 0;
    return true;
}

bool peer_send(struct peer *peer, const uint8_t *data, size_t size)
{
    ssize_t sent = socket_write(peer->socket, data, size);
    if (sent < 0)
        return false;
    if ((size_t)sent == size)
        return true;
    buffer_append(&peer->kept, data + sent, size - (size_t)sent);
    socket_call_when_writable(peer->socket);
    return peer->kept.failed == SLUICE_OK;
}

static void leave_now(struct peer *peer)
{
    peer->leave_when_sent = false;
    peer->due_ns = in_ms(LEAVE_MS);
    socket_shut(peer->socket);
}

static bool writable(void *context)
{
    struct peer *peer = context;

    if (peer->lost || !send_kept(peer))
        return false;
    if (peer_is_sending(peer))
        return true;
    if (peer->leave_when_sent)
        leave_now(peer);
    if (peer->state == PEER_REQUEST && peer->rest.size > 0) {
        peer_read_rest(peer);
    } else if (peer->connection != NULL) {
        connection_dirty(peer->connection);
    }
    peer_pace(peer);
    return !peer->lost;
}

/* ---- the end ---- */

void peer_leave(struct peer *peer)
{
    if (peer->state == PEER_LEAVING)
        return;
    peer->state = PEER_LEAVING;
    buffer_done(&peer->rest);
    buffer_init(&peer->rest, BUFFER_NO_LIMIT);
    if (peer_is_sending(peer)) {
        peer->leave_when_sent = true;
        peer->due_ns = in_ms(peer->front->settings.ping_timeout_ms);
    } else {
        leave_now(peer);
    }
    peer_pace(peer);
}

void peer_kill(struct peer *peer)
{
    if (peer->lost)
        return;
    peer->lost = true;
    peer->state = PEER_LEAVING;
    if (peer->connection != NULL)
        connection_gone(peer->connection);
    socket_kill(peer->socket);
}

void peer_tick(struct peer *peer, uint64_t now_ns)
{
    /* The end of a socket that is not read goes unnoticed otherwise. */
    if (peer->paused && !peer->lost && socket_has_hung_up(peer->socket))
        peer_kill(peer);
    if (peer->due_ns == 0 || now_ns < peer->due_ns || peer->lost)
        return;
    /* A connection that lives on between two requests may end without a word. */
    bool begun = peer->state == PEER_REQUEST && (peer->head.bytes.size > 0 || peer->head.skipped > 0);
    if (!begun || peer_is_sending(peer) || !plain_refuse(peer, 408, "its head has not come in time."))
        peer_kill(peer);
}

static void tick(void *context)
{
    struct websocket_front *front = context;
    uint64_t now_ns = clock_monotonic_ns();

    for (struct peer *peer = front->peers, *next; peer != NULL; peer = next) {
        next = peer->next;
        if (peer->connection != NULL)
            connection_tick(peer->connection, now_ns);
        peer_tick(peer, now_ns);
    }
}

const struct socket_events peer_events = {
    .accepted = accepted,
    .received = received,
    .writable = writable,
    .closed = closed,
    .tick = tick,
};
