/* Every option of a call (client.md of the reference, section 3) over HTTP. */
#include "common/foundation/buffer.h"
#include "tests/unit/client/http_kit.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct fixture {
    struct http_server *server;
    sluice_client *client;
    sluice_post_options options;
};

static struct fixture start(http_handler *handler, void *context)
{
    struct fixture fixture = {http_server_start(&(struct http_script){.handler = handler, .context = context}), NULL,
                              sluice_post_options_default()};
    fixture.client = http_client(fixture.server);
    return fixture;
}

static void stop(struct fixture *fixture)
{
    sluice_client_free(fixture->client);
    http_server_stop(fixture->server);
}

/* Posts so many documents; ends the test when that fails. */
static sluice_results *post(struct fixture *fixture, const char *on, size_t count)
{
    sluice_document_array *array = http_documents(count);
    sluice_results *results = NULL;
    sluice_error error = {0};
    sluice_status status =
        sluice_client_post(fixture->client, on, sluice_inputs_array(array), &fixture->options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s: %s", sluice_status_name(status), error.where, error.text);
    sluice_document_array_free(array);
    return results;
}

static const char *body_of(struct fixture *fixture, size_t index)
{
    return http_server_request(fixture->server, "POST", NULL, index)->body;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* ---- row by row ---- */

START_TEST(on)
{
    static const char *const endpoints[] = {"/index", "", "no slash", "/\xc3\xbc\"\\\n"};
    static const char *const written[] = {"/index", "", "no slash", "/\\u00fc\\\"\\\\\\n"};
    struct fixture fixture = start(NULL, NULL);
    for (size_t i = 0; i < 4; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "\"exec_endpoint\": \"%s\"}", written[i]);
        sluice_results_free(post(&fixture, endpoints[i], 1));
        assert_says(body_of(&fixture, i), expected);
    }
    stop(&fixture);
}
END_TEST

static sluice_status give_five(void *context, const sluice_document **ret_document, sluice_error *error)
{
    size_t *next = ((void **)context)[0];
    sluice_document_array *array = ((void **)context)[1];
    (void)error;
    *ret_document = *next < 5 ? sluice_document_array_at(array, (*next)++) : NULL;
    return SLUICE_OK;
}

/* Nothing, one document, an array, an empty one, a generator, an empty generator. */
START_TEST(inputs)
{
    struct fixture fixture = start(NULL, NULL);
    sluice_document_array *array = http_documents(5), *empty = sluice_document_array_new();
    size_t next = 0, none = 5;
    void *five[] = {&next, array}, *nothing[] = {&none, array};
    const struct {
        sluice_inputs inputs;
        size_t requests, documents;
    } rows[] = {
        {sluice_inputs_none(), 1, 0},
        {sluice_inputs_document(sluice_document_array_at(array, 0)), 1, 1},
        {sluice_inputs_array(array), 3, 5},
        {sluice_inputs_array(empty), 1, 0},
        {sluice_inputs_generator(give_five, five), 3, 5},
        {sluice_inputs_generator(give_five, nothing), 0, 0},
    };
    fixture.options.request_size = 2;
    for (size_t i = 0, before = 0; i < sizeof rows / sizeof *rows; i++) {
        sluice_error error = {0};
        sluice_results *results = NULL;
        ck_assert_msg(sluice_client_post(fixture.client, "/", rows[i].inputs, &fixture.options, &results, &error) ==
                      SLUICE_OK, "%s", error.text);
        ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), rows[i].documents);
        ck_assert_uint_eq(http_server_count(fixture.server, "POST", NULL) - before, rows[i].requests);
        before += rows[i].requests;
        sluice_results_free(results);
    }
    sluice_document_array_free(array);
    sluice_document_array_free(empty);
    stop(&fixture);
}
END_TEST

struct calls {
    int done, failed, always;
};

static int on_done(sluice_response *response, void *context)
{
    (void)response;
    return ++((struct calls *)context)->done < 0;
}

static int on_error(sluice_response *response, const sluice_error *error, void *context)
{
    (void)response;
    (void)error;
    return ++((struct calls *)context)->failed < 0;
}

