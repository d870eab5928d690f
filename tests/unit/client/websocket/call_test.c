/* Calls over a WebSocket: the handshake and what it says of the caller, requests, the end; one connection per request. */
#include "client/websocket/headers.h"
#include "tests/unit/client/websocket/fixture.h"

#include <pthread.h>
#include <string.h>

/* ---- on the wire ---- */

struct recording {
    char head[4096];
    int opcodes[8];
    size_t count;
    bool end_last;
};

static void record(struct peer_connection *connection, void *context)
{
    struct recording *recording = context;
    struct peer_message message;
    snprintf(recording->head, sizeof recording->head, "%s", peer_head(connection));
    peer_upgrade(connection, NULL);
    while (peer_read(connection, &message)) {
        recording->opcodes[recording->count++] = message.opcode;
        recording->end_last = peer_is_end_of_input(&message);
        if (recording->end_last)
            peer_close(connection, 1000, "");
        else if (message.opcode == PEER_BINARY)
            peer_answer(connection, &message);
        peer_message_done(&message);
        if (recording->count == 4)
            return;
    }
}

START_TEST(what_is_sent)
{
    struct recording recording = {0};
    char expected[64];
    begin(record, &recording);
    sluice_document_array *array = kit_documents(2);
    sluice_metadata metadata[] = {
        {"authorization", "Bearer x", 0}, {"x-trace", "1, 2", 0}, {"x-key-bin", "\x00\xFF!", 3}};
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    options.metadata = metadata;
    options.metadata_count = 3;
    sluice_status status = sluice_client_index(client, sluice_inputs_array(array), &options, NULL, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    ck_assert(peer_wait_ended(peer, 1));
    ck_assert_int_eq(strncmp(recording.head, "GET / HTTP/1.1\r\n", 16), 0);
    snprintf(expected, sizeof expected, "\r\nHost: 127.0.0.1:%d\r\n", peer_port(peer));
    const char *lines[] = {expected,
                           "\r\nUpgrade: websocket\r\n",
                           "\r\nConnection: Upgrade\r\n",
                           "\r\nSec-WebSocket-Version: 13\r\n",
                           "\r\nSec-WebSocket-Protocol: bytes\r\n",
                           "\r\nuser-agent: sluice/",
                           "\r\nauthorization: Bearer x\r\n",
                           "\r\nx-trace: 1, 2\r\n",
                           "\r\nx-key-bin: AP8h\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(recording.head, lines[i]) != NULL, "no %s in %s", lines[i], recording.head);
    ck_assert_ptr_null(strcasestr(recording.head, "extensions"));
    ck_assert_ptr_null(strcasestr(recording.head, "origin"));
    ck_assert_ptr_null(strcasestr(recording.head, "__")); /* nothing that only a gRPC gateway reads */
    /* Two requests, the end of input; then the answer to the close. */
    ck_assert_uint_eq(recording.count, 4);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(recording.opcodes[i], PEER_BINARY);
    ck_assert_int_eq(recording.opcodes[3], PEER_CLOSE);
    sluice_document_array_free(array);
    end();
}
END_TEST

START_TEST(order_and_prefetch_are_not_sent_as_headers)
{
    struct recording recording = {0};
    begin(record, &recording);
    sluice_post_options options = sluice_post_options_default();
    options.results_in_order = true;
    options.prefetch = 3;
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_OK, "");
    ck_assert(peer_wait_ended(peer, 1));
    ck_assert_ptr_null(strcasestr(recording.head, "__"));
    end();
}
END_TEST

static const struct refused {
    const char *key, *value;
    const char *text;
} refused_headers[] = {
    {"x", "\x01\x02", "not printable"},
    {"x", "a\r\nhost: b", "not printable"},
    {"x", "\xC3\xA4", "not printable"},
    {"", "x", "no HTTP header name"},
    {"a b", "x", "no HTTP header name"},
    {"a:b", "x", "no HTTP header name"},
    {"host", "x", "belongs to the connection"},
    {"Upgrade", "x", "belongs to the connection"},
    {"connection", "x", "belongs to the connection"},
    {"content-length", "0", "belongs to the connection"},
    {"Sec-WebSocket-Key", "x", "belongs to the connection"},
    {"sec-websocket-extensions", "permessage-deflate", "belongs to the connection"},
};

START_TEST(metadata_that_cannot_be_a_header)
{
    const struct refused *row = &refused_headers[_i];
    sluice_metadata metadata = {row->key, row->value, 0};
    sluice_post_options options = sluice_post_options_default();
    begin(peer_echo, NULL);
    options.metadata = &metadata;
    options.metadata_count = 1;
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_INVALID, row->text);
    ck_assert_uint_eq(peer_connections(peer), 0);
    end();
}
END_TEST

