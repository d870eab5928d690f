/*
 * The sockets, by libwebsockets: to it each is a stream of bytes (its role "raw-skt"), which it waits for, reads and
 * decrypts.
 *
 * The listening socket is ours; libwebsockets is told of it as of any file, and each accepted socket is handed over. So
 * the errors of opening are our own, and connections above the limit stay in the listen queue. Bytes are written without
 * lws_write(): what the system does not take it would copy and keep, and read nothing until that is gone.
 */
#include "gateway/websocket/socket.h"

#include "common/foundation/log.h"
#include "gateway/front/listen.h"
#include "gateway/websocket/tls.h"

#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ACCEPT_MAX = 64,           /* connections of one round */
    DESCRIPTORS_MAX = 1 << 16, /* libwebsockets has two tables of this size */
};

struct socket {
    struct socket_loop *loop;
    struct lws *wsi;
    void *peer;
    bool heard; /* libwebsockets has no time-out of its own any more */
};

struct socket_loop {
    struct socket_loop_settings settings;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct lws_protocols protocols[2];
    struct lws *listener_wsi;
    int listener;
    uint16_t port;
    size_t count;
    bool accepting, refusing;
    lws_sorted_usec_list_t tick;
};

static void log_of_lws(int level, const char *line)
{
    size_t size = strcspn(line, "\n");
    /* Its errors are about single connections, so they are no errors of the gateway. */
    log_line(level == LLL_ERR ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "libwebsockets: %.*s", (int)size, line);
}

/* ---- new connections ---- */

static void set_accepting(struct socket_loop *loop, bool accept)
{
    if (loop->accepting == accept || loop->listener_wsi == NULL)
        return;
    loop->accepting = accept;
    lws_rx_flow_control(loop->listener_wsi, accept);
}

static void adopt(struct socket_loop *loop, int fd)
{
    struct socket *socket = calloc(1, sizeof *socket);
    lws_sock_file_fd_type descriptor = {.sockfd = fd};
    lws_adoption_type how = LWS_ADOPT_SOCKET | (loop->settings.tls->certfile != NULL ? LWS_ADOPT_ALLOW_SSL : 0);

    if (socket == NULL) {
        close(fd);
        return;
    }
    socket->loop = loop;
    socket->wsi = lws_adopt_descriptor_vhost(loop->vhost, how, descriptor, NULL, NULL);
    if (socket->wsi == NULL) {
        log_debug("a connection could not be taken"); /* libwebsockets has closed it */
        free(socket);
        return;
    }
    lws_set_opaque_user_data(socket->wsi, socket);
    loop->count++;
    socket->peer = loop->settings.events->accepted(loop->settings.context, socket);
    if (socket->peer == NULL)
        socket_kill(socket);
}

static void accept_sockets(struct socket_loop *loop)
{
    int on = 1;
    for (int i = 0; i < ACCEPT_MAX && loop->count < loop->settings.connections_max; i++) {
        int fd = accept4(loop->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            /* Without descriptors or memory it would be ready for ever: tick() tries again. */
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                set_accepting(loop, false);
            return;
        }
        /* A small frame behind another is not held back until the client has acknowledged that one (40 ms). */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        adopt(loop, fd);
    }
    if (loop->count >= loop->settings.connections_max)
        set_accepting(loop, false);
}

void socket_loop_refuse(struct socket_loop *loop)
{
    loop->refusing = true;
    set_accepting(loop, false);
}

static void tick(lws_sorted_usec_list_t *list)
{
    struct socket_loop *loop = lws_container_of(list, struct socket_loop, tick);

    loop->settings.events->tick(loop->settings.context);
    set_accepting(loop, !loop->refusing && loop->count < loop->settings.connections_max);
    lws_sul_schedule(loop->context, 0, &loop->tick, tick, SOCKET_TICK_MS * LWS_US_PER_MS);
}

/* ---- events ---- */

static int on_bytes(struct socket *socket, void *data, size_t size)
{
    if (!socket->heard) {
        socket->heard = true;
        lws_set_timeout(socket->wsi, NO_PENDING_TIMEOUT, 0); /* the one that begins with TLS */
    }
    return socket->peer == NULL || socket->loop->settings.events->received(socket->peer, data, size) ? 0 : -1;
}

static void on_end(struct socket *socket)
{
    struct socket_loop *loop = socket->loop;

    lws_set_opaque_user_data(socket->wsi, NULL);
    loop->count--;
    if (socket->peer != NULL)
        loop->settings.events->closed(socket->peer);
    free(socket);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data, size_t size)
{
    struct socket *socket = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;

    (void)user;
    if (reason == LWS_CALLBACK_OPENSSL_PERFORM_CLIENT_CERT_VERIFICATION)
        return size == 0; /* `size` says whether OpenSSL found it good; 0 here would overrule it */
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        accept_sockets(lws_context_user(lws_get_context(wsi)));
        return 0;
    }
    if (socket == NULL)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_RAW_RX: return on_bytes(socket, data, size);
    case LWS_CALLBACK_RAW_WRITEABLE:
        return socket->peer == NULL || socket->loop->settings.events->writable(socket->peer) ? 0 : -1;
    case LWS_CALLBACK_RAW_CLOSE:
    case LWS_CALLBACK_WSI_DESTROY: on_end(socket); return 0;
    default: return 0;
    }
}

