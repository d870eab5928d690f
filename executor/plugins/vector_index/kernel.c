#include "kernel.h"
#include "kernel_steps.h"

#define KERNEL portable_product
#define LANES  4
#define TARGET
#define STEP ADD_PRODUCT
#include "kernel_template.h"

#define KERNEL portable_squares
#define LANES  4
#define TARGET
#define STEP ADD_SQUARE
#include "kernel_template.h"

#if defined(__x86_64__)
#define KERNEL avx2_product
#define LANES  8
#define TARGET __attribute__((target("avx2,fma")))
#define STEP   ADD_PRODUCT
#include "kernel_template.h"

#define KERNEL avx2_squares
#define LANES  8
#define TARGET __attribute__((target("avx2,fma")))
#define STEP   ADD_SQUARE
#include "kernel_template.h"

#define KERNEL avx512_product
#define LANES  16
#define TARGET __attribute__((target("avx512f")))
#define STEP   ADD_PRODUCT
#include "kernel_template.h"

#define KERNEL avx512_squares
#define LANES  16
#define TARGET __attribute__((target("avx512f")))
#define STEP   ADD_SQUARE
#include "kernel_template.h"
#endif

const struct kernel *kernel_at(size_t index)
{
    static const struct kernel portable = {"portable", portable_product, portable_squares};
#if defined(__x86_64__)
    static const struct kernel avx2 = {"avx2", avx2_product, avx2_squares};
    static const struct kernel avx512 = {"avx512", avx512_product, avx512_squares};
    if (__builtin_cpu_supports("avx512f") && index-- == 0)
        return &avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && index-- == 0)
        return &avx2;
#endif
    return index == 0 ? &portable : NULL;
}

size_t kernel_stride(size_t dimension)
{
    return (dimension + KERNEL_ROW_FLOATS - 1) / KERNEL_ROW_FLOATS * KERNEL_ROW_FLOATS;
}
