/*
 * chaos-mix: load of every kind on a gateway over our own client, by threads that go and pause together, with an account of each
 * request (mix.h). While it runs, others kill and stop executors and cut its connections.
 *
 *   chaos-mix --seed N --workers N URI...   a URI that begins with "cut:" is one whose connections are cut on the way
 *
 * A line "go" on its input lets the workers run, "pause" lets them end what they are in, after which a line of JSON says what each
 * address has seen since the beginning; the end of the input ends it.
 */
#include "tests/chaos/mix.h"

#include "common/foundation/memory.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORKERS_MAX = 64, LOOK_NS = 1000000 };

static const char usage[] = "usage: chaos-mix [--seed N] [--workers N] [cut:]URI...\n";
static const char *const kind_names[MIX_KINDS] = {"plain", "deadline", "cancel", "slow_reader", "flood", "abandon"};
static atomic_bool running, ending;

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
}

static void *work(void *argument)
{
    struct mix_worker *worker = argument;
    while (!atomic_load(&ending)) {
        if (!atomic_load(&running)) {
            /* Nothing of it is at the gateway while it is quiet, not even a connection. */
            sluice_client_free(worker->client);
            worker->client = NULL;
            atomic_store(&worker->quiet, true);
            while (!atomic_load(&running) && !atomic_load(&ending))
                rest();
            continue;
        }
        atomic_store(&worker->quiet, false);
        mix_episode(worker);
    }
    sluice_client_free(worker->client);
    return NULL;
}

static void add(struct mix_tally *sum, const struct mix_tally *tally)
{
    for (int i = 0; i < MIX_KINDS; i++)
        sum->episodes[i] += tally->episodes[i];
    for (int i = 0; i < MIX_STATUSES; i++)
        sum->ends[i] += tally->ends[i];
    sum->sent += tally->sent;
    sum->good += tally->good;
    sum->failed += tally->failed;
    sum->unanswered += tally->unanswered;
    sum->abandoned += tally->abandoned;
    sum->twice += tally->twice;
    sum->never += tally->never;
    sum->wrong += tally->wrong;
    sum->odd += tally->odd;
    for (size_t i = 0; i < tally->example_count && sum->example_count < MIX_EXAMPLES; i++)
        memcpy(sum->examples[sum->example_count++], tally->examples[i], MIX_EXAMPLE_SIZE);
}

static void print(const char *uri, const struct mix_tally *tally)
{
    printf("{\"uri\":\"%s\",\"sent\":%" PRIu64 ",\"good\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"unanswered\":%" PRIu64
           ",\"abandoned\":%" PRIu64 ",\"twice\":%" PRIu64 ",\"never\":%" PRIu64 ",\"wrong\":%" PRIu64 ",\"odd\":%" PRIu64
           ",\"episodes\":{",
           uri, tally->sent, tally->good, tally->failed, tally->unanswered, tally->abandoned, tally->twice, tally->never, tally->wrong,
           tally->odd);
    for (int i = 0; i < MIX_KINDS; i++)
        printf("%s\"%s\":%" PRIu64, i ? "," : "", kind_names[i], tally->episodes[i]);
    printf("},\"ends\":{");
    const char *comma = "";
    for (int i = 0; i < MIX_STATUSES; i++) {
        if (tally->ends[i] > 0) {
            printf("%s\"%s\":%" PRIu64, comma, sluice_status_name((sluice_status)i), tally->ends[i]);
            comma = ",";
        }
    }
    printf("}}");
    for (size_t i = 0; i < tally->example_count; i++)
        fprintf(stderr, "chaos-mix: %s\n", tally->examples[i]);
}

/* Until every worker has taken notice. */
static void wait_all(struct mix_worker *workers, size_t count, bool quiet)
{
    for (size_t i = 0; i < count; i++)
        while (atomic_load(&workers[i].quiet) != quiet)
            rest();
}

static void report(struct mix_worker *workers, size_t count, size_t uris)
{
    printf("[");
    for (size_t uri = 0; uri < uris; uri++) {
        struct mix_tally sum = {0};
        for (size_t i = uri; i < count; i += uris) {
            add(&sum, &workers[i].tally);
            workers[i].tally.example_count = 0;
        }
        if (uri > 0)
            printf(",");
        print(workers[uri].uri, &sum);
    }
    puts("]");
}

static size_t start(struct mix_worker *workers, size_t count, unsigned seed, char **uris, size_t uri_count)
{
    for (size_t i = 0; i < count; i++) {
        struct mix_worker *worker = &workers[i];
        const char *uri = uris[i % uri_count];
        worker->cut = strncmp(uri, "cut:", 4) == 0;
        worker->uri = uri + (worker->cut ? 4 : 0);
        worker->number = (uint32_t)i;
        worker->seed = seed * 1000003u + (unsigned)i;
        worker->running = &running;
        worker->ending = &ending;
        atomic_init(&worker->quiet, true);
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            return i;
    }
    return count;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seed",    1, NULL, 's'},
        {"workers", 1, NULL, 'w'},
        {NULL,      0, NULL, 0  }
    };
    static struct mix_worker workers[WORKERS_MAX];
    unsigned seed = 1;
    size_t count = 12;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 's': seed = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'w': count = strtoull(optarg, NULL, 10); break;
        default: fputs(usage, stderr); return 2;
        }
    }
    size_t uris = (size_t)(argc - optind);
    if (uris == 0 || count < uris || count > WORKERS_MAX) {
        fputs(usage, stderr);
        return 2;
    }
    memory_tune();
    setvbuf(stdout, NULL, _IOLBF, 0);
    size_t started = start(workers, count, seed, argv + optind, uris);
    for (char line[16]; started == count && fgets(line, sizeof line, stdin);) {
        bool go = strcmp(line, "go\n") == 0;
        atomic_store(&running, go);
        wait_all(workers, count, !go);
        if (!go)
            report(workers, count, uris);
    }
    atomic_store(&ending, true);
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    return started == count ? 0 : 1;
}
