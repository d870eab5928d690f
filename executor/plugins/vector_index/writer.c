#include "writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct store *store;
    struct table *table;
    void (*done)(struct job *job);
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *first, **last;
    bool stopping;
    uint64_t transactions;

    /* The thread's own. */
    struct ids pending;  /* what the transaction has done so far, by id; entries of its jobs */
    int64_t next_number; /* of the next new row */
};

/* ---- jobs ---- */

struct job *job_new(enum job_kind kind)
{
    struct job *job = calloc(1, sizeof *job);
    if (job != NULL)
        job->kind = kind;
    return job;
}

void job_free(struct job *job)
{
    if (job == NULL)
        return;
    for (size_t i = 0; i < job->count; i++)
        free(job->operations[i].entry);
    free(job->operations);
    free(job->vectors);
    free(job);
}

bool job_add(struct job *job, struct entry *entry)
{
    if (job->count == job->capacity) {
        size_t capacity = job->capacity == 0 ? 64 : 2 * job->capacity;
        struct operation *operations = reallocarray(job->operations, capacity, sizeof *operations);
        if (operations == NULL)
            return false;
        job->operations = operations;
        job->capacity = capacity;
    }
    job->operations[job->count++] = (struct operation){.entry = entry};
    return true;
}

/* ---- a transaction ---- */

/* What is there under this id, seen from inside the transaction; NULL: nothing. */
static const struct entry *current(const struct writer *writer, const struct entry *like)
{
    const struct entry *entry = ids_find(&writer->pending, like);
    if (entry == NULL)
        return ids_find(&writer->table->ids, like);
    return entry->removed ? NULL : entry;
}

static sluice_status write_operation(struct writer *writer, struct job *job, struct operation *operation)
{
    const struct entry *before = current(writer, operation->entry);
    bool is_removal = job->kind == JOB_DELETE;
    operation->skipped = before == NULL && job->kind != JOB_INDEX;
    if (operation->skipped) {
        job->missing++;
        return SLUICE_OK;
    }
    job->done++;
    job->replaced += before != NULL;
    operation->entry->number = before != NULL ? before->number : writer->next_number++;
    sluice_status status = is_removal ? store_remove(writer->store, before->number, &job->error)
                                      : store_put(writer->store, operation->entry, operation->vector, &job->error);
    ids_put(&writer->pending, operation->entry);
    return status;
}

static sluice_status check_job(struct writer *writer, struct job *job)
{
    size_t dimension = store_dimension(writer->store);
    if (job->kind == JOB_DELETE || job->count == 0 || dimension == job->dimension)
        return SLUICE_OK;
    if (dimension == 0)
        return job->kind == JOB_UPDATE ? SLUICE_OK : store_set_dimension(writer->store, job->dimension, &job->error);
    return sluice_fail(&job->error, SLUICE_INVALID, NULL, "the embeddings have %zu numbers, those of the index have %zu",
                       job->dimension, dimension);
}

/* Into the open transaction. A failure of SLUICE_INVALID has written nothing; any other spoils the transaction. */
static sluice_status write_job(struct writer *writer, struct job *job)
{
    job->done = job->replaced = job->missing = 0;
    sluice_status status = SLUICE_OK;
    if (!ids_reserve(&writer->pending, writer->pending.count + job->count))
        status = sluice_fail(&job->error, SLUICE_NO_MEMORY, NULL, "no memory to keep the documents");
    if (status == SLUICE_OK)
        status = check_job(writer, job);
    for (size_t i = 0; i < job->count && status == SLUICE_OK; i++)
        status = write_operation(writer, job, &job->operations[i]);
    job->status = status;
    return status;
}

/* Room in memory for all that the jobs bring, before anything is made durable. */
static sluice_status reserve(struct writer *writer, const struct job *jobs, sluice_error *error)
{
    size_t more = 0, dimension = store_dimension(writer->store);
    for (const struct job *job = jobs; job != NULL; job = job->next)
        more += job->status == SLUICE_OK && job->kind == JOB_INDEX ? job->count : 0;
    bool other_dimension = writer->table->dimension != dimension; /* only while there are no rows */
    if (more == 0 || (!other_dimension && table_has_room(writer->table, more)))
        return SLUICE_OK;
    table_lock(writer->table);
    if (other_dimension)
        table_set_dimension(writer->table, dimension);
    bool reserved = table_reserve(writer->table, more);
    table_unlock(writer->table);
    return reserved ? SLUICE_OK : sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory to keep the documents");
}

