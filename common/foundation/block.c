#include "common/foundation/block.h"

#include <stdlib.h>
#include <string.h>

static void release_malloced(struct block *block)
{
    free(block);
}

struct block *block_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (block != NULL)
        block_init(block, block + 1, size, release_malloced);
    return block;
}

void block_init(struct block *block, void *data, size_t size, void (*release)(struct block *))
{
    atomic_init(&block->references, 1);
    block->release = release;
    block->data = data;
    block->size = size;
}

struct block *block_ref(struct block *block)
{
    if (block != NULL)
        atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void block_unref(struct block *block)
{
    if (block != NULL && atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1)
        block->release(block);
}

void rope_init(struct rope *rope)
{
    rope->slices = rope->local;
    rope->count = 0;
    rope->capacity = ROPE_INLINE;
    rope->size = 0;
}

void rope_done(struct rope *rope)
{
    for (size_t i = 0; i < rope->count; i++)
        block_unref(rope->slices[i].block);
    if (rope->slices != rope->local)
        free(rope->slices);
    rope_init(rope);
}

static sluice_status grow(struct rope *rope)
{
    size_t capacity = rope->capacity < 8 ? 8 : rope->capacity * 2;
    struct slice *slices = malloc(capacity * sizeof *slices);
    if (slices == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(slices, rope->slices, rope->count * sizeof *slices);
    if (rope->slices != rope->local)
        free(rope->slices);
    rope->slices = slices;
    rope->capacity = capacity;
    return SLUICE_OK;
}

sluice_status rope_append(struct rope *rope, struct block *block, const void *data, size_t size)
{
    if (size == 0)
        return SLUICE_OK;
    if (rope->count == rope->capacity && grow(rope) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    rope->slices[rope->count++] = (struct slice){.block = block_ref(block), .data = data, .size = size};
    rope->size += size;
    return SLUICE_OK;
}

sluice_status rope_append_rope(struct rope *rope, const struct rope *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct slice *slice = &other->slices[i];
        sluice_status status = rope_append(rope, slice->block, slice->data, slice->size);
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}

void rope_move(struct rope *to, struct rope *from)
{
    *to = *from;
    if (from->slices == from->local)
        to->slices = to->local;
    rope_init(from);
}

void rope_copy_out(const struct rope *rope, void *target)
{
    rope_copy_part(rope, 0, target, rope->size);
}

void rope_copy_part(const struct rope *rope, size_t offset, void *target, size_t size)
{
    uint8_t *to = target;

    for (size_t i = 0; i < rope->count && size > 0; i++) {
        const struct slice *slice = &rope->slices[i];
        if (offset >= slice->size) {
            offset -= slice->size;
            continue;
        }
        size_t taken = slice->size - offset < size ? slice->size - offset : size;
        memcpy(to, slice->data + offset, taken);
        to += taken;
        size -= taken;
        offset = 0;
    }
}
