/*
 * send.c - what goes out: the request of the handshake, messages, pongs, the close.
 *
 * Frames are put together in one buffer, so that many small messages are one write. A message above MESSAGE_FRAME_MAX goes
 * out in fragments of that size, so that no second copy of it is made and a ping can be answered in between.
 */
#include "client/websocket/socket.h"
#include "client/websocket/tunnel.h"

#include <openssl/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum { MESSAGE_FRAME_MAX = 1 << 20, OUTPUT_TOGETHER = 64 << 10 };

/* ---- masks ---- */

/* Random bytes (RFC 6455, 5.3: unpredictable), fetched for many frames at once. On the loop's thread. */
static void random_bytes(uint8_t *to, size_t size)
{
    static uint8_t stock[256]; /* what getrandom() gives whole */
    static size_t left;
    if (left < size) {
        if (getrandom(stock, sizeof stock, 0) != (ssize_t)sizeof stock)
            abort(); /* documented never to happen for so few bytes */
        left = sizeof stock;
    }
    left -= size;
    memcpy(to, stock + left, size);
}

/* ---- the buffer ---- */

static bool make_room(struct transport_call *call, size_t size)
{
    size_t wanted = call->output_size + size;
    if (wanted <= call->output_capacity)
        return true;
    size_t capacity = wanted < OUTPUT_TOGETHER / 8 ? OUTPUT_TOGETHER / 8 : wanted + wanted / 2;
    uint8_t *output = realloc(call->output, capacity);
    if (output == NULL)
        return false;
    call->output = output;
    call->output_capacity = capacity;
    return true;
}

static uint8_t *end_of(struct transport_call *call)
{
    return call->output + call->output_size;
}

/* The head of a frame; the payload follows. */
static bool add_head(struct transport_call *call, enum websocket_opcode opcode, bool final, size_t size, uint8_t mask[4])
{
    random_bytes(mask, 4);
    if (!make_room(call, WEBSOCKET_HEAD_MAX + size))
        return false;
    call->output_size += websocket_write_head(end_of(call), opcode, final, false, size, mask);
    return true;
}

static bool add_frame(struct transport_call *call, enum websocket_opcode opcode, const uint8_t *payload, size_t size)
{
    uint8_t mask[4];
    if (!add_head(call, opcode, true, size, mask))
        return false;
    websocket_mask(end_of(call), payload, size, 0, mask);
    call->output_size += size;
    return true;
}

/* The next `size` bytes of the message. */
static void add_payload(struct transport_call *call, size_t size, const uint8_t mask[4])
{
    size_t done = 0;
    while (done < size) {
        const struct slice *slice = &call->outgoing.slices[call->sent_slice];
        size_t left = slice->size - call->sent_offset;
        size_t part = left < size - done ? left : size - done;
        websocket_mask(end_of(call), slice->data + call->sent_offset, part, done, mask);
        call->output_size += part;
        done += part;
        call->sent_offset += part;
        if (call->sent_offset == slice->size) {
            call->sent_slice++;
            call->sent_offset = 0;
        }
    }
}

/*
 * Not lws_write(): what the kernel does not take it would keep in a buffer of its own, and read nothing until that is empty.
 * A gateway that reads no more before its answers are taken would wait for ever. -1: the connection is broken; 0: later.
 */
