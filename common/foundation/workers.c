#include "common/foundation/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

struct workers {
    const char *name;
    pthread_mutex_t mutex;
    pthread_cond_t added;
    struct job *first, **last;
    size_t queued, idle;
    bool stop;
    unsigned count, most;
    pthread_t threads[];
};

static void *work(void *context)
{
    struct workers *workers = context;

    pthread_mutex_lock(&workers->mutex);
    for (;;) {
        while (workers->first == NULL && !workers->stop) {
            workers->idle++;
            pthread_cond_wait(&workers->added, &workers->mutex);
            workers->idle--;
        }
        struct job *job = workers->first;
        if (job == NULL)
            break;
        workers->first = job->next;
        workers->queued--;
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
    return processors < 1 ? 1 : processors > WORKERS_MAX ? WORKERS_MAX : (unsigned)processors;
}

/* What pthread_create() says. */
static int start_thread(struct workers *workers)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&workers->threads[workers->count], NULL, work, workers);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return failure;
    pthread_setname_np(workers->threads[workers->count], workers->name);
    workers->count++;
    return 0;
}

sluice_status workers_new(const char *name, unsigned most, enum workers_start start, struct workers **ret_workers,
                          sluice_error *error)
{
    if (most == 0)
        most = default_count();
    struct workers *workers = calloc(1, sizeof *workers + most * sizeof workers->threads[0]);
    if (workers == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, name, "no memory for worker threads");
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->added, NULL);
    workers->name = name;
    workers->most = most;
    workers->last = &workers->first;
    while (start == WORKERS_AT_ONCE && workers->count < most) {
        int failure = start_thread(workers);
        if (failure != 0) {
            workers_free(workers);
            return sluice_fail(error, SLUICE_SYSTEM, name, "a worker thread cannot be started: %s", strerror(failure));
        }
    }
    *ret_workers = workers;
    return SLUICE_OK;
}

struct workers *workers_free(struct workers *workers)
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

bool workers_add(struct workers *workers, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&workers->mutex);
    /* Threads that were woken and have not run yet count as idle, so compare with all that waits for them. */
    if (workers->queued >= workers->idle && workers->count < workers->most)
        start_thread(workers);
    bool taken = workers->count > 0;
    bool wake = taken && workers->idle > 0;
    if (taken) {
        *workers->last = job;
        workers->last = &job->next;
        workers->queued++;
    }
    pthread_mutex_unlock(&workers->mutex);
    if (wake)
        pthread_cond_signal(&workers->added);
    return taken;
}
