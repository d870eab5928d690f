/* graphql_check.h - the second half of an operation for the targets that prepare one. */
#ifndef SLUICE_TESTS_FUZZ_GRAPHQL_CHECK_H
#define SLUICE_TESTS_FUZZ_GRAPHQL_CHECK_H

#include "gateway/graphql/graphql.h"

/* Every call gets back what it sent; the answer must be one, and JSON. Frees the operation; NULL is fine. */
void graphql_check(struct graphql *operation);

#endif
