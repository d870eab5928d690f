/*
 * One client, many threads: posts in parallel, unary and streamed; clients that come and go; a stream of two threads. On
 * every protocol, each against a gateway that echoes.
 */
#include "tests/unit/client/http_server.h"
#include "tests/unit/client/kit.h"
#include "tests/unit/client/websocket/peer.h"

#include <pthread.h>

enum { THREADS = 6, POSTS = 8, DOCUMENTS = 30 };

/* ---- gateways ---- */

static void *start_grpc(bool hold)
{
    return server_start(&(struct server_script){.hold = hold}, 0);
}

static int port_grpc(void *gateway)
{
    return server_port(gateway);
}

static void stop_grpc(void *gateway)
{
    server_stop(gateway);
}

static bool hold_http(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    http_hold(exchange);
    return http_echo(exchange, request, context);
}

static void *start_http(bool hold)
{
    return http_server_start(&(struct http_script){.handler = hold ? hold_http : NULL});
}

static int port_http(void *gateway)
{
    return http_server_port(gateway);
}

static void stop_http(void *gateway)
{
    http_server_stop(gateway);
}

static void hold_websocket(struct peer_connection *connection, void *context)
{
    (void)context;
    peer_upgrade(connection, NULL);
    peer_drain(connection);
}

static void *start_websocket(bool hold)
{
    return peer_start(hold ? hold_websocket : peer_echo, NULL, NULL, 0);
}

static int port_websocket(void *gateway)
{
    return peer_port(gateway);
}

static void stop_websocket(void *gateway)
{
    peer_stop(gateway);
}

static const struct protocol {
    const char *name;
    void *(*start)(bool hold); /* it answers, or it holds what it gets */
    int (*port)(void *gateway);
    void (*stop)(void *gateway);
} protocols[] = {
    {"grpc",      start_grpc,      port_grpc,      stop_grpc     },
    {"http",      start_http,      port_http,      stop_http     },
    {"websocket", start_websocket, port_websocket, stop_websocket},
};

enum { PROTOCOLS = sizeof protocols / sizeof *protocols };

struct shared {
    const struct protocol *protocol;
    void *gateway;
    sluice_client *client;
};

static struct shared share(int protocol, bool hold)
{
    return (struct shared){.protocol = &protocols[protocol], .gateway = protocols[protocol].start(hold)};
}

static sluice_client *make_client(const struct shared *shared)
{
    sluice_client_options options = sluice_client_options_default();
    sluice_client *client = NULL;
    sluice_error error = {0};
    options.host = "127.0.0.1";
    options.protocol = shared->protocol->name;
    options.port = shared->protocol->port(shared->gateway);
    ck_assert_msg(sluice_client_new(&options, &client, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
    return client;
}

/* ---- threads ---- */

static void post_once(sluice_client *client, bool one_stream)
{
    sluice_document_array *array = kit_documents(DOCUMENTS);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results;
    sluice_error error = {0};
    options.request_size = 4;
    options.stream = one_stream;
    options.results_in_order = true;
    sluice_status status = sluice_client_index(client, sluice_inputs_array(array), &options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    sluice_document_array *documents = sluice_results_documents(results);
    ck_assert_uint_eq(sluice_document_array_size(documents), DOCUMENTS);
    for (size_t i = 0; i < DOCUMENTS; i++)
        ck_assert_uint_eq(kit_number(sluice_document_array_at(documents, i)), i);
    sluice_results_free(results);
    sluice_document_array_free(array);
}

static void *post_many(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < POSTS; i++)
        post_once(shared->client, i % 2 == 0);
    return NULL;
}

START_TEST(one_client_in_many_threads)
{
    struct shared shared = share(_i, false);
    pthread_t threads[THREADS];
    shared.client = make_client(&shared);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    sluice_client_free(shared.client);
    shared.protocol->stop(shared.gateway);
}
END_TEST

static void *come_and_go(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < POSTS; i++) {
        sluice_client *client = make_client(shared);
        post_once(client, true);
        sluice_client_free(client);
    }
    return NULL;
}

START_TEST(clients_come_and_go_in_threads)
{
    struct shared shared = share(_i, false);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    shared.protocol->stop(shared.gateway);
}
END_TEST

enum { PUSHES = 200 };

static void *push_all(void *context)
{
    sluice_stream *stream = context;
    for (int i = 0; i < PUSHES; i++)
        ck_assert_int_eq(sluice_stream_push(stream, NULL, -1, NULL, NULL), SLUICE_OK);
    return NULL;
}

START_TEST(pushing_and_pulling_in_different_threads)
{
    struct shared shared = share(_i / 2, false);
    sluice_client *client = make_client(&shared);
    sluice_post_options options = sluice_post_options_default();
    sluice_stream *stream;
    sluice_response *response;
    sluice_error error = {0};
    pthread_t pushers[2];
    options.prefetch = 8;
    options.stream = _i % 2 != 0;
    ck_assert_int_eq(sluice_stream_open(client, "/", &options, &stream, NULL), SLUICE_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&pushers[i], NULL, push_all, stream), 0);
    for (int i = 0; i < 2 * PUSHES; i++) {
        ck_assert_int_eq(sluice_stream_pull(stream, -1, &response, &error), SLUICE_PULLED_RESPONSE);
        sluice_response_unref(response);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(pushers[i], NULL);
    ck_assert_int_eq(sluice_stream_finish(stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, -1, &response, &error), SLUICE_PULLED_END);
    sluice_stream_free(stream);
    sluice_client_free(client);
    shared.protocol->stop(shared.gateway);
}
END_TEST

static void *cancel(void *context)
{
    sluice_stream_cancel(context);
    return NULL;
}

START_TEST(cancel_from_another_thread)
{
    struct shared shared = share(_i, true);
    sluice_client *client = make_client(&shared);
    sluice_stream *stream;
    sluice_response *response;
    sluice_error error;
    pthread_t thread;
    ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel, stream), 0);
    ck_assert_int_eq(sluice_stream_pull(stream, -1, &response, &error), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    pthread_join(thread, NULL);
    sluice_stream_free(stream);
    sluice_client_free(client);
    shared.protocol->stop(shared.gateway);
}
END_TEST

START_TEST(pauses_in_threads)
{
    struct server *server = server_start(&(struct server_script){.fail_calls = 40, .fail_code = 14}, 0);
    sluice_client *client = kit_client(server);
    sluice_document_array *array = kit_documents(20);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results;
    options.request_size = 1;
    options.stream = false;
    options.max_attempts = 50;
    options.initial_backoff_seconds = 0.001;
    options.max_backoff_seconds = 0.002;
    ck_assert_int_eq(sluice_client_index(client, sluice_inputs_array(array), &options, &results, NULL), SLUICE_OK);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 20);
    ck_assert_uint_eq(server_calls(server), 60);
    sluice_results_free(results);
    sluice_document_array_free(array);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, one_client_in_many_threads, 0, PROTOCOLS);
    tcase_add_loop_test(test, clients_come_and_go_in_threads, 0, PROTOCOLS);
    tcase_add_loop_test(test, pushing_and_pulling_in_different_threads, 0, 2 * PROTOCOLS);
    tcase_add_loop_test(test, cancel_from_another_thread, 0, PROTOCOLS);
    tcase_add_test(test, pauses_in_threads);
}

int main(void)
{
    return kit_run("client.threads", add);
}
