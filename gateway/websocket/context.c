/*
 * libwebsockets: its context, and its one callback for everything.
 *
 * The listening socket is ours; libwebsockets is told of it as of any file, and each accepted socket is handed over as an
 * HTTP connection. So the errors of opening are our own, and connections above the limit stay in the listen queue.
 */
#include "common/foundation/clock.h"
#include "common/foundation/log.h"
#include "gateway/websocket/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TICK_MS = 250,
    HANDSHAKES_MAX = 256,     /* at a time; each has memory for its headers */
    HANDSHAKE_SECONDS = 20,   /* until its headers have come */
    ACCEPT_MAX = 64,          /* connections of one round */
    DESCRIPTORS_MAX = 1 << 16, /* libwebsockets has two tables of this size */
    HEADER_BYTES_MIN = 4096,
};

static void log_of_lws(int level, const char *line)
{
    size_t size = strcspn(line, "\n");
    /* Its errors are about single connections, so they are no errors of the gateway. */
    log_line(level == LLL_ERR ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "libwebsockets: %.*s", (int)size, line);
}

static struct websocket_front *front_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* ---- new connections ---- */

void context_accept(struct websocket_front *front, bool accept)
{
    if (front->accepting == accept || front->listener_wsi == NULL)
        return;
    front->accepting = accept;
    lws_rx_flow_control(front->listener_wsi, accept);
}

static void accept_sockets(struct websocket_front *front)
{
    int on = 1;
    for (int i = 0; i < ACCEPT_MAX && front->sockets < front->settings.connections_max; i++) {
        int fd = accept4(front->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            /* Without descriptors or memory it would be ready for ever: tick() tries again. */
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                context_accept(front, false);
            return;
        }
        /* A small frame behind another is not held back until the client has acknowledged that one (40 ms). */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (lws_adopt_socket_vhost(front->vhost, fd) == NULL)
            log_debug("a connection could not be taken"); /* libwebsockets has closed it */
    }
    if (front->sockets >= front->settings.connections_max)
        context_accept(front, false);
}

/* ---- the clock ---- */

static void tick(lws_sorted_usec_list_t *list)
{
    struct websocket_front *front = lws_container_of(list, struct websocket_front, tick);
    uint64_t now = clock_monotonic_ns();

    for (struct connection *at = front->connections, *next; at != NULL; at = next) {
        next = at->next;
        connection_tick(at, now);
    }
    context_accept(front, !front->aborted && front->sockets < front->settings.connections_max);
    lws_sul_schedule(front->context, 0, &front->tick, tick, TICK_MS * LWS_US_PER_MS);
}

/* ---- the callback ---- */

static int established(struct websocket_front *front, struct lws *wsi, struct session *session)
{
    front->protocol_name[0] = '\0';
    session->connection = connection_new(front, wsi, &front->handshake);
    if (session->connection == NULL)
        return -1;
    if (session->connection->compressed) {
        lws_set_extension_option(wsi, "permessage-deflate", "rx_buf_size", "16");
        lws_set_extension_option(wsi, "permessage-deflate", "tx_buf_size", "16");
    }
    if (session->connection->purpose == PURPOSE_DRY_RUN)
        read_dry_run(session->connection);
    return 0;
}

static void closed(struct session *session)
{
    struct connection *connection = session->connection;
    if (connection == NULL)
        return;
    session->connection = NULL;
    connection_closed(connection);
}

/* Of an open WebSocket. */
static int on_websocket(struct connection *connection, enum lws_callback_reasons reason, void *data, size_t size)
{
    switch (reason) {
    case LWS_CALLBACK_RECEIVE: read_piece(connection, data, size); return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        connection->heard_ns = clock_monotonic_ns();
        connection->pinged_ns = 0;
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return answer_write(connection, true);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return read_close(connection, data, size);
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
        if (!connection->closing)
            connection_gone(connection);
        return 0;
    default: return 0;
    }
}

