/* floor_process.h - what the relays share besides their libraries: the echo process, signals, the ready line. */
#ifndef SLUICE_BENCH_FLOOR_PROCESS_H
#define SLUICE_BENCH_FLOOR_PROCESS_H

enum { FLOOR_HOPS_MAX = 16 };

struct floor_options {
    int port; /* 0: any */
    int ready_fd;
    int hops;
};

/* --port N --ready-fd N --hops N (default 1). Ends the program, with the reason on standard error, when the hops are not
 * between `least` (0: the program is its own bare echo) and `most`. Blocks SIGTERM and SIGINT, tunes the allocator. */
struct floor_options floor_process_begin(const char *name, int argc, char **argv, int least, int most);

/* Starts one echo process for each hop; ends the program when one does not start. */
void floor_process_peers(const char *name, int hops, int *sockets, int *pids);

/*
 * What the bench needs to know, one line of JSON as `sluice run --ready-fd` writes it. `pids` of the processes besides
 * this one.
 */
void floor_report_ready(int fd, const char *name, const char *protocol, int port, const int *pids, int pid_count);

#endif
