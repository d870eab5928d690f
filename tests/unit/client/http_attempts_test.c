/* Timeouts, gateways that are not there, and further attempts over HTTP. */
#include "tests/unit/client/http_kit.h"

#include "common/foundation/clock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static sluice_status post_one(sluice_client *client, const sluice_post_options *options, sluice_results **ret_results,
                              sluice_error *error)
{
    sluice_document_array *array = http_documents(1);
    sluice_status status = sluice_client_post(client, "/", sluice_inputs_array(array), options, ret_results, error);
    sluice_document_array_free(array);
    return status;
}

/* ---- time ---- */

static bool hold(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    (void)request;
    http_send_text(exchange, context);
    http_hold(exchange);
    return false;
}

/* Nothing comes, half an answer, or the routes of the gateway do not come. */
START_TEST(timeouts)
{
    static const char *const begun[] = {"", "HTTP/1.1 200 X\r\ncontent-length: 20\r\n\r\n{\"da", ""};
    struct http_server *server = http_server_start(
        &(struct http_script){.handler = hold, .context = (void *)begun[_i], .openapi_asked = _i == 2});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    options.timeout_seconds = 0.2;
    options.max_attempts = 3; /* never beyond the timeout */
    options.retry_timeout = true;
    ck_assert_int_eq(post_one(client, &options, NULL, &error), SLUICE_TIMEOUT);
    assert_says(error.text, "timeout");
    ck_assert_uint_le(http_server_count(server, "POST", NULL), 1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* A call that waits for a free connection. */
START_TEST(timeout_in_line)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = hold, .context = ""});
    sluice_client_options client_options = http_options(server);
    client_options.max_connections = 1;
    sluice_client *client = http_client_with(&client_options);
    sluice_stream *stream = NULL;
    sluice_response *response = NULL;
    sluice_error error = {0};
    ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_OK);
    ck_assert(http_server_wait(server, "POST", NULL, 1));
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 0.1, &error), SLUICE_TIMEOUT);
    assert_says(error.text, "before the request could be sent");
    sluice_stream_cancel(stream);
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, &error), SLUICE_PULLED_FAILED);
    sluice_stream_free(stream);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- no gateway ---- */