static int on_always(sluice_response *response, void *context)
{
    (void)response;
    return ++((struct calls *)context)->always < 0;
}

/* Requests with "text 1" fail in their executor. */
static bool fail_second(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    if (strstr(request->body, "\"text 1\"") == NULL)
        return http_echo(exchange, request, context);
    return http_answer(exchange, 200, "application/json",
                       "{\"header\":{\"status\":{\"code\":1,\"description\":\"E()\"}},\"data\":[]}");
}

START_TEST(callbacks_and_continue_on_error)
{
    struct fixture fixture = start(fail_second, NULL);
    sluice_document_array *array = http_documents(3);
    struct calls calls = {0};
    sluice_error error = {0};
    fixture.options.request_size = 1;
    fixture.options.prefetch = 1;
    fixture.options.context = &calls;
    fixture.options.on_always = on_always;
    ck_assert_int_eq(sluice_client_post(fixture.client, "/", sluice_inputs_array(array), &fixture.options, NULL, &error),
                     SLUICE_EXECUTOR);
    ck_assert_int_eq(calls.always, 2);
    fixture.options.continue_on_error = true;
    fixture.options.on_done = on_done;
    ck_assert_int_eq(sluice_client_post(fixture.client, "/", sluice_inputs_array(array), &fixture.options, NULL, &error),
                     SLUICE_OK);
    ck_assert_int_eq(calls.done, 2);
    ck_assert_int_eq(calls.always, 5);
    fixture.options.continue_on_error = false;
    fixture.options.on_error = on_error;
    ck_assert_int_eq(sluice_client_post(fixture.client, "/", sluice_inputs_array(array), &fixture.options, NULL, &error),
                     SLUICE_OK);
    ck_assert_int_eq(calls.failed, 1);
    ck_assert_int_eq(calls.always, 8);
    sluice_document_array_free(array);
    stop(&fixture);
}
END_TEST

START_TEST(parameters)
{
    static const struct {
        const char *given, *sent;
    } rows[] = {
        {NULL, "\"parameters\": {\"__results__\": {}}"},
        {"{}", "\"parameters\": {\"__results__\": {}}"},
        {"{\"a\": [1.5, null, \"x\"]}", "\"parameters\": {\"a\": [1.5, null, \"x\"]}"},
    };
    struct fixture fixture = start(NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sluice_value *map = NULL;
        if (rows[i].given != NULL)
            ck_assert_int_eq(sluice_value_from_json(rows[i].given, strlen(rows[i].given), &map, NULL), SLUICE_OK);
        fixture.options.parameters = map;
        sluice_results_free(post(&fixture, "/", 1));
        assert_says(body_of(&fixture, i), rows[i].sent);
        sluice_value_free(map);
    }
    stop(&fixture);
}
END_TEST

START_TEST(target_executor)
{
    struct fixture fixture = start(NULL, NULL);
    fixture.options.target_executor = "";
    sluice_results_free(post(&fixture, "/", 1));
    ck_assert_ptr_null(strstr(body_of(&fixture, 0), "target_executor"));
    fixture.options.target_executor = "a|b";
    sluice_results_free(post(&fixture, "/", 1));
    ck_assert_uint_eq(count_of(body_of(&fixture, 1), "\"target_executor\": \"a|b\""), 2);
    stop(&fixture);
}
END_TEST

START_TEST(request_size)
{
    static const struct {
        int64_t size;
        size_t requests, in_first;
    } rows[] = {{100, 3, 100}, {1000, 1, 250}, {250, 1, 250}, {249, 2, 249}, {0, 1, 250}, {-7, 1, 250}};
    struct fixture fixture = start(NULL, NULL);
    fixture.options.prefetch = 1; /* so that the first is the first */
    for (size_t i = 0, before = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture.options.request_size = rows[i].size;
        sluice_results *results = post(&fixture, "/", 250);
        ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 250);
        ck_assert_uint_eq(count_of(body_of(&fixture, before), "\"id\": "), rows[i].in_first);
        ck_assert_uint_eq(http_server_count(fixture.server, "POST", NULL) - before, rows[i].requests);
        before += rows[i].requests;
        sluice_results_free(results);
    }
    stop(&fixture);
}
END_TEST

