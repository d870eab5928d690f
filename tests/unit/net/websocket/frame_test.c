/*
 * RFC 6455, section 5, as the reader judges it: a table of bytes and what must be seen in them, read at once, byte by byte
 * and in pieces between. A row holds for frames of clients (masked here), of servers (as they are), or both.
 */
#include "common/foundation/buffer.h"
#include "common/net/websocket/frame.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 0x80, RSV1 = 0x40, RSV2 = 0x20, RSV3 = 0x10, FRAMES_MAX = 6, LARGE = 70000 };
enum { PLAIN = 0, DEFLATE = 1 }; /* was permessage-deflate agreed on? */

static const uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};

struct frame {
    int first;
    const char *payload;
    size_t size;
    int form; /* 0: the shortest; 16, 64: bits of the length */
};

#define F(first, text)             {first, text, sizeof text - 1, 0}
#define FORM(first, text, form)    {first, text, sizeof text - 1, form}
#define SIZED(first, size, form)   {first, NULL, size, form}

struct row {
    const char *name;
    int extension;
    struct frame frames[FRAMES_MAX];
    const char *seen;  /* the events in words; see describe() */
    int fault;         /* then: the close code for a rule that is broken, or 0 */
    const char *words; /* of the sentence that says which */
};

#define X25  "xxxxxxxxxxxxxxxxxxxxxxxxx"
#define X125 X25 X25 X25 X25 X25
#define TEXT WEBSOCKET_TEXT
#define BINARY WEBSOCKET_BINARY
#define MORE WEBSOCKET_CONTINUATION
#define CLOSE WEBSOCKET_CLOSE
#define PING WEBSOCKET_PING
#define PONG WEBSOCKET_PONG

