/* What the golden test uses of cmocka, for compilers and processors that have no cmocka installed. */
#ifndef CMOCKA_STAND_IN_H
#define CMOCKA_STAND_IN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail_msg(...)                                                                                                  \
    do {                                                                                                               \
        fprintf(stderr, __VA_ARGS__);                                                                                  \
        fprintf(stderr, " (%s:%d)\n", __FILE__, __LINE__);                                                             \
        exit(1);                                                                                                       \
    } while (0)
#define assert_true(condition)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) fail_msg("%s", #condition);                                                                  \
    } while (0)
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_string_equal(a, b) assert_true(!strcmp(a, b))
#define assert_memory_equal(a, b, size) assert_true(!memcmp(a, b, size))

struct CMUnitTest {
    void (*test)(void **state);
};
#define cmocka_unit_test(function)                                                                                     \
    {                                                                                                                  \
        function                                                                                                       \
    }

static int run_group(const struct CMUnitTest *tests, size_t count) {
    for (size_t i = 0; i < count; i++)
        tests[i].test(NULL);
    return 0;
}
#define cmocka_run_group_tests(tests, setup, teardown) run_group(tests, sizeof(tests) / sizeof *(tests))

#endif
