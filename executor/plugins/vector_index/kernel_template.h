/*
 * kernel_template.h - one kernel function. Included behind kernel_steps.h, by kernel.c once for each set of instructions and
 * each way of comparing, with these macros, which it undefines again:
 *
 *   KERNEL                    name of the function
 *   LANES                     floats of a vector register
 *   TARGET                    attributes that allow the instructions
 *   STEP(sum, row, query)     add one vector's share to `sum`
 *
 * Each pair has one accumulator, so eight pairs at a time keep two multiply-add units busy: eight rows with one query, or four
 * rows with two. Variables are spelled out because an array of accumulators need not become registers.
 */
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define VECTOR      JOIN(KERNEL, _vector)
#define AT(place)   (*(const VECTOR *)(place))
#define SUM(sum)    sum_lanes((const float *)&(sum), LANES)

typedef float VECTOR __attribute__((vector_size(LANES * sizeof(float)), may_alias));

TARGET static float JOIN(KERNEL, _1x1)(const float *row, const float *query, size_t stride)
{
    VECTOR sum = {0};
    for (size_t i = 0; i < stride; i += LANES) {
        VECTOR a = AT(row + i), x = AT(query + i);
        STEP(sum, a, x);
    }
    return SUM(sum);
}

TARGET static void JOIN(KERNEL, _8x1)(const float *row, const float *query, size_t stride, float *results)
{
    VECTOR s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0};
    for (size_t i = 0; i < stride; i += LANES) {
        const float *at = row + i;
        VECTOR x = AT(query + i);
        VECTOR a = AT(at), b = AT(at + stride), c = AT(at + 2 * stride), d = AT(at + 3 * stride);
        STEP(s0, a, x);
        STEP(s1, b, x);
        STEP(s2, c, x);
        STEP(s3, d, x);
        at += 4 * stride;
        VECTOR e = AT(at), f = AT(at + stride), g = AT(at + 2 * stride), h = AT(at + 3 * stride);
        STEP(s4, e, x);
        STEP(s5, f, x);
        STEP(s6, g, x);
        STEP(s7, h, x);
    }
    results[0] = SUM(s0);
    results[1] = SUM(s1);
    results[2] = SUM(s2);
    results[3] = SUM(s3);
    results[4] = SUM(s4);
    results[5] = SUM(s5);
    results[6] = SUM(s6);
    results[7] = SUM(s7);
}

TARGET static void JOIN(KERNEL, _4x2)(const float *row, const float *query, size_t stride, float *first, float *second)
{
    VECTOR s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};
    for (size_t i = 0; i < stride; i += LANES) {
        const float *at = row + i;
        VECTOR x = AT(query + i), y = AT(query + stride + i);
        VECTOR a = AT(at), b = AT(at + stride), c = AT(at + 2 * stride), d = AT(at + 3 * stride);
        STEP(s0, a, x);
        STEP(t0, a, y);
        STEP(s1, b, x);
        STEP(t1, b, y);
        STEP(s2, c, x);
        STEP(t2, c, y);
        STEP(s3, d, x);
        STEP(t3, d, y);
    }
    first[0] = SUM(s0);
    first[1] = SUM(s1);
    first[2] = SUM(s2);
    first[3] = SUM(s3);
    second[0] = SUM(t0);
    second[1] = SUM(t1);
    second[2] = SUM(t2);
    second[3] = SUM(t3);
}

TARGET static void KERNEL(const float *rows, size_t row_count, const float *queries, size_t query_count, size_t stride,
                          float *results, size_t results_stride)
{
    size_t q = 0;
    for (; q + 2 <= query_count; q += 2) {
        const float *query = queries + q * stride;
        float *first = results + q * results_stride, *second = first + results_stride;
        size_t r = 0;
        for (; r + 4 <= row_count; r += 4)
            JOIN(KERNEL, _4x2)(rows + r * stride, query, stride, first + r, second + r);
        for (; r < row_count; r++) {
            first[r] = JOIN(KERNEL, _1x1)(rows + r * stride, query, stride);
            second[r] = JOIN(KERNEL, _1x1)(rows + r * stride, query + stride, stride);
        }
    }
    for (; q < query_count; q++) {
        const float *query = queries + q * stride;
        float *result = results + q * results_stride;
        size_t r = 0;
        for (; r + 8 <= row_count; r += 8)
            JOIN(KERNEL, _8x1)(rows + r * stride, query, stride, result + r);
        for (; r < row_count; r++)
            result[r] = JOIN(KERNEL, _1x1)(rows + r * stride, query, stride);
    }
}

#undef JOIN_
#undef JOIN
#undef VECTOR
#undef AT
#undef SUM
#undef KERNEL
#undef LANES
#undef TARGET
#undef STEP