static const struct row rows[] = {
    {"a message", PLAIN, {F(FIN | BINARY, "abc")}, "2:abc ", 0, NULL},
    {"a text", PLAIN, {F(FIN | TEXT, "abc")}, "1:abc ", 0, NULL},
    {"nothing", PLAIN, {F(FIN | BINARY, "")}, "2: ", 0, NULL},
    {"fragments", PLAIN, {F(TEXT, "a"), F(MORE, "b"), F(FIN | MORE, "c")}, "1:abc ", 0, NULL},
    {"empty fragments", PLAIN, {F(BINARY, ""), F(MORE, ""), F(FIN | MORE, "")}, "2: ", 0, NULL},
    {"a ping between", PLAIN, {F(BINARY, "a"), F(FIN | PING, "p"), F(FIN | MORE, "c")}, "ping:p 2:ac ", 0, NULL},
    {"a pong of 125 bytes", PLAIN, {F(FIN | PONG, X125)}, "pong:" X125 " ", 0, NULL},
    {"125 bytes", PLAIN, {SIZED(FIN | BINARY, 125, 0)}, "2:[125] ", 0, NULL},
    {"126 bytes", PLAIN, {SIZED(FIN | BINARY, 126, 0)}, "2:[126] ", 0, NULL},
    {"65535 bytes", PLAIN, {SIZED(FIN | BINARY, 65535, 0)}, "2:[65535] ", 0, NULL},
    {"65536 bytes", PLAIN, {SIZED(FIN | BINARY, 65536, 0)}, "2:[65536] ", 0, NULL},
    {"a close", PLAIN, {F(FIN | CLOSE, "\x03\xE8 bye")}, "close 1000: bye ", 0, NULL},
    {"a close without a code", PLAIN, {F(FIN | CLOSE, "")}, "close 1005: ", 0, NULL},
    {"a reason in UTF-8", PLAIN, {F(FIN | CLOSE, "\x0F\xA0\xE2\x9C\x93")}, "close 4000:\xE2\x9C\x93 ", 0, NULL},
    {"a character in two fragments", PLAIN, {F(TEXT, "\xE2"), F(FIN | MORE, "\x9C\x93")}, "1:\xE2\x9C\x93 ", 0, NULL},

    {"125 bytes in 16 bits", PLAIN, {SIZED(FIN | BINARY, 125, 16)}, "", 1002, "shortest"},
    {"0 bytes in 16 bits", PLAIN, {FORM(FIN | BINARY, "", 16)}, "", 1002, "shortest"},
    {"65535 bytes in 64 bits", PLAIN, {SIZED(FIN | BINARY, 65535, 64)}, "", 1002, "shortest"},
    {"1 byte in 64 bits", PLAIN, {FORM(FIN | BINARY, "x", 64)}, "", 1002, "shortest"},
    {"reserved bit 1", PLAIN, {F(FIN | RSV1 | BINARY, "x")}, "", 1002, "no extension"},
    {"reserved bit 2", PLAIN, {F(FIN | RSV2 | BINARY, "x")}, "", 1002, "no extension"},
    {"reserved bit 3", PLAIN, {F(FIN | RSV3 | BINARY, "x")}, "", 1002, "no extension"},
    {"a reserved bit of a continuation", PLAIN, {F(BINARY, "x"), F(FIN | RSV1 | MORE, "x")}, "", 1002, "no extension"},
    {"a reserved bit of a ping", PLAIN, {F(FIN | RSV1 | PING, "x")}, "", 1002, "no extension"},
    {"opcode 3", PLAIN, {F(FIN | 3, "x")}, "", 1002, "opcode"},
    {"opcode 7", PLAIN, {F(FIN | 7, "x")}, "", 1002, "opcode"},
    {"opcode 11", PLAIN, {F(FIN | 11, "x")}, "", 1002, "opcode"},
    {"opcode 15", PLAIN, {F(FIN | 15, "x")}, "", 1002, "opcode"},
    {"a continuation of nothing", PLAIN, {F(FIN | MORE, "x")}, "", 1002, "no message"},
    {"a continuation after the last", PLAIN, {F(FIN | BINARY, "x"), F(MORE, "x")}, "2:x ", 1002, "no message"},
    {"a message within another", PLAIN, {F(BINARY, "x"), F(FIN | TEXT, "x")}, "", 1002, "within"},
    {"a ping in fragments", PLAIN, {F(PING, "x")}, "", 1002, "in fragments"},
    {"a close in fragments", PLAIN, {F(CLOSE, "\x03\xE8")}, "", 1002, "in fragments"},
    {"a ping of 126 bytes", PLAIN, {SIZED(FIN | PING, 126, 0)}, "", 1002, "125"},
    {"a ping of 64 bits", PLAIN, {FORM(FIN | PING, "x", 64)}, "", 1002, "125"},
    {"half a code", PLAIN, {F(FIN | CLOSE, "\x03")}, "", 1002, "half"},
    {"code 999", PLAIN, {F(FIN | CLOSE, "\x03\xE7")}, "", 1002, "must not be sent"},
    {"code 1004", PLAIN, {F(FIN | CLOSE, "\x03\xEC")}, "", 1002, "must not be sent"},
    {"code 1005", PLAIN, {F(FIN | CLOSE, "\x03\xED")}, "", 1002, "must not be sent"},
    {"code 1006", PLAIN, {F(FIN | CLOSE, "\x03\xEE")}, "", 1002, "must not be sent"},
    {"code 1015", PLAIN, {F(FIN | CLOSE, "\x03\xF7")}, "", 1002, "must not be sent"},
    {"code 1016", PLAIN, {F(FIN | CLOSE, "\x03\xF8")}, "", 1002, "must not be sent"},
    {"code 2999", PLAIN, {F(FIN | CLOSE, "\x0B\xB7")}, "", 1002, "must not be sent"},
    {"code 5000", PLAIN, {F(FIN | CLOSE, "\x13\x88")}, "", 1002, "must not be sent"},
    {"code 1014", PLAIN, {F(FIN | CLOSE, "\x03\xF6")}, "close 1014: ", 0, NULL},
    {"code 3000", PLAIN, {F(FIN | CLOSE, "\x0B\xB8")}, "close 3000: ", 0, NULL},
    {"a reason that is not UTF-8", PLAIN, {F(FIN | CLOSE, "\x03\xE8\xFF")}, "", 1007, "reason"},
    {"a reason cut within a character", PLAIN, {F(FIN | CLOSE, "\x03\xE8\xE2\x9C")}, "", 1007, "reason"},
    {"a text that is not UTF-8", PLAIN, {F(FIN | TEXT, "a\xFF")}, "", 1007, "not UTF-8"},
    {"a text that ends within a character", PLAIN, {F(FIN | TEXT, "a\xE2\x9C")}, "", 1007, "not UTF-8"},
    {"a fault in the second fragment", PLAIN, {F(TEXT, "\xE2"), F(FIN | MORE, "\x28\xA1")}, "", 1007, "not UTF-8"},
    {"a text's fault before its end", PLAIN, {F(TEXT, "\xED"), F(MORE, "\xA0")}, "", 1007, "not UTF-8"},
    {"bytes need not be UTF-8", PLAIN, {F(FIN | BINARY, "\xFF\xFE")}, "2:\xFF\xFE ", 0, NULL},

    {"compressed", DEFLATE, {F(FIN | RSV1 | BINARY, "\xF2\x48\xCD\xC9\xC9\x07\x00")}, "2:Hello ", 0, NULL},
    {"compressed fragments", DEFLATE, {F(RSV1 | TEXT, "\xF2\x48\xCD"), F(MORE, ""), F(FIN | MORE, "\xC9\xC9\x07\x00")}, "1:Hello ", 0, NULL},
    {"compressed, a ping between", DEFLATE, {F(RSV1 | TEXT, "\xF2\x48\xCD"), F(FIN | PING, "p"), F(FIN | MORE, "\xC9\xC9\x07\x00")}, "ping:p 1:Hello ", 0, NULL},
    {"compressed twice", DEFLATE, {F(FIN | RSV1 | BINARY, "\xF2\x48\xCD\xC9\xC9\x07\x00"), F(FIN | RSV1 | BINARY, "\xF2\x00\x11\x00\x00")}, "2:Hello 2:Hello ", 0, NULL},
    {"compressed to nothing", DEFLATE, {F(FIN | RSV1 | BINARY, "\x00")}, "2: ", 0, NULL},
    {"compressed, then an empty last fragment", DEFLATE, {F(RSV1 | TEXT, "\xF2\x48\xCD\xC9\xC9\x07\x00"), F(FIN | MORE, "")}, "1:Hello ", 0, NULL},
    {"a plain message among them", DEFLATE, {F(FIN | BINARY, "abc")}, "2:abc ", 0, NULL},
    {"a compressed ping", DEFLATE, {F(FIN | RSV1 | PING, "x")}, "", 1002, "marked as compressed"},
    {"a compressed close", DEFLATE, {F(FIN | RSV1 | CLOSE, "\x03\xE8")}, "", 1002, "marked as compressed"},
    {"a continuation marked as compressed", DEFLATE, {F(RSV1 | BINARY, "\xF2"), F(FIN | RSV1 | MORE, "x")}, "", 1002, "marked as compressed"},
    {"the same of a plain message", DEFLATE, {F(BINARY, "x"), F(FIN | RSV1 | MORE, "x")}, "", 1002, "marked as compressed"},
    {"another reserved bit", DEFLATE, {F(FIN | RSV2 | BINARY, "x")}, "", 1002, "no extension uses"},
    {"both bits", DEFLATE, {F(FIN | RSV1 | RSV3 | BINARY, "x")}, "", 1002, "no extension uses"},
    {"damage", DEFLATE, {F(FIN | RSV1 | BINARY, "\xFF\xFF\xFF")}, "", 1002, "damaged"},
    {"cut off", DEFLATE, {F(FIN | RSV1 | BINARY, "\xF2\x48\xCD")}, "", 1002, "damaged"},
    {"a compressed text that is not UTF-8", DEFLATE, {F(FIN | RSV1 | TEXT, "\x00\x02\x00\xFD\xFF\xC3\x28\x00")}, "", 1007, "not UTF-8"},
};

