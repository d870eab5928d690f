/*
 * http_server.h - a scripted HTTP server for the tests of the client's HTTP transport: sockets, a thread per
 * connection.
 *
 * It reads whole requests, remembers them, and has each answered by the test's handler, or as a gateway that echoes. A
 * handler runs on the thread of its connection. Functions may be called from any thread; what they return belongs to
 * the server and lives until it is stopped.
 */
#ifndef TESTS_CLIENT_HTTP_SERVER_H
#define TESTS_CLIENT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct http_server;
struct http_exchange;

struct http_request {
    char *method, *path;
    char *head; /* request line and headers */
    char *body; /* with a NUL; as it came */
    size_t body_size;
    size_t index;      /* of all requests, from 0 */
    size_t connection; /* from 0 */
};

/* Answers with the functions below. False: the connection is closed. */
typedef bool http_handler(struct http_exchange *exchange, const struct http_request *request, void *context);

enum http_expect { HTTP_EXPECT_CONTINUE, HTTP_EXPECT_IGNORED, HTTP_EXPECT_REFUSED /* 413, the body is not read */ };

struct http_script {
    http_handler *handler; /* NULL: http_echo */
    void *context;
    const char *openapi; /* the body of GET /openapi.json; NULL: 404. The handler is not asked */
    bool openapi_asked;  /* the handler is asked for /openapi.json too */
    enum http_expect expect;
    int port;                                          /* 0: a free one */
    const char *certificate_file, *key_file, *ca_file; /* TLS; with ca_file clients must show a certificate */
};

struct http_server *http_server_start(const struct http_script *script);
void http_server_stop(struct http_server *server);
int http_server_port(const struct http_server *server);

size_t http_server_connections(struct http_server *server); /* made so far */
size_t http_server_most(struct http_server *server);        /* POSTs that were inside at the same time */

/* Requests with this method and path; NULL: any. */
size_t http_server_count(struct http_server *server, const char *method, const char *path);

/* The index-th of them; ends the test when there is none. */
const struct http_request *http_server_request(struct http_server *server, const char *method, const char *path,
                                               size_t index);

/* Wait, at most 20 s, until so many of them have come. */
bool http_server_wait(struct http_server *server, const char *method, const char *path, size_t count);

/* Handlers that call http_hold() stay there until then. Once released, none waits any more. */
void http_hold(struct http_exchange *exchange);
void http_release(struct http_server *server);

/* For handlers. */
void http_send(struct http_exchange *exchange, const void *data, size_t size);
void http_send_text(struct http_exchange *exchange, const char *text);
bool http_answer(struct http_exchange *exchange, int status, const char *content_type, const char *body); /* true */
bool http_echo(struct http_exchange *exchange, const struct http_request *request, void *context);

/* The value of a header; "" when there is none. In `value`. */
const char *http_header(const struct http_request *request, const char *name, char *value, size_t capacity);

#endif
