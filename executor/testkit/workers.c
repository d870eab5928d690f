/*
 * workers.c - the workers of a kit.
 *
 * One worker lives in the thread that calls the kit, so that what happens in a handler happens there. Several have a
 * thread each, for the whole life of the kit, because a worker is opened, used and closed by one thread. They wait under
 * the kit's lock for jobs and take them one by one; nobody holds the lock while a handler runs.
 */
#include "executor/testkit/kit.h"

#include <stdlib.h>
#include <string.h>

static sluice_status open_worker(struct kit_worker *worker, sluice_error *error)
{
    const struct instance *instance = &worker->kit->instance;
    sluice_status status = instance_open_worker(instance, &worker->state, error);
    if (status != SLUICE_OK)
        return status;
    worker->call = call_new(instance, worker->state);
    if (worker->call != NULL)
        return SLUICE_OK;
    instance_close_worker(instance, worker->state);
    return sluice_fail(error, SLUICE_NO_MEMORY, instance->where, "no memory for a worker");
}

static void close_worker(struct kit_worker *worker)
{
    call_free(worker->call);
    instance_close_worker(&worker->kit->instance, worker->state);
}

static void work(struct kit_worker *worker)
{
    sluice_testkit *kit = worker->kit;
    while (!kit->closing) {
        if (kit->next == kit->job_count) {
            pthread_cond_wait(&kit->work, &kit->lock);
            continue;
        }
        struct job *job = &kit->jobs[kit->next++];
        pthread_mutex_unlock(&kit->lock);
        job_run(job, worker);
        pthread_mutex_lock(&kit->lock);
    }
}

static void *worker_thread(void *argument)
{
    struct kit_worker *worker = argument;
    sluice_testkit *kit = worker->kit;
    sluice_status status = open_worker(worker, &worker->error);
    pthread_mutex_lock(&kit->lock);
    worker->status = status;
    kit->opened++;
    pthread_cond_signal(&kit->done);
    if (status == SLUICE_OK)
        work(worker);
    pthread_mutex_unlock(&kit->lock);
    if (status == SLUICE_OK)
        close_worker(worker);
    return NULL;
}

/* End the first `count` threads. */
static void stop_threads(sluice_testkit *kit, uint32_t count)
{
    pthread_mutex_lock(&kit->lock);
    kit->closing = true;
    pthread_cond_broadcast(&kit->work);
    pthread_mutex_unlock(&kit->lock);
    for (uint32_t i = 0; i < count; i++)
        pthread_join(kit->workers[i].thread, NULL);
}

/* All started ones have tried to open; the first failure, if any. */
static sluice_status wait_opened(sluice_testkit *kit, uint32_t started, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    pthread_mutex_lock(&kit->lock);
    while (kit->opened < started)
        pthread_cond_wait(&kit->done, &kit->lock);
    for (uint32_t i = 0; i < started && status == SLUICE_OK; i++) {
        status = kit->workers[i].status;
        if (status != SLUICE_OK && error != NULL)
            *error = kit->workers[i].error;
    }
    pthread_mutex_unlock(&kit->lock);
    return status;
}

static sluice_status start_threads(sluice_testkit *kit, sluice_error *error)
{
    uint32_t started = 0;
    int failure = 0;
    while (started < kit->worker_count && failure == 0) {
        failure = pthread_create(&kit->workers[started].thread, NULL, worker_thread, &kit->workers[started]);
        started += failure == 0;
    }
    sluice_status status = wait_opened(kit, started, error);
    if (failure != 0)
        status = sluice_fail(error, SLUICE_SYSTEM, kit->where, "cannot start worker %u of %u: %s", started,
                             kit->worker_count, strerror(failure));
    if (status != SLUICE_OK)
        stop_threads(kit, started);
    return status;
}

sluice_status kit_open_workers(sluice_testkit *kit, sluice_error *error)
{
    kit->workers = calloc(kit->worker_count, sizeof *kit->workers);
    if (kit->workers == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, kit->where, "no memory for its workers");
    for (uint32_t i = 0; i < kit->worker_count; i++)
        kit->workers[i] = (struct kit_worker){.kit = kit, .index = i};
    sluice_status status = kit->worker_count == 1 ? open_worker(&kit->workers[0], error) : start_threads(kit, error);
    if (status != SLUICE_OK) {
        free(kit->workers);
        kit->workers = NULL;
    }
    return status;
}

void kit_close_workers(sluice_testkit *kit)
{
    if (kit->worker_count == 1)
        close_worker(&kit->workers[0]);
    else
        stop_threads(kit, kit->worker_count);
    free(kit->workers);
    kit->workers = NULL;
}

void kit_count_finished(sluice_testkit *kit)
{
    pthread_mutex_lock(&kit->lock);
    kit->finished++;
    pthread_cond_signal(&kit->done);
    pthread_mutex_unlock(&kit->lock);
}

void kit_run_jobs(sluice_testkit *kit, struct job *jobs, size_t count)
{
    pthread_mutex_lock(&kit->lock);
    kit->finished = 0;
    if (kit->worker_count == 1) {
        pthread_mutex_unlock(&kit->lock);
        for (size_t i = 0; i < count; i++)
            job_run(&jobs[i], &kit->workers[0]);
        pthread_mutex_lock(&kit->lock);
    } else {
        kit->jobs = jobs;
        kit->job_count = count;
        kit->next = 0;
        pthread_cond_broadcast(&kit->work);
    }
    while (kit->finished < count)
        pthread_cond_wait(&kit->done, &kit->lock);
    kit->jobs = NULL;
    kit->job_count = kit->next = 0;
    pthread_mutex_unlock(&kit->lock);
}
