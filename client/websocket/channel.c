#include "client/websocket/channel.h"

#include "client/websocket/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_host(struct transport_channel *channel)
{
    const struct address *address = &channel->address;
    bool numeric6 = strchr(address->host, ':') != NULL;
    bool usual = address->port == (address->tls ? ADDRESS_PORT_TLS : ADDRESS_PORT_PLAIN);
    char port[8] = "";
    size_t host_size = strcspn(address->host, "%"); /* a zone means nothing to the other side */
    if (!usual)
        snprintf(port, sizeof port, ":%u", address->port);
    snprintf(channel->host_header, sizeof channel->host_header, "%s%.*s%s%s", numeric6 ? "[" : "", (int)host_size,
             address->host, numeric6 ? "]" : "", port);
}

static void channel_free(struct transport_channel *channel)
{
    tls_client_done(&channel->tls);
    free(channel->user_agent);
    free(channel);
}

static sluice_status set_up(struct transport_channel *channel, const struct transport_settings *settings,
                            sluice_error *error)
{
    channel->address = *settings->address;
    channel->numeric = tls_host_is_number(channel->address.host);
    channel->insecure = settings->tls.insecure;
    channel->max_message_size = settings->max_message_size == 0 ? SIZE_MAX : settings->max_message_size;
    channel->keepalive_time_ms = settings->keepalive_time_ms;
    channel->keepalive_timeout_ms = settings->keepalive_timeout_ms;
    channel->connect_timeout_ms = settings->connect_timeout_ms;
    channel->reconnect_backoff_ms = settings->reconnect_backoff_ms;
    channel->reconnect_backoff_max_ms = settings->reconnect_backoff_max_ms;
    turns_init(&channel->turns, settings->max_connections);
    write_host(channel);
    if (settings->user_agent != NULL) {
        if (strpbrk(settings->user_agent, "\r\n") != NULL)
            return sluice_fail(error, SLUICE_INVALID, "user_agent", "the user agent must be one line");
        channel->user_agent = strdup(settings->user_agent);
        if (channel->user_agent == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    }
    sluice_status status =
        settings->proxy ? proxy_from_environment(&channel->address, &channel->proxy, error) : SLUICE_OK;
    if (status == SLUICE_OK && settings->tls.on)
        status = tls_client_init(&channel->tls, &settings->tls, &channel->address, error);
    return status;
}

sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error)
{
    struct transport_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    atomic_init(&channel->references, 1);
    sluice_status status = set_up(channel, settings, error);
    if (status == SLUICE_OK)
        status = loop_ref(error);
    if (status != SLUICE_OK) {
        channel_free(channel);
        return status;
    }
    *ret_channel = channel;
    return SLUICE_OK;
}

struct transport_channel *channel_ref(struct transport_channel *channel)
{
    atomic_fetch_add_explicit(&channel->references, 1, memory_order_relaxed);
    return channel;
}

static void channel_end(struct loop_task *task)
{
    struct transport_channel *channel = lws_container_of(task, struct transport_channel, ending);
    if (channel->vhost != NULL)
        lws_vhost_destroy(channel->vhost);
    channel_free(channel);
}

void channel_unref(struct transport_channel *channel)
{
    if (atomic_fetch_sub_explicit(&channel->references, 1, memory_order_acq_rel) != 1)
        return;
    channel->ending.run = channel_end;
    loop_post(&channel->ending);
}

void channel_close(struct transport_channel *channel)
{
    channel_unref(channel);
    loop_unref();
}

struct lws_vhost *channel_vhost(struct transport_channel *channel)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .vhost_name = "sluice-client", /* kept by the library as it is */
        .protocols = socket_protocols,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .provided_client_ssl_ctx = channel->tls.context,
        .gid = -1,
        .uid = -1,
    };
    if (channel->vhost != NULL)
        return channel->vhost;
    channel->vhost = lws_create_vhost(loop_context(), &info);
    return channel->vhost;
}
