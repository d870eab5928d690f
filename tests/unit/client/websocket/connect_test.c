/* To the gateway and no further: addresses, refusals, times, cancels, proxies, and the questions that are not requests. */
#include "common/foundation/clock.h"
#include "tests/unit/client/websocket/kit.h"

#include <stdlib.h>
#include <string.h>

static struct peer *peer;
static sluice_client *client;
static sluice_error error;

static void begin(peer_serve *serve, void *context)
{
    peer = peer_start(serve, context, NULL, 0);
    client = websocket_client(peer);
}

static void end(void)
{
    sluice_client_free(client);
    peer_stop(peer);
}

static int free_port(void)
{
    struct peer *other = peer_start(peer_echo, NULL, NULL, 0);
    int port = peer_port(other);
    peer_stop(other);
    return port;
}

static void wait_end(struct peer_connection *connection, void *context)
{
    (void)context;
    peer_drain(connection);
}

static void answer_with(struct peer_connection *connection, void *context)
{
    peer_write_text(connection, context);
}

static void upgrade_and_wait(struct peer_connection *connection, void *context)
{
    (void)context;
    peer_upgrade(connection, NULL);
    peer_drain(connection);
}

/* ---- addresses ---- */

START_TEST(addresses)
{
    static const char *const hosts[] = {"ws://127.0.0.1:%d", "ws://localhost:%d", "websocket://127.0.0.1:%d/",
                                        "WS://LOCALHOST:%d"};
    char uri[64];
    const char *place = strchr(hosts[_i], '%');
    peer = peer_start(peer_echo, NULL, NULL, 0);
    snprintf(uri, sizeof uri, "%.*s%d%s", (int)(place - hosts[_i]), hosts[_i], peer_port(peer), place + 2);
    ck_assert_int_eq(sluice_client_open(uri, &client, &error), SLUICE_OK);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

START_TEST(nobody_listens)
{
    sluice_client_options options = websocket_options(free_port());
    options.host = _i == 0 ? "127.0.0.1" : "localhost";
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_UNAVAILABLE, "Connection refused");
    sluice_client_free(client);
}
END_TEST

START_TEST(a_name_that_nobody_has)
{
    sluice_client_options options = websocket_options(80);
    options.host = "no-such-host.invalid";
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_UNAVAILABLE, "cannot be resolved");
    sluice_client_free(client);
}
END_TEST

/* ---- times ---- */

START_TEST(a_handshake_that_is_not_answered)
{
    peer = peer_start(wait_end, NULL, NULL, 0);
    sluice_client_options options = websocket_options(peer_port(peer));
    options.connect_timeout_ms = 100;
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_UNAVAILABLE, "connect_timeout_ms");
    end();
}
END_TEST

START_TEST(a_deadline_while_connecting)
{
    begin(wait_end, NULL);
    sluice_post_options options = sluice_post_options_default();
    options.timeout_seconds = 0.1;
    options.stream = _i != 0;
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_TIMEOUT, "before there was a connection");
    end();
}
END_TEST

START_TEST(a_deadline_while_waiting)
{
    begin(upgrade_and_wait, NULL);
    sluice_post_options options = sluice_post_options_default();
    options.timeout_seconds = 0.2;
    options.stream = _i != 0;
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_TIMEOUT, "deadline");
    ck_assert(peer_wait_ended(peer, 1));
    end();
}
END_TEST

START_TEST(a_client_may_wait_for_a_gateway)
{
    int port = free_port();
    sluice_client_options options = websocket_options(port);
    sluice_stream *stream;
    sluice_response *response;
    options.wait_for_ready = true;
    client = websocket_client_of(&options);
    ck_assert_int_eq(sluice_stream_open(client, "/", NULL, &stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 0.3, &response, NULL), SLUICE_PULLED_NOTHING);
    peer = peer_start(peer_echo, NULL, NULL, port);
    ck_assert_int_eq(sluice_stream_pull(stream, 30, &response, &error), SLUICE_PULLED_RESPONSE);
    sluice_response_unref(response);
    sluice_stream_free(stream);
    end();
}
END_TEST

