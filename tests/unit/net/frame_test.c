/* Frames through a socket: whole, in their order, and cut anywhere. */
#include "common/net/frame.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static struct frame_writer *writer;
static struct frame_reader *reader;
static int ends[2];

static void set_up(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    writer = frame_writer_new();
    reader = frame_reader_new((uint64_t)1 << 32);
    ck_assert_ptr_nonnull(writer);
    ck_assert_ptr_nonnull(reader);
}

static void tear_down(void)
{
    frame_writer_free(writer);
    frame_reader_free(reader);
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
}

/* Bytes that tell where they belong: a message's begin at a place of its own in a row of a prime length. They are copied and
 * compared by the row, because byte by byte the large messages would take half a minute. */
enum { PATTERN_BYTES = 65521 };

static const uint8_t *pattern_row(void)
{
    static uint8_t row[PATTERN_BYTES];
    if (row[1] == 0)
        for (size_t i = 0; i < PATTERN_BYTES; i++)
            row[i] = (uint8_t)(i * 7 + i / 251);
    return row;
}

/* The longest piece of pattern that begins at `offset` of message `id`, at most `left` bytes. */
static const uint8_t *pattern(uint64_t id, size_t offset, size_t left, size_t *ret_size)
{
    size_t at = (size_t)(id * 31 + offset) % PATTERN_BYTES;
    *ret_size = left < PATTERN_BYTES - at ? left : PATTERN_BYTES - at;
    return pattern_row() + at;
}

static void fill(uint8_t *data, size_t size, uint64_t id)
{
    for (size_t done = 0, piece; done < size; done += piece) {
        const uint8_t *bytes = pattern(id, done, size - done, &piece);
        memcpy(data + done, bytes, piece);
    }
}

static void check(const uint8_t *data, size_t size, uint64_t id, size_t offset)
{
    for (size_t done = 0, piece; done < size; done += piece) {
        const uint8_t *bytes = pattern(id, offset + done, size - done, &piece);
        if (memcmp(data + done, bytes, piece) != 0)
            ck_abort_msg("the bytes of %lu differ behind %zu", (unsigned long)id, offset + done);
    }
}

static void add(uint64_t id, size_t meta_size, size_t body_size, enum frame_type type, bool overtake)
{
    uint8_t *meta = malloc(meta_size + 1);
    fill(meta, meta_size, id + 1000);
    struct rope body;
    rope_init(&body);
    struct block *block = block_new(body_size);
    ck_assert_ptr_nonnull(block);
    fill(block->data, body_size, id);
    size_t half = body_size / 3;
    ck_assert_int_eq(rope_append(&body, block, block->data, half), SLUICE_OK);
    ck_assert_int_eq(rope_append(&body, block, block->data + half, body_size - half), SLUICE_OK);
    block_unref(block);
    struct iovec parts[2] = {{meta, meta_size / 2}, {meta + meta_size / 2, meta_size - meta_size / 2}};
    ck_assert_int_eq(frame_writer_add(writer, type, FRAME_HAS_DATA, id, parts, 2, &body, overtake), SLUICE_OK);
    rope_done(&body);
    free(meta);
}

static void check_message(const struct frame_message *message, uint64_t id, size_t meta_size, size_t body_size)
{
    ck_assert_uint_eq(message->id, id);
    ck_assert_uint_eq(message->flags, FRAME_HAS_DATA);
    ck_assert_uint_eq(message->meta_size, meta_size);
    ck_assert_uint_eq(message->body.size, body_size);
    check(message->meta, meta_size, id + 1000, 0);
    size_t offset = 0;
    for (size_t i = 0; i < message->body.count; i++) {
        check(message->body.slices[i].data, message->body.slices[i].size, id, offset);
        offset += message->body.slices[i].size;
    }
    ck_assert_uint_eq(offset, body_size);
}

/* Flush and read in turn until a message is there. */
static void receive(struct frame_message *message)
{
    for (;;) {
        sluice_status status;
        if (frame_reader_next(reader, message, &status))
            return;
        ck_assert_int_eq(status, SLUICE_OK);
        ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_OK);
        size_t bytes;
        bool again;
        ck_assert_int_eq(frame_reader_fill(reader, ends[1], &bytes, &again), SLUICE_OK);
        ck_assert(bytes > 0 || again);
        ck_assert(!(again && frame_writer_empty(writer)));
    }
}

static void receive_and_check(uint64_t id, size_t meta_size, size_t body_size)
{
    struct frame_message message;
    receive(&message);
    check_message(&message, id, meta_size, body_size);
    frame_message_done(&message);
}

