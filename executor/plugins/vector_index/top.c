#include "top.h"

#include <stdlib.h>

/* Is `a` worse than `b`? */
static bool is_worse(const struct scored *a, const struct scored *b)
{
    return a->score > b->score || (a->score == b->score && entry_compare_ids(a->entry, b->entry) > 0);
}

static void sift_up(struct top *top, size_t at, struct scored item)
{
    while (at > 0 && is_worse(&item, &top->items[(at - 1) / 2])) {
        top->items[at] = top->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    top->items[at] = item;
}

static void sift_down(struct top *top, struct scored item)
{
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < top->count && is_worse(&top->items[child + 1], &top->items[child]))
            child++;
        if (child >= top->count || !is_worse(&top->items[child], &item))
            break;
        top->items[at] = top->items[child];
        at = child;
    }
    top->items[at] = item;
}

void top_add(struct top *top, float score, const struct entry *entry)
{
    struct scored item = {score, entry};
    if (top->count < top->limit)
        sift_up(top, top->count++, item);
    else if (is_worse(&top->items[0], &item))
        sift_down(top, item);
}

static int compare(const void *a, const void *b)
{
    return is_worse(a, b) ? 1 : is_worse(b, a) ? -1 : 0;
}

void top_sort(struct top *top)
{
    qsort(top->items, top->count, sizeof *top->items, compare);
}
