/* equal.h - are two Flow models the same? For the tests and the fuzz target. */
#ifndef SLUICE_TESTS_FLOW_EQUAL_H
#define SLUICE_TESTS_FLOW_EQUAL_H

#include "common/flow/flow.h"

/* NULL when they are equal, else the name of what differs. Files of places are not compared. */
const char *flow_difference(const struct flow *a, const struct flow *b);

#endif
