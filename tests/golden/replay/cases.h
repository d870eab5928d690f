/* cases.h - the kinds of recordings. Both print what is unexplained and count into `tally`. */
#ifndef SLUICE_GOLDEN_CASES_H
#define SLUICE_GOLDEN_CASES_H

#include "compare.h"

/* tests/golden/flows: each shape is run with the twins of its executors and gets its requests. `only` NULL: all. */
void cases_run_flows(struct tally *tally, const char *only);

/* tests/golden/grpc: raw calls to a gateway with the flows one, two, empty and dead_timeout. */
void cases_run_grpc(struct tally *tally, const char *only);

/* tests/golden/http or graphql (`folder`): raw requests. `only`: a Flow or a case. */
void cases_run_http(struct tally *tally, const char *folder, const char *only);

/* tests/golden/websocket: conversations, frame by frame. */
void cases_run_websocket(struct tally *tally, const char *only);

/* Of a decoded message: times, tracebacks and an empty __results__ are left out. */
void cases_forget_times_and_stacks(sluice_value *message);

/* A JSON file as a map (sluice_value_free()); ends the program when it cannot be read. */
sluice_value *cases_read_json(const char *path);

#endif