static const size_t sizes[] = {0,         1,         100,         32 * 1024,   64 * 1024 - 40, 64 * 1024 - 32, 64 * 1024 - 31,
                               64 * 1024, 65 * 1024, 100 * 1024,  256 * 1024,  300 * 1024,     MIB - 1,        MIB,
                               MIB + 1,   2 * MIB,   5 * MIB + 3, 12 * MIB + 1};
enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

START_TEST(a_message_of_any_size_arrives_as_it_was)
{
    add(7, 50, sizes[_i], FRAME_REQUEST, false);
    receive_and_check(7, 50, sizes[_i]);
    ck_assert(frame_writer_empty(writer));
    ck_assert_uint_eq(frame_writer_queued(writer), 0);
}
END_TEST

START_TEST(a_meta_of_any_size_arrives_as_it_was)
{
    add(7, sizes[_i], 0, FRAME_ANSWER, false);
    add(8, sizes[_i], 1000, FRAME_ANSWER, false);
    add(9, sizes[_i], 100 * 1024, FRAME_ANSWER, false);
    receive_and_check(7, sizes[_i], 0);
    receive_and_check(8, sizes[_i], 1000);
    receive_and_check(9, sizes[_i], 100 * 1024);
}
END_TEST

START_TEST(many_messages_arrive_in_order)
{
    for (uint64_t id = 1; id <= 3000; id++)
        add(id, id % 300, (id * 37) % 5000, FRAME_REQUEST, false);
    for (uint64_t id = 1; id <= 3000; id++)
        receive_and_check(id, id % 300, (id * 37) % 5000);
}
END_TEST

START_TEST(many_middling_messages_arrive_in_order)
{
    for (uint64_t id = 1; id <= 60; id++)
        add(id, 100, 60 * 1024 + id * 997, FRAME_REQUEST, false);
    for (uint64_t id = 1; id <= 60; id++)
        receive_and_check(id, 100, 60 * 1024 + id * 997);
}
END_TEST

/* All bytes that the writer has, as one piece. */
static uint8_t *written_bytes(size_t *ret_size)
{
    size_t size = 0, capacity = frame_writer_queued(writer) + (1 << 16);
    uint8_t *bytes = malloc(capacity);
    while (!frame_writer_empty(writer)) {
        ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_OK);
        ssize_t got = read(ends[1], bytes + size, capacity - size);
        ck_assert(got > 0);
        size += (size_t)got;
    }
    ssize_t got;
    while ((got = read(ends[1], bytes + size, capacity - size)) > 0)
        size += (size_t)got;
    *ret_size = size;
    return bytes;
}

static void feed(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = write(ends[0], bytes, size);
        ck_assert(sent > 0);
        size_t bytes_read;
        bool again;
        bytes += sent;
        size -= (size_t)sent;
        ck_assert_int_eq(frame_reader_fill(reader, ends[1], &bytes_read, &again), SLUICE_OK);
        ck_assert_uint_eq(bytes_read, (size_t)sent);
    }
}

START_TEST(a_cut_at_every_byte_makes_no_difference)
{
    add(1, 40, 300, FRAME_REQUEST, false);
    add(2, 0, 0, FRAME_CANCEL, false);
    add(3, 300, 90, FRAME_ANSWER, false);
    size_t size;
    uint8_t *bytes = written_bytes(&size);
    for (size_t cut = 0; cut <= size; cut++) {
        struct frame_message message;
        sluice_status status;
        unsigned seen = 0;
        for (int half = 0; half < 2; half++) {
            feed(half == 0 ? bytes : bytes + cut, half == 0 ? cut : size - cut);
            while (frame_reader_next(reader, &message, &status)) {
                seen++;
                check_message(&message, seen, seen == 1 ? 40 : seen == 2 ? 0 : 300, seen == 1 ? 300 : seen == 2 ? 0 : 90);
                frame_message_done(&message);
            }
            ck_assert_int_eq(status, SLUICE_OK);
        }
        ck_assert_uint_eq(seen, 3);
    }
    free(bytes);
}
END_TEST

START_TEST(single_bytes_make_no_difference)
{
    add(1, 70 * 1024, 5, FRAME_REQUEST, false);
    add(2, 5, 70 * 1024, FRAME_REQUEST, false);
    size_t size;
    uint8_t *bytes = written_bytes(&size);
    struct frame_message message;
    sluice_status status;
    unsigned seen = 0;
    for (size_t i = 0; i < size; i++) {
        feed(bytes + i, 1);
        if (frame_reader_next(reader, &message, &status)) {
            seen++;
            check_message(&message, seen, seen == 1 ? 70 * 1024 : 5, seen == 1 ? 5 : 70 * 1024);
            frame_message_done(&message);
        }
        ck_assert_int_eq(status, SLUICE_OK);
    }
    ck_assert_uint_eq(seen, 2);
    free(bytes);
}
END_TEST

