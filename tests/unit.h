/* A unit test is a file of START_TESTs that ends in UNIT_MAIN(name, test, test, ...). */
#ifndef BT_TESTS_UNIT_H
#define BT_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

/* How often to try something at random: valgrind takes 30 times as long. */
static inline unsigned unit_rounds(unsigned rounds) {
    return getenv("BITTING_VALGRIND") ? rounds / 50 : rounds;
}

#define UNIT_MAIN(name, ...)                                                                       \
    int main(void) {                                                                               \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        TCase *tests_case = tcase_create(name);                                                    \
        for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)                                  \
            tcase_add_test(tests_case, tests[i]);                                                  \
        tcase_set_timeout(tests_case, 60);                                                         \
        Suite *suite = suite_create(name);                                                         \
        suite_add_tcase(suite, tests_case);                                                        \
        SRunner *runner = srunner_create(suite);                                                   \
        srunner_run_all(runner, CK_ENV);                                                           \
        int failed = srunner_ntests_failed(runner);                                                \
        srunner_free(runner);                                                                      \
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                               \
    }

#endif
