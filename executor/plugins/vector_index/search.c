#include "search.h"
#include "kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 64 << 10, /* of rows: with the queries they fill half of a second-level cache */
    BLOCK_ROWS_MIN = 8,
    BLOCK_ROWS_MAX = 256,
    BLOCKS_BETWEEN_LOOKS = 16, /* at the cancel */
    SPARSE = 4, /* fewer than one in so many rows of a block pass the filter: they are taken one by one */
};

struct pass {
    const struct table *table;
    const struct search *search;
    kernel_function *kernel;
    const float *queries;
    size_t count;
    struct top *tops;
    float inverse_lengths[SEARCH_GROUP]; /* of the queries */
    const uint8_t *passing;              /* for each row of the table; NULL: all */
    float *values;                       /* for each query of the group, those of a block's rows */
};

float search_score(enum metric metric, float ordered)
{
    return metric == METRIC_INNER_PRODUCT ? -ordered : ordered;
}

static float cosine_distance(float product, float inverse_row, float inverse_query)
{
    float distance = 1 - product * inverse_row * inverse_query;
    return distance < 0 ? 0 : distance > 2 ? 2 : distance;
}

static float ordered_score(const struct pass *pass, size_t query, size_t row, float value)
{
    switch (pass->search->metric) {
    case METRIC_COSINE:
        return cosine_distance(value, pass->table->inverse_lengths[row], pass->inverse_lengths[query]);
    case METRIC_INNER_PRODUCT: return -value;
    default: return sqrtf(value);
    }
}

/* The values of the rows from `first` on go into the tops. */
static void add_values(const struct pass *pass, size_t first, size_t rows)
{
    for (size_t q = 0; q < pass->count; q++) {
        struct top *top = &pass->tops[q];
        const float *values = pass->values + q * BLOCK_ROWS_MAX;
        for (size_t r = 0; r < rows; r++) {
            float score = ordered_score(pass, q, first + r, values[r]);
            if (top_wants(top, score) && (pass->passing == NULL || pass->passing[first + r]))
                top_add(top, score, pass->table->entries[first + r]);
        }
    }
}

static void compare_rows(const struct pass *pass, size_t first, size_t rows)
{
    const struct table *table = pass->table;
    pass->kernel(table->vectors + first * table->stride, rows, pass->queries, pass->count, table->stride, pass->values,
                 BLOCK_ROWS_MAX);
    add_values(pass, first, rows);
}

static void compare_block(const struct pass *pass, size_t first, size_t rows)
{
    size_t passing = rows;
    for (size_t r = 0; pass->passing != NULL && r < rows; r++)
        passing -= pass->passing[first + r] == 0;
    if (passing * SPARSE >= rows) {
        compare_rows(pass, first, rows);
        return;
    }
    for (size_t r = 0; r < rows && passing > 0; r++)
        if (pass->passing[first + r])
            compare_rows(pass, first + r, 1);
}

static sluice_status compare_all(const struct pass *pass)
{
    const struct search *search = pass->search;
    size_t block = BLOCK_BYTES / (pass->table->stride * sizeof(float)) / BLOCK_ROWS_MIN * BLOCK_ROWS_MIN;
    if (block < BLOCK_ROWS_MIN)
        block = BLOCK_ROWS_MIN;
    if (block > BLOCK_ROWS_MAX)
        block = BLOCK_ROWS_MAX;
    size_t blocks = 0;
    for (size_t first = 0; first < pass->table->count; first += block, blocks++) {
        if (blocks % BLOCKS_BETWEEN_LOOKS == 0 && search->cancelled != NULL && search->cancelled(search->context))
            return SLUICE_CANCELLED;
        size_t left = pass->table->count - first;
        compare_block(pass, first, left < block ? left : block);
    }
    for (size_t q = 0; q < pass->count; q++)
        top_sort(&pass->tops[q]);
    return SLUICE_OK;
}

/* Which rows the filter lets through: 1 or 0 for each. NULL: no memory. */
static uint8_t *ask_filter(const struct table *table, const struct filter *filter)
{
    uint8_t *passing = malloc(table->count + 1);
    for (size_t row = 0; passing != NULL && row < table->count; row++)
        passing[row] = filter_passes(filter, entry_tags(table->entries[row]));
    return passing;
}

sluice_status search_run(const struct table *table, const struct search *search, const float *queries, size_t count,
                         struct top *tops)
{
    struct pass pass = {.table = table, .search = search, .queries = queries, .count = count, .tops = tops};
    const struct kernel *kernel = kernel_at(0);
    pass.kernel = search->metric == METRIC_EUCLIDEAN ? kernel->squared_distance : kernel->product;
    for (size_t q = 0; q < count; q++)
        pass.inverse_lengths[q] = table_inverse_length(queries + q * table->stride, table->dimension);
    uint8_t *passing = NULL;
    if (search->filter != NULL) {
        passing = ask_filter(table, search->filter);
        if (passing == NULL)
            return SLUICE_NO_MEMORY;
    }
    pass.passing = passing;
    pass.values = aligned_alloc(KERNEL_ALIGNMENT, count * BLOCK_ROWS_MAX * sizeof(float));
    sluice_status status = pass.values == NULL ? SLUICE_NO_MEMORY : compare_all(&pass);
    free(pass.values);
    free(passing);
    return status;
}
