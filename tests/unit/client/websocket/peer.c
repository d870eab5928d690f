#include "tests/unit/client/websocket/peer.h"

#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/wire/wire.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, HEAD_MAX = 64 << 10, WAIT_SECONDS = 30 };

struct peer_connection {
    struct peer *peer;
    size_t index;
    int fd;
    SSL *ssl;
    pthread_t thread;
    char *head;
    bool closed; /* the client's close frame was read */
};

struct peer {
    peer_serve *serve;
    void *context;
    SSL_CTX *tls;
    int listener, port;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping, released;
    struct peer_connection *connections[CONNECTIONS_MAX];
    size_t accepted, requested, messages, ended;
};

/* ---- bytes ---- */

static bool read_some(struct peer_connection *connection, void *target, size_t size, size_t *ret_size)
{
    ssize_t got = connection->ssl != NULL
                      ? SSL_read(connection->ssl, target, size > INT32_MAX ? INT32_MAX : (int)size)
                      : recv(connection->fd, target, size, 0);
    *ret_size = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static bool read_all(struct peer_connection *connection, void *target, size_t size)
{
    uint8_t *at = target;
    size_t got;
    while (size > 0) {
        if (!read_some(connection, at, size, &got))
            return false;
        at += got;
        size -= got;
    }
    return true;
}

void peer_write(struct peer_connection *connection, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        ssize_t put = connection->ssl != NULL
                          ? SSL_write(connection->ssl, at, size > INT32_MAX ? INT32_MAX : (int)size)
                          : send(connection->fd, at, size, MSG_NOSIGNAL);
        if (put <= 0)
            return; /* the client is gone; reading says so */
        at += put;
        size -= (size_t)put;
    }
}

void peer_write_text(struct peer_connection *connection, const char *text)
{
    peer_write(connection, text, strlen(text));
}

/* ---- the request ---- */

static bool read_head(struct peer_connection *connection)
{
    size_t size = 0;
    connection->head = calloc(1, HEAD_MAX + 1);
    ck_assert_ptr_nonnull(connection->head);
    while (size < HEAD_MAX && strstr(connection->head, "\r\n\r\n") == NULL)
        if (!read_all(connection, connection->head + size++, 1))
            return false;
    return true;
}

bool peer_next_head(struct peer_connection *connection)
{
    free(connection->head);
    return read_head(connection);
}

const char *peer_head(const struct peer_connection *connection)
{
    return connection->head;
}

bool peer_header(const struct peer_connection *connection, const char *name, char *value, size_t capacity)
{
    const char *line = connection->head;
    size_t size = strlen(name);
    value[0] = '\0';
    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        line += size + 1;
        line += strspn(line, " ");
        snprintf(value, capacity, "%.*s", (int)strcspn(line, "\r"), line);
        return true;
    }
    return false;
}

struct peer *peer_of(const struct peer_connection *connection)
{
    return connection->peer;
}

size_t peer_index(const struct peer_connection *connection)
{
    return connection->index;
}

void peer_accept_key(const struct peer_connection *connection, char key[32])
{
    char text[128];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    peer_header(connection, "sec-websocket-key", text, 64);
    strcat(text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"); /* RFC 6455, 1.3 */
    ck_assert_int_eq(EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL), 1);
    EVP_EncodeBlock((unsigned char *)key, digest, (int)size);
}

void peer_upgrade(struct peer_connection *connection, const char *more)
{
    char key[32], text[1024];
    peer_accept_key(connection, key);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s\r\n",
             key, more != NULL ? more : "");
    peer_write_text(connection, text);
}

/* ---- frames ---- */

void peer_frame(struct peer_connection *connection, int first, const void *data, size_t size)
{
    uint8_t *frame = malloc(size + 10);
    size_t head = 2;
    ck_assert_ptr_nonnull(frame);
    frame[0] = (uint8_t)first;
    if (size < 126) {
        frame[1] = (uint8_t)size;
    } else {
        size_t bytes = size <= UINT16_MAX ? 2 : 8;
        frame[1] = bytes == 2 ? 126 : 127;
        for (size_t i = 0; i < bytes; i++)
            frame[2 + i] = (uint8_t)((uint64_t)size >> (8 * (bytes - 1 - i)));
        head += bytes;
    }
    if (size > 0)
        memcpy(frame + head, data, size);
    peer_write(connection, frame, head + size);
    free(frame);
}

void peer_close(struct peer_connection *connection, int code, const char *reason)
{
    uint8_t payload[128];
    size_t size = strlen(reason);
    ck_assert_uint_le(size, sizeof payload - 2);
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    memcpy(payload + 2, reason, size);
    peer_frame(connection, PEER_FIN | PEER_CLOSE, payload, size + 2);
}

