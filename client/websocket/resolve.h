/*
 * resolve.h - names to addresses without holding up the loop: each look-up is a thread of its own.
 *
 * A look-up that nobody waits for any more ends by itself, whenever that is, and frees what it has.
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_RESOLVE_H
#define SLUICE_CLIENT_WEBSOCKET_RESOLVE_H

#include "client/websocket/loop.h"

#include <netinet/in.h>
#include <stdbool.h>

enum { RESOLVE_ADDRESSES_MAX = 16, RESOLVE_ADDRESS_SIZE = INET6_ADDRSTRLEN + 20 /* with the name of an interface */ };

struct resolution {
    int failure; /* of getaddrinfo(), for gai_strerror(); 0: there are addresses */
    size_t count;
    char addresses[RESOLVE_ADDRESSES_MAX][RESOLVE_ADDRESS_SIZE]; /* in numbers, in the system's order of preference */
    void *context;

    /* resolve.c only */
    void (*notify)(struct resolution *resolution);
    struct loop_task done;
    char *host;
    bool delivered, abandoned;
};

/* Start a look-up; `done` will run on the loop's thread, unless it is abandoned before. NULL: no memory, no thread. */
struct resolution *resolve_start(const char *host, void (*done)(struct resolution *resolution), void *context);

/* On the loop's thread. Before `done` has run: it will not. In it or after: frees. NULL is fine. */
void resolve_abandon(struct resolution *resolution);

#endif
