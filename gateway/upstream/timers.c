#include "gateway/upstream/timers.h"
#include "common/foundation/clock.h"

#include <stdlib.h>
#include <unistd.h>

void timers_init(struct timers *timers, int wake_fd)
{
    *timers = (struct timers){.wake_fd = wake_fd};
    pthread_mutex_init(&timers->lock, NULL);
}

void timers_done(struct timers *timers)
{
    free(timers->heap);
    pthread_mutex_destroy(&timers->lock);
}

static void put(struct timers *timers, struct timer *timer, size_t place)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct timers *timers, struct timer *timer, size_t place)
{
    while (place > 1 && timers->heap[place / 2]->due_ns > timer->due_ns) {
        put(timers, timers->heap[place / 2], place);
        place /= 2;
    }
    put(timers, timer, place);
}

static void sift_down(struct timers *timers, struct timer *timer, size_t place)
{
    for (;;) {
        size_t child = 2 * place;
        if (child > timers->count)
            break;
        if (child < timers->count && timers->heap[child + 1]->due_ns < timers->heap[child]->due_ns)
            child++;
        if (timers->heap[child]->due_ns >= timer->due_ns)
            break;
        put(timers, timers->heap[child], place);
        place = child;
    }
    put(timers, timer, place);
}

static void take_out(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    struct timer *last = timers->heap[timers->count--];
    timer->place = 0;
    if (last == timer)
        return;
    if (place > 1 && timers->heap[place / 2]->due_ns > last->due_ns)
        sift_up(timers, last, place);
    else
        sift_down(timers, last, place);
}

sluice_status timers_set(struct timers *timers, struct timer *timer, uint64_t due_ns)
{
    pthread_mutex_lock(&timers->lock);
    if (timer->place != 0)
        take_out(timers, timer);
    if (timers->count + 2 > timers->capacity) {
        size_t capacity = timers->capacity == 0 ? 64 : 2 * timers->capacity;
        struct timer **heap = realloc(timers->heap, capacity * sizeof(struct timer *));
        if (heap == NULL) {
            pthread_mutex_unlock(&timers->lock);
            return SLUICE_NO_MEMORY;
        }
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timer->due_ns = due_ns;
    timers->count++;
    sift_up(timers, timer, timers->count);
    bool earliest = timer->place == 1;
    pthread_mutex_unlock(&timers->lock);
    if (earliest) {
        uint64_t one = 1;
        ssize_t ignored = write(timers->wake_fd, &one, sizeof one);
        (void)ignored;
    }
    return SLUICE_OK;
}

bool timers_cancel(struct timers *timers, struct timer *timer)
{
    pthread_mutex_lock(&timers->lock);
    bool was_set = timer->place != 0;
    if (was_set)
        take_out(timers, timer);
    pthread_mutex_unlock(&timers->lock);
    return was_set;
}

uint64_t timers_next(struct timers *timers)
{
    pthread_mutex_lock(&timers->lock);
    uint64_t due_ns = timers->count > 0 ? timers->heap[1]->due_ns : 0;
    pthread_mutex_unlock(&timers->lock);
    return due_ns;
}

void timers_run(struct timers *timers)
{
    uint64_t now = clock_monotonic_ns();
    for (;;) {
        pthread_mutex_lock(&timers->lock);
        struct timer *timer = timers->count > 0 && timers->heap[1]->due_ns <= now ? timers->heap[1] : NULL;
        if (timer != NULL)
            take_out(timers, timer);
        pthread_mutex_unlock(&timers->lock);
        if (timer == NULL)
            return;
        timer->run(timer);
    }
}
