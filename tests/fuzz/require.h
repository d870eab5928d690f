/* require.h - assert() that stays in every build. */
#ifndef SLUICE_TESTS_FUZZ_REQUIRE_H
#define SLUICE_TESTS_FUZZ_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define require(condition)                                                                                                 \
    do {                                                                                                                   \
        if (!(condition)) {                                                                                                \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                                       \
        }                                                                                                                  \
    } while (0)

#endif
