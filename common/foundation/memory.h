/* memory.h - the allocator's settings for processes that move large messages. */
#ifndef SLUICE_FOUNDATION_MEMORY_H
#define SLUICE_FOUNDATION_MEMORY_H

/*
 * Call first in main(), before any thread: glibc otherwise gives memory back to the kernel after each burst and faults
 * it in again, which halves the throughput of messages of 100 KB and more (docs/benchmarks.md).
 */
void memory_tune(void);

#endif
