/* Posts over HTTP: the request, the URL, connections, order, large messages, the asynchronous form. */
#include "tests/unit/client/http_kit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static size_t post_documents(sluice_client *client, const char *on, size_t count, const sluice_post_options *options)
{
    sluice_document_array *array = http_documents(count);
    sluice_results *results = NULL;
    sluice_error error = {0};
    sluice_status status = sluice_client_post(client, on, sluice_inputs_array(array), options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s: %s", sluice_status_name(status), error.where, error.text);
    size_t came = sluice_document_array_size(sluice_results_documents(results));
    sluice_results_free(results);
    sluice_document_array_free(array);
    return came;
}

/* ---- the request ---- */

START_TEST(what_is_sent)
{
    struct http_server *server = http_server_start(&(struct http_script){0});
    sluice_client_options client_options = http_options(server);
    client_options.user_agent = "my-program/7";
    sluice_client *client = http_client_with(&client_options);
    sluice_document_array *array = http_documents(2);
    sluice_post_options options = sluice_post_options_default();
    sluice_metadata metadata[] = {
        {"authorization", "Bearer x", 0},
        {"X-Mixed",       "a b",      0},
        {"some-bin",      "\0\xff",   2},
        {"x-empty",       "",         0}
    };
    sluice_value *parameters = sluice_value_new_map();
    sluice_results *results = NULL;
    sluice_error error = {0};
    char value[128], expected[256];

    sluice_value_set_number(parameters, "k", 3);
    options.parameters = parameters;
    options.target_executor = "enc.*";
    options.metadata = metadata;
    options.metadata_count = 4;
    options.return_responses = true;
    options.results_in_order = true;
    options.prefetch = 5;
    ck_assert_msg(sluice_client_post(client, "/index", sluice_inputs_array(array), &options, &results, &error) ==
                      SLUICE_OK,
                  "%s", error.text);

    const struct http_request *sent = http_server_request(server, "POST", "/post", 0);
    ck_assert_str_eq(http_header(sent, "content-type", value, sizeof value), "application/json");
    ck_assert_str_eq(http_header(sent, "authorization", value, sizeof value), "Bearer x");
    ck_assert_str_eq(http_header(sent, "x-mixed", value, sizeof value), "a b");
    ck_assert_str_eq(http_header(sent, "some-bin", value, sizeof value), "AP8=");
    ck_assert_str_eq(http_header(sent, "accept-encoding", value, sizeof value), "gzip, deflate");
    ck_assert_str_eq(http_header(sent, "expect", value, sizeof value), "");
    ck_assert_int_eq(strncmp(http_header(sent, "user-agent", value, sizeof value), "my-program/7 sluice/", 20), 0);
    ck_assert_ptr_null(strstr(sent->head, "__")); /* gRPC's own metadata is not sent */
    assert_says(sent->body, "\"parameters\": {\"k\": 3");
    assert_says(sent->body, "\"exec_endpoint\": \"/index\", \"target_executor\": \"enc.*\"}");
    assert_says(sent->body, "\"text\": \"text 1\"");

    /* The id is the client's, although the gateway gives its own. */
    sluice_response *response = sluice_results_response(results, 0);
    sluice_text id = sluice_response_request_id(response);
    snprintf(expected, sizeof expected, "{\"header\": {\"request_id\": \"%.*s\"", (int)id.size, id.data);
    ck_assert_int_eq(strncmp(sent->body, expected, strlen(expected)), 0);
    ck_assert_uint_eq(id.size, 32);
    ck_assert_uint_eq(sluice_response_route_count(response), 1);
    ck_assert_uint_eq(sluice_document_array_size(sluice_response_documents(response, &error)), 2);
    ck_assert(!sluice_response_failed(response));

    sluice_results_free(results);
    sluice_value_free(parameters);
    sluice_document_array_free(array);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- which URL ---- */

static const char routes[] =
    "{\"openapi\":\"3.0.2\",\"paths\":{\"/\":{\"get\":{}},\"/post\":{\"post\":{}},\"/index/"
    "\":{\"post\":{\"paths\":{}}},"
    "\"/a b/\xc3\xbc\":{\"get\":{},\"post\":{}},\"/update\":{\"put\":{}}},\"components\":{\"/evil\":{\"post\":{}}}}";
static const char routes_default[] = "{\"paths\":{\"/default\":{\"post\":{}},\"/index\":{\"post\":{}}}}";

/* clang-format off */
static const struct {
    const char *openapi, *on, *path;
} url_rows[] = {
    {routes,                        "/index",      "/index"        },
    {routes,                        "index",       "/index"        },
    {routes,                        "//index/",    "/index"        },
    {routes,                        "/a b/\xc3\xbc", "/a%20b/%C3%BC" },
    {routes,                        "/",           "/post"         },
    {routes,                        "",            "/post"         },
    {routes,                        "/update",     "/post"         },
    {routes,                        "/evil",       "/post"         },
    {routes,                        "/unknown?x",  "/post"         },
    {routes_default,                "/index",      "/index"        },
    {routes_default,                "/search",     "/default"      },
    {routes_default,                "",            "/default"      },
    {NULL,                          "/index",      "/post"         },
    {"no JSON",                     "/index",      "/post"         },
    {"[]",                          "/index",      "/post"         },
    {"{\"paths\":[]}",              "/index",      "/post"         },
    {"{\"info\":{\"paths\":{\"/index\":{\"post\":{}}}}}", "/index", "/post"},
};
/* clang-format on */

START_TEST(url)
{
    struct http_server *server = http_server_start(&(struct http_script){.openapi = url_rows[_i].openapi});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    options.metadata = &(sluice_metadata){"authorization", "Bearer x", 0};
    options.metadata_count = 1;
    char value[64];
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(post_documents(client, url_rows[_i].on, 1, &options), 1);
    ck_assert_uint_eq(http_server_count(server, "POST", url_rows[_i].path), 3);
    ck_assert_uint_eq(http_server_count(server, "GET", "/openapi.json"), 1);
    const struct http_request *asked = http_server_request(server, "GET", "/openapi.json", 0);
    ck_assert_str_eq(http_header(asked, "authorization", value, sizeof value), "Bearer x");
    ck_assert_uint_eq(http_server_connections(server), 1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static bool give_no_routes(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    const int *status = context;
    if (strcmp(request->path, "/openapi.json") != 0)
        return http_echo(exchange, request, NULL);
    return *status != 0 && http_answer(exchange, *status, "application/json", "{}");
}

/* As long as the gateway gave no answer, or is in trouble, later posts ask again; each goes on without. */
START_TEST(url_asked_again)
{
    int status = _i == 0 ? 0 : 503;
    struct http_server *server =
        http_server_start(&(struct http_script){.handler = give_no_routes, .context = &status, .openapi_asked = true});
    sluice_client *client = http_client(server);
    for (size_t i = 1; i <= 3; i++) {
        ck_assert_uint_eq(post_documents(client, "/index", 1, NULL), 1);
        /* libcurl sends a GET again when a kept connection was closed instead of an answer. */
        ck_assert_uint_ge(http_server_count(server, "GET", "/openapi.json"), i);
        ck_assert_uint_le(http_server_count(server, "GET", "/openapi.json"), _i == 0 ? 2 * i : i);
        ck_assert_uint_eq(http_server_count(server, "POST", "/post"), i);
    }
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- connections ---- */

START_TEST(connections_are_kept)
{
    struct http_server *server = http_server_start(&(struct http_script){0});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    options.prefetch = 1;
    ck_assert_uint_eq(post_documents(client, "/", 50, &options), 50);
    ck_assert_uint_eq(post_documents(client, "/", 50, &options), 50);
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 20, NULL), SLUICE_INVALID);
    ck_assert_uint_eq(http_server_count(server, "POST", "/post"), 100);
    ck_assert_uint_eq(http_server_connections(server), 1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static bool hold_then_echo(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    if (strcmp(request->path, "/dry_run") == 0)
        return http_answer(exchange, 200, "application/json", "{\"code\":0}");
    http_hold(exchange);
    return http_echo(exchange, request, context);
}

static void *release_when_full(void *context)
{
    struct http_server *server = ((void **)context)[0];
    size_t most = *(size_t *)((void **)context)[1];
    sluice_client *other = http_client(server);
    ck_assert(http_server_wait(server, "POST", NULL, most));
    for (int i = 0; i < 20; i++) /* meanwhile more would come, if they came at all */
        ck_assert_int_eq(sluice_client_is_flow_ready(other, 20, NULL), SLUICE_OK);
    ck_assert_uint_eq(http_server_count(server, "POST", NULL), most);
    sluice_client_free(other);
    http_release(server);
    return NULL;
}

static const struct {
    int client_prefetch, post_prefetch, connections;
    size_t most;
} window_rows[] = {
    {7, 0,  0,  7  },
    {0, 3,  0,  3  },
    {0, -1, 12, 12 },
    {1, 20, 0,  20 },
    {0, -1, 0,  100}
};

START_TEST(as_many_at_once_as_asked)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = hold_then_echo});
    sluice_client_options client_options = http_options(server);
    client_options.prefetch = window_rows[_i].client_prefetch;
    client_options.max_connections = window_rows[_i].connections;
    sluice_client *client = http_client_with(&client_options);
    sluice_post_options options = sluice_post_options_default();
    size_t most = window_rows[_i].most;
    pthread_t thread;
    options.request_size = 1;
    options.prefetch = window_rows[_i].post_prefetch;
    pthread_create(&thread, NULL, release_when_full, (void *[]){server, &most});
    ck_assert_uint_eq(post_documents(client, "/", 150, &options), 150);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(http_server_most(server), most);
    ck_assert_uint_le(http_server_connections(server), most + 1); /* and one of the other client */
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- order ---- */

/* The first request is answered last. */
static bool hold_first(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    if (strstr(request->body, "\"text\": \"text 0\"") != NULL)
        http_hold(exchange);
    return http_echo(exchange, request, context);
}

struct arrivals {
    struct http_server *server;
    int numbers[10];
    size_t count;
    bool release; /* the server, after nine */
};

static int arrived(sluice_response *response, void *context)
{
    struct arrivals *arrivals = context;
    const sluice_document *document = sluice_document_array_at(sluice_response_documents(response, NULL), 0);
    sluice_text text = sluice_document_text(document);
    char copy[32];
    snprintf(copy, sizeof copy, "%.*s", (int)text.size, text.data);
    arrivals->numbers[arrivals->count++] = atoi(copy + strlen("text "));
    if (arrivals->release && arrivals->count == 9)
        http_release(arrivals->server);
    return 0;
}

static void *release_after_ten(void *context)
{
    ck_assert(http_server_wait(context, "POST", NULL, 10));
    http_release(context);
    return NULL;
}

static void post_ten(bool in_order, struct arrivals *arrivals)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = hold_first});
    sluice_client *client = http_client(server);
    sluice_document_array *array = http_documents(10);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    pthread_t thread;
    *arrivals = (struct arrivals){.server = server, .release = !in_order};
    options.request_size = 1;
    options.results_in_order = in_order;
    options.on_done = arrived;
    options.context = arrivals;
    if (in_order)
        pthread_create(&thread, NULL, release_after_ten, server);
    ck_assert_msg(sluice_client_post(client, "/", sluice_inputs_array(array), &options, NULL, &error) == SLUICE_OK,
                  "%s", error.text);
    if (in_order)
        pthread_join(thread, NULL);
    sluice_document_array_free(array);
    sluice_client_free(client);
    http_server_stop(server);
}

