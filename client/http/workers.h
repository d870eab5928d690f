/*
 * workers.h - threads for the JSON of large messages, so that they do not hold up the channel's other calls.
 *
 * Started when they are first needed. The lock is the channel's.
 */
#ifndef SLUICE_CLIENT_HTTP_WORKERS_H
#define SLUICE_CLIENT_HTTP_WORKERS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct transport_call;
struct transport_channel;

struct workers {
    pthread_cond_t changed;
    pthread_t *threads;
    size_t count, most, idle;
    struct transport_call *first, *last; /* jobs */
    bool stopping;
};

void workers_init(struct workers *workers, pthread_t *threads, size_t most);
void workers_done(struct transport_channel *channel); /* waits for them; no jobs may be left */

/* Have call_work() run on this call by a worker; then the call is posted with `worked` set. False: no thread could be
 * started. */
bool workers_add(struct transport_channel *channel, struct transport_call *call);

#endif
