#include "client/websocket/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Orders the end of a look-up and its abandoning: whoever comes second frees. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void resolution_free(struct resolution *resolution)
{
    free(resolution->host);
    free(resolution);
}

static void keep_addresses(struct resolution *resolution, const struct addrinfo *found)
{
    for (; found != NULL && resolution->count < RESOLVE_ADDRESSES_MAX; found = found->ai_next)
        if (getnameinfo(found->ai_addr, found->ai_addrlen, resolution->addresses[resolution->count],
                        RESOLVE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST) == 0)
            resolution->count++;
    if (resolution->count == 0)
        resolution->failure = EAI_NONAME;
}

static void *look_up(void *context)
{
    struct resolution *resolution = context;
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    resolution->failure = getaddrinfo(resolution->host, NULL, &hints, &found);
    if (resolution->failure == 0)
        keep_addresses(resolution, found);
    if (found != NULL)
        freeaddrinfo(found);

    pthread_mutex_lock(&lock);
    bool abandoned = resolution->abandoned;
    if (!abandoned)
        loop_post(&resolution->done);
    pthread_mutex_unlock(&lock);
    if (abandoned)
        resolution_free(resolution);
    return NULL;
}

static bool start_thread(struct resolution *resolution)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &attributes, look_up, resolution) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

/* The task of every look-up: one that was abandoned after it had been posted is only freed. */
static void run_done(struct loop_task *task)
{
    struct resolution *resolution = lws_container_of(task, struct resolution, done);
    if (resolution->abandoned) {
        resolution_free(resolution);
    } else {
        resolution->delivered = true;
        resolution->notify(resolution);
    }
}

struct resolution *resolve_start(const char *host, void (*done)(struct resolution *resolution), void *context)
{
    struct resolution *resolution = calloc(1, sizeof *resolution);
    if (resolution == NULL)
        return NULL;
    resolution->host = strdup(host);
    resolution->done.run = run_done;
    resolution->notify = done;
    resolution->context = context;
    if (resolution->host != NULL && start_thread(resolution))
        return resolution;
    resolution_free(resolution);
    return NULL;
}

void resolve_abandon(struct resolution *resolution)
{
    if (resolution == NULL)
        return;
    pthread_mutex_lock(&lock);
    bool delivered = resolution->delivered;
    resolution->abandoned = true;
    pthread_mutex_unlock(&lock);
    if (delivered)
        resolution_free(resolution);
}
