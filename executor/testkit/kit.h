/*
 * kit.h - what the parts of the test kit share. The public side and its rules are <sluice/testkit.h>.
 *
 * A post makes one job per request (post.c), the workers run them (workers.c), each job leaves an answer (answer.c). A
 * job belongs to the thread that posts until it is handed to the workers, then to the worker that took it or, when its
 * handler deferred the call, to the thread that completes it, and to the poster again when all are finished; the kit's
 * lock orders these steps.
 */
#ifndef SLUICE_TESTKIT_KIT_H
#define SLUICE_TESTKIT_KIT_H

#include "common/wire/wire.h"
#include "executor/host/call.h"

#include <sluice/testkit.h>

#include <pthread.h>

struct kit_worker {
    sluice_testkit *kit;
    uint32_t index;
    pthread_t thread; /* with several workers */
    void *state;      /* what worker_open() gave */
    sluice_call *call;
    sluice_status status; /* of opening */
    sluice_error error;
};

struct job {
    struct call_request request;
    struct buffer parameters;
    struct block *content; /* the documents as bytes, or NULL */
    struct rope sent;
    double timeout_seconds;
    sluice_testkit *kit;
    uint64_t started_ns;
    sluice_testkit_answer *answer;
    sluice_status status; /* of taking the answer */
    sluice_error error;
};

struct sluice_testkit_answer {
    bool bound, failed, untouched;
    uint32_t worker;
    double seconds;
    sluice_document_array *documents;
    sluice_value *results;
    struct buffer failure; /* a StatusProto; the texts below point into it */
    sluice_text text, name, executor;
    struct wire_reader exception; /* its ExceptionProto */
    size_t argument_count;
};

struct sluice_testkit {
    char *where, *name, *class_name, *workspace; /* copies; the instance points to them */
    struct instance instance;
    sluice_value *uses_with, *uses_requests;
    struct kit_worker *workers;
    uint32_t worker_count;
    atomic_bool cancelled;  /* of the post that runs, or the next */
    sluice_value *results; /* of the last sluice_testkit_call(), or NULL */

    /* The jobs of the post that runs. Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct job *jobs;
    size_t job_count, next, finished;
    uint32_t opened; /* workers that have tried */
    bool closing;
};

/* The text of uses_with, checked against the plugin's table, with defaults. uses_with.c */
sluice_status kit_check_uses_with(const sluice_plugin *plugin, const char *text, const char *executor,
                                  sluice_value **ret_map, sluice_error *error);

/* Open kit->worker_count workers; after a failure none is open. workers.c */
sluice_status kit_open_workers(sluice_testkit *kit, sluice_error *error);
void kit_close_workers(sluice_testkit *kit);

/* Run all jobs and return when they are finished, deferred ones too. workers.c */
void kit_run_jobs(sluice_testkit *kit, struct job *jobs, size_t count);
/* One more is finished; any thread. workers.c */
void kit_count_finished(sluice_testkit *kit);

/* Run one; in the worker's thread. A call that its handler defers is replaced in the worker. post.c */
void job_run(struct job *job, struct kit_worker *worker);

/* NULL: no memory. answer.c */
sluice_testkit_answer *answer_new(void);

/* Copy what a handler gave before the call is used again; `sent` are the documents of the request. */
sluice_status answer_take(sluice_testkit_answer *answer, const struct call_answer *given, const struct rope *sent,
                          sluice_error *error);

#endif
