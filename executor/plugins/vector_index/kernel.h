/*
 * kernel.h - products and squared distances of many rows with many queries, in float32, with the processor's widest
 * instructions.
 *
 * A row is `stride` floats: the vector and zeros up to a multiple of KERNEL_ROW_FLOATS. It begins at a multiple of
 * KERNEL_ALIGNMENT bytes. Each pair of row and query is summed by itself, lane by lane and then across the lanes, always in
 * the same order: the result does not depend on which other rows and queries are there. It may differ in the last bits from
 * one set of instructions to another.
 *
 * Pure functions; any thread.
 */
#ifndef VECTOR_INDEX_KERNEL_H
#define VECTOR_INDEX_KERNEL_H

#include <stddef.h>

enum { KERNEL_ROW_FLOATS = 16, KERNEL_ALIGNMENT = 64 };

/* results[q * results_stride + r] for every query q and row r. */
typedef void kernel_function(const float *rows, size_t row_count, const float *queries, size_t query_count, size_t stride,
                             float *results, size_t results_stride);

struct kernel {
    const char *instructions; /* "avx512", "avx2", "portable" */
    kernel_function *product, *squared_distance;
};

/* The kernels that this processor can run, the best first; NULL beyond the end. The last one runs everywhere. */
const struct kernel *kernel_at(size_t index);

/* Floats of a row for vectors of this dimension. */
size_t kernel_stride(size_t dimension);

#endif
