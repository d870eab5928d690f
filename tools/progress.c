#include "tools/progress.h"
#include "common/foundation/clock.h"
#include "tools/progress_line.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 80, MARKS_FIRST = 64 };

static const char remove_line[] = "\r\033[K";
static const int held_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/* What had been read when a request was complete; from its push until its answer. */
struct mark {
    uint64_t documents, bytes;
};

struct progress {
    struct progress_options options;
    bool terminal;
    uint64_t started_ns;
    pthread_t thread;
    sigset_t signals, before; /* those that the thread takes, SIGRTMIN among them, which wakes it; the mask to restore */

    pthread_mutex_t lock; /* over what follows */
    bool over, hidden, drawn;
    struct rate_window rates;
    uint64_t given_documents, given_bytes;       /* read */
    uint64_t answered_documents, answered_bytes; /* of requests that were answered */
    struct mark *marks;                          /* a ring */
    size_t mark_capacity, mark_first, mark_count;
    bool unmarked; /* no memory for a mark: what was read is taken as answered */
};

/* ---- drawing; under the lock ---- */

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col;
}

/* In the background the terminal is another program's. */
static bool in_foreground(void)
{
    pid_t group = tcgetpgrp(STDERR_FILENO);
    return group < 0 || group == getpgrp();
}

/* Whole, so that it is never mixed with other output. A terminal that is gone is nobody's business. */
static void put(const char *text, size_t size)
{
    ssize_t written = write(STDERR_FILENO, text, size);
    (void)written;
}

static void erase(struct progress *progress)
{
    if (progress->drawn)
        put(remove_line, sizeof remove_line - 1);
    progress->drawn = false;
}

static struct progress_state state_of(struct progress *progress, bool over)
{
    uint64_t now = clock_monotonic_ns();
    struct progress_state state = {
        .unit = progress->options.unit != NULL ? progress->options.unit : "docs",
        .documents = progress->answered_documents,
        .bytes = progress->answered_bytes,
        .total_documents = progress->options.total_documents,
        .total_bytes = progress->options.total_bytes,
        .seconds = (double)(now - progress->started_ns) / CLOCK_NS_PER_SECOND,
        .over = over,
    };
    if (over && state.seconds > 0) {
        state.documents_rate = (double)state.documents / state.seconds;
        state.bytes_rate = (double)state.bytes / state.seconds;
    } else {
        rate_window_read(&progress->rates, now, state.documents, state.bytes, &state.documents_rate,
                         &state.bytes_rate);
        rate_window_add(&progress->rates, now, state.documents, state.bytes);
    }
    return state;
}

static void draw(struct progress *progress)
{
    char line[PROGRESS_LINE_MAX], text[PROGRESS_LINE_MAX + 8];
    struct progress_state state = state_of(progress, false);
    uint64_t delay_ns = progress->options.asked_for ? 0 : (uint64_t)PROGRESS_DELAY_MS * CLOCK_NS_PER_MS;
    if (progress->hidden || clock_monotonic_ns() - progress->started_ns < delay_ns || !in_foreground())
        return;
    progress_line(&state, terminal_width() - 1, line); /* the last column would wrap */
    int size = snprintf(text, sizeof text, "\r%s\033[K", line);
    put(text, (size_t)size);
    progress->drawn = true;
}

/* ---- the thread ---- */

/* Do what the signal does when nobody takes it. Comes back after SIGTSTP, when the program goes on. */
static void obey(int number)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    pthread_sigmask(SIG_BLOCK, &one, NULL);
}

static void *run(void *context)
{
    struct progress *progress = context;
    const struct timespec pause = {.tv_nsec = CLOCK_NS_PER_SECOND / REDRAWS_PER_SECOND};
    for (;;) {
        pthread_mutex_lock(&progress->lock);
        bool over = progress->over;
        if (!over)
            draw(progress);
        pthread_mutex_unlock(&progress->lock);
        if (over)
            return NULL;
        int number = sigtimedwait(&progress->signals, NULL, &pause);
        if (number <= 0 || number == SIGRTMIN)
            continue;
        pthread_mutex_lock(&progress->lock);
        erase(progress);
        pthread_mutex_unlock(&progress->lock);
        obey(number);
    }
}

