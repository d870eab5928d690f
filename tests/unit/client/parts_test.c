/* The parts that need no server: the window, timers, the progress bar, responses in pieces. */
#include "client/progress.h"
#include "client/response.h"
#include "client/timer.h"
#include "client/window.h"
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "tests/unit/client/kit.h"

#include <stdlib.h>
#include <string.h>

/* ---- window ---- */

START_TEST(the_oldest_pending_entry_with_an_id_is_found)
{
    struct window window;
    window_init(&window);
    ck_assert_ptr_null(window_find(&window, sluice_text_of("a")));
    struct entry *first = window_add(&window, sluice_text_of("a"));
    struct entry *second = window_add(&window, sluice_text_of("a"));
    struct entry *empty = window_add(&window, sluice_text_of(""));
    ck_assert_ptr_eq(window_find(&window, sluice_text_of("a")), first);
    ck_assert_ptr_eq(window_find(&window, sluice_text_of("")), empty);
    window_set(&window, first, ENTRY_ANSWERED);
    ck_assert_ptr_eq(window_find(&window, sluice_text_of("a")), second);
    ck_assert_uint_eq(window.pending, 2);
    ck_assert_uint_eq(window.count, 3);
    window_remove(&window, second);
    ck_assert_ptr_null(window_find(&window, sluice_text_of("a")));
    ck_assert_ptr_eq(window.first, first);
    ck_assert_ptr_eq(window.last, empty);
    window_set(&window, first, ENTRY_PENDING);
    ck_assert_ptr_eq(window_find(&window, sluice_text_of("a")), first);
    window_done(&window);
}
END_TEST

START_TEST(a_window_grows_and_finds_each)
{
    enum { COUNT = 5000 };
    struct window window;
    char id[16];
    window_init(&window);
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof id, "id-%d", i);
        ck_assert_ptr_nonnull(window_add(&window, sluice_text_of(id)));
    }
    for (int i = COUNT - 1; i >= 0; i -= 3) {
        snprintf(id, sizeof id, "id-%d", i);
        struct entry *entry = window_find(&window, sluice_text_of(id));
        ck_assert_ptr_nonnull(entry);
        window_remove(&window, entry);
        ck_assert_ptr_null(window_find(&window, sluice_text_of(id)));
    }
    ck_assert_uint_eq(window.count, COUNT - (COUNT + 2) / 3);
    ck_assert_uint_eq(window.pending, window.count);
    window_done(&window);
}
END_TEST

/* ---- timers ---- */

struct bell {
    struct timer timer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t rang_ns;
};

static void ring(struct timer *timer)
{
    struct bell *bell = (struct bell *)timer;
    pthread_mutex_lock(&bell->lock);
    bell->rang_ns = clock_monotonic_ns();
    pthread_cond_signal(&bell->changed);
    pthread_mutex_unlock(&bell->lock);
}

static void bell_init(struct bell *bell, uint64_t due_ns)
{
    *bell = (struct bell){
        .timer = {.due_ns = due_ns, .due = ring},
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .changed = PTHREAD_COND_INITIALIZER
    };
}

static void wait_bell(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    while (bell->rang_ns == 0)
        pthread_cond_wait(&bell->changed, &bell->lock);
    pthread_mutex_unlock(&bell->lock);
}

START_TEST(timers_run_when_they_are_due)
{
    struct timers timers;
    struct bell late, soon, never;
    uint64_t now = clock_monotonic_ns();
    timers_init(&timers);
    bell_init(&late, now + 60 * CLOCK_NS_PER_MS);
    bell_init(&soon, now + 20 * CLOCK_NS_PER_MS);
    bell_init(&never, now + 3600ull * CLOCK_NS_PER_SECOND);
    ck_assert(timers_add(&timers, &late.timer));
    ck_assert(timers_add(&timers, &never.timer));
    ck_assert(timers_add(&timers, &soon.timer));
    wait_bell(&soon);
    wait_bell(&late);
    ck_assert_uint_ge(soon.rang_ns, soon.timer.due_ns);
    ck_assert_uint_ge(late.rang_ns, late.timer.due_ns);
    ck_assert_uint_lt(soon.rang_ns, late.rang_ns);
    ck_assert(!timers_remove(&timers, &soon.timer));
    ck_assert(timers_remove(&timers, &never.timer));
    timers_done(&timers);
    ck_assert_uint_eq(never.rang_ns, 0);
}
END_TEST

START_TEST(timers_that_nobody_used)
{
    struct timers timers;
    timers_init(&timers);
    timers_done(&timers);
}
END_TEST

/* ---- progress ---- */

static char *drawn(uint64_t documents, uint64_t request_size, unsigned steps, bool success)
{
    struct progress progress;
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    progress_start(&progress, file, documents, request_size);
    for (unsigned i = 0; i < steps; i++)
        progress_step(&progress);
    progress_finish(&progress, success);
    fclose(file);
    return text;
}

START_TEST(progress_bars)
{
    char *text = drawn(250, 100, 3, true);
    ck_assert_ptr_nonnull(strstr(text, "Done    [##############################] 100% 3/3, "));
    free(text);
    text = drawn(4, 1, 1, false);
    ck_assert_ptr_nonnull(strstr(text, "Stopped [#######.......................]  25% 1/4, "));
    free(text);
    text = drawn(0, 100, 5, true);
    ck_assert_ptr_nonnull(strstr(text, "Done    5 responses, "));
    free(text);
    text = drawn(10, SIZE_MAX, 1, true);
    ck_assert_ptr_nonnull(strstr(text, "1/1, "));
    free(text);
    text = drawn(1, 1, 3, true); /* more than announced */
    ck_assert_ptr_nonnull(strstr(text, "100% 3/1, "));
    free(text);
    struct progress silent;
    progress_start(&silent, NULL, 1, 1);
    progress_step(&silent);
    progress_finish(&silent, true);
}
END_TEST

