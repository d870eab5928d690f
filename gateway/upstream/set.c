/* set.c - all executors of a Flow and the thread that reads their answers. */
#include "gateway/upstream/connection.h"
#include "common/foundation/clock.h"
#include "common/foundation/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64 };

static void wake(struct upstream_set *set)
{
    uint64_t one = 1;
    ssize_t ignored = write(set->wake_fd, &one, sizeof one);
    (void)ignored;
}

void upstream_set_post(struct upstream_set *set, struct upstream_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&set->task_lock);
    bool first = set->tasks == NULL;
    *set->tasks_last = task;
    set->tasks_last = &task->next;
    pthread_mutex_unlock(&set->task_lock);
    if (first)
        wake(set);
}

static void run_tasks(struct upstream_set *set)
{
    pthread_mutex_lock(&set->task_lock);
    struct upstream_task *task = set->tasks, *next;
    set->tasks = NULL;
    set->tasks_last = &set->tasks;
    pthread_mutex_unlock(&set->task_lock);
    for (; task != NULL; task = next) {
        next = task->next;
        task->run(task);
    }
}

/* One round: wait, at most so long, and handle what is there. */
static void run_round(struct upstream_set *set, int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(set->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);
    upstream_hold();
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr != NULL) {
            connection_event(events[i].data.ptr, events[i].events);
            continue;
        }
        uint64_t ignored;
        if (read(set->wake_fd, &ignored, sizeof ignored) > 0)
            run_tasks(set);
    }
    timers_run(&set->timers);
    upstream_release();
}

static void *upstream_thread(void *context)
{
    struct upstream_set *set = context;
    pthread_setname_np(pthread_self(), "upstream");
    if (!set->opened)
        for (size_t i = 0; i < set->count; i++)
            connection_open(&set->upstreams[i]);
    set->opened = true;
    while (!atomic_load(&set->stopping))
        run_round(set, clock_poll_timeout(timers_next(&set->timers)));
    run_tasks(set);
    return NULL;
}

static bool start_thread(struct upstream_set *set)
{
    atomic_store(&set->stopping, false);
    set->started = pthread_create(&set->thread, NULL, upstream_thread, set) == 0;
    return set->started;
}

static void stop_thread(struct upstream_set *set)
{
    if (!set->started)
        return;
    atomic_store(&set->stopping, true);
    wake(set);
    pthread_join(set->thread, NULL);
    set->started = false;
}

int upstream_set_borrow(struct upstream_set *set)
{
    stop_thread(set);
    atomic_store(&set->stopping, false); /* or connections that are lost would not be opened again */
    return set->epoll_fd;
}

int upstream_set_timeout_ms(struct upstream_set *set)
{
    return clock_poll_timeout(timers_next(&set->timers));
}

void upstream_set_run(struct upstream_set *set)
{
    run_round(set, 0);
}

void upstream_set_give_back(struct upstream_set *set)
{
    if (!start_thread(set))
        log_error("no thread for the answers of the executors: %s", strerror(errno));
}

static sluice_status make_descriptors(struct upstream_set *set, sluice_error *error)
{
    set->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    set->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (set->epoll_fd < 0 || set->wake_fd < 0 || epoll_ctl(set->epoll_fd, EPOLL_CTL_ADD, set->wake_fd, &event) != 0)
        return sluice_fail(error, SLUICE_SYSTEM, "gateway", "cannot make an event loop: %s", strerror(errno));
    return SLUICE_OK;
}