START_TEST(who_waits_in_vain_learns_why)
{
    sluice_client_options options = websocket_options(free_port());
    sluice_post_options post = sluice_post_options_default();
    options.wait_for_ready = true;
    post.timeout_seconds = 0.3;
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, &post, &error), &error, SLUICE_TIMEOUT, "refused");
    sluice_client_free(client);
}
END_TEST

/* ---- cancels ---- */

static void cancel_when_open(struct peer_connection *connection, void *context)
{
    (void)context;
    peer_upgrade(connection, NULL);
    struct peer_message message;
    if (peer_read(connection, &message)) {
        peer_answer(connection, &message);
        peer_message_done(&message);
    }
    peer_drain(connection);
}

/* 0: at once; 1: within the handshake; 2: a request is out; 3: an answer waits to be pulled; 4: in a pause between attempts. */
START_TEST(cancel)
{
    peer_serve *serves[] = {peer_echo, wait_end, upgrade_and_wait, cancel_when_open, answer_with};
    sluice_post_options options = sluice_post_options_default();
    sluice_stream *stream;
    sluice_response *response;
    begin(serves[_i], "HTTP/1.1 503 Not Now\r\ncontent-length: 0\r\n\r\n");
    options.max_attempts = _i == 4 ? 9 : 1;
    options.initial_backoff_seconds = 3600;
    ck_assert_int_eq(sluice_stream_open(client, "/", &options, &stream, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    if (_i >= 1)
        ck_assert(peer_wait_connections(peer, 1));
    if (_i == 2 || _i == 3)
        sluice_stream_pull(stream, 0.05, &response, &error); /* for its wait only */
    if (_i == 3) {
        sluice_response_unref(response);
        ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    }
    if (_i == 4)
        ck_assert(peer_wait_ended(peer, 1));
    sluice_stream_cancel(stream);
    sluice_pulled pulled;
    while ((pulled = sluice_stream_pull(stream, 30, &response, &error)) == SLUICE_PULLED_RESPONSE)
        sluice_response_unref(response);
    ck_assert_int_eq(pulled, SLUICE_PULLED_FAILED);
    ck_assert_int_eq(error.status, SLUICE_CANCELLED);
    ck_assert_uint_ge(sluice_stream_unanswered_count(stream), 1);
    sluice_stream_free(stream);
    end();
}
END_TEST

/* ---- further attempts ---- */

struct failing {
    const char *answer; /* NULL: upgrade, read a request, and close with the code */
    int code;
    size_t failures;
};

static void fail_first(struct peer_connection *connection, void *context)
{
    const struct failing *failing = context;
    struct peer_message message;
    if (peer_index(connection) >= failing->failures) {
        peer_echo(connection, NULL);
    } else if (failing->answer != NULL) {
        peer_write_text(connection, failing->answer);
    } else {
        peer_upgrade(connection, NULL);
        if (peer_read(connection, &message))
            peer_message_done(&message);
        peer_close(connection, failing->code, "not now");
        peer_drain(connection);
    }
}

static const struct attempts {
    struct failing failing;
    sluice_status status;
    size_t connections;
    enum { UNAVAILABLE, TIMEOUT_TOO, INTERNAL_TOO } what;
} attempts[] = {
    {{"HTTP/1.1 503 Not Now\r\ncontent-length: 0\r\n\r\n", 0, 2}, SLUICE_OK, 3, UNAVAILABLE},
    {{"HTTP/1.1 503 Not Now\r\ncontent-length: 0\r\n\r\n", 0, 9}, SLUICE_UNAVAILABLE, 3, UNAVAILABLE},
    {{"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", 0, 9}, SLUICE_NOT_FOUND, 1, UNAVAILABLE},
    {{NULL, 1012, 2}, SLUICE_OK, 3, UNAVAILABLE},
    {{"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", 0, 2}, SLUICE_INTERNAL, 1, UNAVAILABLE},
    {{"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", 0, 2}, SLUICE_OK, 3, INTERNAL_TOO},
    {{NULL, 1011, 2}, SLUICE_UNAVAILABLE, 1, UNAVAILABLE}, /* perhaps after timeout_send: the handler may have run */
    {{NULL, 1011, 2}, SLUICE_UNAVAILABLE, 1, INTERNAL_TOO},
    {{NULL, 1011, 2}, SLUICE_OK, 3, TIMEOUT_TOO},
    {{NULL, 1013, 9}, SLUICE_LIMIT, 1, UNAVAILABLE},
    {{NULL, 1007, 9}, SLUICE_INVALID, 1, UNAVAILABLE},
};

START_TEST(transient_failures_are_tried_again)
{
    const struct attempts *row = &attempts[_i / 2];
    sluice_post_options options = sluice_post_options_default();
    begin(fail_first, (void *)&row->failing);
    options.max_attempts = 3;
    options.initial_backoff_seconds = 0.01;
    options.max_backoff_seconds = 0.02;
    options.stream = _i % 2 == 0;
    options.retry_timeout = row->what == TIMEOUT_TOO;
    options.retry_internal = row->what == INTERNAL_TOO;
    websocket_expect(websocket_post(client, &options, &error), &error, row->status, "");
    ck_assert_uint_eq(peer_connections(peer), row->connections);
    end();
}
END_TEST

enum { CLOSED_EARLY = 2 };

static void close_before_any_request(struct peer_connection *connection, void *context)
{
    if (peer_index(connection) >= CLOSED_EARLY) {
        peer_echo(connection, context);
        return;
    }
    peer_upgrade(connection, NULL);
    peer_close(connection, 1011, "no pong");
    peer_drain(connection);
}

START_TEST(a_close_1011_before_any_request_was_sent_is_tried_again)
{
    sluice_post_options options = sluice_post_options_default();
    sluice_stream *stream;
    sluice_response *response;
    begin(close_before_any_request, NULL);
    options.max_attempts = CLOSED_EARLY + 1;
    options.initial_backoff_seconds = 0.01;
    ck_assert_int_eq(sluice_stream_open(client, "/", &options, &stream, NULL), SLUICE_OK);
    ck_assert(peer_wait_connections(peer, CLOSED_EARLY + 1));
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_pull(stream, 30, &response, &error), SLUICE_PULLED_RESPONSE);
    sluice_response_unref(response);
    sluice_stream_free(stream);
    end();
}
END_TEST

/* ---- the other questions ---- */

struct dry_run {
    enum { BINARY, TEXT, STATUS, CLOSE, CLOSE_1000, REFUSE, DROP } answer;
    sluice_status status;
    const char *text;
};

static const struct dry_run dry_runs[] = {
    {BINARY, SLUICE_OK, ""},
    {TEXT, SLUICE_OK, ""},
    {STATUS, SLUICE_EXECUTOR, "encoder is down"},
    {CLOSE, SLUICE_UNAVAILABLE, "encoder is down"},
    {CLOSE_1000, SLUICE_UNAVAILABLE, "without an answer"},
    {REFUSE, SLUICE_NOT_FOUND, "403"},
    {DROP, SLUICE_UNAVAILABLE, "broke"},
};

static void answer_dry_run(struct peer_connection *connection, void *context)
{
    const struct dry_run *row = context;
    struct peer_message message;
    ck_assert_int_eq(strncmp(peer_head(connection), "GET /dry_run HTTP/1.1\r\n", 23), 0);
    if (row->answer == REFUSE) {
        peer_write_text(connection, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    peer_upgrade(connection, NULL);
    if (!peer_read(connection, &message))
        return;
    ck_assert_int_eq(message.opcode, PEER_BINARY);
    ck_assert_uint_eq(message.size, 0);
    peer_message_done(&message);
    if (row->answer == BINARY)
        peer_frame(connection, PEER_FIN | PEER_BINARY, "", 0);
    else if (row->answer == TEXT)
        peer_frame(connection, PEER_FIN | PEER_TEXT, "{}", 2);
    else if (row->answer == STATUS)
        peer_frame(connection, PEER_FIN | PEER_BINARY, "\x08\x01\x12\x0F" "encoder is down", 19);
    if (row->answer == DROP)
        return;
    peer_close(connection, row->answer == CLOSE ? 1011 : 1000, row->answer == CLOSE ? "encoder is down" : "");
    peer_drain(connection);
}

START_TEST(is_the_flow_ready)
{
    const struct dry_run *row = &dry_runs[_i];
    begin(answer_dry_run, (void *)row);
    websocket_expect(sluice_client_is_flow_ready(client, 30, &error), &error, row->status, row->text);
    end();
}
END_TEST

static void answer_plain(struct peer_connection *connection, void *context)
{
    char text[512];
    const char *body = context;
    bool status = strncmp(peer_head(connection), "GET /status HTTP/1.1\r\n", 22) == 0;
    ck_assert(status || strncmp(peer_head(connection), "GET / HTTP/1.1\r\n", 16) == 0);
    ck_assert_ptr_null(strcasestr(peer_head(connection), "upgrade:"));
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
             strlen(body), body);
    peer_write_text(connection, text);
    peer_drain(connection);
}

START_TEST(info)
{
    sluice_value *map;
    begin(answer_plain, "{\"jina\": {\"jina\": \"3.34.0\", \"uid\": 7}, \"envs\": {\"JINA_X\": \"(unset)\"}}");
    sluice_status status = sluice_client_info(client, 30, &map, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    const sluice_value *jina = sluice_value_get(map, "jina");
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(jina, "jina")), "3.34.0"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(jina, "uid")), "7"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(sluice_value_get(map, "envs"), "JINA_X")), "(unset)"));
    sluice_value_free(map);
    end();
}
END_TEST

