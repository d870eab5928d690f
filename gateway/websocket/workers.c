#include "gateway/websocket/workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct workers {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct job *first, **last;
    bool stop;
    unsigned count;
    pthread_t threads[];
};

static void *work(void *context)
{
    struct workers *workers = context;

    pthread_mutex_lock(&workers->mutex);
    for (;;) {
        while (workers->first == NULL && !workers->stop)
            pthread_cond_wait(&workers->changed, &workers->mutex);
        struct job *job = workers->first;
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

sluice_status workers_new(unsigned count, struct workers **ret_workers, sluice_error *error)
{
    if (count == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        count = cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (unsigned)cores;
    }
    struct workers *workers = calloc(1, sizeof *workers + count * sizeof workers->threads[0]);
    if (workers == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the threads that read JSON");
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->changed, NULL);
    workers->last = &workers->first;
    for (; workers->count < count; workers->count++) {
        int failure = pthread_create(&workers->threads[workers->count], NULL, work, workers);
        if (failure != 0) {
            workers_free(workers);
            return sluice_fail(error, SLUICE_SYSTEM, "gateway", "a thread for JSON cannot be started: %s",
                               strerror(failure));
        }
        pthread_setname_np(workers->threads[workers->count], "sluice-ws-json");
    }
    *ret_workers = workers;
    return SLUICE_OK;
}

void workers_add(struct workers *workers, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&workers->mutex);
    *workers->last = job;
    workers->last = &job->next;
    pthread_cond_signal(&workers->changed);
    pthread_mutex_unlock(&workers->mutex);
}

struct workers *workers_free(struct workers *workers)
{
    if (workers == NULL)
        return NULL;
    pthread_mutex_lock(&workers->mutex);
    workers->stop = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->mutex);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
    return NULL;
}
