/*
 * channel.h - a gateway as the WebSocket transport knows it: where it is, how it is reached, what a request to it says.
 *
 * Counted: the client has one reference, each call one. All fields but `turns` and `vhost` are constant after channel_connect().
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_CHANNEL_H
#define SLUICE_CLIENT_WEBSOCKET_CHANNEL_H

#include "client/transport.h"
#include "client/websocket/loop.h"
#include "client/websocket/proxy.h"
#include "client/websocket/tls.h"
#include "client/websocket/turns.h"

#include <stdatomic.h>

struct transport_channel {
    atomic_uint references;
    struct address address;
    bool numeric, insecure;
    char host_header[ADDRESS_HOST_MAX + 16]; /* with brackets and port where they must stand */
    char *user_agent;                        /* NULL: none of the caller's */
    size_t max_message_size;                 /* SIZE_MAX: no bound */
    int keepalive_time_ms, keepalive_timeout_ms;
    int connect_timeout_ms;
    int reconnect_backoff_ms, reconnect_backoff_max_ms;
    struct tls_client tls;
    struct proxy proxy;

    struct turns turns;      /* the loop's thread only */
    struct lws_vhost *vhost; /* the loop's thread only; made with the first connection */
    struct loop_task ending;
};

/* connect() and close() of transport.h. */
sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error);
void channel_close(struct transport_channel *channel);

struct transport_channel *channel_ref(struct transport_channel *channel);
void channel_unref(struct transport_channel *channel); /* any thread with a use of the loop */

/* On the loop's thread: the vhost for this channel's connections; NULL: it cannot be made. */
struct lws_vhost *channel_vhost(struct transport_channel *channel);

#endif