static int on_http(struct websocket_front *front, struct lws *wsi, enum lws_callback_reasons reason,
                   struct session *session)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return handshake_check(front, wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: handshake_echo(front); return 0;
    case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY: return handshake_compress(front, wsi) ? 0 : 1;
    case LWS_CALLBACK_ESTABLISHED: return established(front, wsi, session);
    case LWS_CALLBACK_HTTP: return plain_request(front, wsi, session);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return session->connection != NULL ? plain_write_dry_run(session) : 0;
    default: return 0;
    }
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data, size_t size)
{
    struct session *session = user;

    switch (reason) {
    case LWS_CALLBACK_RAW_RX_FILE: accept_sockets(front_of(wsi)); return 0;
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: front_of(wsi)->sockets++; return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        if (wsi != front_of(wsi)->listener_wsi && front_of(wsi)->sockets > 0)
            front_of(wsi)->sockets--;
        return 0;
    case LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION:
        return size == 0; /* `size` says whether OpenSSL found it good; 0 here would overrule it */
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (session != NULL)
            closed(session);
        return 0;
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
        return session != NULL && session->connection != NULL ? on_websocket(session->connection, reason, data, size)
                                                              : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_WRITEABLE: return on_http(front_of(wsi), wsi, reason, session);
    default: return 0;
    }
}

/* ---- making it ---- */

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
    {NULL, NULL, NULL},
};

/* No pings and no judgement of libwebsockets' own: connection_tick() does both. */
static const lws_retry_bo_t no_validity = {.secs_since_valid_ping = 0, .secs_since_valid_hangup = 0};

static void fill_tls(const struct flow_tls *tls, struct lws_context_creation_info *info)
{
    if (tls->certfile == NULL)
        return;
    info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info->ssl_cert_filepath = tls->certfile;
    info->ssl_private_key_filepath = tls->keyfile;
    info->alpn = "http/1.1";
    info->ssl_options_set = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
    if (tls->ca_certs != NULL) {
        info->ssl_ca_filepath = tls->ca_certs;
        info->options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
    }
}

static void fill(struct websocket_front *front, struct lws_context_creation_info *info)
{
    uint64_t header_bytes = front->settings.limits.max_header_bytes;

    front->protocols[0] = (struct lws_protocols){
        .name = front->protocol_name,
        .callback = on_event,
        .per_session_data_size = sizeof(struct session),
        .rx_buffer_size = READ_BYTES,
        .tx_packet_size = INT32_MAX / 2, /* as much as the system takes; libwebsockets would cut it at READ_BYTES */
    };
    info->port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info->protocols = front->protocols;
    info->extensions = extensions;
    info->user = front;
    info->gid = -1; /* stay who we are */
    info->uid = -1;
    info->options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info->retry_and_idle_policy = &no_validity;
    info->pt_serv_buf_size = READ_BYTES;
    info->max_http_header_pool = HANDSHAKES_MAX;
    info->max_http_header_data2 = (unsigned)(header_bytes < HEADER_BYTES_MIN ? HEADER_BYTES_MIN : header_bytes);
    info->timeout_secs = HANDSHAKE_SECONDS;
    info->vhost_name = "sluice";
}

/* libwebsockets makes tables for as many descriptors as the process may have, which may be a thousand million. */
static struct lws_context *create_context(const struct lws_context_creation_info *info)
{
    struct rlimit limit;
    bool lower = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > DESCRIPTORS_MAX;
    if (lower)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){.rlim_cur = DESCRIPTORS_MAX, .rlim_max = limit.rlim_max});
    struct lws_context *context = lws_create_context(info);
    if (lower)
        setrlimit(RLIMIT_NOFILE, &limit);
    return context;
}

sluice_status context_new(struct websocket_front *front, sluice_error *error)
{
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN_SERVER};

    lws_set_log_level(LLL_ERR | LLL_WARN, log_of_lws);
    strcpy(front->protocol_name, "sluice");
    fill(front, &info);
    fill_tls(&front->settings.tls, &info);
    front->context = create_context(&info);
    if (front->context == NULL)
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "libwebsockets cannot be started; no memory?");
    front->vhost = lws_create_vhost(front->context, &info);
    if (front->vhost == NULL)
        return sluice_fail(error, front->settings.tls.certfile != NULL ? SLUICE_INVALID : SLUICE_SYSTEM, "gateway",
                           "libwebsockets does not take the settings of the WebSocket port");
    lws_sock_file_fd_type listener = {.filefd = front->listener};
    front->listener_wsi = lws_adopt_descriptor_vhost(front->vhost, LWS_ADOPT_RAW_FILE_DESC, listener, NULL, NULL);
    if (front->listener_wsi == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the WebSocket front");
    front->accepting = true;
    lws_sul_schedule(front->context, 0, &front->tick, tick, TICK_MS * LWS_US_PER_MS);
    return SLUICE_OK;
}
