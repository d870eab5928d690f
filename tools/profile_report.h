/*
 * profile_report.h - where the time of many requests went: collected from the routes of their responses, printed as a tree
 * for people or as JSON.
 *
 * Of each response: its round trip as seen from here, the time in the gateway and in each executor from its routes. Wire is
 * the round trip without the gateway; what the gateway spends itself is its time without any executor's, side by side or not.
 * An executor's time holds the way to it and its queue; how much, a dry run tells, which takes the same way and is answered
 * before any handler. So the handler's time is the executor's less the median of its dry runs. Single-threaded.
 */
#ifndef SLUICE_TOOLS_PROFILE_REPORT_H
#define SLUICE_TOOLS_PROFILE_REPORT_H

#include "common/foundation/buffer.h"

#include <sluice/client.h>

enum { PROFILE_EXECUTORS_MAX = 256 };

/* Times in milliseconds. */
struct profile_series {
    double *values;
    size_t count, capacity;
};

struct profile_executor {
    char *name;
    struct profile_series times, dry;
};

struct profile_report {
    /* set by the caller, for the heading */
    const char *uri, *protocol, *endpoint;
    size_t documents, in_flight; /* documents per request */
    double seconds;              /* for all requests that count */

    unsigned long long failed; /* handlers' failures; their times do not count */
    char first_failure[512];   /* what the first one was */
    unsigned long long bytes;  /* of the responses, as a gRPC client would get them */
    bool side_by_side;         /* some executors ran at the same time */
    struct profile_series roundtrip, wire, gateway, itself;
    struct profile_executor executors[PROFILE_EXECUTORS_MAX]; /* in the order in which requests came to them */
    size_t executor_count;
};

/* A response that took `roundtrip_ms`; `dry`: to a dry run. SLUICE_NO_MEMORY, SLUICE_LIMIT: too many executors. */
sluice_status profile_add(struct profile_report *report, const sluice_response *response, double roundtrip_ms, bool dry,
                          sluice_error *error);
void profile_report_done(struct profile_report *report);

struct profile_numbers {
    double share; /* of all round trips, 0 to 1 */
    double least, median, p99, mean;
};

/* All 0 for an empty series. `whole_ms`: the sum of the round trips. Sorts the series. */
struct profile_numbers profile_numbers_of(struct profile_series *series, double whole_ms);

/* Append the tree, or one JSON object; failure stays in the buffer. */
void profile_print_tree(struct profile_report *report, struct buffer *text);
void profile_print_json(struct profile_report *report, struct buffer *json);

#endif