START_TEST(so_much_metadata_and_no_more)
{
    static char value[HEADERS_MAX + 1];
    char agent[64];
    sluice_metadata metadata = {"x", value, 0};
    sluice_post_options options = sluice_post_options_default();
    int own = snprintf(agent, sizeof agent, "user-agent: sluice/%s\r\nx: \r\n", sluice_version());
    begin(peer_echo, NULL);
    options.metadata = &metadata;
    options.metadata_count = 1;
    memset(value, 'v', HEADERS_MAX - (size_t)own);
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_OK, "");
    value[HEADERS_MAX - (size_t)own] = 'v';
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_TOO_LARGE, "metadata");
    end();
}
END_TEST

START_TEST(compression_is_refused)
{
    sluice_post_options options = sluice_post_options_default();
    begin(peer_echo, NULL);
    options.compression = _i == 0 ? "Gzip" : "Deflate";
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_INVALID, "leave compression out");
    options.compression = "NoCompression";
    websocket_expect(websocket_post(client, &options, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

START_TEST(each_request_has_its_own_call_when_asked)
{
    sluice_post_options options = sluice_post_options_default();
    sluice_document_array *array = kit_documents(5);
    begin(peer_echo, NULL);
    options.stream = false;
    options.request_size = 1;
    options.results_in_order = true;
    sluice_results *results;
    ck_assert_int_eq(sluice_client_index(client, sluice_inputs_array(array), &options, &results, &error), SLUICE_OK);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(kit_number(sluice_document_array_at(sluice_results_documents(results), i)), i);
    ck_assert_uint_eq(peer_connections(peer), 5);
    sluice_results_free(results);
    sluice_document_array_free(array);
    end();
}
END_TEST

struct crowd {
    pthread_mutex_t lock;
    size_t inside, most;
};

static void count_inside(struct peer_connection *connection, void *context)
{
    struct crowd *crowd = context;
    struct peer_message message;
    pthread_mutex_lock(&crowd->lock);
    crowd->inside++;
    if (crowd->inside > crowd->most)
        crowd->most = crowd->inside;
    pthread_mutex_unlock(&crowd->lock);
    peer_upgrade(connection, NULL);
    bool asked = peer_read(connection, &message);
    peer_wait_release(connection);
    pthread_mutex_lock(&crowd->lock);
    crowd->inside--; /* before its answer lets the next one in */
    pthread_mutex_unlock(&crowd->lock);
    if (asked) {
        peer_answer(connection, &message);
        peer_message_done(&message);
    }
    peer_drain(connection);
}

START_TEST(so_many_connections_and_no_more)
{
    enum { MOST = 3, REQUESTS = 10 };
    struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER};
    sluice_post_options options = sluice_post_options_default();
    sluice_response *response;
    peer = peer_start(count_inside, &crowd, NULL, 0);
    sluice_client_options client_options = websocket_options(peer_port(peer));
    client_options.max_connections = MOST;
    client = websocket_client_of(&client_options);
    options.stream = false;
    open_stream(&options);
    for (int i = 0; i < REQUESTS; i++)
        push_ok(NULL);
    ck_assert(peer_wait_messages(peer, MOST));
    ck_assert_int_eq(sluice_stream_pull(stream, 0.1, &response, &error), SLUICE_PULLED_NOTHING);
    ck_assert_uint_eq(peer_connections(peer), MOST);
    if (_i == 0) {
        peer_release(peer);
        for (int i = 0; i < REQUESTS; i++)
            pull_ok(NULL);
    } else {
        sluice_stream_cancel(stream); /* those that wait for their turn as well */
        pull_failure(SLUICE_CANCELLED, "cancelled");
        ck_assert_uint_eq(sluice_stream_unanswered_count(stream), REQUESTS);
        ck_assert_uint_eq(peer_connections(peer), MOST);
    }
    end();
    ck_assert_uint_eq(crowd.most, MOST);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, what_is_sent);
    tcase_add_test(test, order_and_prefetch_are_not_sent_as_headers);
    tcase_add_loop_test(test, metadata_that_cannot_be_a_header, 0,
                        (int)(sizeof refused_headers / sizeof *refused_headers));
    tcase_add_test(test, so_much_metadata_and_no_more);
    tcase_add_loop_test(test, compression_is_refused, 0, 2);
    tcase_add_test(test, each_request_has_its_own_call_when_asked);
    tcase_add_loop_test(test, so_many_connections_and_no_more, 0, 2);
}

int main(void)
{
    return kit_run("client.websocket.call", add);
}