/* ---- one socket ---- */

ssize_t socket_write(struct socket *socket, const uint8_t *data, size_t size)
{
    SSL *ssl = lws_get_ssl(socket->wsi);

    if (ssl == NULL) {
        ssize_t done = send(lws_get_socket_fd(socket->wsi), data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : done;
    }
    size_t written = 0;
    while (written < size) { /* one record at a time */
        ERR_clear_error();
        int done = SSL_write(ssl, data + written, (int)(size - written));
        int reason = done > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, done);
        ERR_clear_error();
        if (done <= 0)
            return reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ ? (ssize_t)written : -1;
        written += (size_t)done;
    }
    return (ssize_t)written;
}

void socket_pause(struct socket *socket, bool pause)
{
    lws_rx_flow_control(socket->wsi, !pause);
}

void socket_call_when_writable(struct socket *socket)
{
    lws_callback_on_writable(socket->wsi);
}

void socket_shut(struct socket *socket)
{
    SSL *ssl = lws_get_ssl(socket->wsi);

    if (ssl != NULL) {
        SSL_shutdown(ssl); /* whether it leaves or not: the end of the connection says it too */
        ERR_clear_error();
    }
    shutdown(lws_get_socket_fd(socket->wsi), SHUT_WR);
}

void socket_kill(struct socket *socket)
{
    lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

bool socket_has_hung_up(const struct socket *socket)
{
    struct pollfd look = {.fd = lws_get_socket_fd(socket->wsi), .events = POLLRDHUP};
    return poll(&look, 1, 0) == 1 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* ---- the loop ---- */

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
    info->ssl_options_set = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION;
    if (tls->ca_certs != NULL) {
        info->ssl_ca_filepath = tls->ca_certs;
        info->options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT;
    }
}

static void fill(struct socket_loop *loop, struct lws_context_creation_info *info)
{
    loop->protocols[0] = (struct lws_protocols){
        .name = "sluice", .callback = on_event, .rx_buffer_size = SOCKET_READ_BYTES};
    info->port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info->protocols = loop->protocols;
    info->user = loop;
    info->gid = -1; /* stay who we are */
    info->uid = -1;
    info->options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info->retry_and_idle_policy = &no_validity;
    info->pt_serv_buf_size = SOCKET_READ_BYTES;
    info->max_http_header_pool = 1; /* none is read by libwebsockets */
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

static sluice_status open_loop(struct socket_loop *loop, sluice_error *error)
{
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN_SERVER};

    lws_set_log_level(LLL_ERR | LLL_WARN, log_of_lws);
    fill(loop, &info);
    fill_tls(loop->settings.tls, &info);
    loop->context = create_context(&info);
    if (loop->context == NULL)
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "libwebsockets cannot be started; no memory?");
    loop->vhost = lws_create_vhost(loop->context, &info);
    if (loop->vhost == NULL)
        return sluice_fail(error, loop->settings.tls->certfile != NULL ? SLUICE_INVALID : SLUICE_SYSTEM, "gateway",
                           "libwebsockets does not take the settings of the WebSocket port");
    lws_sock_file_fd_type listener = {.filefd = loop->listener};
    loop->listener_wsi = lws_adopt_descriptor_vhost(loop->vhost, LWS_ADOPT_RAW_FILE_DESC, listener, NULL, NULL);
    if (loop->listener_wsi == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the WebSocket front");
    loop->accepting = true;
    lws_sul_schedule(loop->context, 0, &loop->tick, tick, SOCKET_TICK_MS * LWS_US_PER_MS);
    return SLUICE_OK;
}

sluice_status socket_loop_new(const struct socket_loop_settings *settings, struct socket_loop **ret_loop,
                              sluice_error *error)
{
    struct socket_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the WebSocket front");
    loop->settings = *settings;
    loop->listener = -1;
    sluice_status status = tls_check(settings->tls, error);
    if (status == SLUICE_OK)
        status = front_listen("WebSocket", settings->host, settings->port, &loop->listener, &loop->port, error);
    if (status == SLUICE_OK)
        status = open_loop(loop, error);
    if (status != SLUICE_OK)
        socket_loop_free(loop);
    else
        *ret_loop = loop;
    return status;
}

struct socket_loop *socket_loop_free(struct socket_loop *loop)
{
    if (loop == NULL)
        return NULL;
    if (loop->context != NULL)
        lws_context_destroy(loop->context);
    if (loop->listener_wsi == NULL && loop->listener >= 0)
        close(loop->listener);
    free(loop);
    return NULL;
}

uint16_t socket_loop_port(const struct socket_loop *loop)
{
    return loop->port;
}

bool socket_loop_run(struct socket_loop *loop)
{
    return lws_service(loop->context, 0) >= 0;
}

void socket_loop_wake(struct socket_loop *loop)
{
    lws_cancel_service(loop->context);
}