/* ---- the bytes of a row ---- */

static void put_size(struct buffer *bytes, size_t size, int form, int masked)
{
    if (form == 0)
        form = size < 126 ? 7 : size < 65536 ? 16 : 64;
    buffer_append_byte(bytes, (uint8_t)(masked | (form == 7 ? (int)size : form == 16 ? 126 : 127)));
    for (int bits = form == 7 ? 0 : form; bits > 0; bits -= 8)
        buffer_append_byte(bytes, (uint8_t)((uint64_t)size >> (bits - 8)));
}

static void put_frame(struct buffer *bytes, const struct frame *frame, enum websocket_sender sender)
{
    bool masked = sender == WEBSOCKET_FROM_CLIENT;
    buffer_append_byte(bytes, (uint8_t)frame->first);
    put_size(bytes, frame->size, frame->form, masked ? 0x80 : 0);
    if (masked)
        buffer_append(bytes, mask, sizeof mask);
    for (size_t i = 0; i < frame->size; i++)
        buffer_append_byte(bytes, (uint8_t)((frame->payload != NULL ? frame->payload[i] : 'x') ^ (masked ? mask[i & 3] : 0)));
}

/* ---- what is seen ---- */

static void note_message(struct buffer *seen, int opcode, const struct buffer *message)
{
    if (message->size > 100)
        buffer_printf(seen, "%d:[%zu] ", opcode, message->size);
    else
        buffer_printf(seen, "%d:%.*s ", opcode, (int)message->size, buffer_text(message));
}

