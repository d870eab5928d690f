/* What goes wrong over HTTP: statuses, broken and foreign answers, limits. */
#include "tests/unit/client/http_kit.h"

#include "common/foundation/buffer.h"

#include <string.h>

/* The end of the body is that of the connection. */
#define JSON_HEAD(status) "HTTP/1.1 " status " X\r\ncontent-type: application/json\r\n\r\n"

static bool send_raw(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    (void)request;
    http_send_text(exchange, context);
    return false;
}

static sluice_status post_one(sluice_client *client, const sluice_post_options *options, sluice_results **ret_results,
                              sluice_error *error)
{
    sluice_document_array *array = http_documents(1);
    sluice_status status = sluice_client_post(client, "/", sluice_inputs_array(array), options, ret_results, error);
    sluice_document_array_free(array);
    return status;
}

/* ---- answers that are none ---- */

/* clang-format off */
static const struct {
    const char *answer;
    sluice_status status;
    const char *says;
} answer_rows[] = {
    /* Accepted. */
    {JSON_HEAD("200") "{}", SLUICE_OK, ""},
    {"HTTP/1.1 200 X\r\ncontent-length: 11\r\n\r\n{\"data\":[]}", SLUICE_OK, ""},
    {"HTTP/1.1 201 X\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{\"data\":null}", SLUICE_OK, ""},
    {"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", SLUICE_OK, ""},
    {"HTTP/1.1 100 Continue\r\n\r\n" JSON_HEAD("200") "{}", SLUICE_OK, ""},
    {"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" JSON_HEAD("200") "{}", SLUICE_OK, ""},
    {"HTTP/1.0 200 X\r\n\r\n{}", SLUICE_OK, ""},
    /* No answer, or half of one. */
    {"", SLUICE_UNAVAILABLE, "POST /post: the connection broke before the answer"},
    {"HTTP/1.1 200 X\r\ncontent-le", SLUICE_UNAVAILABLE, "in the middle of the answer (its header fields do not end)"},
    {"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n", SLUICE_UNAVAILABLE, "in the middle of the answer"},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 X\r\n", SLUICE_UNAVAILABLE, "in the middle of the answer"},
    {"HTTP/1.1 503 X\r\n", SLUICE_UNAVAILABLE, "in the middle of the answer"},
    {"HTTP/1.1 200 X\r\ncontent-length: 20\r\n\r\n{\"data\":[", SLUICE_UNAVAILABLE, "the connection broke in the middle of the answer"},
    {"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"da", SLUICE_UNAVAILABLE, "in the middle of the answer"},
    /* Foreign. */
    {"SSH-2.0-OpenSSH_9.2\r\n", SLUICE_INVALID, "does not speak HTTP/1.1"},
    {"\x15\x03\x01\x02\x02", SLUICE_INVALID, "does not speak HTTP/1.1"},
    {"HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello", SLUICE_INVALID, "compression"},
    {"HTTP/1.1 200 X\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>", SLUICE_INVALID, "text/html, not JSON"},
    {"HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID, "the answer is empty"},
    {"HTTP/1.1 204 X\r\n\r\n", SLUICE_INVALID, "the answer is empty"},
    {JSON_HEAD("200") "null", SLUICE_INVALID, "cannot be read"},
    {JSON_HEAD("200") "[]", SLUICE_INVALID, "cannot be read"},
    {JSON_HEAD("200") "{\"data\":[", SLUICE_INVALID, "cannot be read"},
    {JSON_HEAD("200") "{\"data\":[{\"id\":1}", SLUICE_INVALID, "cannot be read"},
    /* Refused. */
    {JSON_HEAD("422") "{\"detail\":[{\"loc\":[\"body\",\"data\",0,\"granularity\"],\"msg\":\"not an integer\","
                            "\"type\":\"t\"},{}]}", SLUICE_INVALID, "POST /post: body.data[0].granularity: not an integer (and 1 more)"},
    {JSON_HEAD("400") "{\"detail\":\"There was an error parsing the body\"}\n\n\n", SLUICE_INVALID, "error parsing the body"},
    {"HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID, "no reason; give credentials"},
    {"HTTP/1.1 403 X\r\ncontent-length: 2\r\n\r\nno", SLUICE_INVALID, "may not do that (invalid, status 403)"},
    {JSON_HEAD("404") "{\"detail\":\"Not Found\"}", SLUICE_NOT_FOUND, "POST /post: Not Found; is this the address"},
    {JSON_HEAD("405") "{\"detail\":\"Method Not Allowed\"}", SLUICE_INVALID, "Method Not Allowed"},
    {"HTTP/1.1 413 X\r\ncontent-length: 0\r\n\r\n", SLUICE_TOO_LARGE, "request_size"},
    {"HTTP/1.1 415 X\r\ncontent-length: 22\r\n\r\nUnsupported Media Type", SLUICE_INVALID, "Unsupported Media Type"},
    {"HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nfull", SLUICE_LIMIT, "full; it says to try again in 7 s"},
    {"HTTP/1.1 431 X\r\ncontent-length: 0\r\n\r\n", SLUICE_TOO_LARGE, "less metadata"},
    {"HTTP/1.1 500 X\r\ncontent-type: text/plain\r\ncontent-length: 21\r\n\r\nInternal Server Error", SLUICE_INTERNAL,
     "POST /post: Internal Server Error (internal error, status 500)"},
    {"HTTP/1.1 501 X\r\ncontent-length: 0\r\n\r\n", SLUICE_UNIMPLEMENTED, ""},
    {"HTTP/1.1 502 X\r\ncontent-length: 11\r\n\r\nBad Gateway", SLUICE_UNAVAILABLE, "Bad Gateway"},
    {JSON_HEAD("503") "{\"header\":{\"status\":{\"code\":1,\"description\":\"a |Gateway: b\"}},\"data\":[]}",
     SLUICE_UNAVAILABLE, "a |Gateway: b (unavailable, status 503)"},
    {JSON_HEAD("504") "{\"header\":{\"status\":{\"description\":\"too slow\"}},\"x\":null}", SLUICE_TIMEOUT, "too slow"},
    {"HTTP/1.1 599 X\r\ncontent-length: 0\r\n\r\n", SLUICE_INTERNAL, "status 599"},
    {"HTTP/1.1 307 X\r\nlocation: http://elsewhere.example/post\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID,
     "at http://elsewhere.example/post; give that address"},
    {"HTTP/1.1 301 X\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID, "/other; give that address"},
    {"HTTP/1.1 304 X\r\n\r\n", SLUICE_INVALID, "redirects are not followed"},
};
/* clang-format on */

START_TEST(answers)
{
    struct http_server *server =
        http_server_start(&(struct http_script){.handler = send_raw, .context = (void *)answer_rows[_i].answer});
    sluice_client *client = http_client(server);
    sluice_results *results = NULL;
    sluice_error error = {0};
    sluice_status status = post_one(client, NULL, &results, &error);
    ck_assert_msg(status == answer_rows[_i].status, "row %d: %s: %s", _i, sluice_status_name(status), error.text);
    assert_says(error.text, answer_rows[_i].says);
    if (status != SLUICE_OK) {
        assert_says(error.where, "http://127.0.0.1:");
        ck_assert_ptr_null(strchr(error.text, '\n'));
    }
    ck_assert_uint_eq(http_server_count(server, "POST", "/post"), 1);
    sluice_results_free(results);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- failures of executors ---- */

/* clang-format off */
static const struct {
    const char *answer;
    int code;
    const char *description;
} failure_rows[] = {
    {JSON_HEAD("200") "{\"header\":{\"requestId\":\"x\",\"status\":{\"code\":1,\"description\":\"ValueError('bad')\",\"exception\":"
                             "{\"name\":\"ValueError\",\"args\":[\"bad\"],\"executor\":\"Enc\"}}}}", 1, "ValueError('bad')"},
    {JSON_HEAD("200") "{\"header\":{\"status\":{\"code\":3,\"description\":\"of 3.5\"}}}", 3, "of 3.5"},
    {JSON_HEAD("499") "{\"detail\":\"ValueError('bad')\"}", 1, "ValueError('bad')"},
};
/* clang-format on */

static int failed(sluice_response *response, const sluice_error *error, void *context)
{
    int row = *(int *)context;
    ck_assert_ptr_nonnull(response);
    ck_assert_int_eq(error->status, SLUICE_EXECUTOR);
    ck_assert_int_eq(sluice_response_code(response), failure_rows[row].code);
    ck_assert_uint_eq(sluice_response_description(response).size, strlen(failure_rows[row].description));
    ck_assert_uint_eq(sluice_response_request_id(response).size, 32);
    *(int *)context = -1;
    return 0;
}

START_TEST(failures)
{
    struct http_server *server =
        http_server_start(&(struct http_script){.handler = send_raw, .context = (void *)failure_rows[_i].answer});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results = NULL;
    sluice_error error = {0};
    int context = _i;
    options.max_attempts = 5; /* an answer is never tried again */
    ck_assert_int_eq(post_one(client, &options, &results, &error), SLUICE_EXECUTOR);
    assert_says(error.text, failure_rows[_i].description);
    ck_assert_ptr_nonnull(sluice_results_failure(results));
    sluice_results_free(results);
    ck_assert_uint_eq(http_server_count(server, "POST", NULL), 1);
    options.on_error = failed;
    options.context = &context;
    ck_assert_int_eq(post_one(client, &options, NULL, &error), SLUICE_OK);
    ck_assert_int_eq(context, -1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- limits ---- */

static bool give_size(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    struct buffer body;
    (void)request;
    size_t size = *(const size_t *)context;
    bool chunked = size % 2 == 1;
    buffer_init(&body, BUFFER_NO_LIMIT);
    if (chunked)
        buffer_printf(&body, "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n%zx\r\n", size);
    else
        buffer_printf(&body, "HTTP/1.1 200 X\r\ncontent-length: %zu\r\n\r\n", size);
    buffer_append_text(&body, "{");
    for (size_t i = 2; i < size; i++)
        buffer_append_byte(&body, ' ');
    buffer_append_text(&body, chunked ? "}\r\n0\r\n\r\n" : "}");
    http_send(exchange, body.data, body.size);
    buffer_done(&body);
    return true;
}

/* clang-format off */
static const struct {
    size_t size, limit;
    sluice_status status;
} size_rows[] = {
    {1000, 1000, SLUICE_OK}, {1002, 1001, SLUICE_LIMIT}, {1001, 1001, SLUICE_OK},  {1001, 1000, SLUICE_LIMIT},
    {5000000, 0, SLUICE_OK}, {5000001, 0, SLUICE_OK},    {5000001, 100000, SLUICE_LIMIT},
};
/* clang-format on */

START_TEST(max_message_size)
{
    size_t size = size_rows[_i].size;
    struct http_server *server = http_server_start(&(struct http_script){.handler = give_size, .context = &size});
    sluice_client_options client_options = http_options(server);
    client_options.max_message_size = size_rows[_i].limit;
    sluice_client *client = http_client_with(&client_options);
    sluice_error error = {0};
    sluice_status status = post_one(client, NULL, NULL, &error);
    ck_assert_msg(status == size_rows[_i].status, "%s: %s", sluice_status_name(status), error.text);
    if (status != SLUICE_OK)
        assert_says(error.text, "max_message_size");
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* A request is measured as it is sent, and nothing of one that is too large is. */
START_TEST(max_request_size)
{
    struct http_server *server = http_server_start(&(struct http_script){0});
    sluice_client *client = http_client(server);
    sluice_error error = {0};
    ck_assert_int_eq(post_one(client, NULL, NULL, &error), SLUICE_OK);
    size_t size = http_server_request(server, "POST", NULL, 0)->body_size;
    sluice_client_free(client);
    for (int less = 0; less < 2; less++) {
        sluice_client_options client_options = http_options(server);
        client_options.max_request_size = size - (size_t)less;
        client = http_client_with(&client_options);
        ck_assert_int_eq(post_one(client, NULL, NULL, &error), less == 0 ? SLUICE_OK : SLUICE_TOO_LARGE);
        sluice_client_free(client);
    }
    assert_says(error.text, "max_request_size");
    assert_says(error.text, "request_size");
    ck_assert_uint_eq(http_server_count(server, "POST", NULL), 2);
    http_server_stop(server);
}
END_TEST

/* Above 1 MiB libcurl asks first; a server may say yes, nothing, or no. */
START_TEST(expect_continue)
{
    struct http_server *server = http_server_start(&(struct http_script){.expect = (enum http_expect)_i});
    sluice_client *client = http_client(server);
    sluice_document_array *array = http_documents(20000);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    options.request_size = 0;
    sluice_status status = sluice_client_post(client, "/", sluice_inputs_array(array), &options, NULL, &error);
    if (_i == HTTP_EXPECT_REFUSED) {
        ck_assert_msg(status == SLUICE_TOO_LARGE, "%s: %s", sluice_status_name(status), error.text);
        assert_says(error.text, "too large");
        ck_assert_uint_eq(http_server_count(server, "POST", NULL), 0);
    } else {
        ck_assert_msg(status == SLUICE_OK, "%s: %s", sluice_status_name(status), error.text);
    }
    sluice_document_array_free(array);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, answers, 0, sizeof answer_rows / sizeof *answer_rows);
    tcase_add_loop_test(test, failures, 0, sizeof failure_rows / sizeof *failure_rows);
    tcase_add_loop_test(test, max_message_size, 0, sizeof size_rows / sizeof *size_rows);
    tcase_add_test(test, max_request_size);
    tcase_add_loop_test(test, expect_continue, 0, 3);
}

int main(void)
{
    return http_kit_run("client.http_faults", add);
}
