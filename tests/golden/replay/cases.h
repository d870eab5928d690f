/* cases.h - the two kinds of recordings. Both print what is unexplained and count into `tally`. */
#ifndef SLUICE_GOLDEN_CASES_H
#define SLUICE_GOLDEN_CASES_H

#include "compare.h"

/* tests/golden/flows: each shape is run with the twins of its executors and gets its requests. `only` NULL: all. */
void cases_run_flows(struct tally *tally, const char *only);

/* tests/golden/grpc: raw calls to a gateway with the flows one, two, empty and dead_timeout. */
void cases_run_grpc(struct tally *tally, const char *only);

/* A JSON file as a map (sluice_value_free()); ends the program when it cannot be read. */
sluice_value *cases_read_json(const char *path);

#endif