/* The words of one event; false: it is the last. */
static bool describe(struct buffer *seen, enum websocket_event event, const struct websocket_seen *what, struct buffer *message)
{
    int size = (int)what->size;
    const char *data = (const char *)what->data;
    switch (event) {
    case WEBSOCKET_PIECE:
        buffer_append(message, what->data, what->size);
        if (what->last) {
            note_message(seen, what->opcode, message);
            buffer_clear(message);
        }
        return true;
    case WEBSOCKET_PINGED: buffer_printf(seen, "ping:%.*s ", size, data); return true;
    case WEBSOCKET_PONGED: buffer_printf(seen, "pong:%.*s ", size, data); return true;
    case WEBSOCKET_CLOSED: buffer_printf(seen, "close %d:%.*s ", what->code, size, data); return false;
    default: buffer_printf(seen, "%d %s", what->code, what->text); return false;
    }
}

/* Reads the bytes in pieces. */
static void read_all(const struct buffer *bytes, size_t piece, enum websocket_sender sender, int extension, struct buffer *seen)
{
    static uint8_t room[WEBSOCKET_INFLATE_ROOM];
    struct websocket_reader reader;
    struct websocket_inflater *inflater = extension == DEFLATE ? websocket_inflater_new(false) : NULL;
    struct websocket_seen what;
    struct buffer message;
    bool going = true;
    buffer_init(&message, BUFFER_NO_LIMIT);
    websocket_reader_init(&reader, sender, inflater, room);
    for (size_t begin = 0; begin < bytes->size && going; begin += piece) {
        size_t size = bytes->size - begin < piece ? bytes->size - begin : piece;
        uint8_t *copy = malloc(size), *at = copy;
        enum websocket_event event;
        memcpy(copy, bytes->data + begin, size);
        while (going && (event = websocket_read(&reader, &at, copy + size, &what)) != WEBSOCKET_MORE)
            going = describe(seen, event, &what, &message);
        if (going)
            ck_assert_ptr_eq(at, copy + size);
        free(copy);
    }
    websocket_inflater_free(inflater);
    buffer_done(&message);
}

static void check_row(const struct row *row, enum websocket_sender sender)
{
    static const size_t pieces[] = {1, 2, 3, 7, 100, 100000};
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < FRAMES_MAX && (row->frames[i].first != 0 || i == 0 || row->frames[i].payload != NULL); i++)
        put_frame(&bytes, &row->frames[i], sender);
    for (size_t i = bytes.size < 1000 ? 0 : 3; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct buffer seen;
        buffer_init(&seen, BUFFER_NO_LIMIT);
        read_all(&bytes, pieces[i], sender, row->extension, &seen);
        const char *text = buffer_text(&seen), *end = text + strlen(row->seen);
        if (row->fault == 0)
            ck_assert_msg(strcmp(text, row->seen) == 0, "%s in pieces of %zu: %s", row->name, pieces[i], text);
        else
            ck_assert_msg(strncmp(text, row->seen, strlen(row->seen)) == 0 && atoi(end) == row->fault &&
                              strstr(end, row->words) != NULL,
                          "%s in pieces of %zu: %s", row->name, pieces[i], text);
        buffer_done(&seen);
    }
    buffer_done(&bytes);
}