/* ---- responses ---- */

static sluice_status read_bytes(const char *bytes, size_t size, sluice_response **ret_response)
{
    struct rope rope;
    rope_init(&rope);
    /* in two pieces, as the network may bring it */
    rope_append(&rope, NULL, bytes, size / 2);
    rope_append(&rope, NULL, bytes + size / 2, size - size / 2);
    sluice_status status = response_read(&rope, ret_response, NULL);
    rope_done(&rope);
    return status;
}

START_TEST(parts_of_a_message_are_merged)
{
    static const char bytes[] = "\x0a\x03\x0a\x01"
                                "a"                                            /* header: request id */
                                "\x12\x0c\x0a\x0a\x0a\x01k\x12\x05\x1a\x03one" /* parameters: k */
                                "\x22\x05\x0a\x03\x0a\x01\x00"                 /* data: a document (malformed inside) */
                                "\x0a\x04\x1a\x02/x"                           /* header: endpoint */
                                "\x12\x0c\x0a\x0a\x0a\x01l\x12\x05\x1a\x03two"; /* parameters: l */
    sluice_response *response;
    ck_assert_int_eq(read_bytes(bytes, sizeof bytes - 1, &response), SLUICE_OK);
    ck_assert(sluice_text_is(sluice_response_request_id(response), "a"));
    ck_assert(sluice_text_is(sluice_response_endpoint(response), "/x"));
    const sluice_value *parameters = sluice_response_parameters(response);
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(parameters, "k")), "one"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(parameters, "l")), "two"));
    ck_assert(!sluice_response_failed(response));
    ck_assert(!response_is_stub(response));
    sluice_error error = {0};
    ck_assert_ptr_null(sluice_response_documents(response, &error)); /* lazily found out */
    ck_assert_int_eq(error.status, SLUICE_INVALID);
    ck_assert_uint_eq(sluice_response_bytes(response).size, sizeof bytes - 1);
    sluice_response_unref(response);
}
END_TEST

START_TEST(stubs_and_empty_messages)
{
    sluice_response *response;
    ck_assert_int_eq(read_bytes("\x0a\x03\x0a\x01"
                                "a",
                                5, &response),
                     SLUICE_OK);
    ck_assert(response_is_stub(response));
    ck_assert_ptr_null(sluice_response_exception(response));
    ck_assert_uint_eq(sluice_response_route(response, 0).executor.size, 0);
    sluice_response_unref(response);
    ck_assert_int_eq(read_bytes("", 0, &response), SLUICE_OK);
    ck_assert(response_is_stub(response));
    ck_assert_uint_eq(sluice_document_array_size(sluice_response_documents(response, NULL)), 0);
    sluice_response_unref(response);
    ck_assert_int_eq(read_bytes("\x0a\x05\x0a\x01"
                                "a",
                                5, &response),
                     SLUICE_INVALID);
}
END_TEST

START_TEST(many_routes_and_odd_times)
{
    struct buffer bytes;
    sluice_response *response;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    for (int i = 0; i < 100; i++)
        buffer_append(&bytes, "\x1a\x05\x0a\x01r\x12\x00", 7); /* started at 0, no end */
    buffer_append(&bytes, "\x1a\x0d\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x10", 15); /* cut short */
    ck_assert_int_eq(read_bytes((const char *)bytes.data, 700, &response), SLUICE_OK);
    ck_assert_uint_eq(sluice_response_route_count(response), 100);
    ck_assert(sluice_response_route(response, 99).started);
    ck_assert(!sluice_response_route(response, 99).ended);
    sluice_response_unref(response);
    ck_assert_int_eq(read_bytes((const char *)bytes.data, bytes.size, &response), SLUICE_OK);
    ck_assert(!sluice_response_route(response, 100).started); /* a time that is none */
    sluice_response_unref(response);
    buffer_done(&bytes);
}
END_TEST

START_TEST(the_difference_of_two_times_fits)
{
    static const char before_1970[] = "\x1a\x0d\x12\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"; /* second -1 */
    static const char latest[] = "\x1a\x07\x1a\x05\x08\x84\xac\xfe\x01"; /* an end alone */
    sluice_response *response;
    ck_assert_int_eq(read_bytes(before_1970, sizeof before_1970 - 1, &response), SLUICE_OK);
    ck_assert_uint_eq(sluice_response_route_count(response), 1);
    ck_assert(!sluice_response_route(response, 0).started);
    ck_assert_int_eq(sluice_response_route(response, 0).start_ns, 0);
    sluice_response_unref(response);
    ck_assert_int_eq(read_bytes(latest, sizeof latest - 1, &response), SLUICE_OK);
    ck_assert(sluice_response_route(response, 0).ended && !sluice_response_route(response, 0).started);
    sluice_response_unref(response);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, the_oldest_pending_entry_with_an_id_is_found);
    tcase_add_test(test, a_window_grows_and_finds_each);
    tcase_add_test(test, timers_run_when_they_are_due);
    tcase_add_test(test, timers_that_nobody_used);
    tcase_add_test(test, progress_bars);
    tcase_add_test(test, parts_of_a_message_are_merged);
    tcase_add_test(test, stubs_and_empty_messages);
    tcase_add_test(test, many_routes_and_odd_times);
    tcase_add_test(test, the_difference_of_two_times_fits);
}

int main(void)
{
    return kit_run("client.parts", add);
}
