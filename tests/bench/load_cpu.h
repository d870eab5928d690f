/* load_cpu.h - processor time of processes, from the kernel's scheduler statistics. */
#ifndef SLUICE_BENCH_LOAD_CPU_H
#define SLUICE_BENCH_LOAD_CPU_H

#include <stdint.h>

/* Nanoseconds that all threads of the process have run so far; 0 when there is no such process. */
uint64_t load_cpu_ns(int pid);

#endif
