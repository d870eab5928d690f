/* Ropes and byte buffers, texts, deadlines, and the loop with its bursts. */
#include "common/foundation/clock.h"
#include "common/net/grpc/bytes.h"
#include "common/net/grpc/loop.h"
#include "tests/unit/suite.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A byte buffer of `count` slices of `size` bytes, numbered. */
static grpc_byte_buffer *numbered(size_t count, size_t size)
{
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(NULL, 0);
    for (size_t i = 0; i < count; i++) {
        grpc_slice slice = grpc_slice_malloc(size);
        memset(GRPC_SLICE_START_PTR(slice), (int)i, size);
        grpc_slice_buffer_add_indexed(&buffer->data.raw.slice_buffer, slice);
    }
    return buffer;
}

START_TEST(a_received_message_is_not_copied)
{
    static const size_t sizes[] = {1, 8, 23, 24, 16384}; /* the first ones are held inside gRPC's slice itself */
    const size_t count = 7, size = sizes[_i];
    grpc_byte_buffer *buffer = numbered(count, size);
    const uint8_t *last = GRPC_SLICE_START_PTR(buffer->data.raw.slice_buffer.slices[count - 1]);
    struct rope rope, kept;
    rope_init(&rope);
    rope_init(&kept);
    ck_assert_int_eq(rpc_bytes_receive(buffer, &rope), SLUICE_OK);
    ck_assert_uint_eq(rope.size, count * size);
    ck_assert_uint_eq(rope.count, count);
    ck_assert_ptr_eq(rope.slices[count - 1].data, last);
    /* A slice keeps the whole message. */
    ck_assert_int_eq(rope_append(&kept, rope.slices[3].block, rope.slices[3].data, rope.slices[3].size), SLUICE_OK);
    rope_done(&rope);
    ck_assert_uint_eq(kept.slices[0].data[0], 3);
    ck_assert_uint_eq(kept.slices[0].data[size - 1], 3);
    rope_done(&kept);
}
END_TEST

START_TEST(an_empty_message_is_an_empty_rope)
{
    struct rope rope;
    rope_init(&rope);
    ck_assert_int_eq(rpc_bytes_receive(grpc_raw_byte_buffer_create(NULL, 0), &rope), SLUICE_OK);
    ck_assert_uint_eq(rope.size, 0);
    grpc_byte_buffer *buffer = rpc_bytes_send(&rope);
    ck_assert_ptr_nonnull(buffer);
    ck_assert_uint_eq(grpc_byte_buffer_length(buffer), 0);
    grpc_byte_buffer_destroy(buffer);
    rope_done(&rope);
}
END_TEST

START_TEST(a_rope_is_sent_with_all_its_bytes)
{
    static const struct {
        size_t slices, size;
    } cases[] = {
        {1,  1     },
        {1,  100000},
        {3,  10    },
        {2,  1024  },
        {2,  1025  },
        {40, 3000  },
        {16, 500   },
        {17, 500   },
        {33, 20    }
    };
    const size_t count = cases[_i].slices, size = cases[_i].size;
    struct block *block = block_new(count * size);
    struct rope rope;
    rope_init(&rope);
    for (size_t i = 0; i < count * size; i++)
        block->data[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < count; i++)
        rope_append(&rope, block, block->data + i * size, size);
    grpc_byte_buffer *buffer = rpc_bytes_send(&rope);
    rope_done(&rope); /* the buffer has references of its own */
    ck_assert_uint_eq(grpc_byte_buffer_length(buffer), count * size);

    grpc_byte_buffer_reader reader;
    ck_assert(grpc_byte_buffer_reader_init(&reader, buffer));
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    ck_assert_mem_eq(GRPC_SLICE_START_PTR(all), block->data, count * size);
    grpc_slice_unref(all);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    ck_assert_uint_eq(atomic_load(&block->references), 1);
    block_unref(block);
}
END_TEST

START_TEST(bytes_without_a_block_are_copied)
{
    char *bytes = malloc(5000);
    struct rope rope;
    rope_init(&rope);
    memset(bytes, 'a', 5000);
    rope_append(&rope, NULL, bytes, 5000);
    grpc_byte_buffer *buffer = rpc_bytes_send(&rope);
    free(bytes);
    ck_assert_uint_eq(GRPC_SLICE_START_PTR(buffer->data.raw.slice_buffer.slices[0])[4999], 'a');
    grpc_byte_buffer_destroy(buffer);
    rope_done(&rope);
}
END_TEST

START_TEST(a_status_text_stays_within_its_size)
{
    static char text[3 * RPC_STATUS_TEXT_MAX];
    static const struct {
        const char *unit;
        size_t kept;
    } cases[] = {
        {"a",            RPC_STATUS_TEXT_MAX        },
        {"%",            RPC_STATUS_TEXT_MAX / 3    },
        {"\n",           RPC_STATUS_TEXT_MAX / 3    },
        {"\xE2\x82\xAC", RPC_STATUS_TEXT_MAX / 9 * 3}
    };
    size_t unit = strlen(cases[_i].unit);
    text[0] = '\0';
    for (size_t at = 0; at + unit < sizeof text; at += unit)
        memcpy(text + at, cases[_i].unit, unit + 1);
    grpc_slice slice = rpc_status_text(text);
    ck_assert_uint_eq(GRPC_SLICE_LENGTH(slice), cases[_i].kept);
    grpc_slice_unref(slice);
    slice = rpc_status_text("short");
    ck_assert(rpc_slice_is(slice, "short", 5));
    grpc_slice_unref(slice);
}
END_TEST

