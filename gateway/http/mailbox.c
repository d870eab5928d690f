#include "gateway/http/mailbox.h"

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static _Thread_local const struct http_mailbox *run_follows;

bool http_mailbox_init(struct http_mailbox *mailbox)
{
    atomic_init(&mailbox->newest, NULL);
    atomic_init(&mailbox->posting, 0);
    mailbox->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return mailbox->event_fd >= 0;
}

void http_mailbox_done(struct http_mailbox *mailbox)
{
    while (atomic_load_explicit(&mailbox->posting, memory_order_acquire) > 0)
        sched_yield(); /* a system call's time at most */
    if (mailbox->event_fd >= 0)
        close(mailbox->event_fd);
    mailbox->event_fd = -1;
}

void http_mailbox_post(struct http_mailbox *mailbox, struct job *job)
{
    atomic_fetch_add_explicit(&mailbox->posting, 1, memory_order_relaxed);
    struct job *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
    do
        job->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &newest, job, memory_order_release,
                                                  memory_order_relaxed));
    /* Whoever put the first one wakes the reader, or is the reader. */
    if (newest == NULL && run_follows != mailbox) {
        uint64_t one = 1;
        /* It fails only when the counter is full, and then the descriptor is readable anyway. */
        (void)!write(mailbox->event_fd, &one, sizeof one);
    }
    atomic_fetch_sub_explicit(&mailbox->posting, 1, memory_order_release);
}

void http_mailbox_run_follows(struct http_mailbox *mailbox)
{
    run_follows = mailbox;
}

void http_mailbox_run(struct http_mailbox *mailbox)
{
    run_follows = NULL;
    struct job *newest = atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
    struct job *oldest = NULL;
    while (newest != NULL) {
        struct job *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct job *next = oldest->next; /* the job may be posted anew or freed by what it runs */
        oldest->run(oldest);
        oldest = next;
    }
}
