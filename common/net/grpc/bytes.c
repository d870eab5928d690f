#include "common/net/grpc/bytes.h"

#include "common/foundation/clock.h"
#include "common/foundation/text.h"
#include "common/net/grpc/inflate.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>
#include <grpc/support/time.h>

#include <stdlib.h>
#include <string.h>

/* A block whose bytes are gRPC's: the slices of one received message. */
struct message_block {
    struct block block;
    grpc_byte_buffer *buffer;
};

static void release_message(struct block *block)
{
    struct message_block *message = (struct message_block *)(void *)block;
    grpc_byte_buffer_destroy(message->buffer);
    free(message);
}

sluice_status rpc_bytes_receive(grpc_byte_buffer *buffer, struct rope *rope)
{
    return rpc_bytes_receive_within(buffer, SIZE_MAX, rope, NULL);
}

sluice_status rpc_bytes_receive_within(grpc_byte_buffer *buffer, size_t size_max, struct rope *rope,
                                       sluice_error *error)
{
    sluice_status status = rpc_inflate(&buffer, size_max, error);
    if (status != SLUICE_OK) {
        grpc_byte_buffer_destroy(buffer);
        return status;
    }
    struct message_block *message = malloc(sizeof *message);
    if (message == NULL) {
        grpc_byte_buffer_destroy(buffer);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a message");
    }
    message->buffer = buffer;
    block_init(&message->block, NULL, grpc_byte_buffer_length(buffer), release_message);

    /* The slices stay where they are in the buffer, so pointers to inlined ones hold as well. */
    grpc_slice_buffer *slices = &buffer->data.raw.slice_buffer;
    for (size_t i = 0; i < slices->count && status == SLUICE_OK; i++)
        status = rope_append(rope, &message->block, GRPC_SLICE_START_PTR(slices->slices[i]),
                             GRPC_SLICE_LENGTH(slices->slices[i]));
    block_unref(&message->block);
    return status == SLUICE_OK ? SLUICE_OK : sluice_fail(error, status, NULL, "no memory for a message");
}

static void drop_block(void *block)
{
    block_unref(block);
}

static grpc_slice slice_to_send(const struct slice *slice)
{
    if (slice->block == NULL || slice->size <= GRPC_SLICE_INLINED_SIZE)
        return grpc_slice_from_copied_buffer((const char *)slice->data, slice->size);
    return grpc_slice_new_with_user_data((void *)(uintptr_t)slice->data, slice->size, drop_block,
                                         block_ref(slice->block));
}

grpc_byte_buffer *rpc_bytes_send(const struct rope *rope)
{
    enum { FEW = 16 };
    grpc_slice few[FEW];

    if (rope->count > 1 && rope->size <= RPC_COPY_BYTES) {
        few[0] = grpc_slice_malloc(rope->size);
        rope_copy_out(rope, GRPC_SLICE_START_PTR(few[0]));
        grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(few, 1);
        grpc_slice_unref(few[0]);
        return buffer;
    }
    grpc_byte_buffer *buffer = NULL;
    for (size_t at = 0; at < rope->count || buffer == NULL; at += FEW) {
        size_t count = rope->count - at < FEW ? rope->count - at : FEW;
        for (size_t i = 0; i < count; i++)
            few[i] = slice_to_send(&rope->slices[at + i]);
        if (buffer == NULL) {
            buffer = grpc_raw_byte_buffer_create(few, count);
            for (size_t i = 0; i < count; i++)
                grpc_slice_unref(few[i]);
        } else {
            for (size_t i = 0; i < count; i++)
                grpc_slice_buffer_add(&buffer->data.raw.slice_buffer, few[i]);
        }
    }
    return buffer;
}

grpc_byte_buffer *rpc_bytes_copy(const void *data, size_t size)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(data, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

grpc_slice rpc_status_text(const char *text)
{
    size_t size = 0, encoded = 0;

    for (; text[size] != '\0'; size++) {
        unsigned char byte = (unsigned char)text[size];
        encoded += byte < 0x20 || byte > 0x7E || byte == '%' ? 3 : 1;
        if (encoded > RPC_STATUS_TEXT_MAX)
            break;
    }
    return grpc_slice_from_copied_buffer(text, text_cut(text, size));
}

uint64_t rpc_deadline_ns(gpr_timespec deadline)
{
    if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0)
        return 0;
    gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
    uint64_t now = clock_monotonic_ns();
    if (left.tv_sec < 0)
        return now > 0 ? now : 1;
    const int64_t far_seconds = INT64_C(3153600000); /* a hundred years: as good as none */
    if (left.tv_sec > far_seconds)
        return 0;
    return now + (uint64_t)left.tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)left.tv_nsec;
}

gpr_timespec rpc_deadline_of(uint64_t deadline_ns)
{
    if (deadline_ns == 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    uint64_t now = clock_monotonic_ns();
    uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
    gpr_timespec span = {.tv_sec = (int64_t)(left / CLOCK_NS_PER_SECOND),
                         .tv_nsec = (int32_t)(left % CLOCK_NS_PER_SECOND),
                         .clock_type = GPR_TIMESPAN};
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span);
}

bool rpc_slice_is(grpc_slice slice, const char *text, size_t size)
{
    return GRPC_SLICE_LENGTH(slice) == size && memcmp(GRPC_SLICE_START_PTR(slice), text, size) == 0;
}

const grpc_slice *rpc_metadata_find(const grpc_metadata_array *metadata, const char *key)
{
    size_t size = strlen(key);

    for (size_t i = 0; i < metadata->count; i++)
        if (rpc_slice_is(metadata->metadata[i].key, key, size))
            return &metadata->metadata[i].value;
    return NULL;
}
