#include "gateway/front/workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

struct front_workers {
    pthread_mutex_t mutex;
    pthread_cond_t added;
    struct front_job *first, **last;
    size_t idle;
    bool stop;
    unsigned count;
    pthread_t threads[];
};

static void *work(void *context)
{
    struct front_workers *workers = context;

    pthread_mutex_lock(&workers->mutex);
    for (;;) {
        while (workers->first == NULL && !workers->stop) {
            workers->idle++;
            pthread_cond_wait(&workers->added, &workers->mutex);
            workers->idle--;
        }
        struct front_job *job = workers->first;
        if (job == NULL)
            break;
        workers->first = job->next;
        if (workers->first == NULL)
            workers->last = &workers->first;
        pthread_mutex_unlock(&workers->mutex);
        job->run(job);
        pthread_mutex_lock(&workers->mutex);
    }
    pthread_mutex_unlock(&workers->mutex);
    return NULL;
}

static unsigned default_count(void)
{
    int processors = get_nprocs();
    return processors < 1 ? 1 : processors > FRONT_WORKERS_MAX ? FRONT_WORKERS_MAX : (unsigned)processors;
}

sluice_status front_workers_new(const char *name, unsigned count, struct front_workers **ret_workers,
                                sluice_error *error)
{
    if (count == 0)
        count = default_count();
    struct front_workers *workers = calloc(1, sizeof *workers + count * sizeof workers->threads[0]);
    if (workers == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the front's workers");
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->added, NULL);
    workers->last = &workers->first;
    for (; workers->count < count; workers->count++) {
        int failure = pthread_create(&workers->threads[workers->count], NULL, work, workers);
        if (failure != 0) {
            front_workers_free(workers);
            return sluice_fail(error, SLUICE_SYSTEM, "gateway", "a worker thread cannot be started: %s",
                               strerror(failure));
        }
        pthread_setname_np(workers->threads[workers->count], name);
    }
    *ret_workers = workers;
    return SLUICE_OK;
}

struct front_workers *front_workers_free(struct front_workers *workers)
{
    if (workers == NULL)
        return NULL;
    pthread_mutex_lock(&workers->mutex);
    workers->stop = true;
    pthread_cond_broadcast(&workers->added);
    pthread_mutex_unlock(&workers->mutex);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->added);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
    return NULL;
}

void front_workers_add(struct front_workers *workers, struct front_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&workers->mutex);
    *workers->last = job;
    workers->last = &job->next;
    bool wake = workers->idle > 0;
    pthread_mutex_unlock(&workers->mutex);
    if (wake)
        pthread_cond_signal(&workers->added);
}