START_TEST(info_that_is_none)
{
    sluice_value *map;
    begin(_i == 0 ? answer_plain : answer_with,
          _i == 0 ? "[]" : "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    websocket_expect(sluice_client_info(client, 30, &map, &error), &error, _i == 0 ? SLUICE_INVALID : SLUICE_NOT_FOUND,
                     _i == 0 ? "/status" : "404");
    end();
}
END_TEST

START_TEST(health)
{
    sluice_health answer;
    begin(_i == 0 ? answer_plain : answer_with,
          _i == 0 ? "{}" : "HTTP/1.1 503 Draining\r\ncontent-length: 0\r\n\r\n");
    ck_assert_int_eq(sluice_client_health(client, NULL, 30, &answer, &error), SLUICE_OK);
    ck_assert_int_eq(answer, _i == 0 ? SLUICE_HEALTH_SERVING : SLUICE_HEALTH_NOT_SERVING);
    websocket_expect(sluice_client_health(client, "jina.JinaRPC", 30, &answer, &error), &error, SLUICE_UNIMPLEMENTED,
                     "over gRPC");
    end();
}
END_TEST

START_TEST(questions_have_deadlines)
{
    sluice_value *map;
    begin(wait_end, NULL);
    websocket_expect(sluice_client_info(client, 0.1, &map, &error), &error, SLUICE_TIMEOUT, "deadline");
    websocket_expect(sluice_client_is_flow_ready(client, 0.1, &error), &error, SLUICE_TIMEOUT, "deadline");
    end();
}
END_TEST