/* A port that nobody listens on; the socket keeps it from others. */
static int closed_port(int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *ret_fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(*ret_fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(*ret_fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

START_TEST(nobody_there)
{
    int fd;
    sluice_client_options client_options = sluice_client_options_default();
    sluice_error error = {0};
    char host[64];
    snprintf(host, sizeof host, "http://127.0.0.1:%d", closed_port(&fd));
    client_options.host = host;
    sluice_client *client = http_client_with(&client_options);
    ck_assert_int_eq(post_one(client, NULL, NULL, &error), SLUICE_UNAVAILABLE);
    assert_says(error.text, "cannot connect: Connection refused; is the gateway running");
    assert_says(error.where, host);
    sluice_client_free(client);

    client_options.host = "http://no-such-host.invalid:1";
    client = http_client_with(&client_options);
    ck_assert_int_eq(post_one(client, NULL, NULL, &error), SLUICE_UNAVAILABLE);
    assert_says(error.text, "name is not known");
    sluice_client_free(client);

    /* Waiting for it ends with the timeout. */
    client_options.host = host;
    client_options.wait_for_ready = true;
    client = http_client_with(&client_options);
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 0.3, &error), SLUICE_TIMEOUT);
    assert_says(error.text, "the gateway is not there");
    sluice_client_free(client);
    close(fd);
}
END_TEST

/* The gateway comes while the client waits, and its routes count. */
START_TEST(wait_for_ready)
{
    int fd;
    int port = closed_port(&fd);
    sluice_client_options client_options = sluice_client_options_default();
    sluice_stream *stream = NULL;
    sluice_response *response = NULL;
    sluice_error error = {0};
    client_options.host = "127.0.0.1";
    client_options.port = port;
    client_options.protocol = "http";
    client_options.wait_for_ready = true;
    sluice_client *client = http_client_with(&client_options);
    ck_assert_int_eq(sluice_stream_open(client, "/own", NULL, &stream, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 0.3, &response, &error), SLUICE_PULLED_NOTHING);
    close(fd);
    struct http_server *server =
        http_server_start(&(struct http_script){.port = port, .openapi = "{\"paths\":{\"/own\":{\"post\":{}}}}"});
    ck_assert_int_eq(sluice_stream_pull(stream, 20, &response, &error), SLUICE_PULLED_RESPONSE);
    sluice_response_unref(response);
    ck_assert_uint_eq(http_server_count(server, "POST", "/own"), 1);
    sluice_stream_free(stream);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* Nobody waits any more: the client can be freed, and its post has timed out. */
START_TEST(wait_in_vain)
{
    int fd;
    sluice_client_options client_options = sluice_client_options_default();
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    client_options.host = "127.0.0.1";
    client_options.port = closed_port(&fd);
    client_options.protocol = "http";
    client_options.wait_for_ready = true;
    sluice_client *client = http_client_with(&client_options);
    options.timeout_seconds = 0.3;
    ck_assert_int_eq(post_one(client, &options, NULL, &error), SLUICE_TIMEOUT);
    assert_says(error.text, "the gateway is not there");
    sluice_client_free(client);
    close(fd);
}
END_TEST

/* ---- further attempts ---- */

struct attempts {
    const char *answer; /* to the first of them */
    unsigned left;
};

static bool fail_some(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    struct attempts *attempts = context;
    if (attempts->left == 0)
        return http_echo(exchange, request, NULL);
    attempts->left--;
    http_send_text(exchange, attempts->answer);
    return false;
}

static const char busy[] = "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n",
                  slow[] = "HTTP/1.1 504 X\r\ncontent-length: 0\r\n\r\n",
                  broken[] = "HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n",
                  bad[] = "HTTP/1.1 422 X\r\ncontent-length: 0\r\n\r\n",
                  full[] = "HTTP/1.1 429 X\r\ncontent-length: 0\r\n\r\n",
                  gone[] = "HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n",
                  proxy[] = "HTTP/1.1 502 X\r\ncontent-length: 0\r\n\r\n",
                  odd[] = "HTTP/1.1 507 X\r\ncontent-length: 0\r\n\r\n";

/* clang-format off */
static const struct {
    const char *answer;
    unsigned failures;
    int attempts;
    bool timeout, internal;
    sluice_status status;
    size_t calls;
} attempt_rows[] = {
    {busy, 1, 1, false, false, SLUICE_UNAVAILABLE, 1}, {busy, 1, 2, false, false, SLUICE_OK, 2},
    {busy, 2, 3, false, false, SLUICE_OK, 3},          {busy, 2, 2, false, false, SLUICE_UNAVAILABLE, 2},
    {"", 1, 2, false, false, SLUICE_OK, 2},            {proxy, 1, 2, false, false, SLUICE_OK, 2},
    {slow, 1, 2, false, true, SLUICE_TIMEOUT, 1},      {slow, 1, 2, true, false, SLUICE_OK, 2},
    {broken, 1, 2, true, false, SLUICE_INTERNAL, 1},   {broken, 1, 2, false, true, SLUICE_OK, 2},
    {odd, 1, 2, true, true, SLUICE_INTERNAL, 1},       {bad, 1, 5, true, true, SLUICE_INVALID, 1},
    {full, 1, 5, true, true, SLUICE_LIMIT, 1},         {gone, 1, 5, true, true, SLUICE_NOT_FOUND, 1},
};
/* clang-format on */

START_TEST(attempts)
{
    struct attempts context = {attempt_rows[_i].answer, attempt_rows[_i].failures};
    struct http_server *server = http_server_start(&(struct http_script){.handler = fail_some, .context = &context});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    options.max_attempts = attempt_rows[_i].attempts;
    options.initial_backoff_seconds = 0.01;
    options.retry_timeout = attempt_rows[_i].timeout;
    options.retry_internal = attempt_rows[_i].internal;
    sluice_status status = post_one(client, &options, NULL, &error);
    ck_assert_msg(status == attempt_rows[_i].status, "row %d: %s: %s", _i, sluice_status_name(status), error.text);
    ck_assert_uint_eq(http_server_count(server, "POST", NULL), attempt_rows[_i].calls);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- Retry-After ---- */

/* seconds: as a number or, with `date`, as the time so much from now. */
static const struct {
    int seconds;
    bool date;
    double timeout_seconds;
    sluice_status status;
    size_t calls;
} after_rows[] = {
    {1,   false, 0,   SLUICE_OK,          2},
    {0,   false, 0,   SLUICE_OK,          2},
    {3,   true,  0,   SLUICE_OK,          2},
    {-60, true,  0,   SLUICE_OK,          2}, /* it is past */
    {1,   false, 0.9, SLUICE_UNAVAILABLE, 1}, /* not beyond the timeout */
    {60,  false, 5,   SLUICE_UNAVAILABLE, 1},
    {61,  false, 0,   SLUICE_UNAVAILABLE, 1}, /* above the bound */
    {900, true,  0,   SLUICE_UNAVAILABLE, 1},
};

START_TEST(retry_after)
{
    char date[64], text[256];
    time_t when = time(NULL) + after_rows[_i].seconds;
    struct tm parts;
    gmtime_r(&when, &parts);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (!after_rows[_i].date)
        snprintf(date, sizeof date, "%d", after_rows[_i].seconds);
    snprintf(text, sizeof text, "HTTP/1.1 503 X\r\nRetry-After: %s\r\ncontent-length: 0\r\n\r\n", date);
    struct attempts context = {text, 1};
    struct http_server *server = http_server_start(&(struct http_script){.handler = fail_some, .context = &context});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    options.max_attempts = 2;
    options.initial_backoff_seconds = 0.001;
    options.stream = false;
    if (after_rows[_i].timeout_seconds > 0)
        options.timeout_seconds = after_rows[_i].timeout_seconds;
    uint64_t before_ns = clock_monotonic_ns();
    sluice_status status = post_one(client, &options, NULL, &error);
    uint64_t took_ns = clock_monotonic_ns() - before_ns;
    ck_assert_msg(status == after_rows[_i].status, "row %d: %s: %s", _i, sluice_status_name(status), error.text);
    ck_assert_uint_eq(http_server_count(server, "POST", NULL), after_rows[_i].calls);
    if (status != SLUICE_OK)
        assert_says(error.text, "it says to try again in");
    else if (after_rows[_i].date)
        ck_assert_int_ge(time(NULL), when);
    else
        ck_assert_uint_ge(took_ns, (uint64_t)after_rows[_i].seconds * CLOCK_NS_PER_SECOND);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* A pause of its own that is longer is kept. */
START_TEST(retry_after_is_the_least)
{
    static const char soon[] = "HTTP/1.1 503 X\r\nRetry-After: 1\r\ncontent-length: 0\r\n\r\n";
    struct attempts context = {soon, 1};
    struct http_server *server = http_server_start(&(struct http_script){.handler = fail_some, .context = &context});
    sluice_client *client = http_client(server);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    options.max_attempts = 2;
    options.initial_backoff_seconds = 1.5;
    uint64_t before_ns = clock_monotonic_ns();
    ck_assert_int_eq(post_one(client, &options, NULL, &error), SLUICE_OK);
    ck_assert_uint_ge(clock_monotonic_ns() - before_ns, 3 * (uint64_t)CLOCK_NS_PER_SECOND / 2);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* A kept connection dies under a request: it is not sent again behind the caller's back. */
static bool echo_once(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    return request->index < 2 && http_echo(exchange, request, context); /* 0 is /openapi.json */
}

START_TEST(nothing_is_sent_twice)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = echo_once});
    sluice_client *client = http_client(server);
    sluice_error error = {0};
    ck_assert_int_eq(post_one(client, NULL, NULL, &error), SLUICE_OK);
    ck_assert_int_eq(post_one(client, NULL, NULL, &error), SLUICE_UNAVAILABLE);
    assert_says(error.text, "broke before the answer (a kept one, with the request on its way) (unavailable)");
    ck_assert_uint_eq(http_server_count(server, "POST", NULL), 2);
    ck_assert_uint_le(http_server_connections(server), 2); /* libcurl makes one and sends nothing on it */
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* What failed is listed, what was answered is delivered. */
static bool fail_third(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    if (strstr(request->body, "\"text\": \"text 2\"") == NULL)
        return http_echo(exchange, request, context);
    return http_answer(exchange, 503, "text/plain", "not now");
}

START_TEST(one_of_many)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = fail_third});
    sluice_client *client = http_client(server);
    sluice_document_array *array = http_documents(5);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results = NULL;
    sluice_error error = {0};
    options.request_size = 1;
    options.prefetch = 1;
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_array(array), &options, &results, &error),
                     SLUICE_UNAVAILABLE);
    assert_says(error.text, "not now");
    assert_says(error.text, "without an answer: ");
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 2);
    sluice_results_free(results);
    sluice_document_array_free(array);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, timeouts, 0, 3);
    tcase_add_test(test, timeout_in_line);
    tcase_add_test(test, nobody_there);
    tcase_add_test(test, wait_for_ready);
    tcase_add_test(test, wait_in_vain);
    tcase_add_loop_test(test, attempts, 0, sizeof attempt_rows / sizeof *attempt_rows);
    tcase_add_loop_test(test, retry_after, 0, sizeof after_rows / sizeof *after_rows);
    tcase_add_test(test, retry_after_is_the_least);
    tcase_add_test(test, nothing_is_sent_twice);
    tcase_add_test(test, one_of_many);
}

int main(void)
{
    return http_kit_run("client.http_attempts", add);
}
