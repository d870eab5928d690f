/*
 * socket.c - the callback of libwebsockets: each report goes to the call that the connection belongs to, if it still does.
 */
#include "client/websocket/socket.h"

#include "client/websocket/secure.h"
#include "client/websocket/tunnel.h"

#include "common/foundation/status.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the library says when the TCP connection failed. */
#define UNABLE_TO_CONNECT "Unable to connect"

/* ---- the handshake ---- */

static int append_headers(struct transport_call *call, unsigned char **at, size_t room)
{
    if (room < call->headers.size)
        return -1;
    memcpy(*at, call->headers.data, call->headers.size);
    *at += call->headers.size;
    return 0;
}

/* How the kernel finds out that the other machine is gone. A WebSocket ping would not do: a gateway that is busy stops
 * reading, which holds back our requests as it should, and reads no pings then. */
static void set_keepalive(struct transport_call *call)
{
    const struct transport_channel *channel = call->channel;
    int on = 1, probes = 3, fd = lws_get_socket_fd(call->wsi);
    int idle = (channel->keepalive_time_ms + 999) / 1000;
    int interval = (channel->keepalive_timeout_ms + 2999) / 3000;
    unsigned patience_ms = (unsigned)idle * 1000 + (unsigned)channel->keepalive_timeout_ms;
    if (fd < 0 || channel->keepalive_time_ms < 0)
        return;
    idle = idle > 0 ? idle : 1;
    interval = interval > 0 ? interval : 1;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
}

static void on_connected(struct transport_call *call)
{
    if (call->tunnel)
        lws_callback_on_writable(call->wsi);
    else
        secure_begin(call);
}

void socket_opened(struct transport_call *call)
{
    attempt_succeeded(call);
    set_keepalive(call);
    lws_callback_on_writable(call->wsi);
}

static void note_refusal(struct transport_call *call, int http)
{
    const struct transport_channel *channel = call->channel;
    const char *place = channel->host_header;
    switch (http) {
    case 401:
    case 407:
        attempt_note(call, false, SLUICE_INVALID, http,
                     "%s asks for credentials (HTTP %d); give them as metadata, key \"authorization\"", place, http);
        break;
    case 403:
    case 404:
        attempt_note(call, false, SLUICE_NOT_FOUND, http,
                     "%s refused the WebSocket with HTTP %d; is this the port of a gateway with protocol websocket?",
                     place, http);
        break;
    case 429:
        attempt_note(call, false, SLUICE_LIMIT, http, "%s takes no more connections now (HTTP 429)", place);
        break;
    case 502:
    case 503:
    case 504:
        attempt_note(call, true, SLUICE_UNAVAILABLE, http, "%s is not there for WebSockets now (HTTP %d)", place,
                     http);
        break;
    default:
        attempt_note(call, false, http >= 500 ? SLUICE_INTERNAL : SLUICE_INVALID, http,
                     "%s answered the handshake with HTTP %d instead of 101; is this a gateway with protocol websocket?",
                     place, http);
    }
}

/* The library does not say why a TCP connection failed. Where a second one fails at once, as on this machine, that does. */
static const char *ask_again(const struct sockaddr *address, socklen_t size, char *text, size_t capacity)
{
    int failure = 0, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t failure_size = sizeof failure;
    if (fd >= 0) {
        if (connect(fd, address, size) != 0 && errno != EINPROGRESS)
            failure = errno;
        else
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_size);
        close(fd);
    }
    return failure != 0 ? strerror_r(failure, text, capacity) : "nobody listens there, or there is no way to it";
}

static const char *connect_failure(const struct transport_call *call, char *text, size_t capacity)
{
    char port[8];
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    const struct transport_channel *channel = call->channel;
    snprintf(port, sizeof port, "%u", channel->proxy.on ? channel->proxy.port : channel->address.port);
    if (getaddrinfo(call->number, port, &hints, &found) != 0)
        return "the address cannot be used";
    const char *failure = ask_again(found->ai_addr, found->ai_addrlen, text, capacity);
    freeaddrinfo(found);
    return failure;
}

static void on_connection_error(struct transport_call *call, const char *text, size_t size)
{
    if (call->certificate_refusal[0] != '\0') {
        attempt_note(call, false, SLUICE_UNAVAILABLE, 0, "%s", call->certificate_refusal);
    } else if (size == strlen(UNABLE_TO_CONNECT) && memcmp(text, UNABLE_TO_CONNECT, size) == 0) {
        char words[128];
        attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "no connection to %s: %s", call->number,
                     connect_failure(call, words, sizeof words));
    } else {
        attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "no connection to %s: %.*s", call->channel->host_header,
                     (int)(text != NULL ? size : 0), text != NULL ? text : "");
    }
    socket_forget(call);
}