/* ---- proxies ---- */

struct proxy_script {
    char head[4096]; /* of the CONNECT */
    bool refuse;
};

/* Says yes to CONNECT and is the gateway then, or says no. */
static void be_proxy(struct peer_connection *connection, void *context)
{
    struct proxy_script *script = context;
    snprintf(script->head, sizeof script->head, "%s", peer_head(connection));
    if (script->refuse) {
        peer_write_text(connection, "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    peer_write_text(connection, "HTTP/1.1 200 Connection established\r\n\r\n");
    if (peer_next_head(connection))
        peer_echo(connection, NULL);
}

START_TEST(a_proxy_of_the_environment_is_not_used)
{
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", free_port());
    setenv("http_proxy", proxy, 1);
    setenv("https_proxy", proxy, 1);
    begin(peer_echo, NULL);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

START_TEST(a_proxy_is_used_when_asked)
{
    struct proxy_script script = {.refuse = _i != 0};
    char proxy[64];
    peer = peer_start(be_proxy, &script, NULL, 0);
    snprintf(proxy, sizeof proxy, "http://user:word@127.0.0.1:%d/", peer_port(peer));
    setenv("http_proxy", proxy, 1);
    sluice_client_options options = websocket_options(1234);
    options.host = "gateway.invalid"; /* the proxy resolves it */
    options.proxy = true;
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, _i == 0 ? SLUICE_OK : SLUICE_UNAVAILABLE,
                     "has no way to");
    sluice_client_free(client);
    ck_assert(peer_wait_ended(peer, 1));
    ck_assert_msg(strncmp(script.head, "CONNECT gateway.invalid:1234 HTTP/1.", 36) == 0, "%s", script.head);
    ck_assert_msg(strcasestr(script.head, "basic dXNlcjp3b3Jk") != NULL, "%s", script.head);
    peer_stop(peer);
}
END_TEST

START_TEST(a_proxy_has_exceptions)
{
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", free_port());
    setenv("http_proxy", proxy, 1);
    setenv("no_proxy", "example.org, 127.0.0.1", 1);
    peer = peer_start(peer_echo, NULL, NULL, 0);
    sluice_client_options options = websocket_options(peer_port(peer));
    options.proxy = true;
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

START_TEST(a_proxy_that_cannot_be_read)
{
    setenv("http_proxy", "socks5://127.0.0.1:1080", 1);
    sluice_client_options options = websocket_options(80);
    options.proxy = true;
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "http_proxy");
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, addresses, 0, 4);
    tcase_add_loop_test(test, nobody_listens, 0, 2);
    tcase_add_test(test, a_name_that_nobody_has);
    tcase_add_test(test, a_handshake_that_is_not_answered);
    tcase_add_loop_test(test, a_deadline_while_connecting, 0, 2);
    tcase_add_loop_test(test, a_deadline_while_waiting, 0, 2);
    tcase_add_test(test, a_client_may_wait_for_a_gateway);
    tcase_add_test(test, who_waits_in_vain_learns_why);
    tcase_add_loop_test(test, cancel, 0, 5);
    tcase_add_test(test, a_close_1011_before_any_request_was_sent_is_tried_again);
    tcase_add_loop_test(test, transient_failures_are_tried_again, 0, 2 * (int)(sizeof attempts / sizeof *attempts));
    tcase_add_loop_test(test, is_the_flow_ready, 0, (int)(sizeof dry_runs / sizeof *dry_runs));
    tcase_add_test(test, info);
    tcase_add_loop_test(test, info_that_is_none, 0, 2);
    tcase_add_loop_test(test, health, 0, 2);
    tcase_add_test(test, questions_have_deadlines);
    tcase_add_test(test, a_proxy_of_the_environment_is_not_used);
    tcase_add_loop_test(test, a_proxy_is_used_when_asked, 0, 2);
    tcase_add_test(test, a_proxy_has_exceptions);
    tcase_add_test(test, a_proxy_that_cannot_be_read);
}

int main(void)
{
    return kit_run("client.websocket.connect", add);
}
