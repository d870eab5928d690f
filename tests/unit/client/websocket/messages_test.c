/* Messages over a WebSocket: sizes, order, the window, back-pressure both ways, a connection that is watched. */
#include "client/stream.h"
#include "common/wire/wire.h"
#include "tests/unit/client/websocket/fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- sizes ---- */

/* Sizes around every step of the frames' lengths, and of the fragments of a large message. */
static const struct sizes {
    size_t first, last, step;
} sizes[] = {{0, 200, 1}, {65300, 65600, 1}, {(1 << 20) - 150, (1 << 20) + 50, 7}, {5000000, 5000002, 1}};

START_TEST(messages_of_every_size)
{
    const struct sizes *row = &sizes[_i];
    sluice_document_array *array = sluice_document_array_new();
    char *blob = malloc(row->last);
    begin(peer_echo, NULL);
    for (size_t i = 0; i < row->last; i++)
        blob[i] = (char)(i * 31 + i / 256);
    for (size_t size = row->first; size <= row->last; size += row->step)
        ck_assert_int_eq(sluice_document_set_blob(sluice_document_array_append(array), blob, size), SLUICE_OK);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results;
    options.request_size = 1;
    options.results_in_order = true;
    sluice_status status = sluice_client_index(client, sluice_inputs_array(array), &options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    sluice_document_array *back = sluice_results_documents(results);
    ck_assert_uint_eq(sluice_document_array_size(back), sluice_document_array_size(array));
    for (size_t i = 0; i < sluice_document_array_size(back); i++) {
        sluice_text got = sluice_document_blob(sluice_document_array_at(back, i));
        ck_assert_uint_eq(got.size, row->first + i * row->step);
        ck_assert(got.size == 0 || memcmp(got.data, blob, got.size) == 0);
    }
    sluice_results_free(results);
    sluice_document_array_free(array);
    free(blob);
    end();
}
END_TEST

/* An answer byte by byte, each in a packet of its own where the network lets it. */
static void answer_slowly(struct peer_connection *connection, void *context)
{
    struct peer_message message;
    (void)context;
    peer_upgrade(connection, NULL);
    if (!peer_read(connection, &message))
        return;
    for (size_t i = 0; i < message.size; i++)
        peer_frame(connection, i == 0 ? PEER_BINARY : PEER_CONTINUATION, message.data + i, 1);
    peer_frame(connection, PEER_FIN | PEER_CONTINUATION, "", 0);
    peer_message_done(&message);
    peer_close(connection, 1000, "");
    peer_drain(connection);
}

START_TEST(an_answer_in_many_fragments)
{
    begin(answer_slowly, NULL);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

struct sized {
    size_t size;
    int close;
    bool fragmented;
};

static void answer_size(struct peer_connection *connection, void *context)
{
    struct sized *sized = context;
    struct peer_message message;
    uint8_t *bytes = calloc(1, sized->size + 1);
    peer_upgrade(connection, NULL);
    if (peer_read(connection, &message)) {
        /* The request, and an unknown field (15) that fills it up to the size. */
        size_t fill = sized->size - message.size;
        memcpy(bytes, message.data, message.size);
        uint8_t *field = bytes + message.size;
        ck_assert(fill > 130 && fill < 16000);
        field[0] = 15 << 3 | 2;
        field[1] = (uint8_t)(0x80 | ((fill - 3) & 0x7F));
        field[2] = (uint8_t)((fill - 3) >> 7);
        peer_message_done(&message);
        size_t first = sized->fragmented ? sized->size / 2 : sized->size;
        peer_frame(connection, sized->fragmented ? PEER_BINARY : PEER_FIN | PEER_BINARY, bytes, first);
        if (sized->fragmented)
            peer_frame(connection, PEER_FIN | PEER_CONTINUATION, bytes + first, sized->size - first);
        while (sized->close == 0 && peer_read(connection, &message)) {
            if (peer_is_end_of_input(&message))
                peer_close(connection, 1000, "");
            if (message.opcode == PEER_CLOSE)
                sized->close = peer_close_code(&message);
            peer_message_done(&message);
        }
    }
    free(bytes);
}

START_TEST(the_largest_message)
{
    enum { LIMIT = 2000 };
    for (size_t size = LIMIT; size <= LIMIT + 1; size++) {
        struct sized sized = {.size = size, .fragmented = _i != 0};
        peer = peer_start(answer_size, &sized, NULL, 0);
        sluice_client_options options = websocket_options(peer_port(peer));
        options.max_message_size = LIMIT;
        client = websocket_client_of(&options);
        websocket_expect(websocket_post(client, NULL, &error), &error, size == LIMIT ? SLUICE_OK : SLUICE_LIMIT,
                         "more than 2000 bytes");
        ck_assert(peer_wait_ended(peer, 1));
        ck_assert_int_eq(sized.close, size == LIMIT ? 1000 : 1009);
        end();
    }
}
END_TEST

/* ---- order, window, back-pressure ---- */

enum { GROUP = 3 };

static void answer_reversed(struct peer_connection *connection, void *context)
{
    struct peer_message messages[GROUP], message;
    (void)context;
    peer_upgrade(connection, NULL);
    for (int i = 0; i < GROUP; i++)
        if (!peer_read(connection, &messages[i]))
            return;
    for (int i = GROUP - 1; i >= 0; i--) {
        peer_answer(connection, &messages[i]);
        peer_message_done(&messages[i]);
    }
    while (peer_read(connection, &message)) {
        if (peer_is_end_of_input(&message))
            peer_close(connection, 1000, "");
        peer_message_done(&message);
    }
}

START_TEST(answers_in_another_order)
{
    sluice_post_options options = sluice_post_options_default();
    sluice_response *response;
    options.results_in_order = _i != 0;
    begin(answer_reversed, NULL);
    open_stream(&options);
    const char *ids[GROUP] = {"a", "b", "c"};
    for (int i = 0; i < GROUP; i++)
        push_ok(ids[i]);
    for (int i = 0; i < GROUP; i++)
        pull_ok(ids[_i != 0 ? i : GROUP - 1 - i]);
    sluice_stream_finish(stream, NULL);
    ck_assert_int_eq(pull(&response), SLUICE_PULLED_END);
    end();
}
END_TEST

static void hold(struct peer_connection *connection, void *context)
{
    struct peer_message message;
    size_t *wanted = context;
    peer_upgrade(connection, NULL);
    for (size_t i = 0; i < *wanted; i++) {
        if (!peer_read(connection, &message))
            return;
        peer_message_done(&message);
    }
    peer_wait_release(connection);
}

START_TEST(requests_go_out_up_to_the_window)
{
    size_t window = 5;
    sluice_post_options options = sluice_post_options_default();
    options.prefetch = (int)window;
    begin(hold, &window);
    open_stream(&options);
    for (size_t i = 0; i < window; i++)
        push_ok(NULL);
    ck_assert(!sluice_stream_has_room(stream));
    ck_assert_int_eq(sluice_stream_push(stream, NULL, 0, NULL, &error), SLUICE_LIMIT);
    ck_assert(peer_wait_messages(peer, window)); /* all of them, without an answer */
    peer_release(peer);
    pull_failure(SLUICE_UNAVAILABLE, "broke");
    ck_assert_uint_eq(sluice_stream_unanswered_count(stream), window);
    end();
}
END_TEST

enum { LARGE = 1 << 20, LARGE_ANSWERS = STREAM_READ_BYTES / LARGE + 16 };

/* Each answer is the request and LARGE bytes more, in an unknown field. */
static void answer_large(struct peer_connection *connection, void *context)
{
    enum { UNKNOWN_FIELD = 15 };
    struct peer_message message;
    struct buffer answer;
    uint8_t *fill = calloc(1, LARGE);
    (void)context;
    buffer_init(&answer, BUFFER_NO_LIMIT);
    peer_upgrade(connection, NULL);
    while (peer_read(connection, &message)) {
        if (peer_is_end_of_input(&message)) {
            peer_close(connection, 1000, "");
        } else if (message.opcode == PEER_BINARY) {
            buffer_clear(&answer);
            buffer_append(&answer, message.data, message.size);
            wire_append_bytes(&answer, UNKNOWN_FIELD, fill, LARGE);
            peer_frame(connection, PEER_FIN | PEER_BINARY, answer.data, answer.size);
        }
        peer_message_done(&message);
    }
    buffer_done(&answer);
    free(fill);
}

START_TEST(reading_stops_while_much_waits_to_be_pulled)
{
    sluice_post_options options = sluice_post_options_default();
    sluice_response *response;
    options.prefetch = -1;
    begin(answer_large, NULL);
    open_stream(&options);
    for (size_t i = 0; i < LARGE_ANSWERS; i++)
        push_ok(NULL);
    sluice_stream_finish(stream, NULL);
    pthread_mutex_lock(&stream->lock);
    while (stream->ready_bytes < STREAM_READ_BYTES || stream->reading)
        pthread_cond_wait(&stream->changed, &stream->lock);
    ck_assert_uint_lt(stream->ready_bytes, STREAM_READ_BYTES + (size_t)2 * LARGE);
    pthread_mutex_unlock(&stream->lock);
    for (size_t i = 0; i < LARGE_ANSWERS; i++)
        pull_ok(NULL);
    ck_assert_int_eq(pull(&response), SLUICE_PULLED_END);
    end();
}
END_TEST

/* A gateway that does not read holds the pushes back through the window; all that was pushed waits in its turn. */
static void read_late(struct peer_connection *connection, void *context)
{
    (void)context;
    peer_upgrade(connection, NULL);
    if (peer_wait_release(connection))
        peer_echo_on(connection);
}

START_TEST(a_gateway_that_reads_late)
{
    enum { REQUESTS = 40 };
    sluice_post_options options = sluice_post_options_default();
    sluice_response *response;
    options.prefetch = REQUESTS;
    begin(read_late, NULL);
    open_stream(&options);
    sluice_document_array *array = sluice_document_array_new();
    char *blob = calloc(1, LARGE / 4);
    ck_assert_int_eq(sluice_document_set_blob(sluice_document_array_append(array), blob, LARGE / 4), SLUICE_OK);
    sluice_request request = {.documents = array};
    for (int i = 0; i < REQUESTS; i++)
        ck_assert_int_eq(sluice_stream_push(stream, &request, 0, NULL, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_stream_push(stream, &request, 0, NULL, &error), SLUICE_LIMIT);
    ck_assert_int_eq(sluice_stream_pull(stream, 0.1, &response, &error), SLUICE_PULLED_NOTHING);
    peer_release(peer);
    for (int i = 0; i < REQUESTS; i++)
        pull_ok(NULL);
    sluice_stream_finish(stream, NULL);
    ck_assert_int_eq(pull(&response), SLUICE_PULLED_END);
    sluice_document_array_free(array);
    free(blob);
    end();
}
END_TEST

/* ---- the connection ---- */

/* The value of a TCP option of the one connection to the peer, found among this process's descriptors. */
static int tcp_option(int level, int name)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in address;
        socklen_t size = sizeof address;
        int value = -1;
        if (getpeername(fd, (struct sockaddr *)&address, &size) != 0 || ntohs(address.sin_port) != peer_port(peer))
            continue;
        size = sizeof value;
        ck_assert_int_eq(getsockopt(fd, level, name, &value, &size), 0);
        return value;
    }
    ck_abort_msg("there is no connection to the peer");
}

START_TEST(the_kernel_watches_the_connection)
{
    size_t wanted = 1;
    peer = peer_start(hold, &wanted, NULL, 0);
    sluice_client_options options = websocket_options(peer_port(peer));
    options.keepalive_time_ms = _i == 0 ? 7000 : -1;
    options.keepalive_timeout_ms = 6000;
    client = websocket_client_of(&options);
    open_stream(NULL);
    push_ok(NULL);
    ck_assert(peer_wait_messages(peer, 1));
    ck_assert_int_eq(tcp_option(SOL_SOCKET, SO_KEEPALIVE), _i == 0);
    if (_i == 0) {
        ck_assert_int_eq(tcp_option(IPPROTO_TCP, TCP_KEEPIDLE), 7);
        ck_assert_int_eq(tcp_option(IPPROTO_TCP, TCP_KEEPINTVL), 2);
        ck_assert_int_eq(tcp_option(IPPROTO_TCP, TCP_USER_TIMEOUT), 13000);
    }
    end();
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, messages_of_every_size, 0, (int)(sizeof sizes / sizeof *sizes));
    tcase_add_test(test, an_answer_in_many_fragments);
    tcase_add_loop_test(test, the_largest_message, 0, 2);
    tcase_add_loop_test(test, answers_in_another_order, 0, 2);
    tcase_add_test(test, requests_go_out_up_to_the_window);
    tcase_add_test(test, reading_stops_while_much_waits_to_be_pulled);
    tcase_add_test(test, a_gateway_that_reads_late);
    tcase_add_loop_test(test, the_kernel_watches_the_connection, 0, 2);
}

int main(void)
{
    return kit_run("client.websocket.messages", add);
}
