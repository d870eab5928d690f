/*
 * call.h - one call of the WebSocket transport: a connection of its own, from the handshake to the close.
 *
 * Two owners: the client, until call_release(), and the loop, until `ended` was delivered; each posted task holds a
 * reference too. `lock` guards what the client's threads write; all else belongs to the loop's thread. No event is called
 * under `lock`.
 *
 *   call.c     the transport's functions, which only note a wish and wake the loop; the loop's answer to wishes; the end
 *   attempt.c  resolving, connecting, trying again, the times
 *   socket.c   what libwebsockets reports of the connection, which is a stream of bytes to it
 *   secure.c   TLS below those bytes
 *   send.c, receive.c   those bytes: handshake and frames (handshake.h, frame.h)
 *   plain.c    the two questions that are plain HTTP: info and health
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_CALL_H
#define SLUICE_CLIENT_WEBSOCKET_CALL_H

#include "client/websocket/channel.h"
#include "common/net/websocket/frame.h"
#include "client/websocket/handshake.h"
#include "client/websocket/resolve.h"
#include "common/foundation/buffer.h"

#include <pthread.h>

/* The sub-protocol of serialized messages, and its end of input: one message of one zero byte. */
#define CALL_SUBPROTOCOL "bytes"
enum { CALL_END_OF_INPUT = 0x00 };

enum call_phase {
    CALL_NEW,
    CALL_WAITING, /* for its turn (turns.h) */
    CALL_RESOLVING,
    CALL_CONNECTING, /* to the end of the handshake */
    CALL_PAUSING,    /* between two attempts */
    CALL_OPEN,
    CALL_CLOSED /* the other side is done; what it sent may still wait to be read */
};

enum { CALL_TEXT_MAX = 512 };

/* A complete message that the client has not read yet. */
struct call_message {
    struct call_message *next;
    struct rope rope;
};

struct transport_call {
    struct transport_channel *channel;
    const struct transport_events *events;
    void *context;
    enum transport_method method;
    uint64_t deadline_ns;
    bool wait_for_ready;
    struct buffer headers; /* lines for the request */

    pthread_mutex_t lock;
    unsigned references;
    bool queued;          /* `task` is posted */
    bool outgoing_set;    /* `outgoing` waits to be sent */
    struct rope outgoing; /* belongs to the loop while outgoing_set */
    bool finish_wanted, read_wanted, cancel_wanted;
    bool read_missed; /* a message is held; who reads must wake the loop */
    bool writing;     /* the loop is sending and will see what is wanted by itself */
    bool over; /* `ended` was delivered or is about to be */
    struct loop_task task;

    enum call_phase phase;
    struct turn turn;
    struct lws *wsi; /* NULL: no connection */
    SSL *ssl;        /* of that connection (secure.c); NULL: plain, or the library's */
    lws_sorted_usec_list_t deadline_timer, attempt_timer;

    /* attempt.c */
    struct resolution *resolution;
    size_t next_address;
    char number[RESOLVE_ADDRESS_SIZE]; /* the address that is tried */
    unsigned attempts;
    bool attempt_failed; /* reported by the library; handled by the next task */
    bool may_recover;    /* a further attempt could help: nobody was reached */
    char certificate_refusal[TLS_SENTENCE_MAX]; /* of this attempt, or empty */
    sluice_status failure_status;
    int failure_code;
    char failure[CALL_TEXT_MAX];

    /* send.c */
    uint8_t *output;
    size_t output_capacity, output_size, output_done;
    size_t sent_slice, sent_offset; /* how much of `outgoing` is sent */
    bool tunnel; /* the connection is still the proxy's (tunnel.c) */
    bool request_sent, in_message, end_sent;
    uint64_t sent_count, received_count;
    uint8_t pong[WEBSOCKET_CONTROL_MAX];
    size_t pong_size;
    bool pong_wanted;
    char key[HANDSHAKE_KEY_SIZE];

    /* plain.c */
    unsigned http_status;
    struct buffer body;

    /* receive.c */
    struct buffer head; /* of the handshake's answer */
    struct websocket_reader reader;
    struct rope incoming;
    struct block *block; /* the last piece of `incoming` may grow into the rest of it */
    size_t block_used;
    struct call_message *held_first, *held_last;
    bool stopped; /* reading is */

    /* The end that is delivered when nothing is held any more. */
    struct transport_end end;
    char end_text[CALL_TEXT_MAX];
};

/* ---- call.c, on the loop's thread ---- */

/* A complete message has come: it is delivered, or held until it is asked for. */
void call_deliver(struct transport_call *call);

/* Append to the messages that are held. False: no memory; the rope is left alone. */
bool call_hold(struct transport_call *call, struct rope *rope);

/*
 * The call ends so as soon as all messages that are held have been read; at once when `now`. Detaches the connection and
 * kills it, unless it is NULL by now. The call may be freed before this returns.
 */
void call_end(struct transport_call *call, bool now, sluice_status status, int code, const char *format, ...)
    SLUICE_PRINTF(5, 6);

/* A question that is plain HTTP (plain.c), not a WebSocket. Any thread. */
static inline bool call_is_plain(const struct transport_call *call)
{
    return call->method == TRANSPORT_INFO || call->method == TRANSPORT_HEALTH;
}

/* Of the request. */
const char *call_path(const struct transport_call *call);

/* Run the task of the call soon. Any thread. */
void call_wake(struct transport_call *call);

/* ---- attempt.c, on the loop's thread ---- */

void attempt_begin(struct transport_call *call);

/* The connection failed, or was refused; tries the next address, or again later, or ends the call. */
void attempt_settle(struct transport_call *call);

/* The handshake is done. */
void attempt_succeeded(struct transport_call *call);

/* Note why the connection cannot be made; the next task settles it. */
void attempt_note(struct transport_call *call, bool may_recover, sluice_status status, int code, const char *format, ...)
    SLUICE_PRINTF(5, 6);

void attempt_cancel(struct transport_call *call); /* timers and look-ups */

void attempt_start_deadline(struct transport_call *call);

#endif