/* 0: the certificate is accepted. */
static int check_certificate(struct transport_call *call, X509_STORE_CTX *check, bool good)
{
    if (call == NULL)
        return -1;
    if (good || call->channel->insecure) {
        X509_STORE_CTX_set_error(check, X509_V_OK);
        return 0;
    }
    tls_describe_refusal(&call->channel->tls, check, call->channel->address.host, call->certificate_refusal);
    return -1;
}

/* ---- the end ---- */

enum { LEAVE_SECONDS = 5 }; /* for the other side to close the connection after a close frame */

void socket_ended(struct transport_call *call, int code, const char *reason, size_t size)
{
    pthread_mutex_lock(&call->lock);
    bool finished = call->finish_wanted && !call->outgoing_set;
    pthread_mutex_unlock(&call->lock);
    /* Gateways close so for an executor that is not reached, and for one that was reached and took too long (timeout_send).
     * Before a whole message has left nothing can have been run. */
    call->end.may_be_timeout = code == CLOSE_INTERNAL_ERROR && call->sent_count > 0;
    uint64_t received = call->received_count;
    for (const struct call_message *message = call->held_first; message != NULL; message = message->next)
        received++;
    if (code == CLOSE_NORMAL || (finished && received >= call->sent_count))
        call_end(call, false, SLUICE_OK, code, "%s", ""); /* nothing is missing: however it ended, it was the end */
    else if (code == CLOSE_ABNORMAL)
        call_end(call, false, SLUICE_UNAVAILABLE, code, "the connection to the gateway broke");
    else if (size > 0)
        call_end(call, false, status_from_websocket(code), code, "%.*s", (int)size, reason);
    else
        call_end(call, false, status_from_websocket(code), code,
                 "the gateway closed the WebSocket with code %d and gave no reason", code);
}

void socket_refused(struct transport_call *call, int http)
{
    note_refusal(call, http);
    socket_detach(call, true);
}

void socket_leave(struct transport_call *call, int code)
{
    bool sent = send_close(call, code);
    socket_detach(call, !sent);
}

void socket_forget(struct transport_call *call)
{
    secure_end(call);
    if (call->wsi != NULL)
        lws_set_opaque_user_data(call->wsi, NULL); /* there are reports to come, and the call may be gone by then */
    call->wsi = NULL;
}

void socket_detach(struct transport_call *call, bool now)
{
    if (call->wsi == NULL)
        return;
    lws_set_timeout(call->wsi, PENDING_TIMEOUT_USER_OK, now ? LWS_TO_KILL_ASYNC : LEAVE_SECONDS);
    socket_forget(call);
}

/* Without a close frame, or within the handshake. */
static void on_closed(struct transport_call *call)
{
    socket_forget(call);
    if (call->phase == CALL_CONNECTING)
        attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "%s closed the connection within the handshake%s",
                     call->channel->host_header, secure_hint(call));
    else if (call->phase == CALL_OPEN)
        socket_ended(call, CLOSE_ABNORMAL, "", 0);
}

/* ---- reports ---- */

static int report(struct transport_call *call, struct lws *wsi, enum lws_callback_reasons reason, void *in, size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: return append_headers(call, in, size);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR: on_connection_error(call, in, size); return 0;
    case LWS_CALLBACK_RAW_CONNECTED: on_connected(call); return 0;
    case LWS_CALLBACK_RAW_RX:
        if (call->tunnel)
            tunnel_receive(call, in, size);
        else
            secure_receive(call, in, size);
        return 0;
    case LWS_CALLBACK_RAW_WRITEABLE: return !secure_is_open(call) || send_bytes(call) ? 0 : -1;
    case LWS_CALLBACK_RAW_CLOSE: on_closed(call); return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (call->wsi == wsi)
            on_closed(call);
        return 0;
    default: return plain_report(call, reason, in, size);
    }
}

static int on_report(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    struct transport_call *call = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;
    (void)user;
    if (reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION)
        return check_certificate(call, user, size != 0);
    /* No call: it is over, and its connection is on its way out. */
    return call != NULL ? report(call, wsi, reason, in, size) : 0;
}

enum { RECEIVE_BUFFER = 64 << 10 };

const struct lws_protocols socket_protocols[] = {
    {.name = CALL_SUBPROTOCOL, .callback = on_report, .rx_buffer_size = RECEIVE_BUFFER},
    {0},
};
