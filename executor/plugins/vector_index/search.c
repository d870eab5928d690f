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
    TAGS_BETWEEN_LOOKS = 1024,
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
    const uint8_t *passing = pass->search->passing;
    for (size_t q = 0; q < pass->count; q++) {
        struct top *top = &pass->tops[q];
        const float *values = pass->values + q * BLOCK_ROWS_MAX;
        for (size_t r = 0; r < rows; r++) {
            float score = ordered_score(pass, q, first + r, values[r]);
            if (top_wants(top, score) && (passing == NULL || passing[first + r]))
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
    const uint8_t *passing = pass->search->passing;
    size_t count = rows;
    for (size_t r = 0; passing != NULL && r < rows; r++)
        count -= passing[first + r] == 0;
    if (count * SPARSE >= rows) {
        compare_rows(pass, first, rows);
        return;
    }
    for (size_t r = 0; r < rows && count > 0; r++)
        if (passing[first + r])
            compare_rows(pass, first + r, 1);
}

bool search_is_cancelled(const struct search *search)
{
    return search->cancelled != NULL && search->cancelled(search->context);
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
        if (blocks % BLOCKS_BETWEEN_LOOKS == 0 && search_is_cancelled(search))
            return SLUICE_CANCELLED;
        size_t left = pass->table->count - first;
        compare_block(pass, first, left < block ? left : block);
    }
    for (size_t q = 0; q < pass->count; q++)
        top_sort(&pass->tops[q]);
    return SLUICE_OK;
}

sluice_status search_begin(struct search *search, const struct table *table)
{
    if (search->filter == NULL)
        return SLUICE_OK;
    search->passing = malloc(table->count + 1);
    if (search->passing == NULL)
        return SLUICE_NO_MEMORY;
    for (size_t row = 0; row < table->count; row++) {
        if (row % TAGS_BETWEEN_LOOKS == 0 && search_is_cancelled(search))
            return SLUICE_CANCELLED;
        search->passing[row] = filter_passes(search->filter, entry_tags(table->entries[row]));
    }
    return SLUICE_OK;
}

void search_end(struct search *search)
{
    free(search->passing);
    search->passing = NULL;
}

sluice_status search_run(const struct table *table, const struct search *search, const float *queries, size_t count,
                         struct top *tops)
{
    struct pass pass = {.table = table, .search = search, .queries = queries, .count = count, .tops = tops};
    const struct kernel *kernel = kernel_at(0);
    pass.kernel = search->metric == METRIC_EUCLIDEAN ? kernel->squared_distance : kernel->product;
    for (size_t q = 0; q < count; q++)
        pass.inverse_lengths[q] = table_inverse_length(queries + q * table->stride, table->dimension);
    pass.values = aligned_alloc(KERNEL_ALIGNMENT, count * BLOCK_ROWS_MAX * sizeof(float));
    sluice_status status = pass.values == NULL ? SLUICE_NO_MEMORY : compare_all(&pass);
    free(pass.values);
    return status;
}