START_TEST(filling_more_than_once_before_parsing_loses_nothing)
{
    for (uint64_t id = 1; id <= 40; id++)
        add(id, 10, 30000, FRAME_REQUEST, false);
    size_t size;
    uint8_t *bytes = written_bytes(&size);
    for (size_t at = 0; at < size; at += 50000)
        feed(bytes + at, size - at < 50000 ? size - at : 50000);
    for (uint64_t id = 1; id <= 40; id++)
        receive_and_check(id, 10, 30000);
    free(bytes);
}
END_TEST

START_TEST(a_kept_message_is_not_overwritten_by_later_ones)
{
    struct frame_message first;
    add(1, 20, 2000, FRAME_REQUEST, false);
    receive(&first);
    for (uint64_t id = 2; id < 500; id++) {
        add(id, 20, 2000, FRAME_REQUEST, false);
        receive_and_check(id, 20, 2000);
    }
    check_message(&first, 1, 20, 2000);
    frame_message_done(&first);
}
END_TEST

START_TEST(a_small_message_is_not_stuck_behind_a_large_one)
{
    add(1, 10, 40 * MIB, FRAME_REQUEST, false);
    add(2, 10, 100, FRAME_REQUEST, false);
    receive_and_check(2, 10, 100);
    ck_assert_uint_gt(frame_writer_queued(writer), 30 * MIB);
    receive_and_check(1, 10, 40 * MIB);
}
END_TEST

START_TEST(a_shorter_large_message_passes_a_longer_one)
{
    add(1, 10, 30 * MIB, FRAME_REQUEST, false);
    add(2, 10, 3 * MIB, FRAME_REQUEST, false);
    receive_and_check(2, 10, 3 * MIB);
    receive_and_check(1, 10, 30 * MIB);
}
END_TEST

START_TEST(large_messages_are_not_starved_by_small_ones)
{
    add(1, 10, 3 * MIB, FRAME_REQUEST, false);
    for (uint64_t id = 2; id < 202; id++)
        add(id, 10, 100 * 1000, FRAME_REQUEST, false);
    unsigned before = 0;
    for (;;) {
        struct frame_message message;
        receive(&message);
        bool large = message.id == 1;
        frame_message_done(&message);
        if (large)
            break;
        before++;
    }
    ck_assert_uint_ge(before, 10);
    ck_assert_uint_le(before, 40);
    for (; before < 200; before++) {
        struct frame_message message;
        receive(&message);
        frame_message_done(&message);
    }
}
END_TEST

START_TEST(only_a_few_large_messages_are_interleaved)
{
    for (uint64_t id = 1; id <= 12; id++)
        add(id, 10, 4 * MIB, FRAME_REQUEST, false);
    uint64_t sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct frame_message message;
        receive(&message);
        sum += message.id;
        frame_message_done(&message);
    }
    ck_assert_uint_eq(sum, 1 + 2 + 3 + 4);
}
END_TEST

START_TEST(a_cancel_overtakes)
{
    add(1, 10, 20 * MIB, FRAME_REQUEST, false);
    for (uint64_t id = 2; id < 100; id++)
        add(id, 10, 50000, FRAME_REQUEST, false);
    ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_OK); /* the first part is now partly written */
    add(1, 0, 0, FRAME_CANCEL, true);
    receive_and_check(1, 0, 0);
    ck_assert_uint_gt(frame_writer_queued(writer), 20 * MIB);
}
END_TEST

START_TEST(written_tells_what_is_wholly_in_the_socket)
{
    ck_assert(!frame_writer_written(writer, 1));
    add(11, 10, 8 * MIB, FRAME_REQUEST, false);
    ck_assert_uint_eq(frame_writer_last_number(writer), 1);
    add(12, 10, 100, FRAME_REQUEST, false);
    add(13, 10, 100, FRAME_REQUEST, false);
    add(14, 0, 0, FRAME_CANCEL, true);
    ck_assert_uint_eq(frame_writer_last_number(writer), 4);
    for (uint64_t number = 0; number < 6; number++)
        ck_assert(!frame_writer_written(writer, number));
    receive_and_check(14, 0, 0);
    ck_assert(frame_writer_written(writer, 4));
    ck_assert(!frame_writer_written(writer, 1));
    receive_and_check(12, 10, 100);
    ck_assert(frame_writer_written(writer, 2));
    receive_and_check(13, 10, 100);
    ck_assert(frame_writer_written(writer, 3));
    ck_assert(!frame_writer_written(writer, 1));
    receive_and_check(11, 10, 8 * MIB);
    ck_assert(frame_writer_written(writer, 1));
    ck_assert(!frame_writer_written(writer, 5));
}
END_TEST