/* The transaction is durable: the table takes it over. */
static void take_over(struct writer *writer, struct job *jobs)
{
    table_lock(writer->table);
    for (struct job *job = jobs; job != NULL; job = job->next) {
        for (size_t i = 0; job->status == SLUICE_OK && i < job->count; i++) {
            struct operation *operation = &job->operations[i];
            if (operation->skipped)
                continue;
            if (job->kind == JOB_DELETE) {
                table_remove(writer->table, operation->entry);
            } else {
                table_put(writer->table, operation->entry, operation->vector);
                operation->entry = NULL;
            }
        }
    }
    table_unlock(writer->table);
}

/* All jobs in one transaction; false: it came to nothing, and each job that was in it has its status. */
static bool transact(struct writer *writer, struct job *jobs)
{
    sluice_error error = {0};
    int64_t next_number = writer->next_number;
    ids_clear(&writer->pending);
    sluice_status status = store_begin(writer->store, &error);
    for (struct job *job = jobs; job != NULL && status == SLUICE_OK; job = job->next) {
        status = write_job(writer, job);
        if (status == SLUICE_INVALID)
            status = SLUICE_OK; /* this job alone */
        else if (status != SLUICE_OK)
            error = job->error;
    }
    if (status == SLUICE_OK)
        status = reserve(writer, jobs, &error);
    if (status == SLUICE_OK)
        status = store_commit(writer->store, &error);
    if (status == SLUICE_OK) {
        take_over(writer, jobs);
        return true;
    }
    store_rollback(writer->store);
    writer->next_number = next_number;
    for (struct job *job = jobs; job != NULL; job = job->next) {
        if (job->status == SLUICE_INVALID)
            continue;
        job->status = status;
        job->error = error;
    }
    return false;
}

static void do_jobs(struct writer *writer, struct job *jobs)
{
    bool several = jobs->next != NULL;
    bool written = transact(writer, jobs);
    while (jobs != NULL) {
        struct job *job = jobs;
        jobs = job->next;
        job->next = NULL;
        if (!written && several)
            transact(writer, job);
        writer->done(job);
    }
}

/* ---- the thread ---- */

static void *run(void *context)
{
    struct writer *writer = context;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        while (writer->first == NULL && !writer->stopping)
            pthread_cond_wait(&writer->changed, &writer->lock);
        struct job *jobs = writer->first;
        if (jobs == NULL)
            break;
        writer->first = NULL;
        writer->last = &writer->first;
        writer->transactions++;
        pthread_mutex_unlock(&writer->lock);
        do_jobs(writer, jobs);
        pthread_mutex_lock(&writer->lock);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

static void free_writer(struct writer *writer)
{
    ids_done(&writer->pending);
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

sluice_status writer_start(struct store *store, struct table *table, void (*done)(struct job *job), struct writer **ret_writer,
                           sluice_error *error)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the writer");
    writer->store = store;
    writer->table = table;
    writer->done = done;
    writer->last = &writer->first;
    writer->next_number = 1;
    for (size_t i = 0; i < table->count; i++)
        if (table->entries[i]->number >= writer->next_number)
            writer->next_number = table->entries[i]->number + 1;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->changed, NULL);
    /* Signals are for the threads of the host. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&writer->thread, NULL, run, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        free_writer(writer);
        return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot start the writer: %s", strerror(failed));
    }
    *ret_writer = writer;
    return SLUICE_OK;
}

void writer_add(struct writer *writer, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&writer->lock);
    *writer->last = job;
    writer->last = &job->next;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
}

void writer_stop(struct writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    free_writer(writer);
}

uint64_t writer_transactions(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    uint64_t transactions = writer->transactions;
    pthread_mutex_unlock(&writer->lock);
    return transactions;
}
