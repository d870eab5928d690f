/*
 * websocket_cases.c - the recorded conversations of tests/golden/websocket, frame by frame.
 *
 * A client's frame is sent when as many frames have come as had come then, and after the gap that was there then, up to a
 * bound. Compared are the handshake, the messages (decoded, without times; put together from fragments; when several
 * were under way, in any order), pings and pongs, the close frame, and how the connection ended.
 */
#include "batch.h"
#include "json_text.h"
#include "raw_http.h"
#include "raw_websocket.h"
#include "running.h"
#include "schema.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    WAIT_MS = 10000,  /* for a frame that was recorded, besides the time that it took then */
    MISSED_MS = 500,  /* the same, when one has failed to come already */
    END_MS = 4000,    /* for the end of a connection that the server has not closed by a frame, behind other cases' sleeps */
    GAP_MAX_MS = 300, /* longer gaps were there to see that nothing comes */
    OPEN_MS = 300,    /* to see that a connection stays open */
    MESSAGES_MAX = 32,
    BIG_BYTES = 5 << 20, /* of the text in the request that was not kept */
};

#define WORKER "- {name: worker, uses: Worker, py_modules: ['%s/tests/plugins/twin_worker.so']}\n"
#define SECOND "- {name: second, uses: Second, py_modules: ['%s/tests/plugins/twin_stage.so']}\n"
#define FLOW(gateway, executors) "jtype: Flow\ngateway: {protocol: websocket" gateway "}\nexecutors:\n" executors

/* One side of a conversation, as it is compared. */
struct side {
    bool dry_run;          /* binary messages are a StatusProto */
    sluice_value *value;   /* a map: handshake, messages, controls, close, tcp */
    struct buffer message; /* what has come of the one under way */
    int opcode, rsv;
    z_stream stream;
};

struct talk {
    struct raw_socket socket;
    size_t at;         /* read up to here */
    size_t frame_count;
    bool closed;       /* the server has sent a close frame */
    bool answered;     /* … and the client another one */
    bool missed;       /* a frame that was recorded has not come */
    struct side ours;
};

static void side_init(struct side *side, bool dry_run)
{
    *side = (struct side){.dry_run = dry_run, .value = sluice_value_new_map()};
    sluice_value_set_map(side->value, "handshake");
    sluice_value_set_list(side->value, "messages");
    sluice_value_set_list(side->value, "controls");
    buffer_init(&side->message, BUFFER_NO_LIMIT);
}

static void side_done(struct side *side)
{
    if (side->stream.state != NULL)
        inflateEnd(&side->stream);
    buffer_done(&side->message);
    sluice_value_free(side->value);
}

static sluice_value *part_of(const struct side *side, const char *key)
{
    return (sluice_value *)sluice_value_get(side->value, key);
}

static void add_message(struct side *side)
{
    if (side->rsv & 4)
        raw_websocket_inflate(&side->stream, &side->message);
    sluice_value *map = sluice_value_append_map(part_of(side, "messages"));
    sluice_text text = {buffer_text(&side->message), side->message.size};
    if (side->rsv & 4)
        sluice_value_set_bool(map, "compressed", true);
    if (text.size > BIG_BYTES) {
        sluice_value_set_string(map, "binary", "big");
    } else if (side->opcode == FRAME_TEXT) {
        json_text_set(map, "text", text);
    } else {
        sluice_value *decoded = schema_decode(side->dry_run ? &type_status : &type_data_request, text.data, text.size);
        if (decoded != NULL)
            cases_forget_times_and_stacks(decoded);
        sluice_value_set_copy(map, sluice_text_of("binary"), decoded);
        sluice_value_free(decoded);
    }
    buffer_clear(&side->message);
}

static void add_close(struct side *side, const struct buffer *payload)
{
    char text[160];
    sluice_text reason = json_text_reason((sluice_text){payload->size > 2 ? (const char *)payload->data + 2 : "",
                                                        payload->size > 2 ? payload->size - 2 : 0});
    if (payload->size < 2)
        snprintf(text, sizeof text, "without a code");
    else
        snprintf(text, sizeof text, "%d %.*s", payload->data[0] << 8 | payload->data[1], (int)reason.size, reason.data);
    if (sluice_value_get(side->value, "close") == NULL)
        sluice_value_set_string(side->value, "close", text);
}

