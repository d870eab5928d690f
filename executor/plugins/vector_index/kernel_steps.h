/*
 * kernel_steps.h - what the functions made of kernel_template.h share: the sum across a vector's lanes, and the two ways of
 * comparing.
 */
#ifndef VECTOR_INDEX_KERNEL_STEPS_H
#define VECTOR_INDEX_KERNEL_STEPS_H

#include <stddef.h>

/* The sum across the lanes of a vector, in a fixed order. `lanes` is aligned like a vector. */
static inline __attribute__((always_inline)) float sum_lanes(const float *lanes, size_t count)
{
    typedef float four __attribute__((vector_size(16), may_alias));
    four sum = *(const four *)lanes;
    for (size_t i = 4; i < count; i += 4)
        sum += *(const four *)(lanes + i);
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

#define ADD_PRODUCT(sum, row, query) sum += (row) * (query)
#define ADD_SQUARE(sum, row, query)              \
    do {                                         \
        __typeof__(sum) difference = (row) - (query); \
        sum += difference * difference;          \
    } while (0)

#endif