sluice_status upstream_set_new(const struct flow *flow, const char *folder, int control_fd,
                               struct upstream_set **ret_set, sluice_error *error)
{
    struct upstream_set *set = calloc(1, sizeof *set);
    struct upstream *upstreams = calloc(flow->executor_count > 0 ? flow->executor_count : 1, sizeof *upstreams);
    if (set == NULL || upstreams == NULL) {
        free(set);
        free(upstreams);
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the executors' connections");
    }
    set->flow = flow;
    set->control_fd = control_fd;
    set->epoll_fd = set->wake_fd = -1;
    set->upstreams = upstreams;
    set->tasks_last = &set->tasks;
    pthread_mutex_init(&set->task_lock, NULL);
    pthread_mutex_init(&set->ready_lock, NULL);
    clock_condition_init(&set->ready_changed);
    sluice_status status = make_descriptors(set, error);
    timers_init(&set->timers, set->wake_fd);
    for (size_t i = 0; status == SLUICE_OK && i < flow->executor_count; i++) {
        status = connection_init(&upstreams[i], set, i, folder, error);
        set->count = i + 1;
    }
    if (status == SLUICE_OK && !start_thread(set))
        status = sluice_fail(error, SLUICE_SYSTEM, "gateway", "cannot start a thread: %s", strerror(errno));
    if (status == SLUICE_OK)
        *ret_set = set;
    else
        upstream_set_free(set);
    return status;
}

struct upstream_set *upstream_set_free(struct upstream_set *set)
{
    if (set == NULL)
        return NULL;
    stop_thread(set);
    atomic_store(&set->stopping, true);
    for (size_t i = 0; i < set->count; i++)
        connection_done(&set->upstreams[i]);
    free(set->upstreams);
    timers_done(&set->timers);
    if (set->epoll_fd >= 0)
        close(set->epoll_fd);
    if (set->wake_fd >= 0)
        close(set->wake_fd);
    pthread_mutex_destroy(&set->task_lock);
    pthread_mutex_destroy(&set->ready_lock);
    pthread_cond_destroy(&set->ready_changed);
    free(set);
    return NULL;
}

sluice_status upstream_set_wait(struct upstream_set *set, uint64_t deadline_ns, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    pthread_mutex_lock(&set->ready_lock);
    for (size_t i = 0; status == SLUICE_OK && i < set->count;) {
        if (set->upstreams[i].hello_seen || set->upstreams[i].gone_seen)
            i++;
        else if (!clock_condition_wait(&set->ready_changed, &set->ready_lock, deadline_ns))
            status = sluice_fail(error, SLUICE_TIMEOUT, set->upstreams[i].pod,
                                 "not ready in time; a larger timeout_ready gives it longer");
    }
    pthread_mutex_unlock(&set->ready_lock);
    return status;
}

/* ---- words of the supervisor ---- */

struct notice {
    struct upstream_task task;
    struct upstream *upstream;
    int signal, exit_status;
    char *gone;
};

static void run_notice(struct upstream_task *task)
{
    struct notice *notice = (struct notice *)task;
    if (notice->gone != NULL)
        connection_gone(notice->upstream, notice->gone);
    else
        connection_died(notice->upstream, notice->signal, notice->exit_status);
    free(notice->gone);
    free(notice);
}

static void post_notice(struct upstream_set *set, const char *pod, int signal, int exit_status, const char *gone)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->upstreams[i].pod, pod) != 0)
            continue;
        struct notice *notice = malloc(sizeof *notice);
        if (notice == NULL)
            return; /* the wait for the notice ends by its timer */
        *notice = (struct notice){.task.run = run_notice,
                                  .upstream = &set->upstreams[i],
                                  .signal = signal,
                                  .exit_status = exit_status,
                                  .gone = gone != NULL ? strdup(gone) : NULL};
        upstream_set_post(set, &notice->task);
        return;
    }
    log_warning("the supervisor named an executor that this Flow does not have: %s", log_quoted(pod, strlen(pod)));
}

void upstream_set_died(struct upstream_set *set, const char *pod, int signal, int exit_status, bool restarts)
{
    (void)restarts; /* what waits, waits: when there is no restart, `gone` follows */
    post_notice(set, pod, signal, exit_status, NULL);
}

void upstream_set_gone(struct upstream_set *set, const char *pod, const char *text)
{
    post_notice(set, pod, 0, 0, text);
}

/* ---- what is known of an executor ---- */

struct upstream *upstream_of(struct upstream_set *set, size_t executor)
{
    return &set->upstreams[executor];
}

const char *upstream_pod(const struct upstream *upstream)
{
    return upstream->pod;
}

const char *upstream_class_name(const struct upstream *upstream)
{
    return upstream->executor->class_name;
}
