/*
 * suite.h - the end of a Check program's main(), the same in every test.
 *
 * suite_run(suite) runs a suite and gives the exit code; it owns the suite. CK_VERBOSITY=verbose in the environment
 * names each test. SUITE_MAIN("common.arena", test_a, test_b, ...) is the whole main() of a program that needs neither
 * fixtures nor loops.
 */
#ifndef SLUICE_TESTS_SUITE_H
#define SLUICE_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Check's own limit is 4 s, which is short under a sanitizer on a busy machine. Every group has this one unless it sets
 * another; CK_DEFAULT_TIMEOUT in the environment wins over it. */
#define SUITE_TIMEOUT_SECONDS 120
#define SUITE_TEXT_OF(number) #number
#define SUITE_TEXT(number) SUITE_TEXT_OF(number)

/* Check reads it when a group is made, which is after this. */
__attribute__((constructor)) static inline void suite_set_timeout(void)
{
    setenv("CK_DEFAULT_TIMEOUT", SUITE_TEXT(SUITE_TIMEOUT_SECONDS), 0);
}

static inline int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int suite_run_tests(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *group = tcase_create(name);
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(group, tests[i]);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}

#define SUITE_MAIN(name, ...)                                                                                              \
    int main(void)                                                                                                         \
    {                                                                                                                      \
        const TTest *const tests[] = {__VA_ARGS__};                                                                        \
        return suite_run_tests(name, tests, sizeof tests / sizeof tests[0]);                                               \
    }

#endif
