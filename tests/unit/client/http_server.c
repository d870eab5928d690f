#include "tests/unit/client/http_server.h"

#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"

#include <arpa/inet.h>
#include <check.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 512, REQUESTS_MAX = 20000, WAIT_SECONDS = 20 };

struct http_exchange {
    struct http_server *server;
    int fd;
    SSL *tls;
    size_t number;
    pthread_t thread;
    struct buffer input;
    bool inside; /* a POST that has no byte of an answer yet */
};

struct http_server {
    struct http_script script;
    int fd;
    uint16_t port;
    SSL_CTX *tls;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_exchange connections[CONNECTIONS_MAX];
    size_t connection_count;
    struct http_request *requests[REQUESTS_MAX];
    size_t request_count;
    size_t inside, most;
    bool released, stopping;
};

/* ---- bytes ---- */

static ssize_t receive(struct http_exchange *exchange, void *target, size_t size)
{
    if (exchange->tls == NULL)
        return recv(exchange->fd, target, size, 0);
    return SSL_read(exchange->tls, target, (int)size);
}

/* With the first byte of its answer, before the client can send more. */
static void leave(struct http_exchange *exchange)
{
    pthread_mutex_lock(&exchange->server->lock);
    exchange->server->inside -= exchange->inside;
    exchange->inside = false;
    pthread_mutex_unlock(&exchange->server->lock);
}

void http_send(struct http_exchange *exchange, const void *data, size_t size)
{
    const char *at = data;
    leave(exchange);
    while (size > 0) {
        ssize_t sent = exchange->tls == NULL ? send(exchange->fd, at, size, MSG_NOSIGNAL)
                                             : SSL_write(exchange->tls, at, size < 1 << 20 ? (int)size : 1 << 20);
        if (sent <= 0)
            return;
        at += sent;
        size -= (size_t)sent;
    }
}

void http_send_text(struct http_exchange *exchange, const char *text)
{
    http_send(exchange, text, strlen(text));
}

/* At least `size` bytes of input; false: the client went away. */
static bool fill(struct http_exchange *exchange, size_t size)
{
    while (exchange->input.size < size) {
        uint8_t *at = buffer_reserve(&exchange->input, 65536);
        ssize_t got = receive(exchange, at, 65536);
        if (got <= 0)
            return false;
        exchange->input.size += (size_t)got;
    }
    return true;
}

static void drop(struct buffer *buffer, size_t size)
{
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

/* ---- requests ---- */

const char *http_header(const struct http_request *request, const char *name, char *value, size_t capacity)
{
    size_t size = strlen(name);
    value[0] = '\0';
    for (const char *line = strstr(request->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        const char *start = line + size + 1 + strspn(line + size + 1, " ");
        snprintf(value, capacity, "%.*s", (int)strcspn(start, "\r"), start);
        break;
    }
    return value;
}

static char *read_head(struct http_exchange *exchange)
{
    for (;;) {
        char *end = exchange->input.size > 0 ? memmem(exchange->input.data, exchange->input.size, "\r\n\r\n", 4) : NULL;
        if (end != NULL) {
            size_t size = (size_t)(end - (char *)exchange->input.data) + 4;
            char *head = strndup((char *)exchange->input.data, size);
            drop(&exchange->input, size);
            return head;
        }
        if (!fill(exchange, exchange->input.size + 1))
            return NULL;
    }
}

static void request_free(struct http_request *request)
{
    free(request->method);
    free(request->path);
    free(request->head);
    free(request->body);
    free(request);
}

/* What `Expect: 100-continue` gets. False: no body will come. */
static bool expected(struct http_exchange *exchange, const struct http_request *request)
{
    char value[64];
    if (strcasecmp(http_header(request, "expect", value, sizeof value), "100-continue") != 0)
        return true;
    if (exchange->server->script.expect == HTTP_EXPECT_REFUSED) {
        http_send_text(exchange, "HTTP/1.1 413 Too Large\r\ncontent-type: application/json\r\ncontent-length: 21\r\n"
                                 "connection: close\r\n\r\n{\"detail\":\"too large\"}");
        return false;
    }
    if (exchange->server->script.expect == HTTP_EXPECT_CONTINUE)
        http_send_text(exchange, "HTTP/1.1 100 Continue\r\n\r\n");
    return true;
}

static struct http_request *read_request(struct http_exchange *exchange)
{
    char value[64];
    char *head = read_head(exchange);
    if (head == NULL)
        return NULL;
    struct http_request *request = calloc(1, sizeof *request);
    request->head = head;
    request->connection = exchange->number;
    size_t method = strcspn(head, " ");
    request->method = strndup(head, method);
    request->path = strndup(head + method + 1, strcspn(head + method + 1, " "));
    request->body_size = (size_t)atoll(http_header(request, "content-length", value, sizeof value));
    if (!expected(exchange, request) || !fill(exchange, request->body_size)) {
        request_free(request);
        return NULL;
    }
    request->body = malloc(request->body_size + 1);
    if (request->body_size > 0)
        memcpy(request->body, exchange->input.data, request->body_size);
    request->body[request->body_size] = '\0';
    if (request->body_size > 0)
        drop(&exchange->input, request->body_size);
    return request;
}

/* ---- answers ---- */

bool http_answer(struct http_exchange *exchange, int status, const char *content_type, const char *body)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text, "HTTP/1.1 %d Words\r\ncontent-type: %s\r\ncontent-length: %zu\r\n\r\n", status, content_type,
                  strlen(body));
    buffer_append_text(&text, body);
    http_send(exchange, text.data, text.size);
    buffer_done(&text);
    return true;
}

