#include "common/document/writing.h"

#include <stdlib.h>

void writing_init(struct writing *writing)
{
    writing->sizes = writing->local;
    writing->count = 0;
    writing->capacity = WRITING_LOCAL;
    writing->next = 0;
    writing->failed = false;
    writing->at = NULL;
}

void writing_done(struct writing *writing)
{
    if (writing->sizes != writing->local)
        free(writing->sizes);
}

static bool grow(struct writing *writing)
{
    size_t *sizes = malloc(2 * writing->capacity * sizeof *sizes);
    if (sizes == NULL)
        return false;
    memcpy(sizes, writing->sizes, writing->count * sizeof *sizes);
    writing_done(writing);
    writing->sizes = sizes;
    writing->capacity *= 2;
    return true;
}

size_t writing_note(struct writing *writing)
{
    if (writing->failed || (writing->count == writing->capacity && !grow(writing))) {
        writing->failed = true;
        return 0;
    }
    return writing->count++;
}

void put_unknown(struct writing *writing, const struct unknown *unknown)
{
    for (; unknown != NULL; unknown = unknown->next)
        put_raw(writing, unknown->data, unknown->size);
}
