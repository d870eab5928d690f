#include "common/foundation/memory.h"

#include <malloc.h>

enum {
    TRIM_THRESHOLD = 512 << 20, /* keep freed memory up to this */
    MMAP_THRESHOLD = 32 << 20,  /* glibc's upper bound for it */
    TOP_PAD = 16 << 20,         /* grow the heap in large steps; untouched pages cost nothing */
    ARENAS = 2
};

void memory_tune(void)
{
    mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD);
    mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
    mallopt(M_TOP_PAD, TOP_PAD);
    mallopt(M_ARENA_MAX, ARENAS);
}
