#include "client/websocket/turns.h"

#include "client/websocket/call.h"

void turns_init(struct turns *turns, size_t most)
{
    turns->most = most != 0 ? most : TURNS_DEFAULT;
    turns->taken = 0;
    TAILQ_INIT(&turns->waiting);
}

bool turns_take(struct turns *turns, struct transport_call *call)
{
    if (turns->taken < turns->most) {
        turns->taken++;
        call->turn.taken = true;
        return true;
    }
    call->turn.waiting = true;
    TAILQ_INSERT_TAIL(&turns->waiting, call, turn.link);
    return false;
}

void turns_leave(struct turns *turns, struct transport_call *call)
{
    if (call->turn.waiting)
        TAILQ_REMOVE(&turns->waiting, call, turn.link);
    call->turn.waiting = false;
    if (!call->turn.taken)
        return;
    call->turn.taken = false;
    turns->taken--;
    struct transport_call *next = TAILQ_FIRST(&turns->waiting);
    if (next == NULL)
        return;
    TAILQ_REMOVE(&turns->waiting, next, turn.link);
    next->turn.waiting = false;
    next->turn.taken = true;
    turns->taken++;
    call_wake(next);
}
