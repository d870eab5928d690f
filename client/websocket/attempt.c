/*
 * attempt.c - from a call to an open connection: name, addresses, handshake; again after a pause when the client waits for
 * a gateway that is not there yet; the deadline.
 */
#include "client/websocket/call.h"
#include "client/websocket/socket.h"
#include "common/foundation/clock.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* Without this the library closes what is idle for long. */
static const lws_retry_bo_t no_idle_policy;

/* ---- times ---- */

static void on_deadline(lws_sorted_usec_list_t *timer)
{
    struct transport_call *call = lws_container_of(timer, struct transport_call, deadline_timer);
    if (clock_monotonic_ns() < call->deadline_ns) {
        attempt_start_deadline(call);
        return;
    }
    bool connected = call->phase == CALL_OPEN;
    call->phase = CALL_OPEN; /* what the other side said before comes too late */
    call_end(call, true, SLUICE_TIMEOUT, 0, "the deadline of the call is past%s%s",
             connected                ? ""
             : call->failure[0] != '\0' ? "; the last attempt to connect: "
                                        : ", before there was a connection",
             connected ? "" : call->failure);
}

void attempt_start_deadline(struct transport_call *call)
{
    if (call->deadline_ns != 0)
        loop_schedule(&call->deadline_timer, on_deadline, call->deadline_ns);
}

void attempt_cancel(struct transport_call *call)
{
    lws_sul_cancel(&call->deadline_timer);
    lws_sul_cancel(&call->attempt_timer);
    resolve_abandon(call->resolution);
    call->resolution = NULL;
}

/* ---- failures ---- */

void attempt_note(struct transport_call *call, bool may_recover, sluice_status status, int code, const char *format, ...)
{
    va_list arguments;
    if (call->attempt_failed)
        return;
    call->attempt_failed = true;
    call->may_recover = may_recover;
    call->failure_status = status;
    call->failure_code = code;
    va_start(arguments, format);
    vsnprintf(call->failure, sizeof call->failure, format, arguments);
    va_end(arguments);
    call_wake(call);
}

static void on_pause_over(lws_sorted_usec_list_t *timer)
{
    attempt_begin(lws_container_of(timer, struct transport_call, attempt_timer));
}

/* The pause doubles from the first to the longest. */
static void pause_attempts(struct transport_call *call)
{
    uint64_t pause_ms = (uint64_t)call->channel->reconnect_backoff_ms;
    uint64_t longest_ms = (uint64_t)call->channel->reconnect_backoff_max_ms;
    for (unsigned i = 1; i < call->attempts && pause_ms < longest_ms; i++)
        pause_ms *= 2;
    if (pause_ms > longest_ms)
        pause_ms = longest_ms;
    if (pause_ms == 0)
        pause_ms = 1;
    call->phase = CALL_PAUSING;
    loop_schedule(&call->attempt_timer, on_pause_over, clock_monotonic_ns() + pause_ms * CLOCK_NS_PER_MS);
}

static void connect_next(struct transport_call *call);

void attempt_settle(struct transport_call *call)
{
    call->attempt_failed = false;
    bool more = call->resolution != NULL && call->next_address < call->resolution->count;
    if (more && call->may_recover && call->phase == CALL_CONNECTING) {
        connect_next(call);
        return;
    }
    lws_sul_cancel(&call->attempt_timer);
    resolve_abandon(call->resolution);
    call->resolution = NULL;
    if (call->may_recover && call->wait_for_ready)
        pause_attempts(call);
    else
        call_end(call, true, call->failure_status, call->failure_code, "%s", call->failure);
}

static void on_attempt_late(lws_sorted_usec_list_t *timer)
{
    struct transport_call *call = lws_container_of(timer, struct transport_call, attempt_timer);
    bool resolving = call->phase == CALL_RESOLVING;
    socket_detach(call, true);
    resolve_abandon(call->resolution);
    call->resolution = NULL;
    attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "%s within %d ms (connect_timeout_ms)",
                 resolving ? "the name of the gateway was not resolved" : "the gateway did not answer",
                 call->channel->connect_timeout_ms);
}

