/* report.h - what `sluice run` says when a Flow is ready or could not start: for people, and for programs. */
#ifndef SLUICE_SUPERVISOR_REPORT_H
#define SLUICE_SUPERVISOR_REPORT_H

#include "tools/supervisor/child.h"

/* An open front of the gateway, as it reported it. */
struct report_front {
    char protocol[16];
    char host[256];
    unsigned port;
    bool tls;
};

struct report {
    const struct flow *flow;
    uint64_t start_ns; /* elapsed: from the start of the command until everything was ready */
    struct report_front fronts[FLOW_FRONTS_MAX];
    size_t front_count;
    const struct child *children; /* the first is the gateway */
    size_t child_count;
};

/* The table and the line `ready in 41.2 ms`, on stdout. What cannot be written is a warning in the log, here and below. */
void report_print(const struct report *report, double ready_ms);

/* One line of JSON, then the end of the stream: closes `fd`. -1: nowhere. */
void report_ready(const struct report *report, double ready_ms, int fd);
void report_failure(const sluice_error *error, int fd);

#endif
