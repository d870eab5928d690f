/* permessage-deflate: what is agreed on, the examples of RFC 7692, and messages of all kinds there and back. */
#include "common/net/websocket/deflate.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- the handshake ---- */

#define NOT_AGREED "no"
#define MALFORMED  "malformed"

static const struct {
    const char *offers, *answer;
} offers[] = {
    {"permessage-deflate", "permessage-deflate"},
    {"PerMessage-Deflate", "permessage-deflate"},
    {"permessage-deflate; client_max_window_bits", "permessage-deflate"},
    {"permessage-deflate; client_max_window_bits=8", "permessage-deflate"},
    {"permessage-deflate;client_max_window_bits=\"15\"", "permessage-deflate"},
    {"permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"},
    {"permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"},
    {"permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"},
    {"permessage-deflate; server_max_window_bits = \"9\"", "permessage-deflate; server_max_window_bits=9"},
    {"permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"},
    {"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10",
     "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"},
    /* The first that can be kept. */
    {"permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate"},
    {"x-webkit-deflate-frame, permessage-deflate; client_no_context_takeover",
     "permessage-deflate; client_no_context_takeover"},
    {"permessage-deflate; server_max_window_bits=12, permessage-deflate", "permessage-deflate; server_max_window_bits=12"},
    {" , permessage-deflate ,, foo;bar=1", "permessage-deflate"},
    /* What cannot be kept, or is wrong in itself, is declined. */
    {"", NOT_AGREED},
    {"foo", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=8", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=7", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=16", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=010", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=10x", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=10000000000000000000000", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits", NOT_AGREED},
    {"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", NOT_AGREED},
    {"permessage-deflate; client_max_window_bits=7", NOT_AGREED},
    {"permessage-deflate; client_max_window_bits; client_max_window_bits", NOT_AGREED},
    {"permessage-deflate; server_no_context_takeover=1", NOT_AGREED},
    {"permessage-deflate; client_no_context_takeover; client_no_context_takeover", NOT_AGREED},
    {"permessage-deflate; something_else", NOT_AGREED},
    /* No list of extensions. */
    {"permessage-deflate;", MALFORMED},
    {"permessage-deflate; =1", MALFORMED},
    {"permessage-deflate; a=", MALFORMED},
    {"permessage-deflate; a=\"1", MALFORMED},
    {"permessage-deflate a", MALFORMED},
    {"permessage-deflate, \"x\"", MALFORMED},
    {"@", MALFORMED},
};

START_TEST(offers_are_answered)
{
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
        struct deflate_terms terms;
        struct buffer answer;
        buffer_init(&answer, 1000);
        if (!deflate_choose(offers[i].offers, &terms))
            buffer_append_text(&answer, MALFORMED);
        else if (!terms.agreed)
            buffer_append_text(&answer, NOT_AGREED);
        else
            deflate_append_answer(&terms, &answer);
        ck_assert_msg(strcmp(buffer_text(&answer), offers[i].answer) == 0, "%s: %s", offers[i].offers, buffer_text(&answer));
        buffer_done(&answer);
    }
}
END_TEST

/* ---- reading ---- */

