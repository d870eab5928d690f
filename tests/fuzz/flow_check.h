/* flow_check.h - what must hold of every load of a Flow; for the targets that load one. */
#ifndef SLUICE_TESTS_FUZZ_FLOW_CHECK_H
#define SLUICE_TESTS_FUZZ_FLOW_CHECK_H

#include "common/flow/flow.h"

/* Load, check that status and report agree and that a Flow that loads is the same after flow_write() and flow_load(),
 * and free all of it. True: it loaded. */
bool flow_check_load(const char *text, size_t size, const struct flow_options *options,
                     const struct flow_source *source);

#endif
