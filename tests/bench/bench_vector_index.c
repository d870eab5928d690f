/*
 * bench_vector_index.c - how fast vector_index searches memory, beside a loop that only sums the same bytes. Prints one JSON object.
 *
 *   search: each thread asks for the best so many of every row, one query after the other; the floor's threads sum the rows.
 *   batch:  one thread; queries in groups, beside the same queries one by one.
 *
 * Product and floor are measured in turn, in processor time of their threads, so that what other processes take does not count; the
 * rounds' figures are printed, not a mean of them.
 */
#include "executor/plugins/vector_index/kernel.h"
#include "executor/plugins/vector_index/search.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64, LIMIT = 10 };

static size_t rows = 100000, dimension = 256, threads = 1;
static unsigned rounds = 7;
static double seconds = 1;
static enum metric metric = METRIC_COSINE;

static struct table table;
static float *queries; /* SEARCH_GROUP of them */
static atomic_bool stop;

/* Processor time of the calling thread. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench-vector-index: %s\n", what);
    exit(2);
}

static void fill(float *vector)
{
    for (size_t i = 0; i < dimension; i++)
        vector[i] = (float)rand() / (float)RAND_MAX - 0.5f;
}

static void make_table(void)
{
    float *vector = malloc(dimension * sizeof *vector);
    if (vector == NULL || table_init(&table) != SLUICE_OK)
        fail("no memory");
    table_set_dimension(&table, dimension);
    if (!table_reserve(&table, rows))
        fail("no memory");
    for (size_t i = 0; i < rows; i++) {
        struct entry *entry = NULL;
        char id[24];
        snprintf(id, sizeof id, "%zu", i);
        if (entry_new(sluice_text_of(id), "", 0, NULL, &entry) != SLUICE_OK)
            fail("no memory");
        fill(vector);
        table_put(&table, entry, vector);
    }
    free(vector);
    queries = aligned_alloc(KERNEL_ALIGNMENT, SEARCH_GROUP * table.stride * sizeof *queries);
    if (queries == NULL)
        fail("no memory");
    memset(queries, 0, SEARCH_GROUP * table.stride * sizeof *queries);
    for (size_t i = 0; i < SEARCH_GROUP; i++)
        fill(queries + i * table.stride);
}

/* Searches for `count` queries at a time, or sums, until told to stop; how many queries, or passes. */
static size_t work(size_t count)
{
    static _Thread_local struct scored items[SEARCH_GROUP][LIMIT];
    struct search search = {.metric = metric};
    size_t done = 0;
    do { /* at least once, however late the thread begins */
        struct top tops[SEARCH_GROUP];
        for (size_t i = 0; i < count; i++)
            tops[i] = (struct top){.items = items[i], .limit = LIMIT};
        size_t first = count == 1 ? done % SEARCH_GROUP : 0;
        table_lock_shared(&table);
        if (search_run(&table, &search, queries + first * table.stride, count, tops) != SLUICE_OK)
            fail("a search failed");
        table_unlock(&table);
        done += count;
    } while (!atomic_load_explicit(&stop, memory_order_relaxed));
    return done;
}

/* The floor: every byte is read and added, with eight registers of the same width as the product's. */
#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default")))
#endif
float sum_rows(const float *at, size_t count);

float sum_rows(const float *at, size_t count)
{
    typedef float eight __attribute__((vector_size(32), may_alias));
    eight sums[8] = {0};
    for (size_t i = 0; i + 64 <= count; i += 64)
        for (size_t j = 0; j < 8; j++)
            sums[j] += *(const eight *)(at + i + 8 * j);
    float sum = 0;
    for (size_t j = 0; j < 64; j++)
        sum += sums[j / 8][j % 8];
    return sum;
}

static size_t sum_until_stopped(void)
{
    static _Thread_local volatile float kept;
    size_t done = 0;
    do {
        kept = sum_rows(table.vectors, table.count * table.stride);
        done++;
    } while (!atomic_load_explicit(&stop, memory_order_relaxed));
    (void)kept;
    return done;
}

struct thread {
    pthread_t thread;
    size_t count; /* queries at a time; 0: the floor */
    double rate;
};

static void *run_thread(void *context)
{
    struct thread *thread = context;
    double started = now();
    size_t done = thread->count == 0 ? sum_until_stopped() : work(thread->count);
    thread->rate = (double)done / (now() - started);
    return NULL;
}

/* Passes or queries a second of processor time, of all threads together. */
static double measure(size_t thread_count, size_t count)
{
    struct thread all[THREADS_MAX];
    atomic_store(&stop, false);
    for (size_t i = 0; i < thread_count; i++) {
        all[i] = (struct thread){.count = count};
        if (pthread_create(&all[i].thread, NULL, run_thread, &all[i]) != 0)
            fail("no thread");
    }
    struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
    atomic_store(&stop, true);
    double rate = 0;
    for (size_t i = 0; i < thread_count; i++) {
        pthread_join(all[i].thread, NULL);
        rate += all[i].rate;
    }
    return rate;
}

static void parse(int count, char **arguments)
{
    static const struct option options[] = {
        {"rows", required_argument, NULL, 'r'},    {"dimension", required_argument, NULL, 'd'},
        {"threads", required_argument, NULL, 't'}, {"rounds", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 's'}, {"metric", required_argument, NULL, 'm'},
        {0},
    };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        if (option == 'r')
            rows = strtoul(optarg, NULL, 10);
        else if (option == 'd')
            dimension = strtoul(optarg, NULL, 10);
        else if (option == 't')
            threads = strtoul(optarg, NULL, 10);
        else if (option == 'n')
            rounds = (unsigned)strtoul(optarg, NULL, 10);
        else if (option == 's')
            seconds = strtod(optarg, NULL);
        else if (option == 'm')
            metric = strcmp(optarg, "euclidean") == 0 ? METRIC_EUCLIDEAN
                     : strcmp(optarg, "cosine") == 0  ? METRIC_COSINE
                                                      : METRIC_INNER_PRODUCT;
        else
            fail("usage: bench-vector-index [--rows N] [--dimension N] [--threads N] [--rounds N] [--seconds S] [--metric M]");
    }
    if (rows == 0 || dimension == 0 || threads == 0 || threads > THREADS_MAX)
        fail("rows, dimension and threads must be above 0, threads at most 64");
}

int main(int count, char **arguments)
{
    parse(count, arguments);
    make_table();
    measure(threads, 1); /* the caches, the pages, the processor's clock */
    printf("{\"instructions\": \"%s\", \"bytes\": %zu, \"rounds\": [", kernel_at(0)->instructions,
           table.count * table.stride * sizeof(float));
    for (unsigned i = 0; i < rounds; i++) {
        double search = measure(threads, 1), sum = measure(threads, 0);
        double one = measure(1, 1), many = measure(1, SEARCH_GROUP);
        printf("%s{\"search\": %.3f, \"sum\": %.3f, \"one\": %.3f, \"many\": %.3f}", i > 0 ? ", " : "", search, sum, one, many);
        fflush(stdout);
    }
    printf("]}\n");
    table_done(&table);
    free(queries);
    return 0;
}
