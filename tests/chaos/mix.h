/*
 * mix.h - the parts of chaos-mix: episodes of requests over our own client, and the account of each request.
 *
 * A worker is a thread with a gateway's address and a row of random numbers of its own. It runs one episode after the other: a
 * stream (or calls) on which it pushes some requests and behaves in one of several ways. Each request has an id that no other has,
 * in its header and as its first document's id, and texts made of that id; so an answer tells whose it is, and whether the documents
 * are its own. Every request pushed must end in exactly one way.
 */
#ifndef SLUICE_CHAOS_MIX_H
#define SLUICE_CHAOS_MIX_H

#include <sluice/client.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { MIX_KINDS = 6, MIX_STATUSES = SLUICE_STATUS_COUNT, MIX_EXAMPLES = 4, MIX_EXAMPLE_SIZE = 400 };

/* What was seen. Of one worker; main() adds them up while the workers are quiet. */
struct mix_tally {
    uint64_t episodes[MIX_KINDS];
    uint64_t sent, good, failed, unanswered, abandoned; /* how requests ended; these are all */
    uint64_t twice, never, wrong;                       /* must be 0: answered again; without any end; another's documents */
    uint64_t odd;                                       /* must be 0: an end or a failure that nothing here explains */
    uint64_t ends[MIX_STATUSES];                        /* streams that failed, by status */
    char examples[MIX_EXAMPLES][MIX_EXAMPLE_SIZE];      /* of what must be 0 */
    size_t example_count;
};

struct mix_worker {
    const char *uri;
    bool cut;   /* its connections are cut on the way: a stream may fail as unavailable */
    uint32_t number, episode;
    unsigned seed;
    sluice_client *client;
    struct mix_tally tally;
    pthread_t thread;
    const atomic_bool *running, *ending;
    atomic_bool quiet;
};

/* One episode, to its end. */
void mix_episode(struct mix_worker *worker);

#endif