/* The documents between "data" and "exec_endpoint", as the client writes them, under an id of the gateway's own. */
bool http_echo(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    static const char begin[] = "\"data\": ", end[] = ", \"exec_endpoint\"";
    (void)context;
    char *data = strstr(request->body, begin);
    char *stop = NULL;
    for (char *at = data; at != NULL && (at = strstr(at, end)) != NULL; at++)
        stop = at;
    struct buffer body;
    buffer_init(&body, BUFFER_NO_LIMIT);
    buffer_printf(&body,
                  "{\"header\":{\"requestId\":\"of-the-gateway-%zu\",\"status\":null,\"execEndpoint\":\"%s\","
                  "\"targetExecutor\":\"\"},\"parameters\":{},\"routes\":[{\"executor\":\"gateway\","
                  "\"startTime\":\"2031-02-03T04:05:06.120001+00:00\",\"endTime\":"
                  "\"2031-02-03T04:05:06.173502+00:00\",\"status\":null}],\"data\":",
                  request->index, request->path);
    if (data != NULL && stop != NULL)
        buffer_append(&body, data + strlen(begin), (size_t)(stop - data) - strlen(begin));
    else
        buffer_append_text(&body, "[]");
    buffer_append_text(&body, "}");
    http_answer(exchange, 200, "application/json", buffer_text(&body));
    buffer_done(&body);
    return true;
}

static bool answer(struct http_exchange *exchange, const struct http_request *request)
{
    const struct http_script *script = &exchange->server->script;
    if (strcmp(request->path, "/openapi.json") == 0 && !script->openapi_asked) {
        if (script->openapi == NULL)
            return http_answer(exchange, 404, "application/json", "{\"detail\":\"Not Found\"}");
        return http_answer(exchange, 200, "application/json", script->openapi);
    }
    return (script->handler != NULL ? script->handler : http_echo)(exchange, request, script->context);
}

