/* Headers that a reader of frames refuses, and the metas of requests, answers and greetings. */
#include "common/net/frame.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct frame_reader *reader;
static int ends[2];

static void set_up(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    reader = frame_reader_new((uint64_t)1 << 32);
    ck_assert_ptr_nonnull(reader);
}

static void tear_down(void)
{
    frame_reader_free(reader);
    close(ends[0]);
    close(ends[1]);
}

/* ---- what a reader refuses ---- */

static struct frame_header good_header(void)
{
    return (struct frame_header){.magic = FRAME_MAGIC, .type = FRAME_REQUEST, .id = 1, .meta_size = 4, .body_size = 4};
}

static sluice_status read_header(struct frame_header header)
{
    ck_assert_int_eq(write(ends[0], &header, sizeof header), sizeof header);
    ck_assert_int_eq(write(ends[0], "12345678", 8), 8);
    size_t bytes;
    bool again;
    ck_assert_int_eq(frame_reader_fill(reader, ends[1], &bytes, &again), SLUICE_OK);
    struct frame_message message;
    sluice_status status;
    if (frame_reader_next(reader, &message, &status))
        frame_message_done(&message);
    return status;
}

#define REFUSES(test, status, ...)                         \
    START_TEST(test)                                       \
    {                                                      \
        struct frame_header header = good_header();        \
        __VA_ARGS__;                                       \
        ck_assert_int_eq(read_header(header), status);     \
        struct frame_message message;                      \
        sluice_status again;                               \
        ck_assert(status == SLUICE_OK || !frame_reader_next(reader, &message, &again)); \
    }                                                      \
    END_TEST

REFUSES(a_good_header_is_accepted, SLUICE_OK, )
REFUSES(wrong_magic_is_refused, SLUICE_INVALID, header.magic ^= 1)
REFUSES(type_zero_is_refused, SLUICE_INVALID, header.type = 0)
REFUSES(an_unknown_type_is_refused, SLUICE_INVALID, header.type = FRAME_GOODBYE + 1)
REFUSES(shared_memory_is_refused, SLUICE_INVALID, header.flags = FRAME_SHARED)
REFUSES(an_unknown_flag_is_refused, SLUICE_INVALID, header.flags = 128)
REFUSES(reserved_bytes_are_refused, SLUICE_INVALID, header.reserved = 1)
REFUSES(a_meta_at_the_limit_is_accepted, SLUICE_OK, header.meta_size = FRAME_META_MAX)
REFUSES(a_meta_above_the_limit_is_refused, SLUICE_INVALID, header.meta_size = FRAME_META_MAX + 1)
REFUSES(a_part_at_the_limit_is_accepted, SLUICE_OK, header.body_size = FRAME_PART_BYTES)
REFUSES(a_part_above_the_limit_is_refused, SLUICE_INVALID, header.body_size = FRAME_PART_BYTES + 1)
REFUSES(a_huge_size_is_refused, SLUICE_INVALID, header.body_size = UINT64_MAX)

START_TEST(a_second_part_with_a_meta_is_refused)
{
    struct frame_header header = good_header();
    header.flags = FRAME_MORE;
    ck_assert_int_eq(read_header(header), SLUICE_OK);
    ck_assert_int_eq(read_header(header), SLUICE_INVALID);
}
END_TEST

/* ---- metas ---- */

START_TEST(metas_are_read_and_wrong_sizes_refused)
{
    struct {
        struct frame_request fixed;
        char texts[12];
    } request = {.fixed = {.deadline_ns = 5, .endpoint_size = 4, .request_id_size = 3, .parameters_size = 5}};
    memcpy(request.texts, "/foorid12345", 12);
    struct frame_message message = {.meta = (const uint8_t *)&request, .meta_size = sizeof request.fixed + 12};
    struct frame_request_view view;
    ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_OK);
    ck_assert_uint_eq(view.deadline_ns, 5);
    ck_assert_mem_eq(view.endpoint, "/foo", 4);
    ck_assert_mem_eq(view.request_id, "rid", 3);
    ck_assert_mem_eq(view.parameters, "12345", 5);
    message.meta_size--;
    ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_INVALID);
    message.meta_size += 2;
    ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_INVALID);
    message.meta_size = sizeof request.fixed - 1;
    ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_INVALID);
    message.meta_size = sizeof request.fixed + 12;
    request.fixed.parameters_size = UINT64_MAX;
    ck_assert_int_eq(frame_read_request(&message, &view), SLUICE_INVALID);
}
END_TEST

