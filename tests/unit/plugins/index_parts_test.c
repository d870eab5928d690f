/* The parts of vector_index by themselves: kernels, the best so many, the map from ids, the table. */
#include "executor/plugins/vector_index/kernel.h"
#include "executor/plugins/vector_index/kernel_steps.h"
#include "executor/plugins/vector_index/search.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The code of the widest kernel without its instructions, for processors that lack them. */
#define KERNEL wide_product
#define LANES  16
#define TARGET
#define STEP ADD_PRODUCT
#include "executor/plugins/vector_index/kernel_template.h"

#define KERNEL wide_squares
#define LANES  16
#define TARGET
#define STEP ADD_SQUARE
#include "executor/plugins/vector_index/kernel_template.h"

static const struct kernel wide = {"wide", wide_product, wide_squares};

static float *random_rows(size_t count, size_t dimension)
{
    size_t stride = kernel_stride(dimension);
    float *rows = aligned_alloc(KERNEL_ALIGNMENT, count * stride * sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    memset(rows, 0, count * stride * sizeof *rows);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < dimension; j++)
            rows[i * stride + j] = (float)rand() / (float)RAND_MAX - 0.5f;
    return rows;
}

static double exact(const float *a, const float *b, size_t dimension, bool squares)
{
    double sum = 0;
    for (size_t i = 0; i < dimension; i++)
        sum += squares ? ((double)a[i] - b[i]) * ((double)a[i] - b[i]) : (double)a[i] * b[i];
    return sum;
}

/* Every set of instructions, every shape of the last rows and queries, against doubles; alone and in company. */
START_TEST(kernels_are_right_in_every_shape)
{
    enum { ROWS = 21, QUERIES = 5 };
    static const size_t dimensions[] = {1, 3, 15, 16, 17, 64, 100, 257};
    const struct kernel *kernel = _i == 0 ? &wide : kernel_at((size_t)_i - 1);
    if (kernel == NULL)
        return; /* this processor has fewer */
    float together[QUERIES * ROWS], alone;
    for (size_t d = 0; d < sizeof dimensions / sizeof dimensions[0]; d++) {
        size_t dimension = dimensions[d], stride = kernel_stride(dimension);
        float *rows = random_rows(ROWS, dimension), *queries = random_rows(QUERIES, dimension);
        for (int squares = 0; squares < 2; squares++) {
            kernel_function *function = squares ? kernel->squared_distance : kernel->product;
            function(rows, ROWS, queries, QUERIES, stride, together, ROWS);
            for (size_t q = 0; q < QUERIES; q++) {
                for (size_t r = 0; r < ROWS; r++) {
                    double right = exact(rows + r * stride, queries + q * stride, dimension, squares);
                    ck_assert_double_eq_tol(together[q * ROWS + r], right, 1e-5 * fmax(1, fabs(right)));
                    function(rows + r * stride, 1, queries + q * stride, 1, stride, &alone, 1);
                    ck_assert(memcmp(&alone, &together[q * ROWS + r], sizeof alone) == 0);
                }
            }
        }
        free(rows);
        free(queries);
    }
}
END_TEST

START_TEST(the_last_kernel_runs_everywhere)
{
    size_t count = 0;
    while (kernel_at(count) != NULL)
        count++;
    ck_assert_uint_ge(count, 1);
    ck_assert_str_eq(kernel_at(count - 1)->instructions, "portable");
}
END_TEST

static struct entry *new_entry(const char *id)
{
    struct entry *entry = NULL;
    ck_assert_int_eq(entry_new(sluice_text_of(id), "document", 8, NULL, &entry), SLUICE_OK);
    return entry;
}

static int compare_floats(const void *a, const void *b)
{
    return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b);
}

START_TEST(the_best_so_many)
{
    enum { COUNT = 1000 };
    static float scores[COUNT];
    static const size_t limits[] = {1, 2, 10, 999, 1000, 1001};
    struct entry *entry = new_entry("a");
    struct scored items[1001];
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
        struct top top = {.items = items, .limit = limits[l]};
        for (size_t i = 0; i < COUNT; i++) {
            scores[i] = (float)(rand() % 300);
            if (top_wants(&top, scores[i]))
                top_add(&top, scores[i], entry);
        }
        top_sort(&top);
        qsort(scores, COUNT, sizeof scores[0], compare_floats);
        ck_assert_uint_eq(top.count, limits[l] < COUNT ? limits[l] : COUNT);
        for (size_t i = 0; i < top.count; i++)
            ck_assert_float_eq(top.items[i].score, scores[i]);
    }
    free(entry);
}
END_TEST

/* Random puts and removals, against a plain array. */
START_TEST(ids_are_found_after_any_history)
{
    enum { NAMES = 300, STEPS = 20000 };
    struct ids ids = {0};
    struct entry *names[NAMES];
    bool there[NAMES] = {false};
    size_t count = 0;
    ck_assert_ptr_null(ids_remove(&ids, names[0] = new_entry("0")));
    free(names[0]);
    for (int i = 0; i < NAMES; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        names[i] = new_entry(id);
    }
    for (int step = 0; step < STEPS; step++) {
        int name = rand() % NAMES;
        if (rand() % 2 == 0) {
            ck_assert(ids_reserve(&ids, count + 1));
            ck_assert_ptr_eq(ids_put(&ids, names[name]), there[name] ? names[name] : NULL);
            count += !there[name];
            there[name] = true;
        } else {
            ck_assert_ptr_eq(ids_remove(&ids, names[name]), there[name] ? names[name] : NULL);
            count -= there[name];
            there[name] = false;
        }
        int other = rand() % NAMES;
        ck_assert_ptr_eq(ids_find(&ids, names[other]), there[other] ? names[other] : NULL);
        ck_assert_uint_eq(ids.count, count);
    }
    ids_clear(&ids);
    ck_assert_ptr_null(ids_find(&ids, names[0]));
    ids_done(&ids);
    for (int i = 0; i < NAMES; i++)
        free(names[i]);
}
END_TEST