START_TEST(answers_as_they_come)
{
    struct arrivals arrivals;
    post_ten(false, &arrivals);
    ck_assert_uint_eq(arrivals.count, 10);
    ck_assert_int_eq(arrivals.numbers[9], 0);
}
END_TEST

START_TEST(answers_in_order)
{
    struct arrivals arrivals;
    post_ten(true, &arrivals);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(arrivals.numbers[i], i);
}
END_TEST

/* ---- large messages ---- */

START_TEST(large_messages)
{
    struct http_server *server = http_server_start(&(struct http_script){0});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    options.request_size = _i == 0 ? 0 : 100; /* one of some 10 MB, or many above what is done at once */
    ck_assert_uint_eq(post_documents(client, "/", 20000, &options), 20000);
    const struct http_request *first = http_server_request(server, "POST", "/post", 0);
    ck_assert_uint_gt(first->body_size, _i == 0 ? (size_t)4 << 20 : 20000);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- the asynchronous form ---- */

START_TEST(push_and_pull)
{
    struct http_server *server = http_server_start(&(struct http_script){0});
    sluice_client *client = http_client(server);
    sluice_stream *stream = NULL;
    sluice_response *response = NULL;
    sluice_error error = {0};
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    ck_assert_int_eq(sluice_stream_open(client, "/index", NULL, &stream, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, &(sluice_request){.id = "mine"}, 0, NULL, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, &error), SLUICE_PULLED_RESPONSE);
    ck_assert_str_eq(sluice_response_request_id(response).data, "mine");
    sluice_response_unref(response);
    ck_assert_int_eq(sluice_stream_push(stream, &(sluice_request){.on = "/other"}, 0, id, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, &error), SLUICE_PULLED_RESPONSE);
    ck_assert_str_eq(sluice_response_request_id(response).data, id);
    sluice_response_unref(response);
    assert_says(http_server_request(server, "POST", "/post", 1)->body, "\"exec_endpoint\": \"/other\"");
    ck_assert_int_eq(sluice_stream_finish(stream, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, &error), SLUICE_PULLED_END);
    sluice_stream_free(stream);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

START_TEST(cancel)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = hold_then_echo});
    sluice_client_options client_options = http_options(server);
    client_options.max_connections = 2; /* some calls run, others wait */
    sluice_client *client = http_client_with(&client_options);
    sluice_stream *stream = NULL;
    sluice_response *response = NULL;
    sluice_error error = {0};
    ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, &error), SLUICE_OK);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_OK);
    ck_assert(http_server_wait(server, "POST", NULL, 2));
    sluice_stream_cancel(stream);
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, &error), SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), 5);
    sluice_stream_free(stream);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* A client is freed while the gateway's routes are being asked for. */
START_TEST(free_at_once)
{
    struct http_server *server =
        http_server_start(&(struct http_script){.handler = hold_then_echo, .openapi_asked = true});
    sluice_client *client = http_client(server);
    sluice_stream *stream = NULL;
    ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    ck_assert(http_server_wait(server, "GET", "/openapi.json", 1));
    sluice_client_free(client);
    sluice_stream_free(stream);
    http_server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, what_is_sent);
    tcase_add_loop_test(test, url, 0, sizeof url_rows / sizeof *url_rows);
    tcase_add_loop_test(test, url_asked_again, 0, 2);
    tcase_add_test(test, connections_are_kept);
    tcase_add_loop_test(test, as_many_at_once_as_asked, 0, sizeof window_rows / sizeof *window_rows);
    tcase_add_test(test, answers_as_they_come);
    tcase_add_test(test, answers_in_order);
    tcase_add_loop_test(test, large_messages, 0, 2);
    tcase_add_test(test, push_and_pull);
    tcase_add_test(test, cancel);
    tcase_add_test(test, free_at_once);
}

int main(void)
{
    return http_kit_run("client.http_post", add);
}