/* The bar is on stderr, as with any protocol; here it only must do no harm. */
START_TEST(show_progress_and_return_responses)
{
    struct fixture fixture = start(NULL, NULL);
    fixture.options.show_progress = true;
    fixture.options.return_responses = true;
    fixture.options.request_size = 1;
    sluice_results *results = post(&fixture, "/", 3);
    ck_assert_uint_eq(sluice_results_response_count(results), 3);
    sluice_results_free(results);
    stop(&fixture);
}
END_TEST

/* With stream and without it is the same. */
START_TEST(stream_or_not)
{
    struct fixture fixture = start(NULL, NULL);
    for (int i = 0; i < 2; i++) {
        fixture.options.stream = i == 0;
        fixture.options.request_size = 1;
        sluice_results *results = post(&fixture, "/", 10);
        ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 10);
        sluice_results_free(results);
    }
    ck_assert_uint_eq(http_server_count(fixture.server, "POST", "/post"), 20);
    stop(&fixture);
}
END_TEST

static void inflate_body(const struct http_request *request, int bits, struct buffer *target)
{
    z_stream stream = {.next_in = (Bytef *)request->body, .avail_in = (uInt)request->body_size};
    ck_assert_int_eq(inflateInit2(&stream, bits), Z_OK);
    int result = Z_OK;
    while (result == Z_OK) {
        stream.next_out = buffer_reserve(target, 65536);
        stream.avail_out = 65536;
        result = inflate(&stream, Z_NO_FLUSH);
        target->size += 65536 - stream.avail_out;
    }
    ck_assert_int_eq(result, Z_STREAM_END);
    inflateEnd(&stream);
    buffer_append_text(target, "");
}

static bool give_empty(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    (void)request;
    (void)context;
    return http_answer(exchange, 200, "application/json", "{}");
}

START_TEST(compression)
{
    static const struct {
        const char *name, *coding;
        int bits;
    } rows[] = {{"Gzip", "gzip", 31}, {"deflate", "deflate", 15}, {"NoCompression", "", 0}, {NULL, "", 0}};
    struct fixture fixture = start(give_empty, NULL);
    char value[32];
    fixture.options.request_size = 0;
    for (size_t i = 0; i < 4; i++) {
        fixture.options.compression = rows[i].name;
        sluice_results_free(post(&fixture, "/", 500));
        const struct http_request *request = http_server_request(fixture.server, "POST", NULL, i);
        ck_assert_str_eq(http_header(request, "content-encoding", value, sizeof value), rows[i].coding);
        struct buffer body;
        buffer_init(&body, BUFFER_NO_LIMIT);
        if (rows[i].bits != 0)
            inflate_body(request, rows[i].bits, &body);
        else
            buffer_append(&body, request->body, request->body_size);
        ck_assert_uint_eq(count_of(buffer_text(&body), "\"text\": \"text "), 500);
        if (rows[i].bits != 0)
            ck_assert_uint_lt(request->body_size, body.size / 4);
        buffer_done(&body);
    }
    sluice_error error = {0};
    fixture.options.compression = "brotli";
    ck_assert_int_eq(sluice_client_post(fixture.client, "/", sluice_inputs_none(), &fixture.options, NULL, &error),
                     SLUICE_INVALID);
    stop(&fixture);
}
END_TEST

/* A gateway that takes none says so. */
static bool refuse_coding(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    (void)request;
    return http_answer(exchange, *(int *)context, "text/plain", "Unsupported Media Type");
}

START_TEST(compression_refused)
{
    static const int statuses[] = {415, 422};
    int status = statuses[_i];
    struct fixture fixture = start(refuse_coding, &status);
    sluice_error error = {0};
    fixture.options.compression = "Gzip";
    ck_assert_int_eq(sluice_client_post(fixture.client, "/", sluice_inputs_none(), &fixture.options, NULL, &error),
                     SLUICE_INVALID);
    assert_says(error.text, "leave compression out");
    stop(&fixture);
}
END_TEST