START_TEST(rows_of_clients)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i], WEBSOCKET_FROM_CLIENT);
}
END_TEST

START_TEST(rows_of_servers)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&rows[i], WEBSOCKET_FROM_SERVER);
}
END_TEST

/* The same frames from the wrong side. */
START_TEST(masks_are_demanded_and_forbidden)
{
    static const struct frame frames[] = {F(FIN | BINARY, "abc"), F(FIN | PING, "p"), F(FIN | CLOSE, "\x03\xE8"), F(FIN | TEXT, "")};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        for (int other = 0; other < 2; other++) {
            struct buffer bytes, seen;
            buffer_init(&bytes, 1000);
            buffer_init(&seen, 1000);
            put_frame(&bytes, &frames[i], other == 0 ? WEBSOCKET_FROM_CLIENT : WEBSOCKET_FROM_SERVER);
            read_all(&bytes, 1, other == 0 ? WEBSOCKET_FROM_SERVER : WEBSOCKET_FROM_CLIENT, PLAIN, &seen);
            ck_assert_msg(strncmp(buffer_text(&seen), "1002 ", 5) == 0 && strstr(buffer_text(&seen), "masked") != NULL, "%s",
                          buffer_text(&seen));
            buffer_done(&bytes);
            buffer_done(&seen);
        }
}
END_TEST

START_TEST(a_length_is_known_with_its_head)
{
    uint8_t large[] = {0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
    uint8_t too_large[] = {0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0};
    struct websocket_reader reader;
    struct websocket_seen seen;
    uint8_t *at = large;
    websocket_reader_init(&reader, WEBSOCKET_FROM_CLIENT, NULL, NULL);
    ck_assert_int_eq(websocket_read(&reader, &at, large + sizeof large, &seen), WEBSOCKET_MORE);
    ck_assert_uint_eq(websocket_announced(&reader), (uint64_t)INT64_MAX);
    at = too_large; /* the mask need not have come */
    websocket_reader_init(&reader, WEBSOCKET_FROM_CLIENT, NULL, NULL);
    ck_assert_int_eq(websocket_read(&reader, &at, too_large + sizeof too_large, &seen), WEBSOCKET_BROKEN);
    ck_assert_int_eq(seen.code, CLOSE_PROTOCOL_ERROR);
}
END_TEST

/* What is written is what is read, by the other side. */
START_TEST(heads_are_written)
{
    static const uint64_t sizes[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int masked = 0; masked < 2; masked++) {
            uint8_t head[WEBSOCKET_HEAD_MAX];
            uint8_t *at = head;
            struct websocket_reader reader;
            struct websocket_seen seen;
            size_t size = websocket_write_head(head, WEBSOCKET_BINARY, true, false, sizes[i], masked ? mask : NULL);
            websocket_reader_init(&reader, masked ? WEBSOCKET_FROM_CLIENT : WEBSOCKET_FROM_SERVER, NULL, NULL);
            enum websocket_event event = websocket_read(&reader, &at, head + size, &seen);
            ck_assert_int_eq(event, sizes[i] == 0 ? WEBSOCKET_PIECE : WEBSOCKET_MORE);
            ck_assert_uint_eq(websocket_announced(&reader), sizes[i]);
            ck_assert_ptr_eq(at, head + size);
        }
}
END_TEST

START_TEST(masks_go_on_in_the_middle)
{
    uint8_t from[LARGE / 1000], whole[sizeof from], parts[sizeof from];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i * 7);
    websocket_mask(whole, from, sizeof from, 0, mask);
    for (size_t i = 0; i < sizeof from; i++)
        ck_assert_uint_eq(whole[i], from[i] ^ mask[i & 3]);
    for (size_t cut = 0; cut <= sizeof from; cut++) {
        websocket_mask(parts, from, cut, 0, mask);
        websocket_mask(parts + cut, from + cut, sizeof from - cut, cut, mask);
        ck_assert_mem_eq(parts, whole, sizeof whole);
    }
}
END_TEST

SUITE_MAIN("net.websocket.frame", rows_of_clients, rows_of_servers, masks_are_demanded_and_forbidden,
           a_length_is_known_with_its_head, heads_are_written, masks_go_on_in_the_middle)