START_TEST(an_answers_meta_is_read)
{
    struct {
        struct frame_answer fixed;
        char texts[8];
    } answer = {.fixed = {.queue_ns = 1, .run_ns = 2, .results_size = 3, .failure_size = 5, .has_results = 1}};
    memcpy(answer.texts, "resfaile", 8);
    struct frame_message message = {.meta = (const uint8_t *)&answer, .meta_size = sizeof answer.fixed + 8};
    struct frame_answer_view view;
    ck_assert_int_eq(frame_read_answer(&message, &view), SLUICE_OK);
    ck_assert_mem_eq(view.results, "res", 3);
    ck_assert_mem_eq(view.failure, "faile", 5);
    message.meta_size--;
    ck_assert_int_eq(frame_read_answer(&message, &view), SLUICE_INVALID);
}
END_TEST

START_TEST(a_hello_is_read_and_its_endpoints_counted)
{
    uint8_t bytes[256];
    struct frame_hello fixed = {.version = FRAME_VERSION, .pod_size = 7, .class_name_size = 4, .endpoint_count = 2};
    size_t size = sizeof fixed;
    memcpy(bytes, &fixed, size);
    memcpy(bytes + size, "a/rep-0Echo", 11);
    size += 11;
    const char *endpoints[] = {"/foo", "/default"};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t length = (uint32_t)strlen(endpoints[i]);
        memcpy(bytes + size, &length, sizeof length);
        memcpy(bytes + size + sizeof length, endpoints[i], length);
        size += sizeof length + length;
    }
    struct frame_message message = {.meta = bytes, .meta_size = size};
    struct frame_hello_view view;
    ck_assert_int_eq(frame_read_hello(&message, &view), SLUICE_OK);
    ck_assert_mem_eq(view.pod, "a/rep-0", 7);
    ck_assert_mem_eq(view.class_name, "Echo", 4);
    size_t offset = 0, length;
    const char *text;
    ck_assert(frame_hello_endpoint(&view, &offset, &text, &length) && length == 4 && memcmp(text, "/foo", 4) == 0);
    ck_assert(frame_hello_endpoint(&view, &offset, &text, &length) && length == 8);
    ck_assert(!frame_hello_endpoint(&view, &offset, &text, &length));
    fixed.endpoint_count = 3;
    memcpy(bytes, &fixed, sizeof fixed);
    ck_assert_int_eq(frame_read_hello(&message, &view), SLUICE_INVALID);
    message.meta_size--;
    ck_assert_int_eq(frame_read_hello(&message, &view), SLUICE_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.frame_refusals");
    TCase *refusals = tcase_create("refusals"), *metas = tcase_create("metas");
    tcase_set_timeout(refusals, SUITE_TIMEOUT_SECONDS);
    tcase_set_timeout(metas, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(refusals, set_up, tear_down);
    suite_add_tcase(suite, refusals);
    suite_add_tcase(suite, metas);
    tcase_add_test(refusals, a_good_header_is_accepted);
    tcase_add_test(refusals, wrong_magic_is_refused);
    tcase_add_test(refusals, type_zero_is_refused);
    tcase_add_test(refusals, an_unknown_type_is_refused);
    tcase_add_test(refusals, shared_memory_is_refused);
    tcase_add_test(refusals, an_unknown_flag_is_refused);
    tcase_add_test(refusals, reserved_bytes_are_refused);
    tcase_add_test(refusals, a_meta_at_the_limit_is_accepted);
    tcase_add_test(refusals, a_meta_above_the_limit_is_refused);
    tcase_add_test(refusals, a_part_at_the_limit_is_accepted);
    tcase_add_test(refusals, a_part_above_the_limit_is_refused);
    tcase_add_test(refusals, a_huge_size_is_refused);
    tcase_add_test(refusals, a_second_part_with_a_meta_is_refused);
    tcase_add_test(metas, metas_are_read_and_wrong_sizes_refused);
    tcase_add_test(metas, an_answers_meta_is_read);
    tcase_add_test(metas, a_hello_is_read_and_its_endpoints_counted);
    return suite_run(suite);
}