void http_hold(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    while (!server->released)
        pthread_cond_wait(&server->changed, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

void http_release(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->released = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* ---- threads ---- */

static void remember(struct http_exchange *exchange, struct http_request *request)
{
    struct http_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    ck_assert_uint_lt(server->request_count, REQUESTS_MAX);
    request->index = server->request_count;
    server->requests[server->request_count++] = request;
    exchange->inside = strcmp(request->method, "POST") == 0;
    server->inside += exchange->inside;
    if (server->inside > server->most)
        server->most = server->inside;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static bool serve_one(struct http_exchange *exchange)
{
    struct http_request *request = read_request(exchange);
    if (request == NULL)
        return false;
    remember(exchange, request);
    bool go_on = answer(exchange, request);
    leave(exchange);
    return go_on;
}

static void *serve(void *context)
{
    struct http_exchange *exchange = context;
    bool open = true;
    if (exchange->server->tls != NULL) {
        exchange->tls = SSL_new(exchange->server->tls);
        SSL_set_fd(exchange->tls, exchange->fd);
        open = SSL_accept(exchange->tls) == 1;
    }
    while (open && serve_one(exchange))
        continue;
    if (exchange->tls != NULL && open)
        SSL_shutdown(exchange->tls);
    SSL_free(exchange->tls);
    shutdown(exchange->fd, SHUT_WR);
    /* What the client still sends is read, so that the answer is not lost to a reset. */
    char rest[4096];
    while (exchange->tls == NULL && recv(exchange->fd, rest, sizeof rest, 0) > 0)
        continue;
    shutdown(exchange->fd, SHUT_RDWR);
    buffer_done(&exchange->input);
    return NULL;
}

static void *listen_on(void *context)
{
    struct http_server *server = context;
    for (;;) {
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        pthread_mutex_lock(&server->lock);
        bool take = !server->stopping && server->connection_count < CONNECTIONS_MAX;
        if (take) {
            struct http_exchange *exchange = &server->connections[server->connection_count];
            *exchange = (struct http_exchange){.server = server, .fd = fd, .number = server->connection_count++};
            buffer_init(&exchange->input, BUFFER_NO_LIMIT);
            pthread_create(&exchange->thread, NULL, serve, exchange);
        } else {
            close(fd);
        }
        pthread_mutex_unlock(&server->lock);
    }
}

/* ---- making and ending ---- */

static void prepare_tls(struct http_server *server)
{
    const struct http_script *script = &server->script;
    if (script->certificate_file == NULL)
        return;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes with write() */
    server->tls = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(server->tls, script->certificate_file), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(server->tls, script->key_file, SSL_FILETYPE_PEM), 1);
    if (script->ca_file == NULL)
        return;
    ck_assert_int_eq(SSL_CTX_load_verify_locations(server->tls, script->ca_file, NULL), 1);
    SSL_CTX_set_verify(server->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

struct http_server *http_server_start(const struct http_script *script)
{
    struct http_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->script = *script;
    pthread_mutex_init(&server->lock, NULL);
    clock_condition_init(&server->changed);
    prepare_tls(server);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t)script->port);
    setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    ck_assert_int_eq(bind(server->fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(server->fd, CONNECTIONS_MAX), 0);
    ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    pthread_create(&server->thread, NULL, listen_on, server);
    return server;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server *server)
{
    http_release(server);
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
    for (size_t i = 0; i < server->connection_count; i++) {
        shutdown(server->connections[i].fd, SHUT_RDWR);
        pthread_join(server->connections[i].thread, NULL);
        close(server->connections[i].fd);
    }
    for (size_t i = 0; i < server->request_count; i++)
        request_free(server->requests[i]);
    SSL_CTX_free(server->tls);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* ---- what was asked ---- */

static bool matches(const struct http_request *request, const char *method, const char *path)
{
    return (method == NULL || strcmp(request->method, method) == 0) &&
           (path == NULL || strcmp(request->path, path) == 0);
}

static size_t count(struct http_server *server, const char *method, const char *path)
{
    size_t found = 0;
    for (size_t i = 0; i < server->request_count; i++)
        found += matches(server->requests[i], method, path);
    return found;
}

size_t http_server_count(struct http_server *server, const char *method, const char *path)
{
    pthread_mutex_lock(&server->lock);
    size_t found = count(server, method, path);
    pthread_mutex_unlock(&server->lock);
    return found;
}

const struct http_request *http_server_request(struct http_server *server, const char *method, const char *path,
                                               size_t index)
{
    const struct http_request *found = NULL;
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0, at = 0; i < server->request_count && found == NULL; i++)
        if (matches(server->requests[i], method, path) && at++ == index)
            found = server->requests[i];
    pthread_mutex_unlock(&server->lock);
    ck_assert_ptr_nonnull(found);
    return found;
}

bool http_server_wait(struct http_server *server, const char *method, const char *path, size_t wanted)
{
    uint64_t deadline_ns = clock_monotonic_ns() + (uint64_t)WAIT_SECONDS * CLOCK_NS_PER_SECOND;
    struct timespec due = {.tv_sec = (time_t)(deadline_ns / CLOCK_NS_PER_SECOND),
                           .tv_nsec = (long)(deadline_ns % CLOCK_NS_PER_SECOND)};
    int result = 0;
    pthread_mutex_lock(&server->lock);
    while (count(server, method, path) < wanted && result == 0)
        result = pthread_cond_timedwait(&server->changed, &server->lock, &due);
    bool reached = count(server, method, path) >= wanted;
    pthread_mutex_unlock(&server->lock);
    return reached;
}

size_t http_server_connections(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t made = server->connection_count;
    pthread_mutex_unlock(&server->lock);
    return made;
}

size_t http_server_most(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t most = server->most;
    pthread_mutex_unlock(&server->lock);
    return most;
}