/* A frame of the server. */
static void add_frame(struct side *side, const struct raw_frame *frame)
{
    if (frame->opcode == FRAME_CLOSE) {
        add_close(side, &frame->payload);
    } else if (frame->opcode >= FRAME_CLOSE) {
        char text[160];
        bool ping = frame->opcode == FRAME_PING; /* its payload is chance */
        snprintf(text, sizeof text, "%s %.*s", ping ? "ping" : "pong", ping ? 0 : (int)frame->payload.size,
                 buffer_text(&frame->payload));
        sluice_value_append_text(part_of(side, "controls"), sluice_text_of(text));
    } else {
        if (frame->opcode != FRAME_CONTINUATION) {
            side->opcode = frame->opcode;
            side->rsv = frame->rsv;
        }
        buffer_append(&side->message, frame->payload.data, frame->payload.size);
        if (frame->fin)
            add_message(side);
    }
}

static void set_handshake(struct side *side, int status, const struct raw_answer *answer, const sluice_value *recorded)
{
    static const char *const names[] = {"sec-websocket-accept", "sec-websocket-extensions"};
    sluice_value *map = part_of(side, "handshake");
    sluice_value_set_number(map, "status", status);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sluice_text value = answer == NULL ? sluice_text_of("") : raw_answer_header(answer, names[i]);
        for (size_t j = 0; j < sluice_value_size(recorded); j++) {
            sluice_text name = sluice_value_string(sluice_value_at(sluice_value_at(recorded, j), 0));
            if (name.size == strlen(names[i]) && strncasecmp(name.data, names[i], name.size) == 0)
                value = sluice_value_string(sluice_value_at(sluice_value_at(recorded, j), 1));
        }
        if (value.size > 0)
            sluice_value_set_text(map, sluice_text_of(names[i]), value);
    }
}

/* ---- our side ---- */

static void take_frames(struct talk *talk)
{
    struct raw_frame frame;
    while (raw_websocket_take(&talk->socket, &talk->at, &frame)) {
        add_frame(&talk->ours, &frame);
        talk->frame_count++;
        talk->closed |= frame.opcode == FRAME_CLOSE;
        raw_frame_done(&frame);
    }
}

/* Until so many frames have come, the connection has ended, or nothing comes for so long. */
static void wait_for(struct talk *talk, size_t count, int timeout_ms)
{
    while (talk->frame_count < count && !talk->socket.ended) {
        if (!raw_socket_read(&talk->socket, timeout_ms) && !talk->socket.ended)
            return;
        take_frames(talk);
    }
}

static bool shake_hands(struct talk *talk, const sluice_value *recorded)
{
    sluice_text request = sluice_value_string(sluice_value_get(recorded, "handshake_request"));
    raw_socket_send(&talk->socket, request.data, request.size);
    struct raw_answer answer;
    size_t at = 0;
    bool whole = false;
    while (!whole) {
        bool came = raw_socket_read(&talk->socket, WAIT_MS);
        whole = raw_answer_take(&talk->socket.in, &at, talk->socket.ended, false, &answer);
        if (!whole && !came)
            return false;
    }
    set_handshake(&talk->ours, answer.status, &answer, NULL);
    bool open = answer.status == 101;
    raw_answer_done(&answer);
    talk->at = at;
    take_frames(talk);
    return open;
}

/* The request that was too long to be kept: one document with a long text, to /empty. */
static void make_big_request(struct buffer *out)
{
    static const uint8_t header[] = "\x0a\x2a\x0a\x20" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "\x1a\x06" "/empty";
    buffer_append(out, header, sizeof header - 1);
    size_t text = BIG_BYTES, document = 3 + 6 + text, docs = 6 + document, data = 6 + docs;
    const size_t lengths[] = {data, docs, document, text};
    const uint8_t tags[] = {0x22, 0x0A, 0x0A, 0x22};
    for (int i = 0; i < 4; i++) {
        if (i == 3)
            buffer_append(out, "\x0A\x01" "a", 3);
        buffer_append_byte(out, tags[i]);
        for (int j = 0; j < 5; j++)
            buffer_append_byte(out, (uint8_t)((lengths[i] >> (7 * j) & 0x7F) | (j < 4 ? 0x80 : 0)));
    }
    uint8_t *at = buffer_reserve(out, text);
    if (at != NULL) {
        memset(at, 'y', text);
        out->size += text;
    }
}

