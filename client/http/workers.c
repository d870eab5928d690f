#include "client/http/channel.h"

#include <signal.h>

static void *run(void *context)
{
    struct transport_channel *channel = context;
    struct workers *workers = &channel->workers;
    pthread_mutex_lock(&channel->lock);
    for (;;) {
        struct transport_call *call = workers->first;
        if (call != NULL) {
            workers->first = call->job_next;
            if (workers->first == NULL)
                workers->last = NULL;
            pthread_mutex_unlock(&channel->lock);
            call_work(call);
            pthread_mutex_lock(&channel->lock);
            call->worked = true;
            channel_post(channel, call);
        } else if (workers->stopping) {
            break;
        } else {
            workers->idle++;
            pthread_cond_wait(&workers->changed, &channel->lock);
            workers->idle--;
        }
    }
    pthread_mutex_unlock(&channel->lock);
    return NULL;
}

void workers_init(struct workers *workers, pthread_t *threads, size_t most)
{
    *workers = (struct workers){.threads = threads, .most = most};
    pthread_cond_init(&workers->changed, NULL);
}

void workers_done(struct transport_channel *channel)
{
    struct workers *workers = &channel->workers;
    pthread_mutex_lock(&channel->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&channel->lock);
    for (size_t i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->changed);
}

/* Signals stay with the program's own threads. */
static bool start_thread(struct transport_channel *channel)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&channel->workers.threads[channel->workers.count], NULL, run, channel) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    channel->workers.count += started;
    return started;
}

bool workers_add(struct transport_channel *channel, struct transport_call *call)
{
    struct workers *workers = &channel->workers;
    pthread_mutex_lock(&channel->lock);
    if (workers->idle == 0 && workers->count < workers->most)
        start_thread(channel);
    bool possible = workers->count > 0;
    if (possible) {
        call->job_next = NULL;
        call->worked = false;
        if (workers->last != NULL)
            workers->last->job_next = call;
        else
            workers->first = call;
        workers->last = call;
        pthread_cond_signal(&workers->changed);
    }
    pthread_mutex_unlock(&channel->lock);
    return possible;
}