void attempt_succeeded(struct transport_call *call)
{
    lws_sul_cancel(&call->attempt_timer);
    resolve_abandon(call->resolution);
    call->resolution = NULL;
    call->failure[0] = '\0';
    call->phase = CALL_OPEN;
}

/* ---- connecting ---- */

/* For the library's connections; our own go through tunnel.c. */
static void set_proxy(struct transport_call *call, struct lws_vhost *vhost, const char *number)
{
    const struct proxy *proxy = &call->channel->proxy;
    if (!proxy->on || call->tunnel) {
        lws_set_proxy(vhost, ":0"); /* none */
        return;
    }
    bool numeric6 = strchr(number, ':') != NULL;
    char text[PROXY_CREDENTIALS_MAX + RESOLVE_ADDRESS_SIZE + 16];
    snprintf(text, sizeof text, "%s%s%s%s%s:%u", proxy->credentials, proxy->credentials[0] != '\0' ? "@" : "",
             numeric6 ? "[" : "", number, numeric6 ? "]" : "", proxy->port);
    lws_set_proxy(vhost, text);
}

/* `number`: of the gateway, or of the proxy that leads to it. */
static void connect_to(struct transport_call *call, const char *number)
{
    struct transport_channel *channel = call->channel;
    struct lws_vhost *vhost = channel_vhost(channel);
    bool plain = call_is_plain(call);
    call->tunnel = channel->proxy.on && !plain;
    int tls = channel->tls.context == NULL || !plain ? 0 /* secure.c does it */
              : channel->insecure  ? LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK |
                                        LCCSCF_ALLOW_SELFSIGNED | LCCSCF_ALLOW_EXPIRED | LCCSCF_ALLOW_INSECURE
                                   : LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK; /* tls.c has set it */
    struct lws_client_connect_info info = {
        .context = loop_context(),
        .address = channel->proxy.on && plain ? channel->address.host : number,
        .port = call->tunnel ? channel->proxy.port : channel->address.port,
        .ssl_connection = tls | LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
        .path = call_path(call),
        .host = channel->host_header,
        .local_protocol_name = CALL_SUBPROTOCOL,
        .method = plain ? "GET" : "RAW", /* a stream of bytes */
        .vhost = vhost,
        .pwsi = &call->wsi,
        .alpn = "http/1.1",
        .opaque_user_data = call,
        .retry_and_idle_policy = &no_idle_policy,
    };
    call->phase = CALL_CONNECTING;
    snprintf(call->number, sizeof call->number, "%s", number);
    if (vhost != NULL)
        set_proxy(call, vhost, number);
    if (vhost == NULL || lws_client_connect_via_info(&info) == NULL) {
        call->wsi = NULL;
        attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "no connection could be started");
    }
}

static void connect_next(struct transport_call *call)
{
    connect_to(call, call->resolution->addresses[call->next_address++]);
}

static void on_resolved(struct resolution *resolution)
{
    struct transport_call *call = resolution->context;
    if (resolution->failure == 0) {
        connect_next(call);
        return;
    }
    attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "the name \"%s\" cannot be resolved: %s", resolution->host,
                 gai_strerror(resolution->failure));
}

void attempt_begin(struct transport_call *call)
{
    struct transport_channel *channel = call->channel;
    if (call->method == TRANSPORT_HEALTH && call->outgoing.size > 0) {
        call_end(call, true, SLUICE_UNIMPLEMENTED, 0, "the health of a single service is asked over gRPC only");
        return;
    }
    call->attempts++;
    call->request_sent = false;
    call->output_size = call->output_done = 0;
    buffer_clear(&call->head);
    call->certificate_refusal[0] = '\0';
    call->next_address = 0;
    loop_schedule(&call->attempt_timer, on_attempt_late,
                  clock_monotonic_ns() + (uint64_t)channel->connect_timeout_ms * CLOCK_NS_PER_MS);
    if (channel->numeric && !channel->proxy.on) {
        connect_to(call, channel->address.host);
        return;
    }
    call->phase = CALL_RESOLVING;
    call->resolution =
        resolve_start(channel->proxy.on ? channel->proxy.host : channel->address.host, on_resolved, call);
    if (call->resolution == NULL)
        attempt_note(call, true, SLUICE_UNAVAILABLE, 0, "no thread to resolve a name could be started");
}
