/* One client, many threads: posts in parallel, unary and streamed; clients that come and go; a stream of two threads.
 */
#include "tests/unit/client/kit.h"

#include <pthread.h>

enum { THREADS = 6, POSTS = 12, DOCUMENTS = 30 };

struct shared {
    struct server *server;
    sluice_client *client;
};

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
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
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
    struct shared shared = {.server = server_start(&(struct server_script){0}, 0)};
    pthread_t threads[THREADS];
    shared.client = kit_client(shared.server);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    sluice_client_free(shared.client);
    server_stop(shared.server);
}
END_TEST

static void *come_and_go(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < POSTS; i++) {
        sluice_client *client = kit_client(shared->server);
        post_once(client, true);
        sluice_client_free(client);
    }
    return NULL;
}

START_TEST(clients_come_and_go_in_threads)
{
    struct shared shared = {.server = server_start(&(struct server_script){0}, 0)};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    server_stop(shared.server);
}
END_TEST

enum { PUSHES = 500 };

static void *push_all(void *context)
{
    sluice_stream *stream = context;
    for (int i = 0; i < PUSHES; i++)
        ck_assert_int_eq(sluice_stream_push(stream, NULL, -1, NULL, NULL), SLUICE_OK);
    return NULL;
}

START_TEST(pushing_and_pulling_in_different_threads)
{
    struct server *server = server_start(&(struct server_script){0}, 0);
    sluice_client *client = kit_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_stream *stream;
    sluice_response *response;
    sluice_error error = {0};
    pthread_t pushers[2];
    options.prefetch = 8;
    options.stream = _i != 0;
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
    server_stop(server);
}
END_TEST

static void *cancel(void *context)
{
    sluice_stream_cancel(context);
    return NULL;
}

START_TEST(cancel_from_another_thread)
{
    struct server *server = server_start(&(struct server_script){.hold = true}, 0);
    sluice_client *client = kit_client(server);
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
    server_stop(server);
}
END_TEST

START_TEST(pauses_in_threads)
{
    struct shared shared = {.server = server_start(&(struct server_script){.fail_calls = 40, .fail_code = 14}, 0)};
    sluice_client *client = kit_client(shared.server);
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
    ck_assert_uint_eq(server_calls(shared.server), 60);
    sluice_results_free(results);
    sluice_document_array_free(array);
    sluice_client_free(client);
    server_stop(shared.server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, one_client_in_many_threads);
    tcase_add_test(test, clients_come_and_go_in_threads);
    tcase_add_loop_test(test, pushing_and_pulling_in_different_threads, 0, 2);
    tcase_add_test(test, cancel_from_another_thread);
    tcase_add_test(test, pauses_in_threads);
}

int main(void)
{
    return kit_run("client.threads", add);
}