START_TEST(deadlines_go_both_ways)
{
    ck_assert_uint_eq(rpc_deadline_ns(gpr_inf_future(GPR_CLOCK_REALTIME)), 0);
    ck_assert_uint_eq(rpc_deadline_ns(gpr_inf_future(GPR_CLOCK_MONOTONIC)), 0);
    ck_assert_int_eq(gpr_time_cmp(rpc_deadline_of(0), gpr_inf_future(GPR_CLOCK_MONOTONIC)), 0);
    uint64_t now = clock_monotonic_ns(), later = now + 5 * (uint64_t)CLOCK_NS_PER_SECOND;
    uint64_t back = rpc_deadline_ns(rpc_deadline_of(later));
    ck_assert_uint_ge(back, later);
    ck_assert_uint_le(back, later + (clock_monotonic_ns() - now));
    gpr_timespec past = gpr_time_sub(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(3, GPR_TIMESPAN));
    back = rpc_deadline_ns(past);
    ck_assert_uint_gt(back, 0);
    ck_assert_uint_le(back, clock_monotonic_ns());
}
END_TEST

/* ---- the loop ---- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned begun, ended, happened, inside;
} seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, 0};

static void count(unsigned *counter)
{
    pthread_mutex_lock(&seen.mutex);
    (*counter)++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.mutex);
}

static void begin(void)
{
    count(&seen.begun);
}

static void end(void)
{
    count(&seen.ended);
}

static void happened(struct rpc_event *event, bool ok)
{
    (void)event;
    ck_assert(!ok);
    pthread_mutex_lock(&seen.mutex);
    seen.inside += seen.begun == seen.ended + 1 ? 1 : 0;
    pthread_mutex_unlock(&seen.mutex);
    count(&seen.happened);
}

/* Batches on a channel that leads nowhere fail at once. */
START_TEST(a_burst_surrounds_its_events)
{
    enum { EVENTS = 20 };
    struct rpc_loop *loop;
    struct rpc_event events[EVENTS];
    ck_assert_int_eq(rpc_loop_new_with(1, "test", (struct rpc_burst){begin, end}, &loop, NULL), SLUICE_OK);
    grpc_channel *channel = grpc_lame_client_channel_create("nowhere", GRPC_STATUS_UNAVAILABLE, "a test");
    for (int i = 0; i < EVENTS; i++) {
        grpc_op operation = {.op = GRPC_OP_SEND_INITIAL_METADATA};
        grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, rpc_loop_queue(loop),
                                                   grpc_slice_from_static_string("/x"), NULL,
                                                   gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        rpc_event_init(&events[i], happened);
        ck_assert(rpc_start_batch(call, &operation, 1, &events[i]));
        grpc_call_unref(call);
    }
    pthread_mutex_lock(&seen.mutex);
    while (seen.happened < EVENTS || seen.ended < seen.begun)
        pthread_cond_wait(&seen.changed, &seen.mutex);
    ck_assert_uint_eq(seen.inside, EVENTS);
    ck_assert_uint_ge(seen.begun, 1);
    ck_assert_uint_le(seen.begun, EVENTS);
    pthread_mutex_unlock(&seen.mutex);
    grpc_channel_destroy(channel);
    rpc_loop_free(loop);
    ck_assert_uint_eq(seen.begun, seen.ended);
}
END_TEST

START_TEST(a_loop_without_work_ends)
{
    struct rpc_loop *loop = NULL;
    sluice_error error;
    ck_assert_int_eq(rpc_loop_new(3, "test", &loop, &error), SLUICE_OK);
    ck_assert_ptr_null(rpc_loop_free(loop));
    ck_assert_int_eq(rpc_loop_new(0, "test", &loop, &error), SLUICE_INVALID);
    ck_assert_int_eq(rpc_loop_new(RPC_LOOP_THREADS_MAX + 1, "test", &loop, &error), SLUICE_INVALID);
    ck_assert_ptr_null(rpc_loop_free(NULL));
}
END_TEST

START_TEST(an_event_cannot_be_started_twice)
{
    struct rpc_event event;
    rpc_event_init(&event, happened);
    rpc_event_arm(&event);
    rpc_event_arm(&event);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.grpc.bytes");
    TCase *bytes = tcase_create("bytes");
    tcase_add_loop_test(bytes, a_received_message_is_not_copied, 0, 5);
    tcase_add_test(bytes, an_empty_message_is_an_empty_rope);
    tcase_add_loop_test(bytes, a_rope_is_sent_with_all_its_bytes, 0, 9);
    tcase_add_test(bytes, bytes_without_a_block_are_copied);
    tcase_add_loop_test(bytes, a_status_text_stays_within_its_size, 0, 4);
    tcase_add_test(bytes, deadlines_go_both_ways);
    suite_add_tcase(suite, bytes);
    TCase *loop = tcase_create("loop");
    tcase_set_timeout(loop, 60);
    tcase_add_test(loop, a_burst_surrounds_its_events);
    tcase_add_test(loop, a_loop_without_work_ends);
    tcase_add_test_raise_signal(loop, an_event_cannot_be_started_twice, 6);
    suite_add_tcase(suite, loop);
    return suite_run(suite);
}