static ssize_t put(struct transport_call *call, const uint8_t *data, size_t size)
{
    SSL *ssl = call->ssl;
    if (ssl == NULL) {
        ssize_t done = send(lws_get_socket_fd(call->wsi), data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : done;
    }
    ERR_clear_error();
    int done = SSL_write(ssl, data, (int)size);
    int reason = done > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, done);
    ERR_clear_error();
    return done > 0 ? done : reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* As much as the connection takes. False: it is broken. */
static bool write_out(struct transport_call *call)
{
    while (call->output_done < call->output_size) {
        ssize_t done = put(call, call->output + call->output_done, call->output_size - call->output_done);
        if (done < 0)
            return false;
        if (done == 0) {
            lws_callback_on_writable(call->wsi);
            return true;
        }
        call->output_done += (size_t)done;
    }
    call->output_done = call->output_size = 0;
    if (call->output_capacity > 2 * OUTPUT_TOGETHER) { /* a large message's; idle connections keep little */
        free(call->output);
        call->output = NULL;
        call->output_capacity = 0;
    }
    return true;
}

/* ---- messages ---- */

static size_t bytes_left(const struct transport_call *call)
{
    size_t left = 0;
    for (size_t i = call->sent_slice; i < call->outgoing.count; i++)
        left += call->outgoing.slices[i].size;
    return left - call->sent_offset;
}

static void message_sent(struct transport_call *call)
{
    rope_done(&call->outgoing);
    rope_init(&call->outgoing);
    call->sent_slice = call->sent_offset = 0;
    call->sent_count++;
    pthread_mutex_lock(&call->lock);
    call->outgoing_set = false;
    pthread_mutex_unlock(&call->lock);
    call->events->sent(call->context);
}

/* The next frame of the message in `outgoing`. */
static bool add_message(struct transport_call *call)
{
    uint8_t mask[4];
    size_t left = bytes_left(call);
    size_t size = left < MESSAGE_FRAME_MAX ? left : MESSAGE_FRAME_MAX;
    bool final = size == left;
    if (!add_head(call, call->in_message ? WEBSOCKET_CONTINUATION : WEBSOCKET_BINARY, final, size, mask))
        return false;
    add_payload(call, size, mask);
    call->in_message = !final;
    if (final)
        message_sent(call);
    return true;
}

static bool add_end_of_input(struct transport_call *call)
{
    static const uint8_t end[] = {CALL_END_OF_INPUT};
    call->end_sent = true;
    return call->method == TRANSPORT_DRY_RUN || add_frame(call, WEBSOCKET_BINARY, end, sizeof end);
}

enum work { NOTHING, MESSAGE, END };

/* What there is to do; from a NOTHING on, new wishes wake the loop. */
static enum work next_work(struct transport_call *call)
{
    enum work work = NOTHING;
    pthread_mutex_lock(&call->lock);
    if (call->outgoing_set)
        work = MESSAGE;
    else if (call->finish_wanted && !call->end_sent)
        work = END;
    call->writing = work != NOTHING;
    pthread_mutex_unlock(&call->lock);
    return work;
}

static bool add_request(struct transport_call *call)
{
    struct buffer request;
    uint8_t nonce[HANDSHAKE_NONCE_SIZE];
    random_bytes(nonce, sizeof nonce);
    buffer_init(&request, BUFFER_NO_LIMIT);
    if (call->tunnel)
        tunnel_write(call, &request);
    else
        handshake_write(&request, call_path(call), call->channel->host_header, CALL_SUBPROTOCOL, &call->headers, nonce,
                        call->key);
    bool made = request.failed == SLUICE_OK && make_room(call, request.size);
    if (made) {
        memcpy(end_of(call), request.data, request.size);
        call->output_size += request.size;
    }
    buffer_done(&request);
    call->request_sent = true;
    return made;
}

static bool add_frames(struct transport_call *call)
{
    bool added = true;
    enum work work = NOTHING;
    if (call->pong_wanted)
        added = add_frame(call, WEBSOCKET_PONG, call->pong, call->pong_size);
    call->pong_wanted = false;
    while (added && call->output_size < OUTPUT_TOGETHER && (work = next_work(call)) != NOTHING)
        added = work == MESSAGE ? add_message(call) : add_end_of_input(call);
    if (work != NOTHING)
        lws_callback_on_writable(call->wsi);
    return added;
}

bool send_bytes(struct transport_call *call)
{
    bool added = true;
    if (call->output_size > 0) /* first what is left */
        return write_out(call) && (call->output_size > 0 || send_bytes(call));
    if (call->phase == CALL_OPEN)
        added = add_frames(call);
    else if (call->phase == CALL_CONNECTING && !call->request_sent)
        added = add_request(call);
    return added && write_out(call);
}

bool send_close(struct transport_call *call, int code)
{
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    return call->wsi != NULL && add_frame(call, WEBSOCKET_CLOSE, payload, code == CLOSE_NO_CODE ? 0 : sizeof payload) &&
           write_out(call) && call->output_size == 0;
}