static bool read_size(struct peer_connection *connection, uint8_t second, size_t *ret_size)
{
    uint8_t bytes[8];
    size_t count = (second & 0x7F) == 126 ? 2 : (second & 0x7F) == 127 ? 8 : 0;
    *ret_size = second & 0x7F;
    if (count == 0)
        return true;
    if (!read_all(connection, bytes, count))
        return false;
    *ret_size = 0;
    for (size_t i = 0; i < count; i++)
        *ret_size = *ret_size << 8 | bytes[i];
    ck_assert_uint_ge(*ret_size, count == 2 ? 126 : 65536); /* the shortest form */
    return true;
}

/* One frame; the payload is for free(). */
static bool read_frame(struct peer_connection *connection, uint8_t *ret_first, struct peer_message *ret_frame)
{
    uint8_t head[2], mask[4];
    size_t size;
    if (!read_all(connection, head, 2))
        return false;
    ck_assert_msg((head[0] & 0x70) == 0, "reserved bits %02x", head[0]);
    ck_assert_msg((head[1] & 0x80) != 0, "a client's frame is masked");
    if (!read_size(connection, head[1], &size) || !read_all(connection, mask, 4))
        return false;
    ck_assert(size < 126 || (head[0] & 8) == 0);
    uint8_t *data = malloc(size + 1);
    ck_assert_ptr_nonnull(data);
    if (!read_all(connection, data, size)) {
        free(data);
        return false;
    }
    for (size_t i = 0; i < size; i++)
        data[i] ^= mask[i & 3];
    *ret_first = head[0];
    *ret_frame = (struct peer_message){.opcode = head[0] & 0x0F, .size = size, .data = data};
    return true;
}

static void join(struct peer_message *message, const struct peer_message *frame)
{
    message->data = realloc(message->data, message->size + frame->size + 1);
    ck_assert_ptr_nonnull(message->data);
    memcpy(message->data + message->size, frame->data, frame->size);
    message->size += frame->size;
}

static void count_message(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->messages++;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

/* A control frame between fragments is thrown away; the clients of these tests send pongs only. */
bool peer_read(struct peer_connection *connection, struct peer_message *ret_message)
{
    struct peer_message frame;
    uint8_t first;
    bool begun = false, complete = false;
    *ret_message = (struct peer_message){0};
    while (!complete) {
        if (connection->closed || !read_frame(connection, &first, &frame)) {
            peer_message_done(ret_message);
            return false;
        }
        if (frame.opcode >= PEER_CLOSE && !begun) {
            *ret_message = frame;
            connection->closed = frame.opcode == PEER_CLOSE;
            return true;
        }
        if (frame.opcode < PEER_CLOSE) {
            ck_assert_int_eq(frame.opcode == PEER_CONTINUATION, begun);
            if (!begun)
                ret_message->opcode = frame.opcode;
            begun = true;
            join(ret_message, &frame);
            complete = (first & PEER_FIN) != 0;
        }
        peer_message_done(&frame);
    }
    count_message(connection->peer);
    return true;
}

void peer_message_done(struct peer_message *message)
{
    free(message->data);
    message->data = NULL;
}

bool peer_is_end_of_input(const struct peer_message *message)
{
    return message->opcode == PEER_BINARY && message->size == 1 && message->data[0] == 0;
}

int peer_close_code(const struct peer_message *message)
{
    return message->size >= 2 ? message->data[0] << 8 | message->data[1] : 1005;
}

void peer_drain(struct peer_connection *connection)
{
    uint8_t bytes[4096];
    size_t size;
    while (read_some(connection, bytes, sizeof bytes, &size))
        ;
}

/* ---- a gateway ---- */

void peer_answer(struct peer_connection *connection, const struct peer_message *request)
{
    enum { MESSAGE_ROUTES = 3, ROUTE_EXECUTOR = 1 };
    struct buffer answer;
    buffer_init(&answer, BUFFER_NO_LIMIT);
    buffer_append(&answer, request->data, request->size);
    size_t route = wire_begin_message(&answer, MESSAGE_ROUTES);
    wire_append_text(&answer, ROUTE_EXECUTOR, "gateway");
    wire_end_message(&answer, route);
    peer_frame(connection, PEER_FIN | PEER_BINARY, answer.data, answer.size);
    buffer_done(&answer);
}

void peer_echo(struct peer_connection *connection, void *context)
{
    (void)context;
    peer_upgrade(connection, NULL);
    peer_echo_on(connection);
}

void peer_echo_on(struct peer_connection *connection)
{
    struct peer_message message;
    while (peer_read(connection, &message)) {
        if (peer_is_end_of_input(&message))
            peer_close(connection, 1000, "");
        else if (message.opcode == PEER_BINARY)
            peer_answer(connection, &message);
        peer_message_done(&message);
    }
}

/* ---- connections ---- */

static bool begin_tls(struct peer_connection *connection)
{
    if (connection->peer->tls == NULL)
        return true;
    connection->ssl = SSL_new(connection->peer->tls);
    ck_assert_ptr_nonnull(connection->ssl);
    SSL_set_fd(connection->ssl, connection->fd);
    return SSL_accept(connection->ssl) == 1;
}

static void *serve_connection(void *context)
{
    struct peer_connection *connection = context;
    struct peer *peer = connection->peer;
    if (begin_tls(connection) && read_head(connection)) {
        pthread_mutex_lock(&peer->lock);
        peer->requested++;
        pthread_cond_broadcast(&peer->changed);
        pthread_mutex_unlock(&peer->lock);
        peer->serve(connection, peer->context);
    }
    if (connection->ssl != NULL)
        SSL_shutdown(connection->ssl);
    shutdown(connection->fd, SHUT_RDWR);
    pthread_mutex_lock(&peer->lock);
    peer->ended++;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
    return NULL;
}

static void *accept_connections(void *context)
{
    struct peer *peer = context;
    for (;;) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct peer_connection *connection = calloc(1, sizeof *connection);
        ck_assert_ptr_nonnull(connection);
        connection->peer = peer;
        connection->fd = fd;
        pthread_mutex_lock(&peer->lock);
        ck_assert_uint_lt(peer->accepted, CONNECTIONS_MAX);
        connection->index = peer->accepted;
        peer->connections[peer->accepted++] = connection;
        ck_assert_int_eq(pthread_create(&connection->thread, NULL, serve_connection, connection), 0);
        pthread_mutex_unlock(&peer->lock);
    }
}

