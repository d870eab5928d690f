/*
 * RFC 6455 from the client's side: what a server may send and must not, and what the client makes of it.
 *
 * A row is what the peer sends once it has read the request: frames, whole or in pieces, good and bad. Then the peer reads
 * until the connection ends and notes the close code and the pongs that it gets. The second table is of handshakes.
 */
#include "tests/unit/client/websocket/kit.h"

#include "common/foundation/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIN = PEER_FIN, CONTINUATION = PEER_CONTINUATION, TEXT = PEER_TEXT, BINARY = PEER_BINARY, CLOSE = PEER_CLOSE };
enum { PING = PEER_PING, PONG = PEER_PONG, STEPS_MAX = 8 };

enum kind {
    STEP_NONE,
    STEP_FRAME,  /* `first` and the bytes */
    STEP_MASKED, /* the answer, masked as only a client may */
    STEP_ANSWER, /* `first` and the part-th of `parts` of the answer to the request */
    STEP_RAW,    /* the bytes as they are */
    STEP_PONGED, /* wait for a pong: a close would go before it */
    STEP_ALL,    /* wait for the client's end of input: before it a close would come too early for all to be answered */
    STEP_END     /* of the connection */
};

struct step {
    enum kind kind;
    int first;
    const char *bytes;
    size_t size;
    unsigned part, parts;
};

#define FRAME(first, text)        {STEP_FRAME, first, text, sizeof text - 1, 0, 0}
#define MASKED(first)             {STEP_MASKED, first, NULL, 0, 0, 1}
#define RAW(text)                 {STEP_RAW, 0, text, sizeof text - 1, 0, 0}
#define PART(first, part, parts)  {STEP_ANSWER, first, NULL, 0, part, parts}
#define ANSWER_WITH(first)        PART(first, 0, 1)
#define ANSWER                    ANSWER_WITH(FIN | BINARY)
#define PONGED                    {STEP_PONGED, 0, NULL, 0, 0, 0}
#define ALL                       {STEP_ALL, 0, NULL, 0, 0, 0}
#define END                       {STEP_END, 0, NULL, 0, 0, 0}
#define NORMAL                    FRAME(FIN | CLOSE, "\x03\xE8")

struct row {
    const char *name;
    struct step steps[STEPS_MAX];
    sluice_status status;
    const char *text;  /* a piece of the error's text */
    int close;         /* the code that the client sends; 0: it just ends the connection; -1: either */
    const char *ponged; /* NULL: nothing */
};

#define BROKEN "broke the rules"

#define BYTES_25  "abcdefghijklmnopqrstuvwxy"
#define BYTES_125 BYTES_25 BYTES_25 BYTES_25 BYTES_25 BYTES_25

