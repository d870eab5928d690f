/* The writer of vector_index beside searches: transactions that are shared, requests that are seen whole, failures that stay with
 * their own job. */
#include "executor/plugins/vector_index/kernel.h"
#include "executor/plugins/vector_index/search.h"
#include "executor/plugins/vector_index/writer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIMENSION = 4 };

static char folder[64], path[96];
static struct store *store;
static struct table table;
static struct writer *writer;

/* What a job that is done leaves behind. */
struct outcome {
    sluice_status status;
    char text[256];
    size_t done, replaced, missing;
    bool ready;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void done(struct job *job)
{
    struct outcome *outcome = job->context;
    pthread_mutex_lock(&lock);
    outcome->status = job->status;
    snprintf(outcome->text, sizeof outcome->text, "%.255s", job->error.text);
    outcome->done = job->done;
    outcome->replaced = job->replaced;
    outcome->missing = job->missing;
    outcome->ready = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    job_free(job);
}

static void wait_for(struct outcome *outcome)
{
    pthread_mutex_lock(&lock);
    while (!outcome->ready)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void start_writer(void)
{
    sluice_error error = {0};
    ck_assert_int_eq(table_init(&table), SLUICE_OK);
    ck_assert_int_eq(writer_start(store, &table, done, &writer, &error), SLUICE_OK);
}

static void open_with(uint64_t max_bytes)
{
    sluice_error error = {0};
    struct store_settings settings = {.path = path, .max_bytes = max_bytes};
    ck_assert_msg(store_open(&settings, &store, &error) == SLUICE_OK, "%s", error.text);
    start_writer();
}

static void be_corrupt(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    sqlite3_result_error_code(context, SQLITE_CORRUPT);
}

/* A file in which SQLite finds damage when the document "bad1" is written; its connection. */
static sqlite3 *open_damaged(void)
{
    sluice_error error = {0};
    struct store_settings settings = {.path = path};
    sqlite3 *database = NULL;
    open_with(0); /* makes the tables */
    writer_stop(writer);
    store_close(store);
    table_done(&table);
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
    ck_assert_int_eq(sqlite3_create_function(database, "be_corrupt", 0, flags, NULL, be_corrupt, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database,
                                  "CREATE TEMP TRIGGER damage AFTER INSERT ON main.documents WHEN new.id = 'bad1' "
                                  "BEGIN SELECT be_corrupt(); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_msg(store_adopt(database, &settings, &store, &error) == SLUICE_OK, "%s", error.text);
    start_writer();
    return database;
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/sluice-index-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.sqlite", folder);
}

static void tear_down(void)
{
    char command[128];
    writer_stop(writer);
    store_close(store);
    table_done(&table);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void add_entry(struct job *job, const char *id, size_t document_size)
{
    struct entry *entry = NULL;
    char *document = calloc(1, document_size + 1);
    ck_assert_ptr_nonnull(document);
    if (job->kind == JOB_DELETE)
        entry = entry_new_removal(sluice_text_of(id));
    else
        ck_assert_int_eq(entry_new(sluice_text_of(id), document, document_size, NULL, &entry), SLUICE_OK);
    free(document);
    ck_assert(job_add(job, entry));
}

/* Documents NAME0 … with `value` as their every number. */
static struct job *new_job(enum job_kind kind, const char *name, size_t count, float value, struct outcome *outcome)
{
    struct job *job = job_new(kind);
    ck_assert_ptr_nonnull(job);
    job->context = outcome;
    job->dimension = DIMENSION;
    *outcome = (struct outcome){0};
    for (size_t i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "%s%zu", name, i);
        add_entry(job, id, 10);
    }
    job->vectors = calloc(count * DIMENSION, sizeof(float));
    for (size_t i = 0; i < count * DIMENSION; i++)
        job->vectors[i] = value;
    for (size_t i = 0; i < count && kind != JOB_DELETE; i++)
        job->operations[i].vector = job->vectors + i * DIMENSION;
    return job;
}

/* While the first is held at the table, all others gather behind it: they share one transaction. */
START_TEST(jobs_that_wait_share_a_transaction)
{
    enum { JOBS = 16 };
    struct outcome outcomes[JOBS];
    open_with(0);
    table_lock_shared(&table);
    for (int i = 0; i < JOBS; i++) {
        char name[16];
        snprintf(name, sizeof name, "j%d-", i);
        writer_add(writer, new_job(JOB_INDEX, name, 10, 1, &outcomes[i]));
    }
    table_unlock(&table);
    for (int i = 0; i < JOBS; i++) {
        wait_for(&outcomes[i]);
        ck_assert_int_eq(outcomes[i].status, SLUICE_OK);
    }
    ck_assert_uint_le(writer_transactions(writer), 2);
    table_lock_shared(&table);
    ck_assert_uint_eq(table.count, JOBS * 10);
    table_unlock(&table);
}
END_TEST

/* Keep the writer busy until the jobs behind are all queued. */
static void add_together(struct job **jobs, size_t count)
{
    static struct outcome first;
    struct job *job = new_job(JOB_DELETE, "nobody", 1, 0, &first);
    table_lock_shared(&table);
    writer_add(writer, job);
    for (size_t i = 0; i < count; i++)
        writer_add(writer, jobs[i]);
    table_unlock(&table);
    wait_for(&first);
}

START_TEST(one_id_in_several_jobs_of_a_transaction)
{
    struct outcome outcomes[6];
    struct job *jobs[6];
    open_with(0);
    jobs[0] = new_job(JOB_UPDATE, "a", 1, 1, &outcomes[0]);
    jobs[1] = new_job(JOB_INDEX, "a", 2, 1, &outcomes[1]);
    jobs[2] = new_job(JOB_UPDATE, "a", 3, 2, &outcomes[2]);
    jobs[3] = new_job(JOB_DELETE, "a", 1, 0, &outcomes[3]);
    jobs[4] = new_job(JOB_DELETE, "a", 2, 0, &outcomes[4]);
    jobs[5] = new_job(JOB_INDEX, "a", 1, 7, &outcomes[5]);
    add_together(jobs, 6);
    static const size_t done_counts[] = {0, 2, 2, 1, 1, 1}, missing[] = {1, 0, 1, 0, 1, 0};
    for (int i = 0; i < 6; i++) {
        wait_for(&outcomes[i]);
        ck_assert_int_eq(outcomes[i].status, SLUICE_OK);
        ck_assert_uint_eq(outcomes[i].done, done_counts[i]);
        ck_assert_uint_eq(outcomes[i].missing, missing[i]);
    }
    ck_assert_uint_eq(outcomes[2].replaced, 2);
    ck_assert_uint_eq(outcomes[5].replaced, 0);
    table_lock_shared(&table);
    ck_assert_uint_eq(table.count, 1);
    ck_assert_float_eq(table.vectors[0], 7);
    table_unlock(&table);
}
END_TEST

START_TEST(a_job_that_does_not_fit_fails_alone)
{
    struct outcome outcomes[3];
    struct job *jobs[3];
    open_with(256 << 10);
    jobs[0] = new_job(JOB_INDEX, "a", 5, 1, &outcomes[0]);
    jobs[1] = new_job(JOB_INDEX, "b", 1, 1, &outcomes[1]);
    add_entry(jobs[1], "large", 1 << 20);
    jobs[1]->operations[1].vector = jobs[1]->vectors;
    jobs[2] = new_job(JOB_INDEX, "c", 5, 1, &outcomes[2]);
    add_together(jobs, 3);
    for (int i = 0; i < 3; i++)
        wait_for(&outcomes[i]);
    ck_assert_int_eq(outcomes[0].status, SLUICE_OK);
    ck_assert_int_eq(outcomes[1].status, SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(outcomes[1].text, "is full"));
    ck_assert_int_eq(outcomes[2].status, SLUICE_OK);
    table_lock_shared(&table);
    ck_assert_uint_eq(table.count, 10);
    table_unlock(&table);
}
END_TEST

static int row_says(void *expected, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    ck_assert_uint_eq(strtoul(values[0], NULL, 10), *(const size_t *)expected);
    return 0;
}

/* It is no fault of the request, and leaves nothing behind. */
START_TEST(a_file_that_turns_out_damaged)
{
    struct outcome outcomes[2];
    struct job *jobs[2];
    sqlite3 *database = open_damaged();
    jobs[0] = new_job(JOB_INDEX, "bad", 3, 1, &outcomes[0]);
    jobs[1] = new_job(JOB_INDEX, "behind", 2, 1, &outcomes[1]);
    add_together(jobs, 2);
    for (int i = 0; i < 2; i++)
        wait_for(&outcomes[i]);
    ck_assert_int_eq(outcomes[0].status, SLUICE_SYSTEM);
    ck_assert_ptr_nonnull(strstr(outcomes[0].text, "is damaged"));
    size_t kept = outcomes[1].status == SLUICE_OK ? 2 : 0; /* whether it writes on behind damage is left to SQLite */
    table_lock_shared(&table);
    ck_assert_uint_eq(table.count, kept);
    table_unlock(&table);
    ck_assert_int_eq(sqlite3_exec(database, "SELECT count(*) FROM documents", row_says, &kept, NULL), SQLITE_OK);
}
END_TEST

START_TEST(the_first_dimension_wins)
{
    struct outcome outcomes[3];
    struct job *jobs[3];
    open_with(0);
    jobs[0] = new_job(JOB_INDEX, "a", 2, 1, &outcomes[0]);
    jobs[1] = new_job(JOB_INDEX, "b", 2, 1, &outcomes[1]);
    jobs[1]->dimension = DIMENSION / 2;
    jobs[2] = new_job(JOB_INDEX, "c", 2, 1, &outcomes[2]);
    add_together(jobs, 3);
    for (int i = 0; i < 3; i++)
        wait_for(&outcomes[i]);
    ck_assert_int_eq(outcomes[0].status, SLUICE_OK);
    ck_assert_int_eq(outcomes[1].status, SLUICE_INVALID);
    ck_assert_str_eq(outcomes[1].text, "the embeddings have 2 numbers, those of the index have 4");
    ck_assert_int_eq(outcomes[2].status, SLUICE_OK);
}
END_TEST

/* ---- searches beside writes ---- */

enum { WHOLE = 40, GENERATIONS = 60, READERS = 3 };
static atomic_bool stop;
static atomic_uint searches;

/* All documents of "whole" come from one request, so a search must see them all with one value. */
static void *search_all(void *context)
{
    float query[KERNEL_ROW_FLOATS] __attribute__((aligned(KERNEL_ALIGNMENT))) = {0};
    struct scored items[WHOLE];
    struct search search = {.metric = METRIC_EUCLIDEAN};
    (void)context;
    while (!atomic_load(&stop)) {
        struct top top = {.items = items, .limit = WHOLE};
        table_lock_shared(&table);
        ck_assert_int_eq(search_run(&table, &search, query, table.count > 0 ? 1 : 0, &top), SLUICE_OK);
        for (size_t i = 1; i < top.count; i++)
            ck_assert_float_eq(top.items[i].score, top.items[0].score);
        ck_assert(top.count == 0 || top.count == WHOLE);
        table_unlock(&table);
        atomic_fetch_add(&searches, 1);
    }
    return NULL;
}

/* Documents that are far from the query, by several threads. */
static void *write_others(void *context)
{
    struct outcome outcome;
    const char *name = context;
    for (int i = 0; i < GENERATIONS; i++) {
        writer_add(writer, new_job(i % 3 == 2 ? JOB_DELETE : JOB_INDEX, name, (size_t)(i % 7 + 1), 1e6f, &outcome));
        wait_for(&outcome);
        ck_assert_int_eq(outcome.status, SLUICE_OK);
    }
    return NULL;
}

START_TEST(a_search_sees_requests_whole)
{
    pthread_t readers[READERS], writers[2];
    struct outcome outcome;
    open_with(0);
    atomic_store(&stop, false);
    writer_add(writer, new_job(JOB_INDEX, "whole", WHOLE, 1, &outcome));
    wait_for(&outcome);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, search_all, NULL), 0);
    ck_assert_int_eq(pthread_create(&writers[0], NULL, write_others, "x"), 0);
    ck_assert_int_eq(pthread_create(&writers[1], NULL, write_others, "y"), 0);
    for (int i = 2; i < GENERATIONS; i++) {
        writer_add(writer, new_job(i % 2 == 0 ? JOB_INDEX : JOB_UPDATE, "whole", WHOLE, (float)i, &outcome));
        wait_for(&outcome);
        ck_assert_uint_eq(outcome.done, WHOLE);
    }
    pthread_join(writers[0], NULL);
    pthread_join(writers[1], NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    ck_assert_uint_gt(atomic_load(&searches), 0);
}
END_TEST

START_TEST(stopping_does_what_is_queued)
{
    enum { JOBS = 30 };
    static struct outcome outcomes[JOBS];
    open_with(0);
    for (int i = 0; i < JOBS; i++)
        writer_add(writer, new_job(JOB_INDEX, "a", (size_t)i, 1, &outcomes[i]));
    writer_stop(writer);
    writer = NULL;
    for (int i = 0; i < JOBS; i++)
        ck_assert(outcomes[i].ready && outcomes[i].status == SLUICE_OK);
    ck_assert_uint_eq(table.count, JOBS - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins.index.threads");
    TCase *tests = tcase_create("threads");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, jobs_that_wait_share_a_transaction);
    tcase_add_test(tests, one_id_in_several_jobs_of_a_transaction);
    tcase_add_test(tests, a_job_that_does_not_fit_fails_alone);
    tcase_add_test(tests, a_file_that_turns_out_damaged);
    tcase_add_test(tests, the_first_dimension_wins);
    tcase_add_test(tests, a_search_sees_requests_whole);
    tcase_add_test(tests, stopping_does_what_is_queued);
    return suite_run(suite);
}