/* ---- start and end ---- */

/* Hold back the signals that would end or stop the program; those that it was told to ignore stay ignored. */
static void hold_signals(struct progress *progress)
{
    sigemptyset(&progress->signals);
    for (size_t i = 0; i < sizeof held_signals / sizeof held_signals[0]; i++) {
        struct sigaction action;
        if (sigaction(held_signals[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            sigaddset(&progress->signals, held_signals[i]);
    }
    sigaddset(&progress->signals, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &progress->signals, &progress->before);
}

static bool can_draw(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

struct progress *progress_start(const struct progress_options *options)
{
    bool terminal = can_draw();
    if (!terminal && !options->asked_for)
        return NULL;
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return NULL;
    progress->options = *options;
    progress->terminal = terminal;
    progress->started_ns = clock_monotonic_ns();
    pthread_mutex_init(&progress->lock, NULL);
    if (terminal) {
        hold_signals(progress);
        if (pthread_create(&progress->thread, NULL, run, progress) != 0) {
            pthread_sigmask(SIG_SETMASK, &progress->before, NULL);
            progress->terminal = false;
        }
    }
    return progress;
}

static void print_last_state(struct progress *progress)
{
    char line[PROGRESS_LINE_MAX], text[PROGRESS_LINE_MAX + 8];
    struct progress_state state = state_of(progress, true);
    size_t width = progress->terminal ? terminal_width() - 1 : PROGRESS_LINE_MAX;
    progress_line(&state, width, line);
    int size = snprintf(text, sizeof text, "%s\n", line);
    put(text, (size_t)size);
}

struct progress *progress_finish(struct progress *progress)
{
    if (progress == NULL)
        return NULL;
    pthread_mutex_lock(&progress->lock);
    progress->over = true;
    erase(progress);
    pthread_mutex_unlock(&progress->lock);
    if (progress->terminal) {
        pthread_kill(progress->thread, SIGRTMIN);
        pthread_join(progress->thread, NULL);
    }
    if (progress->options.asked_for)
        print_last_state(progress);
    if (progress->terminal)
        pthread_sigmask(SIG_SETMASK, &progress->before, NULL);
    pthread_mutex_destroy(&progress->lock);
    free(progress->marks);
    free(progress);
    return NULL;
}

/* ---- counting ---- */

static bool grow_marks(struct progress *progress)
{
    size_t capacity = progress->mark_capacity == 0 ? MARKS_FIRST : progress->mark_capacity * 2;
    struct mark *marks = calloc(capacity, sizeof *marks);
    if (marks == NULL)
        return false;
    for (size_t i = 0; i < progress->mark_count; i++)
        marks[i] = progress->marks[(progress->mark_first + i) % progress->mark_capacity];
    free(progress->marks);
    progress->marks = marks;
    progress->mark_capacity = capacity;
    progress->mark_first = 0;
    return true;
}

void progress_given(struct progress *progress, uint64_t documents, uint64_t bytes)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->given_documents = documents;
    progress->given_bytes = bytes;
    bool complete = progress->options.request_size > 0 && documents % progress->options.request_size == 0;
    if (complete && progress->mark_count == progress->mark_capacity && !grow_marks(progress))
        progress->unmarked = true;
    if (complete && !progress->unmarked) {
        size_t at = (progress->mark_first + progress->mark_count++) % progress->mark_capacity;
        progress->marks[at] = (struct mark){documents, bytes};
    }
    pthread_mutex_unlock(&progress->lock);
}

void progress_answered(struct progress *progress)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    struct mark answered = {progress->given_documents, progress->given_bytes}; /* the last request is no full one */
    if (progress->mark_count > 0) {
        answered = progress->marks[progress->mark_first];
        progress->mark_first = (progress->mark_first + 1) % progress->mark_capacity;
        progress->mark_count--;
    }
    progress->answered_documents = answered.documents;
    progress->answered_bytes = answered.bytes;
    pthread_mutex_unlock(&progress->lock);
}

void progress_hide(struct progress *progress)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->hidden = true;
    erase(progress);
    pthread_mutex_unlock(&progress->lock);
}

void progress_show(struct progress *progress)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    progress->hidden = false;
    pthread_mutex_unlock(&progress->lock);
}