/* A message in pieces of `piece` bytes into a room of `room_size`. */
static enum inflate_result inflate_all(struct websocket_inflater *inflater, const uint8_t *data, size_t size, size_t piece,
                                       size_t room_size, struct buffer *out)
{
    enum inflate_result result = INFLATE_GOING;
    uint8_t *room = malloc(room_size), *copy = malloc(size + 1);
    size_t made;
    memcpy(copy, data, size);
    uint8_t *at = copy;
    while (at < copy + size && result == INFLATE_GOING) {
        const uint8_t *end = (size_t)(copy + size - at) < piece ? copy + size : at + piece;
        result = websocket_inflate(inflater, &at, end, room, room_size, &made);
        buffer_append(out, room, made);
    }
    while (result == INFLATE_GOING) {
        result = websocket_inflate_end(inflater, room, room_size, &made);
        buffer_append(out, room, made);
    }
    free(room);
    free(copy);
    return result;
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static void check_inflated(struct websocket_inflater *inflater, const uint8_t *data, size_t size, const char *text)
{
    struct buffer out;
    buffer_init(&out, 1000);
    ck_assert_int_eq(inflate_all(inflater, data, size, 1, 2, &out), INFLATE_DONE);
    ck_assert_str_eq(buffer_text(&out), text);
    buffer_done(&out);
}

/* RFC 7692, 7.2.3. */
START_TEST(the_rfcs_examples_are_read)
{
    struct websocket_inflater *inflater = websocket_inflater_new(false);
    check_inflated(inflater, BYTES("\xF2\x48\xCD\xC9\xC9\x07\x00"), "Hello");
    check_inflated(inflater, BYTES("\xF2\x00\x11\x00\x00"), "Hello"); /* out of the window */
    check_inflated(inflater, BYTES("\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00"), "Hello"); /* not compressed */
    check_inflated(inflater, BYTES("\xF3\x48\xCD\xC9\xC9\x07\x00\x00"), "Hello"); /* a final block */
    check_inflated(inflater, BYTES("\xF2\x00\x11\x00\x00"), "Hello"); /* the window goes on behind it */
    check_inflated(inflater, BYTES("\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00"), "Hello"); /* two blocks */
    check_inflated(inflater, BYTES("\x00"), "");
    websocket_inflater_free(inflater);
}
END_TEST

START_TEST(each_message_may_stand_for_itself)
{
    struct websocket_inflater *inflater = websocket_inflater_new(true);
    struct buffer out;
    buffer_init(&out, 1000);
    check_inflated(inflater, BYTES("\xF2\x48\xCD\xC9\xC9\x07\x00"), "Hello");
    check_inflated(inflater, BYTES("\xF2\x48\xCD\xC9\xC9\x07\x00"), "Hello");
    ck_assert_int_eq(inflate_all(inflater, BYTES("\xF2\x00\x11\x00\x00"), 9, 9, &out), INFLATE_BROKEN);
    buffer_done(&out);
    websocket_inflater_free(inflater);
}
END_TEST

START_TEST(damage_is_found)
{
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = {
        {"\xFF\xFF\xFF", 3},
        {"\xF2\x48\xCD\xC9", 4}, /* cut off */
        {"\x00\x09\x00\xF6\xFF\x48", 6},
        {"\x00\x05\x00\x00\x00\x48\x65\x6C\x6C\x6F", 10},
        {"\xF2\x00\x11\x00\x00", 5}, /* of a window that is empty */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct websocket_inflater *inflater = websocket_inflater_new(false);
        struct buffer out;
        buffer_init(&out, 1000);
        ck_assert_msg(inflate_all(inflater, (const uint8_t *)rows[i].bytes, rows[i].size, 1, 100, &out) == INFLATE_BROKEN,
                      "row %zu", i);
        buffer_done(&out);
        websocket_inflater_free(inflater);
    }
}
END_TEST

/* ---- there and back ---- */

/* `input_max` bytes at a time into frames of `room_size`. */
static void deflate_all(struct websocket_deflater *deflater, const uint8_t *data, size_t size, size_t input_max,
                        size_t room_size, struct buffer *out)
{
    const uint8_t *at = data, *end = data + size;
    uint8_t *room = malloc(room_size);
    bool done = false;
    while (!done) {
        size_t made;
        const uint8_t *part_end = (size_t)(end - at) < input_max ? end : at + input_max;
        ck_assert_int_eq(websocket_deflate(deflater, &at, part_end, part_end == end, room, room_size, &made, &done), SLUICE_OK);
        ck_assert_uint_le(made, room_size);
        buffer_append(out, room, made);
    }
    ck_assert_ptr_eq(at, end);
    free(room);
}

static void check_round(struct websocket_deflater *deflater, struct websocket_inflater *inflater, const uint8_t *data,
                        size_t size, size_t room_size)
{
    struct buffer packed, back;
    buffer_init(&packed, BUFFER_NO_LIMIT);
    buffer_init(&back, BUFFER_NO_LIMIT);
    deflate_all(deflater, data, size, 5000, room_size, &packed);
    ck_assert_int_eq(inflate_all(inflater, packed.data, packed.size, 777, 1000, &back), INFLATE_DONE);
    ck_assert_uint_eq(back.size, size);
    ck_assert_mem_eq(back.data, data, size);
    buffer_done(&packed);
    buffer_done(&back);
}

START_TEST(messages_come_back)
{
    static uint8_t noise[100000], text[100000];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        random = random * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(random >> 24);
        text[i] = (uint8_t)"the quick brown fox"[i % 19];
    }
    for (unsigned bits = 9; bits <= 15; bits += 3)
        for (int takeover = 0; takeover < 2; takeover++) {
            struct websocket_deflater *deflater = websocket_deflater_new(bits, takeover == 0);
            struct websocket_inflater *inflater = websocket_inflater_new(takeover == 0);
            for (size_t room = DEFLATE_ROOM_MIN; room < 70000; room = room * 3 + 1) {
                for (size_t size = 1; size < 40; size++)
                    check_round(deflater, inflater, noise, size, room);
                check_round(deflater, inflater, noise, sizeof noise, room);
                check_round(deflater, inflater, text, sizeof text, room);
            }
            websocket_deflater_free(deflater);
            websocket_inflater_free(inflater);
        }
}
END_TEST

/* Whatever room is left when the flush ends: its end is never sent, and nothing else is lost. */
START_TEST(the_end_of_a_flush_may_fall_anywhere)
{
    static uint8_t noise[400];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * i * 31 + i * 7);
    for (size_t size = 1; size < sizeof noise; size++) {
        struct websocket_deflater *deflater = websocket_deflater_new(15, false);
        struct websocket_inflater *inflater = websocket_inflater_new(false);
        check_round(deflater, inflater, noise, size, DEFLATE_ROOM_MIN);
        check_round(deflater, inflater, noise, size, DEFLATE_ROOM_MIN + 1);
        websocket_deflater_free(deflater);
        websocket_inflater_free(inflater);
    }
}
END_TEST

SUITE_MAIN("net.websocket.deflate", offers_are_answered, the_rfcs_examples_are_read, each_message_may_stand_for_itself,
           damage_is_found, messages_come_back, the_end_of_a_flush_may_fall_anywhere)