static void send_frame(struct talk *talk, const sluice_value *recorded, bool masked)
{
    struct raw_frame frame = {.opcode = (int)sluice_value_integer(sluice_value_get(recorded, "opcode"), 0),
                              .rsv = (int)sluice_value_integer(sluice_value_get(recorded, "rsv"), 0),
                              .fin = sluice_value_bool(sluice_value_get(recorded, "fin"), true)};
    buffer_init(&frame.payload, BUFFER_NO_LIMIT);
    const sluice_value *raw = sluice_value_get(recorded, "raw_base64");
    if (raw != NULL) {
        raw_base64(sluice_value_string(raw), &frame.payload);
        raw_socket_send(&talk->socket, frame.payload.data, frame.payload.size);
    } else {
        if (sluice_value_get(recorded, "length") != NULL)
            make_big_request(&frame.payload);
        else
            raw_base64(sluice_value_string(sluice_value_get(recorded, "payload_base64")), &frame.payload);
        raw_websocket_send(&talk->socket, &frame, masked);
    }
    raw_frame_done(&frame);
}

static bool is_of_client(const sluice_value *frame)
{
    return sluice_text_is(sluice_value_string(sluice_value_get(frame, "dir")), "client");
}

/* A frame that only answers the server's close frame is sent when there was one. */
static bool is_answer(const sluice_value *frame)
{
    sluice_text note = sluice_value_string(sluice_value_get(frame, "note"));
    return memmem(note.data, note.size, "answer to the close", 19) != NULL;
}

static void play(struct talk *talk, const sluice_value *recorded, const char *name, sluice_flow *flow)
{
    const sluice_value *frames = sluice_value_get(recorded, "frames");
    bool masked = strcmp(name, "bytes_unmasked") != 0, shuts_down = strcmp(name, "shutdown") == 0;
    size_t expected = 0;
    double before_ms = 0;
    for (size_t i = 0; i < sluice_value_size(frames); i++) {
        const sluice_value *frame = sluice_value_at(frames, i);
        double ms = sluice_value_number(sluice_value_get(frame, "ms"), before_ms), gap = ms - before_ms;
        if (!is_of_client(frame)) {
            if (shuts_down && sluice_value_integer(sluice_value_get(frame, "opcode"), 0) == FRAME_CLOSE)
                kill(sluice_flow_pid(flow), SIGTERM);
            wait_for(talk, ++expected, talk->missed ? MISSED_MS : WAIT_MS + (int)gap);
            talk->missed = talk->frame_count < expected;
        } else if (!is_answer(frame) || talk->closed) {
            if (gap >= 40 && talk->frame_count == expected)
                wait_for(talk, expected + 1, gap < GAP_MAX_MS ? (int)gap : GAP_MAX_MS);
            send_frame(talk, frame, masked);
            talk->answered |= sluice_value_integer(sluice_value_get(frame, "opcode"), 0) == FRAME_CLOSE;
        }
        before_ms = ms;
    }
    if (sluice_text_is(sluice_value_string(sluice_value_get(recorded, "tcp")), "left open")) {
        wait_for(talk, SIZE_MAX, OPEN_MS);
        return;
    }
    while (!talk->closed && !talk->socket.ended && raw_socket_read(&talk->socket, END_MS))
        take_frames(talk);
    struct raw_frame answer = {.opcode = FRAME_CLOSE, .fin = true};
    buffer_init(&answer.payload, BUFFER_NO_LIMIT);
    if (talk->closed && !talk->answered)
        raw_websocket_send(&talk->socket, &answer, true);
    if (talk->closed)
        wait_for(talk, SIZE_MAX, WAIT_MS);
    raw_frame_done(&answer);
}

/* ---- the recorded side ---- */