/* A large transaction does not make all that come behind it slow. */
START_TEST(a_map_gives_back_what_it_does_not_use)
{
    struct ids ids = {0};
    struct entry *entry = new_entry("a");
    ck_assert(ids_reserve(&ids, 1000000));
    size_t large = ids.capacity;
    ids_clear(&ids);
    ck_assert_uint_eq(ids.capacity, large); /* nothing to clear costs nothing */
    ids_put(&ids, entry);
    ids_clear(&ids);
    ck_assert_uint_eq(ids.capacity, 0);
    ck_assert_ptr_null(ids_find(&ids, entry));
    ck_assert(ids_reserve(&ids, 1));
    size_t small = ids.capacity;
    ids_put(&ids, entry);
    ids_clear(&ids);
    ck_assert_uint_eq(ids.capacity, small);
    ck_assert_ptr_null(ids_find(&ids, entry));
    ids_done(&ids);
    free(entry);
}
END_TEST

START_TEST(ids_are_compared_bytewise)
{
    struct entry *a = new_entry("a"), *ab = new_entry("ab"), *high = new_entry("\xC3\xA9");
    ck_assert_int_lt(entry_compare_ids(a, ab), 0);
    ck_assert_int_gt(entry_compare_ids(high, ab), 0);
    ck_assert_int_eq(entry_compare_ids(ab, ab), 0);
    free(a);
    free(ab);
    free(high);
}
END_TEST

/* What is removed leaves no trace: the rows that stay are those that were put. */
START_TEST(the_table_keeps_rows_dense)
{
    enum { COUNT = 700, DIMENSION = 5 };
    struct table table;
    ck_assert_int_eq(table_init(&table), SLUICE_OK);
    table_set_dimension(&table, 3);
    ck_assert(table_reserve(&table, 1));
    table_set_dimension(&table, DIMENSION); /* nothing is there yet */
    for (int i = 0; i < COUNT; i++) {
        char id[16];
        float vector[DIMENSION] = {(float)i, 1, 2, 3, 4};
        snprintf(id, sizeof id, "%d", i);
        ck_assert(table_has_room(&table, 1) || table_reserve(&table, 1));
        table_put(&table, new_entry(id), vector);
    }
    for (int i = 0; i < COUNT; i += 2) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        struct entry *like = entry_new_removal(sluice_text_of(id));
        ck_assert(table_remove(&table, like));
        ck_assert(!table_remove(&table, like));
        free(like);
    }
    ck_assert_uint_eq(table.count, COUNT / 2);
    for (size_t row = 0; row < table.count; row++) {
        sluice_text id = entry_id(table.entries[row]);
        char text[16];
        snprintf(text, sizeof text, "%.*s", (int)id.size, id.data);
        ck_assert_int_eq(atoi(text) % 2, 1);
        ck_assert_float_eq(table.vectors[row * table.stride], (float)atoi(text));
        ck_assert_float_eq(table.vectors[row * table.stride + DIMENSION], 0);
        ck_assert_uint_eq(table.entries[row]->row, row);
        ck_assert_ptr_eq(ids_find(&table.ids, table.entries[row]), table.entries[row]);
    }
    table_done(&table);
}
END_TEST

static bool always(const void *context)
{
    (void)context;
    return true;
}

START_TEST(a_search_can_be_cancelled)
{
    struct table table;
    float vector[1] = {1}, query[KERNEL_ROW_FLOATS] __attribute__((aligned(KERNEL_ALIGNMENT))) = {1};
    struct scored items[1];
    struct top top = {.items = items, .limit = 1};
    struct filter *filter = NULL;
    ck_assert_int_eq(table_init(&table), SLUICE_OK);
    table_set_dimension(&table, 1);
    ck_assert(table_reserve(&table, 1));
    table_put(&table, new_entry("a"), vector);
    struct search search = {.cancelled = always};
    ck_assert_int_eq(search_run(&table, &search, query, 1, &top), SLUICE_CANCELLED);
    search.cancelled = NULL;
    ck_assert_int_eq(search_run(&table, &search, query, 1, &top), SLUICE_OK);
    ck_assert_uint_eq(top.count, 1);
    sluice_value *source = sluice_value_new_map();
    ck_assert_int_eq(filter_new(source, &filter, NULL), SLUICE_OK);
    search = (struct search){.filter = filter, .cancelled = always};
    ck_assert_int_eq(search_begin(&search, &table), SLUICE_CANCELLED);
    search_end(&search);
    filter_free(filter);
    sluice_value_free(source);
    table_done(&table);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins.index.parts");
    TCase *tests = tcase_create("parts");
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, kernels_are_right_in_every_shape, 0, 4);
    tcase_add_test(tests, the_last_kernel_runs_everywhere);
    tcase_add_test(tests, the_best_so_many);
    tcase_add_test(tests, ids_are_found_after_any_history);
    tcase_add_test(tests, a_map_gives_back_what_it_does_not_use);
    tcase_add_test(tests, ids_are_compared_bytewise);
    tcase_add_test(tests, the_table_keeps_rows_dense);
    tcase_add_test(tests, a_search_can_be_cancelled);
    return suite_run(suite);
}