static const struct row rows[] = {
    /* What is right. */
    {"one frame", {ANSWER, NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"two fragments", {PART(BINARY, 0, 2), PART(FIN | CONTINUATION, 1, 2), NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"three fragments", {PART(BINARY, 0, 3), PART(CONTINUATION, 1, 3), PART(FIN | CONTINUATION, 2, 3), NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"an empty first fragment", {FRAME(BINARY, ""), ANSWER_WITH(FIN | CONTINUATION), NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"an empty last fragment", {ANSWER_WITH(BINARY), FRAME(FIN | CONTINUATION, ""), NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"empty fragments between", {PART(BINARY, 0, 2), FRAME(CONTINUATION, ""), FRAME(CONTINUATION, ""), PART(FIN | CONTINUATION, 1, 2), NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"a ping", {FRAME(FIN | PING, "are you there"), PONGED, ANSWER, NORMAL}, SLUICE_OK, "", 1000, "are you there"},
    {"an empty ping", {FRAME(FIN | PING, ""), PONGED, ANSWER, NORMAL}, SLUICE_OK, "", 1000, ""},
    {"a ping of 125 bytes", {FRAME(FIN | PING, BYTES_125), PONGED, ANSWER, NORMAL}, SLUICE_OK, "", 1000, BYTES_125},
    {"a ping between fragments", {PART(BINARY, 0, 2), FRAME(FIN | PING, "now"), PONGED, PART(FIN | CONTINUATION, 1, 2), NORMAL}, SLUICE_OK, "", 1000, "now"},
    {"a pong between fragments", {PART(BINARY, 0, 2), FRAME(FIN | PONG, "why"), PART(FIN | CONTINUATION, 1, 2), NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"a pong that nobody asked for", {FRAME(FIN | PONG, "hello"), ANSWER, NORMAL}, SLUICE_OK, "", 1000, NULL},
    {"a close without a code, all answered", {ANSWER, ALL, FRAME(FIN | CLOSE, "")}, SLUICE_OK, "", 1005, NULL},
    {"the connection ends, all answered", {ANSWER, ALL, END}, SLUICE_OK, "", -1, NULL},
    {"1011, all answered", {ANSWER, ALL, FRAME(FIN | CLOSE, "\x03\xF3 too late")}, SLUICE_OK, "", 1011, NULL},

    /* Closes with something open. */
    {"1000 with a request open", {NORMAL}, SLUICE_UNAVAILABLE, "before it had answered every request", 1000, NULL},
    {"1001", {FRAME(FIN | CLOSE, "\x03\xE9")}, SLUICE_UNAVAILABLE, "1001", 1001, NULL},
    {"1002", {FRAME(FIN | CLOSE, "\x03\xEA")}, SLUICE_INTERNAL, "1002", 1002, NULL},
    {"1003", {FRAME(FIN | CLOSE, "\x03\xEB")}, SLUICE_INVALID, "1003", 1003, NULL},
    {"1007", {FRAME(FIN | CLOSE, "\x03\xEF no protobuf")}, SLUICE_INVALID, "no protobuf", 1007, NULL},
    {"1008", {FRAME(FIN | CLOSE, "\x03\xF0")}, SLUICE_INVALID, "1008", 1008, NULL},
    {"1009", {FRAME(FIN | CLOSE, "\x03\xF1 above 1 GiB")}, SLUICE_TOO_LARGE, "above 1 GiB", 1009, NULL},
    {"1010", {FRAME(FIN | CLOSE, "\x03\xF2")}, SLUICE_UNIMPLEMENTED, "1010", 1010, NULL},
    {"1011 with its reason", {FRAME(FIN | CLOSE, "\x03\xF3 executor down")}, SLUICE_UNAVAILABLE, "executor down", 1011, NULL},
    {"1011 without a reason", {FRAME(FIN | CLOSE, "\x03\xF3")}, SLUICE_UNAVAILABLE, "1011", 1011, NULL},
    {"1012", {FRAME(FIN | CLOSE, "\x03\xF4")}, SLUICE_UNAVAILABLE, "1012", 1012, NULL},
    {"1013", {FRAME(FIN | CLOSE, "\x03\xF5 full")}, SLUICE_LIMIT, "full", 1013, NULL},
    {"3000", {FRAME(FIN | CLOSE, "\x0B\xB8")}, SLUICE_INTERNAL, "3000", 3000, NULL},
    {"a close without a code", {FRAME(FIN | CLOSE, "")}, SLUICE_UNAVAILABLE, "1005", 1005, NULL},
    {"the connection ends", {END}, SLUICE_UNAVAILABLE, "broke", -1, NULL},
    {"a reason of 123 bytes", {RAW("\x88\x7D\x03\xF3" BYTES_25 BYTES_25 BYTES_25 BYTES_25 "12345678901234567890123")}, SLUICE_UNAVAILABLE, "890123", 1011, NULL},

    /* Messages that are no answers. */
    {"a text message", {FRAME(FIN | TEXT, "{}")}, SLUICE_INVALID, "text message", 1003, NULL},
    {"a text message that is not UTF-8", {FRAME(FIN | TEXT, "\xFF\xFE")}, SLUICE_INTERNAL, "not UTF-8", 1007, NULL},
    {"a text that breaks off within a character", {FRAME(FIN | TEXT, "\xE2\x9C")}, SLUICE_INTERNAL, "not UTF-8", 1007, NULL},
    {"a fragment of a text message", {FRAME(TEXT, "{")}, SLUICE_INVALID, "text message", 1003, NULL},
    {"no protobuf", {FRAME(FIN | BINARY, "\xFF\xFF\xFF")}, SLUICE_INVALID, "", -1, NULL},

    /* What a server must not send. */
    {"a masked answer", {MASKED(FIN | BINARY)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a masked ping", {RAW("\x89\x80" "abcd")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a masked close", {RAW("\x88\x82" "\0\0\0\0" "\x03\xE8")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"reserved bit 1", {ANSWER_WITH(FIN | BINARY | PEER_RSV1)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"reserved bit 2", {ANSWER_WITH(FIN | BINARY | PEER_RSV2)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"reserved bit 3", {ANSWER_WITH(FIN | BINARY | PEER_RSV3)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a reserved bit of a continuation", {PART(BINARY, 0, 2), PART(FIN | PEER_RSV1, 1, 2)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a reserved bit of a ping", {FRAME(FIN | PING | PEER_RSV1, "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"opcode 3", {FRAME(FIN | 3, "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"opcode 7", {FRAME(FIN | 7, "")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"opcode 11", {FRAME(FIN | 11, "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"opcode 15", {FRAME(FIN | 15, "")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a continuation of nothing", {ANSWER_WITH(FIN | CONTINUATION)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a continuation after the last one", {ANSWER, FRAME(FIN | CONTINUATION, "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a new message within another", {PART(BINARY, 0, 2), ANSWER}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a ping in fragments", {FRAME(PING, "a"), FRAME(FIN | CONTINUATION, "b")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a close in fragments", {FRAME(CLOSE, "\x03\xE8")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a ping of 126 bytes", {RAW("\x89\x7E\0\x7E" BYTES_125 "6")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a close of 126 bytes", {RAW("\x88\x7E\0\x7E\x03\xE8" "0123")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a length with its highest bit", {RAW("\x82\x7F\x80\0\0\0\0\0\0\x01" "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a length of 2^64 - 1", {RAW("\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"16 bits for 125 bytes", {RAW("\x82\x7E\0\x7D" BYTES_125)}, SLUICE_INTERNAL, "shortest form", 1002, NULL},
    {"64 bits for 1 byte", {RAW("\x82\x7F\0\0\0\0\0\0\0\x01" "x")}, SLUICE_INTERNAL, "shortest form", 1002, NULL},
    {"16 bits for an empty continuation", {PART(BINARY, 0, 2), RAW("\0\x7E\0\0")}, SLUICE_INTERNAL, "shortest form", 1002, NULL},
    {"a ping of 64 bits", {RAW("\x89\x7F\0\0\0\0\0\0\0\x01" "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a pong of 126 bytes", {RAW("\x8A\x7E\0\x7E" BYTES_125 "6")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a pong in fragments", {FRAME(PONG, "x")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"all reserved bits of a close", {FRAME(FIN | CLOSE | PEER_RSV1 | PEER_RSV2 | PEER_RSV3, "\x03\xE8")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a masked continuation", {PART(BINARY, 0, 2), MASKED(FIN | CONTINUATION)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a compressed message that was not agreed on", {RAW("\xC2\x07\xF2\x48\xCD\xC9\xC9\x07\0")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a close of one byte", {FRAME(FIN | CLOSE, "\x03")}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a close with code 0", {FRAME(FIN | CLOSE, "\0\0")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 999", {FRAME(FIN | CLOSE, "\x03\xE7")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 1004", {FRAME(FIN | CLOSE, "\x03\xEC")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 1005", {FRAME(FIN | CLOSE, "\x03\xED")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 1006", {FRAME(FIN | CLOSE, "\x03\xEE")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 1015", {FRAME(FIN | CLOSE, "\x03\xF7")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 2999", {FRAME(FIN | CLOSE, "\x0B\xB7")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 1016", {FRAME(FIN | CLOSE, "\x03\xF8")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 5000", {FRAME(FIN | CLOSE, "\x13\x88")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with code 65535", {FRAME(FIN | CLOSE, "\xFF\xFF")}, SLUICE_INTERNAL, "must not be sent", 1002, NULL},
    {"a close with a reason of 124 bytes", {RAW("\x88\x7E\0\x7E\x03\xE8" BYTES_125)}, SLUICE_INTERNAL, BROKEN, 1002, NULL},
    {"a close whose reason breaks off within a character", {FRAME(FIN | CLOSE, "\x03\xF3\xE2\x9C")}, SLUICE_INTERNAL, "not UTF-8", 1007, NULL},
    {"a close with a reason that is not UTF-8", {FRAME(FIN | CLOSE, "\x03\xF3\xFF\xFE")}, SLUICE_INTERNAL, "not UTF-8", 1007, NULL},
};

/* ---- the peer of a row ---- */

struct seen {
    const struct row *row;
    int close; /* 0: none */
    bool ponged, all;
    char pong[128];
};

static void send_part(struct peer_connection *connection, const struct step *step, const struct buffer *answer)
{
    size_t begin = answer->size * step->part / step->parts;
    size_t end = answer->size * (step->part + 1) / step->parts;
    peer_frame(connection, step->first, answer->data + begin, end - begin);
}

static void send_masked(struct peer_connection *connection, const struct step *step, const struct buffer *answer)
{
    uint8_t frame[512] = {(uint8_t)step->first, (uint8_t)(0x80 | answer->size), 1, 2, 3, 4};
    ck_assert_uint_lt(answer->size, 126);
    for (size_t i = 0; i < answer->size; i++)
        frame[6 + i] = answer->data[i] ^ frame[2 + (i & 3)];
    peer_write(connection, frame, answer->size + 6);
}

static void note(struct seen *seen, const struct peer_message *message)
{
    if (message->opcode == PEER_CLOSE && seen->close == 0)
        seen->close = peer_close_code(message);
    seen->all = seen->all || peer_is_end_of_input(message);
    if (message->opcode == PEER_PONG) {
        seen->ponged = true;
        snprintf(seen->pong, sizeof seen->pong, "%.*s", (int)message->size, (const char *)message->data);
    }
}

enum until { UNTIL_CLOSED, UNTIL_PONGED, UNTIL_ALL };

/* Until that or a close has come. False: the connection has ended. */
static bool read_until(struct peer_connection *connection, struct seen *seen, enum until until)
{
    struct peer_message message;
    while (seen->close == 0 && !(until == UNTIL_PONGED && seen->ponged) && !(until == UNTIL_ALL && seen->all)) {
        if (!peer_read(connection, &message))
            return false;
        note(seen, &message);
        peer_message_done(&message);
    }
    return true;
}

/* False: the step is the end of the connection. */
static bool do_step(struct peer_connection *connection, struct seen *seen, const struct step *step,
                    const struct buffer *answer)
{
    switch (step->kind) {
    case STEP_FRAME: peer_frame(connection, step->first, step->bytes, step->size); return true;
    case STEP_MASKED: send_masked(connection, step, answer); return true;
    case STEP_ANSWER: send_part(connection, step, answer); return true;
    case STEP_RAW: peer_write(connection, step->bytes, step->size); return true;
    case STEP_PONGED: return read_until(connection, seen, UNTIL_PONGED);
    case STEP_ALL: return read_until(connection, seen, UNTIL_ALL);
    default: return false;
    }
}

static void serve_row(struct peer_connection *connection, void *context)
{
    struct seen *seen = context;
    const struct row *row = seen->row;
    struct peer_message message;
    struct buffer answer;
    peer_upgrade(connection, NULL);
    if (!peer_read(connection, &message))
        return;
    buffer_init(&answer, BUFFER_NO_LIMIT);
    buffer_append(&answer, message.data, message.size);
    peer_message_done(&message);
    bool open = true;
    for (size_t i = 0; i < STEPS_MAX && row->steps[i].kind != STEP_NONE && open; i++)
        open = do_step(connection, seen, &row->steps[i], &answer);
    buffer_done(&answer);
    if (open)
        read_until(connection, seen, UNTIL_CLOSED);
}

START_TEST(frames)
{
    const struct row *row = &rows[_i];
    struct seen seen = {.row = row};
    struct peer *peer = peer_start(serve_row, &seen, NULL, 0);
    sluice_client *client = websocket_client(peer);
    sluice_error error;
    sluice_status status = websocket_post(client, NULL, &error);
    ck_assert_msg(status == row->status, "%s: %s: %s", row->name, sluice_status_name(status), error.text);
    if (status != SLUICE_OK)
        ck_assert_msg(strstr(error.text, row->text) != NULL, "%s: %s", row->name, error.text);
    ck_assert_msg(peer_wait_ended(peer, 1), "%s: the connection stays open", row->name);
    sluice_client_free(client);
    peer_stop(peer);
    if (row->close >= 0)
        ck_assert_msg(seen.close == row->close, "%s: close %d", row->name, seen.close);
    ck_assert_msg(seen.ponged == (row->ponged != NULL), "%s: %s pong", row->name, seen.ponged ? "a" : "no");
    if (row->ponged != NULL)
        ck_assert_str_eq(seen.pong, row->ponged);
}
END_TEST

/* ---- handshakes ---- */

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Accept: $KEY\r\n"

static const struct handshake {
    const char *name;
    const char *answer; /* $KEY: the right one */
    sluice_status status;
    const char *text;
} handshakes[] = {
    {"as it should be", SWITCH UPGRADE CONNECTION KEY "\r\n", SLUICE_OK, ""},
    {"names in other letters", SWITCH "UPGRADE: WebSocket\r\nconnection: UPGRADE\r\nsec-websocket-accept: $KEY\r\n\r\n", SLUICE_OK, ""},
    {"the sub-protocol that was offered", SWITCH UPGRADE CONNECTION KEY "Sec-WebSocket-Protocol: bytes\r\n\r\n", SLUICE_OK, ""},
    {"a sub-protocol that was not offered", SWITCH UPGRADE CONNECTION KEY "Sec-WebSocket-Protocol: json\r\n\r\n", SLUICE_UNAVAILABLE, "sub-protocol that was not offered"},
    {"an extension that was not offered", SWITCH UPGRADE CONNECTION KEY "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", SLUICE_UNAVAILABLE, "extension that was not offered"},
    {"a wrong key", SWITCH UPGRADE CONNECTION "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", SLUICE_UNAVAILABLE, "does not fit the key"},
    {"no key", SWITCH UPGRADE CONNECTION "\r\n", SLUICE_UNAVAILABLE, "does not fit the key"},
    {"no Upgrade", SWITCH CONNECTION KEY "\r\n", SLUICE_UNAVAILABLE, "no \"Upgrade"},
    {"another Upgrade", SWITCH "Upgrade: h2c\r\n" CONNECTION KEY "\r\n", SLUICE_UNAVAILABLE, "no \"Upgrade"},
    {"no Connection", SWITCH UPGRADE KEY "\r\n", SLUICE_UNAVAILABLE, "no \"Connection"},
    {"200", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", SLUICE_INVALID, "HTTP 200"},
    {"301", "HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID, "HTTP 301"},
    {"401", "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID, "credentials"},
    {"403", "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", SLUICE_NOT_FOUND, "HTTP 403"},
    {"404", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", SLUICE_NOT_FOUND, "HTTP 404"},
    {"426", "HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n", SLUICE_INVALID, "HTTP 426"},
    {"429", "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n", SLUICE_LIMIT, "429"},
    {"500", "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", SLUICE_INTERNAL, "HTTP 500"},
    {"503", "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", SLUICE_UNAVAILABLE, "HTTP 503"},
    {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", SLUICE_UNAVAILABLE, "no HTTP/1.1"},
    {"nothing", "", SLUICE_UNAVAILABLE, "within the handshake"},
    {"a line that is no header", SWITCH UPGRADE CONNECTION KEY "oh\r\n\r\n", SLUICE_UNAVAILABLE, "no HTTP header"},
    {"half a head", SWITCH UPGRADE, SLUICE_UNAVAILABLE, "within the handshake"},
};

static void serve_handshake(struct peer_connection *connection, void *context)
{
    const struct handshake *handshake = context;
    struct peer_message message;
    const char *mark = strstr(handshake->answer, "$KEY");
    char key[32];
    peer_accept_key(connection, key);
    if (mark != NULL) {
        peer_write(connection, handshake->answer, (size_t)(mark - handshake->answer));
        peer_write_text(connection, key);
    }
    peer_write_text(connection, mark != NULL ? mark + strlen("$KEY") : handshake->answer);
    if (handshake->status != SLUICE_OK)
        return;
    while (peer_read(connection, &message)) {
        if (peer_is_end_of_input(&message))
            peer_close(connection, 1000, "");
        else if (message.opcode == PEER_BINARY)
            peer_answer(connection, &message);
        peer_message_done(&message);
    }
}

START_TEST(answers_to_the_handshake)
{
    const struct handshake *row = &handshakes[_i];
    struct peer *peer = peer_start(serve_handshake, (void *)row, NULL, 0);
    sluice_client *client = websocket_client(peer);
    sluice_error error;
    sluice_status status = websocket_post(client, NULL, &error);
    ck_assert_msg(status == row->status, "%s: %s: %s", row->name, sluice_status_name(status), error.text);
    if (status != SLUICE_OK)
        ck_assert_msg(strstr(error.text, row->text) != NULL, "%s: %s", row->name, error.text);
    sluice_client_free(client);
    peer_stop(peer);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, frames, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_loop_test(test, answers_to_the_handshake, 0, (int)(sizeof handshakes / sizeof *handshakes));
}

int main(void)
{
    return kit_run("client.websocket.rfc6455", add);
}