START_TEST(metadata)
{
    static const struct {
        sluice_metadata pair;
        const char *says;
    } rows[] = {
        {{"with space", "x", 0}, "the name of a header"},
        {{"", "x", 0}, "the name of a header"},
        {{"x:y", "x", 0}, "the name of a header"},
        {{"x", "line\r\nbreak: 1", 0}, "control characters"},
        {{"x", "\0", 1}, "control characters"},
        {{"Content-Length", "1", 0}, "sets this header itself"},
        {{"transfer-encoding", "chunked", 0}, "sets this header itself"},
        {{"content-type", "text/plain", 0}, "sets this header itself"},
    };
    struct fixture fixture = start(NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sluice_error error = {0};
        fixture.options.metadata = &rows[i].pair;
        fixture.options.metadata_count = 1;
        ck_assert_int_eq(sluice_client_post(fixture.client, "/", sluice_inputs_none(), &fixture.options, NULL, &error),
                         SLUICE_INVALID);
        assert_says(error.text, rows[i].says);
    }
    ck_assert_uint_eq(http_server_count(fixture.server, "POST", NULL), 0);
    /* What others set by options of their own: authorization, cookies, a host, an agent. */
    sluice_metadata good[] = {{"Authorization", "Basic eDp5", 0}, {"cookie", "a=b; c=d", 0}, {"Host", "other.example", 0},
                              {"user-agent", "me", 0}, {"x-utf8", "\xc3\xbc", 0}, {"x-tab", "a\tb", 0}};
    char value[64];
    fixture.options.metadata = good;
    fixture.options.metadata_count = sizeof good / sizeof *good;
    sluice_results_free(post(&fixture, "/", 1));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_str_eq(http_header(http_server_request(fixture.server, "POST", NULL, 0), good[i].key, value, sizeof value),
                         good[i].value);
    stop(&fixture);
}
END_TEST

/* The environment's proxy counts only when asked for. */
START_TEST(proxy)
{
    struct fixture fixture = start(NULL, NULL);
    struct http_server *proxy_server = http_server_start(&(struct http_script){.handler = give_empty});
    char address[64], url[128];
    snprintf(address, sizeof address, "http://127.0.0.1:%d", http_server_port(proxy_server));
    setenv("http_proxy", address, 1);
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    sluice_results_free(post(&fixture, "/", 1));
    ck_assert_uint_eq(http_server_count(proxy_server, NULL, NULL), 0);

    sluice_client_options options = http_options(fixture.server);
    options.proxy = true;
    sluice_client *client = http_client_with(&options);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/post", http_server_port(fixture.server));
    ck_assert_uint_eq(http_server_count(proxy_server, "POST", url), 1);
    ck_assert_uint_eq(http_server_count(fixture.server, "POST", NULL), 1);
    unsetenv("http_proxy");
    sluice_client_free(client);
    http_server_stop(proxy_server);
    stop(&fixture);
}
END_TEST

START_TEST(profile)
{
    struct fixture fixture = start(NULL, NULL);
    sluice_profile found;
    sluice_error error = {0};
    ck_assert_msg(sluice_client_profile(fixture.client, NULL, &found, &error) == SLUICE_OK, "%s", error.text);
    ck_assert_double_eq_tol(found.server_ms, 53.501, 0.01);
    ck_assert(found.roundtrip_ms > 0);
    sluice_profile_done(&found);
    stop(&fixture);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, on);
    tcase_add_test(test, inputs);
    tcase_add_test(test, callbacks_and_continue_on_error);
    tcase_add_test(test, parameters);
    tcase_add_test(test, target_executor);
    tcase_add_test(test, request_size);
    tcase_add_test(test, show_progress_and_return_responses);
    tcase_add_test(test, stream_or_not);
    tcase_add_test(test, compression);
    tcase_add_loop_test(test, compression_refused, 0, 2);
    tcase_add_test(test, metadata);
    tcase_add_test(test, proxy);
    tcase_add_test(test, profile);
}

int main(void)
{
    return http_kit_run("client.http_options", add);
}
