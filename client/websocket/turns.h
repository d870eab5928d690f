/*
 * turns.h - calls with one request each (stream = false) have a connection each; this bounds how many of a channel are open at
 * a time. The others wait in the order of their start. On the loop's thread.
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_TURNS_H
#define SLUICE_CLIENT_WEBSOCKET_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

enum { TURNS_DEFAULT = 100 };

struct transport_call;

TAILQ_HEAD(turn_queue, transport_call);

struct turns {
    size_t most, taken;
    struct turn_queue waiting;
};

/* In a call. */
struct turn {
    bool taken, waiting;
    TAILQ_ENTRY(transport_call) link;
};

void turns_init(struct turns *turns, size_t most); /* 0: TURNS_DEFAULT */

/* True: it is the call's turn. Otherwise it is woken when it is, with turn.taken set. */
bool turns_take(struct turns *turns, struct transport_call *call);

/* The call is over, whether it had its turn, waited for it, or neither. */
void turns_leave(struct turns *turns, struct transport_call *call);

#endif