START_TEST(a_partly_written_message_is_not_written)
{
    add(1, 10, 3 * MIB / 4, FRAME_REQUEST, false);
    ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_OK);
    ck_assert(!frame_writer_empty(writer));
    ck_assert(!frame_writer_written(writer, 1));
}
END_TEST

START_TEST(a_body_of_very_many_slices_arrives)
{
    struct rope body;
    rope_init(&body);
    static uint8_t bytes[3000];
    fill(bytes, sizeof bytes, 5);
    for (size_t i = 0; i < sizeof bytes; i++)
        ck_assert_int_eq(rope_append(&body, NULL, &bytes[i], 1), SLUICE_OK);
    ck_assert_int_eq(frame_writer_add(writer, FRAME_REQUEST, FRAME_HAS_DATA, 5, NULL, 0, &body, false), SLUICE_OK);
    rope_done(&body);
    add(6, 10, 100, FRAME_REQUEST, false);
    receive_and_check(5, 0, sizeof bytes);
    receive_and_check(6, 10, 100);
}
END_TEST

START_TEST(a_peer_that_went_away_breaks_the_writer)
{
    add(1, 10, 100, FRAME_REQUEST, false);
    close(ends[1]);
    ends[1] = -1;
    ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_UNAVAILABLE);
    ck_assert(!frame_writer_written(writer, 1));
    ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_UNAVAILABLE);
}
END_TEST

START_TEST(the_end_of_the_stream_is_told)
{
    size_t bytes;
    bool again;
    ck_assert_int_eq(frame_reader_fill(reader, ends[1], &bytes, &again), SLUICE_OK);
    ck_assert(again && bytes == 0);
    close(ends[0]);
    ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(frame_reader_fill(reader, ends[1], &bytes, &again), SLUICE_OK);
    ck_assert(!again && bytes == 0);
}
END_TEST

START_TEST(a_message_above_message_max_is_refused_before_its_body)
{
    frame_reader_free(reader);
    reader = frame_reader_new(3 * MIB);
    add(1, 10, 3 * MIB, FRAME_REQUEST, false);
    receive_and_check(1, 10, 3 * MIB);
    add(2, 10, 3 * MIB + 1, FRAME_REQUEST, false);
    sluice_status status = SLUICE_OK;
    struct frame_message message;
    while (status == SLUICE_OK) {
        ck_assert_int_eq(frame_writer_flush(writer, ends[0]), SLUICE_OK);
        size_t bytes;
        bool again;
        ck_assert_int_eq(frame_reader_fill(reader, ends[1], &bytes, &again), SLUICE_OK);
        ck_assert(!frame_reader_next(reader, &message, &status));
    }
    ck_assert_int_eq(status, SLUICE_TOO_LARGE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.frame");
    TCase *sizes_case = tcase_create("sizes"), *order = tcase_create("order");
    TCase *cases[] = {sizes_case, order};
    for (unsigned i = 0; i < 2; i++) {
        tcase_set_timeout(cases[i], SUITE_TIMEOUT_SECONDS);
        tcase_add_checked_fixture(cases[i], set_up, tear_down);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_loop_test(sizes_case, a_message_of_any_size_arrives_as_it_was, 0, SIZE_COUNT);
    tcase_add_loop_test(sizes_case, a_meta_of_any_size_arrives_as_it_was, 0, SIZE_COUNT);
    tcase_add_test(sizes_case, many_messages_arrive_in_order);
    tcase_add_test(sizes_case, many_middling_messages_arrive_in_order);
    tcase_add_test(sizes_case, a_cut_at_every_byte_makes_no_difference);
    tcase_add_test(sizes_case, single_bytes_make_no_difference);
    tcase_add_test(sizes_case, filling_more_than_once_before_parsing_loses_nothing);
    tcase_add_test(sizes_case, a_kept_message_is_not_overwritten_by_later_ones);
    tcase_add_test(sizes_case, a_body_of_very_many_slices_arrives);
    tcase_add_test(order, a_small_message_is_not_stuck_behind_a_large_one);
    tcase_add_test(order, a_shorter_large_message_passes_a_longer_one);
    tcase_add_test(order, large_messages_are_not_starved_by_small_ones);
    tcase_add_test(order, only_a_few_large_messages_are_interleaved);
    tcase_add_test(order, a_cancel_overtakes);
    tcase_add_test(order, written_tells_what_is_wholly_in_the_socket);
    tcase_add_test(order, a_partly_written_message_is_not_written);
    tcase_add_test(order, a_peer_that_went_away_breaks_the_writer);
    tcase_add_test(order, the_end_of_the_stream_is_told);
    tcase_add_test(sizes_case, a_message_above_message_max_is_refused_before_its_body);
    return suite_run(suite);
}
