#include "common/foundation/workers.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { JOBS = 100 };

static const enum workers_start starts[] = {WORKERS_AT_ONCE, WORKERS_WHEN_NEEDED};

/* By their name: a sanitizer has threads of its own. */
static size_t worker_threads(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[64], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%.20s/comm", entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        count += fgets(name, sizeof name, file) != NULL && strcmp(name, "test-worker\n") == 0;
        fclose(file);
    }
    closedir(folder);
    return count;
}

static struct workers *new_workers(unsigned most, enum workers_start start)
{
    struct workers *workers = NULL;
    sluice_error error = {0};
    ck_assert_msg(workers_new("test-worker", most, start, &workers, &error) == SLUICE_OK, "%s", error.text);
    return workers;
}

/* ---- order ---- */

static int order[JOBS];
static size_t done;

struct numbered {
    struct job job;
    int number;
};

static void note_number(struct job *job)
{
    order[done++] = ((struct numbered *)job)->number; /* there is one thread */
}

/* free() does what is left. */
START_TEST(one_thread_takes_jobs_in_order)
{
    struct workers *workers = new_workers(1, starts[_i]);
    struct numbered jobs[JOBS];
    done = 0;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct numbered){.job.run = note_number, .number = i};
        ck_assert(workers_add(workers, &jobs[i].job));
    }
    ck_assert_ptr_null(workers_free(workers));
    ck_assert_uint_eq(done, JOBS);
    for (int i = 0; i < JOBS; i++)
        ck_assert_int_eq(order[i], i);
}
END_TEST

/* ---- how many ---- */

static pthread_barrier_t all_are_inside;

static void meet_the_others(struct job *job)
{
    (void)job;
    pthread_barrier_wait(&all_are_inside);
}

/* Jobs that wait for one another end only when each has a thread; and again, with threads that have been idle. */
START_TEST(as_many_jobs_at_a_time_as_threads)
{
    enum { MOST = 3, ROUNDS = 20 };
    struct workers *workers = new_workers(MOST, starts[_i]);
    struct job jobs[MOST];
    pthread_barrier_init(&all_are_inside, NULL, MOST + 1);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MOST; i++) {
            jobs[i] = (struct job){.run = meet_the_others};
            ck_assert(workers_add(workers, &jobs[i]));
        }
        pthread_barrier_wait(&all_are_inside);
    }
    workers_free(workers);
    pthread_barrier_destroy(&all_are_inside);
}
END_TEST

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* holds the jobs */

static void pass_the_gate(struct job *job)
{
    (void)job;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

START_TEST(threads_are_started_when_they_are_needed)
{
    struct workers *workers = new_workers(2, WORKERS_WHEN_NEEDED);
    struct job jobs[3];
    ck_assert_uint_eq(worker_threads(), 0);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 3; i++) {
        jobs[i] = (struct job){.run = pass_the_gate};
        ck_assert(workers_add(workers, &jobs[i]));
        ck_assert_uint_eq(worker_threads(), i == 0 ? 1 : 2);
    }
    pthread_mutex_unlock(&gate);
    workers_free(workers);
}
END_TEST

START_TEST(all_are_started_at_once)
{
    struct workers *workers = new_workers(_i == 0 ? 4 : 0, WORKERS_AT_ONCE); /* 0: as the machine has processors */
    size_t count = worker_threads();
    ck_assert(_i == 0 ? count == 4 : count >= 1 && count <= WORKERS_MAX);
    workers_free(workers);
}
END_TEST

static sigset_t seen;

static void look_at_signals(struct job *job)
{
    (void)job;
    pthread_sigmask(SIG_BLOCK, NULL, &seen);
}

START_TEST(signals_stay_with_the_program)
{
    struct workers *workers = new_workers(1, starts[_i]);
    struct job job = {.run = look_at_signals};
    sigset_t own;
    ck_assert(workers_add(workers, &job));
    workers_free(workers);
    ck_assert(sigismember(&seen, SIGTERM) && sigismember(&seen, SIGPIPE));
    pthread_sigmask(SIG_BLOCK, NULL, &own);
    ck_assert(!sigismember(&own, SIGTERM));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("common.workers");
    TCase *test = tcase_create("workers");
    tcase_add_loop_test(test, one_thread_takes_jobs_in_order, 0, 2);
    tcase_add_loop_test(test, as_many_jobs_at_a_time_as_threads, 0, 2);
    tcase_add_test(test, threads_are_started_when_they_are_needed);
    tcase_add_loop_test(test, all_are_started_at_once, 0, 2);
    tcase_add_loop_test(test, signals_stay_with_the_program, 0, 2);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
