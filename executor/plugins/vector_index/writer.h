/*
 * writer.h - the one thread that changes the index. Jobs wait in a queue; all that wait share one transaction. When it is on
 * the disk the table takes the changes over, under its lock, and each job is told.
 *
 * The documents of a job are kept all or none. When a shared transaction fails, its jobs are tried one by one, so that only
 * those fail that cannot be written.
 */
#ifndef VECTOR_INDEX_WRITER_H
#define VECTOR_INDEX_WRITER_H

#include "store.h"
#include "table.h"

enum job_kind { JOB_INDEX, JOB_UPDATE, JOB_DELETE };

struct operation {
    struct entry *entry;
    const float *vector; /* NULL: a removal */
    bool skipped;        /* JOB_UPDATE, JOB_DELETE: there is no such id */
};

struct job {
    struct job *next;
    enum job_kind kind;
    size_t dimension;
    struct operation *operations; /* in their order */
    size_t count, capacity;
    float *vectors;  /* what the operations' vectors are in; may be NULL */
    void *context;

    /* When done: */
    sluice_status status; /* SLUICE_INVALID: the request's own fault */
    sluice_error error;
    size_t done, replaced, missing; /* replaced: those of `done` whose id was there */
};

struct job *job_new(enum job_kind kind); /* NULL: no memory */
void job_free(struct job *job);          /* with the entries that the table did not take */
/* Add an operation; the entry is the job's. False: no memory, the entry is still the caller's. The vectors are set once all
 * operations are there. */
bool job_add(struct job *job, struct entry *entry);

struct writer;

/* `done` is called once for each job, in the writer's thread, and frees it. The store and the table stay the caller's. */
sluice_status writer_start(struct store *store, struct table *table, void (*done)(struct job *job), struct writer **ret_writer,
                           sluice_error *error);
void writer_add(struct writer *writer, struct job *job); /* any thread; never waits for the disk */
/* Do what is queued and end. */
void writer_stop(struct writer *writer); /* NULL is fine */

/* How many transactions there have been; any thread. */
uint64_t writer_transactions(struct writer *writer);

#endif
