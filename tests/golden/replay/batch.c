#include "batch.h"
#include "running.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_A_TIME = 8, NAME_SIZE = 96, DIFFERENCE_SIZE = 1024 };

struct job {
    const sluice_value *one;
    char name[NAME_SIZE], difference[DIFFERENCE_SIZE];
};

struct work {
    const struct batch *batch;
    sluice_flow *flow;
    struct job *jobs;
    size_t count;
    atomic_size_t next;
};

/* The cases that belong to the Flow. The caller frees them. */
static struct job *jobs_new(const struct batch *batch, const sluice_value *cases, const char *only, size_t *ret_count)
{
    size_t count = 0;
    struct job *jobs = calloc(sluice_value_size(cases) + 1, sizeof *jobs);
    if (jobs == NULL)
        abort();
    for (size_t i = 0; i < sluice_value_size(cases); i++) {
        struct job *job = &jobs[count];
        job->one = sluice_value_at(cases, i);
        sluice_text name = sluice_value_string(sluice_value_get(job->one, "name"));
        snprintf(job->name, sizeof job->name, "%.*s", (int)name.size, name.data);
        snprintf(job->difference, sizeof job->difference, "the Flow did not start");
        if (sluice_text_is(sluice_value_string(sluice_value_get(job->one, "flow")), batch->flow) &&
            (only == NULL || strcmp(only, job->name) == 0 || strcmp(only, batch->flow) == 0))
            count++;
    }
    *ret_count = count;
    return jobs;
}

static void *replay_jobs(void *context)
{
    struct work *work = context;
    for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;) {
        struct job *job = &work->jobs[i];
        work->batch->replay(work->batch, work->flow, job->one, job->name, job->difference, sizeof job->difference);
    }
    return NULL;
}

/* Also by this thread, which so makes progress when the system gives it no others. */
static void replay_all(struct work *work)
{
    pthread_t threads[AT_A_TIME - 1];
    size_t started = 0;
    while (!work->batch->alone && started < AT_A_TIME - 1 &&
           pthread_create(&threads[started], NULL, replay_jobs, work) == 0)
        started++;
    replay_jobs(work);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

void batch_run(const struct batch *batch, const sluice_value *cases, const char *only, struct tally *tally)
{
    struct work work = {.batch = batch};
    work.jobs = jobs_new(batch, cases, only, &work.count);
    work.flow = work.count > 0 ? running_flow_start_with(batch->yaml) : NULL;
    if (work.flow != NULL)
        replay_all(&work);
    for (size_t i = 0; i < work.count; i++) {
        char full[NAME_SIZE + 32];
        snprintf(full, sizeof full, "%s/%s", batch->folder, work.jobs[i].name);
        compare_count(tally, full, work.jobs[i].difference);
    }
    if (work.flow != NULL)
        running_flow_stop(work.flow, tally);
    free(work.jobs);
}

void batch_all_counted(const char *folder, const sluice_value *cases, struct tally *tally)
{
    size_t counted = tally->equal + tally->deviations + tally->unexplained;
    if (counted >= sluice_value_size(cases))
        return;
    printf("%zu cases of tests/golden/%s were not replayed: they name Flows that are not known here\n",
           sluice_value_size(cases) - counted, folder);
    tally->unexplained++;
}
