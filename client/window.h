/*
 * window.h - the requests of a stream between their push and the pull of their outcome.
 *
 * In order of pushing, and found by id in constant time whatever the window's size. An id may occur more than once: the
 * oldest request without an answer is meant. Not thread-safe; the stream's lock guards it.
 */
#ifndef SLUICE_CLIENT_WINDOW_H
#define SLUICE_CLIENT_WINDOW_H

#include "client/response.h"
#include "client/timer.h"
#include "client/transport.h"

enum entry_state {
    ENTRY_PENDING,  /* no outcome yet */
    ENTRY_STUBBED,  /* a stub came in the place of its answer: the end of the stream tells what that means */
    ENTRY_ANSWERED, /* `response` waits to be pulled */
    ENTRY_FAILED    /* its own call failed */
};

struct entry {
    struct entry *previous, *next;               /* in order of pushing */
    struct entry *bucket_previous, *bucket_next; /* only while PENDING */
    struct entry *ready_next;                    /* the stream's list of what can be pulled */
    size_t hash;
    char *id;
    size_t id_size;
    enum entry_state state;
    bool sent;           /* given to the transport, so an answer may come */
    bool ready;          /* in the stream's list of what can be pulled */
    struct rope message; /* while it may have to be sent (again) */
    sluice_response *response;

    /* One call per request (stream = false). */
    struct sluice_stream *stream;
    struct transport_call *call;
    struct timer timer;
    unsigned attempts;
    uint64_t deadline_ns;
};

struct window {
    struct entry *first, *last;
    size_t count;
    size_t pending; /* of them without an outcome */
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
};

void window_init(struct window *window);
void window_done(struct window *window); /* frees the entries */

/* A new entry at the end, PENDING; the id is copied. NULL: no memory. */
struct entry *window_add(struct window *window, sluice_text id);

/* The oldest PENDING entry with this id, or NULL. */
struct entry *window_find(const struct window *window, sluice_text id);

/* The entry leaves PENDING for `state` (or comes back to PENDING for a new attempt). */
void window_set(struct window *window, struct entry *entry, enum entry_state state);

/* Take the entry out and free it, with what it holds. */
void window_remove(struct window *window, struct entry *entry);

#endif
