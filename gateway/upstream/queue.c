#include "gateway/upstream/queue.h"

#include <stdlib.h>

static struct upstream_queue *list_of(struct fair_queue *queue, struct upstream_queue **home)
{
    if (*home != NULL)
        return *home;
    struct upstream_queue *list = malloc(sizeof *list);
    if (list == NULL)
        return NULL;
    *list = (struct upstream_queue){.home = home};
    list->last = &list->first;
    if (queue->turn == NULL) {
        list->next = list->previous = list;
        queue->turn = list;
    } else {
        /* Behind everybody else: just before whose turn it is. */
        list->next = queue->turn;
        list->previous = queue->turn->previous;
        list->previous->next = list->next->previous = list;
    }
    *home = list;
    return list;
}

static void drop_list(struct fair_queue *queue, struct upstream_queue *list)
{
    if (list->next == list) {
        queue->turn = NULL;
    } else {
        list->previous->next = list->next;
        list->next->previous = list->previous;
        if (queue->turn == list)
            queue->turn = list->next;
    }
    *list->home = NULL;
    free(list);
}

sluice_status fair_queue_add(struct fair_queue *queue, size_t executor, struct upstream_call *call, bool in_front)
{
    struct upstream_queue *list = list_of(queue, &call->client_queues[executor]);
    if (list == NULL)
        return SLUICE_NO_MEMORY;
    if (in_front) {
        call->next = list->first;
        if (list->first == NULL)
            list->last = &call->next;
        list->first = call;
    } else {
        call->next = NULL;
        *list->last = call;
        list->last = &call->next;
    }
    queue->size++;
    return SLUICE_OK;
}

struct upstream_call *fair_queue_peek(const struct fair_queue *queue)
{
    return queue->turn != NULL ? queue->turn->first : NULL;
}

struct upstream_call *fair_queue_take(struct fair_queue *queue)
{
    struct upstream_queue *list = queue->turn;
    if (list == NULL)
        return NULL;
    struct upstream_call *call = list->first;
    list->first = call->next;
    queue->size--;
    queue->turn = list->next;
    if (list->first == NULL)
        drop_list(queue, list);
    return call;
}

bool fair_queue_remove(struct fair_queue *queue, size_t executor, struct upstream_call *call)
{
    struct upstream_queue *list = call->client_queues[executor];
    if (list == NULL)
        return false;
    for (struct upstream_call **at = &list->first; *at != NULL; at = &(*at)->next) {
        if (*at != call)
            continue;
        *at = call->next;
        if (call->next == NULL)
            list->last = at;
        queue->size--;
        if (list->first == NULL)
            drop_list(queue, list);
        return true;
    }
    return false;
}