static void read_recorded(const sluice_value *recorded, struct side *side)
{
    set_handshake(side, (int)sluice_value_integer(sluice_value_get(recorded, "handshake_status"), 0), NULL,
                  sluice_value_get(recorded, "handshake_headers"));
    const sluice_value *frames = sluice_value_get(recorded, "frames");
    for (size_t i = 0; i < sluice_value_size(frames); i++) {
        const sluice_value *one = sluice_value_at(frames, i);
        if (is_of_client(one))
            continue;
        if (sluice_value_get(one, "length") != NULL) {
            sluice_value_set_string(sluice_value_append_map(part_of(side, "messages")), "binary", "big");
            continue;
        }
        struct raw_frame frame = {.opcode = (int)sluice_value_integer(sluice_value_get(one, "opcode"), 0),
                                  .rsv = (int)sluice_value_integer(sluice_value_get(one, "rsv"), 0),
                                  .fin = sluice_value_bool(sluice_value_get(one, "fin"), true)};
        buffer_init(&frame.payload, BUFFER_NO_LIMIT);
        raw_base64(sluice_value_string(sluice_value_get(one, "payload_base64")), &frame.payload);
        add_frame(side, &frame);
        raw_frame_done(&frame);
    }
    bool open = sluice_text_is(sluice_value_string(sluice_value_get(recorded, "tcp")), "left open");
    sluice_value_set_string(side->value, "tcp", open ? "left open" : "closed by server");
}

/* Messages that were under way together come in any order: ours in the order of the recorded ones, where there are such. */
static void put_in_order(struct side *ours, const struct side *recorded)
{
    const sluice_value *wanted = part_of(recorded, "messages"), *got = part_of(ours, "messages");
    size_t count = sluice_value_size(got);
    if (count != sluice_value_size(wanted) || count > MESSAGES_MAX)
        return;
    bool used[MESSAGES_MAX] = {false};
    sluice_value *map = sluice_value_new_map(), *sorted = sluice_value_set_list(map, "messages");
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            if (used[j] || !sluice_value_equal(sluice_value_at(wanted, i), sluice_value_at(got, j)))
                continue;
            used[j] = true;
            sluice_value_append_copy(sorted, sluice_value_at(got, j));
            break;
        }
    if (sluice_value_size(sorted) == count)
        sluice_value_set_copy(ours->value, sluice_text_of("messages"), sorted);
    sluice_value_free(map);
}

static void run_case(const struct batch *batch, sluice_flow *flow, const sluice_value *one, const char *name,
                     char *difference, size_t capacity)
{
    (void)one; /* everything is in the case's file */
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/%s/%s.json", source_folder(), batch->folder, name);
    sluice_value *file = cases_read_json(path);
    bool dry_run = strstr(name, "dry_run") != NULL;
    struct talk talk = {.at = 0};
    struct side recorded;
    side_init(&talk.ours, dry_run);
    side_init(&recorded, dry_run);
    read_recorded(file, &recorded);
    raw_socket_open(&talk.socket, sluice_flow_port_of(flow, "websocket"));
    if (shake_hands(&talk, file))
        play(&talk, file, name, flow);
    else
        while (raw_socket_read(&talk.socket, WAIT_MS))
            ;
    sluice_value_set_string(talk.ours.value, "tcp", talk.socket.ended ? "closed by server" : "left open");
    put_in_order(&talk.ours, &recorded);
    compare_values(talk.ours.value, recorded.value, difference, capacity);
    raw_socket_close(&talk.socket);
    side_done(&talk.ours);
    side_done(&recorded);
    sluice_value_free(file);
}

static const struct batch flows[] = {
    {"websocket", "one",     FLOW("", WORKER),                     false, run_case},
    {"websocket", "plain",   FLOW("", WORKER SECOND),              true,  run_case}, /* has one that stops the Flow */
    {"websocket", "timeout", FLOW(", timeout_send: 400", WORKER),  true,  run_case},
    {"websocket", "kill",    FLOW("", WORKER),                     true,  run_case},
};

void cases_run_websocket(struct tally *tally, const char *only)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/websocket/index.json", source_folder());
    sluice_value *file = cases_read_json(path);
    const sluice_value *cases = sluice_value_get(file, "cases");
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        batch_run(&flows[i], cases, only, tally);
    if (only == NULL)
        batch_all_counted("websocket", cases, tally);
    sluice_value_free(file);
}