static SSL_CTX *make_tls(const struct peer_tls *tls)
{
    if (tls == NULL)
        return NULL;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, tls->certificate_file), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_max_proto_version(context, tls->max_version);
    if (tls->max_version != 0 && tls->max_version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(context, 0); /* else OpenSSL would not offer it */
    if (tls->ca_file != NULL) {
        ck_assert_int_eq(SSL_CTX_load_verify_file(context, tls->ca_file), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return context;
}

struct peer *peer_start(peer_serve *serve, void *context, const struct peer_tls *tls, int port)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int on = 1;
    ck_assert_ptr_nonnull(peer);
    signal(SIGPIPE, SIG_IGN); /* SSL_write() */
    peer->serve = serve;
    peer->context = context;
    peer->tls = make_tls(tls);
    pthread_mutex_init(&peer->lock, NULL);
    clock_condition_init(&peer->changed);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(peer->listener, SOMAXCONN), 0);
    getsockname(peer->listener, (struct sockaddr *)&address, &size);
    peer->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&peer->thread, NULL, accept_connections, peer), 0);
    return peer;
}

void peer_stop(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->stopping = true;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    for (size_t i = 0; i < peer->accepted; i++) {
        struct peer_connection *connection = peer->connections[i];
        shutdown(connection->fd, SHUT_RDWR);
        pthread_join(connection->thread, NULL);
        SSL_free(connection->ssl);
        close(connection->fd);
        free(connection->head);
        free(connection);
    }
    SSL_CTX_free(peer->tls);
    pthread_cond_destroy(&peer->changed);
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}

int peer_port(const struct peer *peer)
{
    return peer->port;
}

/* ---- waiting ---- */

static size_t look(struct peer *peer, const size_t *counter)
{
    pthread_mutex_lock(&peer->lock);
    size_t count = *counter;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

static bool wait_for(struct peer *peer, const size_t *counter, size_t count)
{
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_sec += WAIT_SECONDS;
    pthread_mutex_lock(&peer->lock);
    while (*counter < count && pthread_cond_timedwait(&peer->changed, &peer->lock, &due) == 0)
        ;
    bool reached = *counter >= count;
    pthread_mutex_unlock(&peer->lock);
    return reached;
}

size_t peer_connections(struct peer *peer)
{
    return look(peer, &peer->requested);
}

size_t peer_messages(struct peer *peer)
{
    return look(peer, &peer->messages);
}

bool peer_wait_connections(struct peer *peer, size_t count)
{
    return wait_for(peer, &peer->requested, count);
}

bool peer_wait_messages(struct peer *peer, size_t count)
{
    return wait_for(peer, &peer->messages, count);
}

bool peer_wait_ended(struct peer *peer, size_t count)
{
    return wait_for(peer, &peer->ended, count);
}

void peer_release(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->released = true;
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

bool peer_wait_release(struct peer_connection *connection)
{
    struct peer *peer = connection->peer;
    pthread_mutex_lock(&peer->lock);
    while (!peer->released && !peer->stopping)
        pthread_cond_wait(&peer->changed, &peer->lock);
    bool released = peer->released;
    pthread_mutex_unlock(&peer->lock);
    return released;
}
