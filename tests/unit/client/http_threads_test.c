/* One HTTP client used from many threads at once. */
#include "tests/unit/client/http_kit.h"

#include <pthread.h>

enum { THREADS = 8, POSTS = 20 };

static void *post_often(void *context)
{
    sluice_client *client = context;
    sluice_document_array *array = http_documents(40);
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 7;
    options.prefetch = 3;
    for (int i = 0; i < POSTS; i++) {
        sluice_results *results = NULL;
        sluice_error error = {0};
        sluice_health found;
        ck_assert_msg(sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, &error) == SLUICE_OK,
                      "%s", error.text);
        ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 40);
        sluice_results_free(results);
        ck_assert_int_eq(sluice_client_health(client, "", 0, &found, &error), SLUICE_OK);
        sluice_client_mutate(client, "{ docs { id } }", NULL, NULL, &error);
    }
    sluice_document_array_free(array);
    return NULL;
}

/* Streams that are given up at any moment, large requests among them. */
static void *cancel_often(void *context)
{
    sluice_client *client = context;
    sluice_document_array *array = http_documents(5000);
    for (int i = 0; i < POSTS; i++) {
        sluice_stream *stream = NULL;
        sluice_response *response = NULL;
        ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, NULL), SLUICE_OK);
        for (int k = 0; k < 4; k++)
            sluice_stream_push(stream, &(sluice_request){.documents = k % 2 == 0 ? array : NULL}, 0, NULL, NULL);
        if (i % 3 == 0 && sluice_stream_pull(stream, 20, &response, NULL) == SLUICE_PULLED_RESPONSE)
            sluice_response_unref(response);
        if (i % 2 == 0)
            sluice_stream_cancel(stream);
        sluice_stream_free(stream);
    }
    sluice_document_array_free(array);
    return NULL;
}

START_TEST(many_threads)
{
    struct http_server *server = http_server_start(&(struct http_script){0});
    sluice_client_options options = http_options(server);
    options.max_connections = 10;
    sluice_client *client = http_client_with(&options);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, i < THREADS - 2 ? post_often : cancel_often, client);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, many_threads);
}

int main(void)
{
    return http_kit_run("client.http_threads", add);
}
