#include "client/websocket/tunnel.h"

#include "client/websocket/secure.h"
#include "client/websocket/socket.h"
#include "common/json/base64.h"

#include <stdlib.h>
#include <string.h>

void tunnel_write(const struct transport_call *call, struct buffer *request)
{
    const struct transport_channel *channel = call->channel;
    const struct proxy *proxy = &channel->proxy;
    bool numeric6 = strchr(channel->address.host, ':') != NULL;
    char place[ADDRESS_HOST_MAX + 16];
    snprintf(place, sizeof place, "%s%s%s:%u", numeric6 ? "[" : "", channel->address.host, numeric6 ? "]" : "",
             channel->address.port);
    buffer_printf(request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", place, place);
    if (proxy->credentials[0] != '\0') {
        buffer_append_text(request, "Proxy-Authorization: Basic ");
        base64_write(request, proxy->credentials, strlen(proxy->credentials));
        buffer_append_text(request, "\r\n");
    }
    buffer_append_text(request, "\r\n");
}

static bool is_whole(const struct buffer *head)
{
    return head->size >= 4 && memcmp(head->data + head->size - 4, "\r\n\r\n", 4) == 0;
}

static void answered(struct transport_call *call)
{
    const struct proxy *proxy = &call->channel->proxy;
    const char *head = buffer_text(&call->head);
    int http = call->head.failed == SLUICE_OK && strncmp(head, "HTTP/1.", 7) == 0 ? atoi(head + 8) : 0;
    if (http >= 200 && http < 300) {
        call->tunnel = false;
        call->request_sent = false;
        buffer_clear(&call->head);
        secure_begin(call);
        return;
    }
    if (http == 407)
        attempt_note(call, false, SLUICE_INVALID, http,
                     "the proxy %s:%u asks for other credentials (HTTP 407); put them into http_proxy", proxy->host,
                     proxy->port);
    else if (http != 0)
        attempt_note(call, http >= 500, SLUICE_UNAVAILABLE, http, "the proxy %s:%u has no way to %s (HTTP %d)",
                     proxy->host, proxy->port, call->channel->host_header, http);
    else
        attempt_note(call, false, SLUICE_UNAVAILABLE, 0, "%s:%u does not answer as a proxy for HTTP", proxy->host,
                     proxy->port);
    socket_detach(call, true);
}

/* Nobody speaks behind the answer: it is the client's turn in TLS and in the handshake of a WebSocket. */
void tunnel_receive(struct transport_call *call, const uint8_t *data, size_t size)
{
    struct buffer *head = &call->head;
    for (size_t i = 0; i < size && !is_whole(head) && head->failed == SLUICE_OK; i++)
        buffer_append_byte(head, data[i]);
    if (is_whole(head) || head->failed != SLUICE_OK)
        answered(call);
}
