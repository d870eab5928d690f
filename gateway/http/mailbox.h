/*
 * mailbox.h - jobs handed to one thread by all others: a lock-free stack that is taken whole, and an eventfd.
 *
 * A job is embedded in what it is about and is in one place at a time. http_mailbox_post() may be called by any thread,
 * http_mailbox_run() by the one that reads.
 */
#ifndef SLUICE_GATEWAY_HTTP_MAILBOX_H
#define SLUICE_GATEWAY_HTTP_MAILBOX_H

#include "common/foundation/workers.h"

#include <stdatomic.h>
#include <stdbool.h>

struct http_mailbox {
    struct job *_Atomic newest;
    atomic_uint posting; /* threads inside http_mailbox_post(): the job may be done before they have woken the reader */
    int event_fd; /* becomes readable with the first job; wait for it edge-triggered and never read it */
};

bool http_mailbox_init(struct http_mailbox *mailbox); /* false: errno says why */
void http_mailbox_done(struct http_mailbox *mailbox); /* waits for those that are still about to wake the reader */
void http_mailbox_post(struct http_mailbox *mailbox, struct job *job);
/* The calling thread will run the mailbox next: what it posts until then wakes nobody. */
void http_mailbox_run_follows(struct http_mailbox *mailbox);
/* Run what is there, the oldest first. */
void http_mailbox_run(struct http_mailbox *mailbox);

#endif
