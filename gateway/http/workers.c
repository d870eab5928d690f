#include "gateway/http/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

struct http_workers {
    pthread_mutex_t mutex;
    pthread_cond_t added;
    struct http_job *first, **last;
    size_t idle;
    bool stop;
    unsigned count;
    pthread_t threads[];
};

static void *work(void *context)
{
    struct http_workers *workers = context;

    pthread_mutex_lock(&workers->mutex);
    for (;;) {
        while (workers->first == NULL && !workers->stop) {
            workers->idle++;
            pthread_cond_wait(&workers->added, &workers->mutex);
            workers->idle--;
        }
        struct http_job *job = workers->first;
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
    return processors < 1 ? 1 : processors > HTTP_WORKERS_MAX ? HTTP_WORKERS_MAX : (unsigned)processors;
}

sluice_status http_workers_new(unsigned count, struct http_workers **ret_workers, sluice_error *error)
{
    if (count == 0)
        count = default_count();
    struct http_workers *workers = calloc(1, sizeof *workers + count * sizeof workers->threads[0]);
    if (workers == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the HTTP front's workers");
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->added, NULL);
    workers->last = &workers->first;
    for (; workers->count < count; workers->count++) {
        int failure = pthread_create(&workers->threads[workers->count], NULL, work, workers);
        if (failure != 0) {
            http_workers_free(workers);
            return sluice_fail(error, SLUICE_SYSTEM, "gateway", "a worker thread cannot be started: %s",
                               strerror(failure));
        }
        pthread_setname_np(workers->threads[workers->count], "sluice-json");
    }
    *ret_workers = workers;
    return SLUICE_OK;
}

struct http_workers *http_workers_free(struct http_workers *workers)
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

void http_workers_add(struct http_workers *workers, struct http_job *job)
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
