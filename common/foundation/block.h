/*
 * block.h - counted memory that several owners read, and ropes of slices into it.
 *
 * A received message stays in the block that it was read into; header, parameters and documents are slices of it, and
 * whoever still needs a slice holds a reference to its block. A block's bytes are written by its maker before the first
 * reference is given away and never after. Counting is atomic: any thread may take and drop references. A rope itself
 * belongs to one thread at a time.
 */
#ifndef SLUICE_FOUNDATION_BLOCK_H
#define SLUICE_FOUNDATION_BLOCK_H

#include <sluice/error.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct block {
    atomic_uint references;
    void (*release)(struct block *block); /* called when the last reference goes; frees the struct as well */
    uint8_t *data;
    size_t size;
};

/* Memory of `size` bytes behind the struct, one reference held by the caller. NULL: no memory. */
struct block *block_new(size_t size);

/* For memory that somebody else manages: initialise an embedded struct with one reference. */
void block_init(struct block *block, void *data, size_t size, void (*release)(struct block *));

struct block *block_ref(struct block *block); /* NULL is fine; returns its argument */
void block_unref(struct block *block);        /* NULL is fine */

/* Some bytes, and the block that keeps them alive. `block` NULL: they live as long as the rope's owner says. */
struct slice {
    struct block *block;
    const uint8_t *data;
    size_t size;
};

enum { ROPE_INLINE = 2 }; /* a small message is one slice, an answer a head and documents */

/* A row of slices that stands for their concatenation. Holds a reference per slice. */
struct rope {
    struct slice *slices; /* points to `local` until more are needed */
    size_t count, capacity;
    size_t size; /* bytes in all */
    struct slice local[ROPE_INLINE];
};

void rope_init(struct rope *rope);
void rope_done(struct rope *rope); /* drops the references; the struct may be used again after rope_init() */

/* Append bytes; takes a reference to `block` (NULL: the bytes outlive the rope). Empty slices are left out. */
sluice_status rope_append(struct rope *rope, struct block *block, const void *data, size_t size);
sluice_status rope_append_rope(struct rope *rope, const struct rope *other);

/* Move the contents of `from` to `to`, which must be initialised and empty; `from` is then empty. */
void rope_move(struct rope *to, struct rope *from);

/* Copy all bytes to `target`, which has room for rope->size bytes. */
void rope_copy_out(const struct rope *rope, void *target);
/* Copy `size` bytes from `offset` on; there are as many. */
void rope_copy_part(const struct rope *rope, size_t offset, void *target, size_t size);

#endif
