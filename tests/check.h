/* CHECK(condition, format, ...): counts a failure and goes on, so that the ranks of a test stay in step. It
 * is never compiled out. Threads may use it. A test's main ends with `return check_result("what");`. */
#ifndef TRIREME_TESTS_CHECK_H
#define TRIREME_TESTS_CHECK_H

#include <stdio.h>

#include "trireme/status.h"

/* Weak, so that the files of one program share them: a failure in any of them fails the program. */
__attribute__((weak)) long check_count, check_failures;

#define CHECK(condition, ...)                                                                                \
    do {                                                                                                     \
        __atomic_add_fetch(&check_count, 1, __ATOMIC_RELAXED);                                               \
        if (!(condition) && __atomic_add_fetch(&check_failures, 1, __ATOMIC_RELAXED) <= 20) {                \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                  \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
        }                                                                                                    \
    } while (0)

/* CHECK that a call returns a status. */
#define CHECK_STATUS(call, expected)                                                                         \
    do {                                                                                                     \
        tri_status check_status_ = (call);                                                                   \
        CHECK(check_status_ == (expected), "%s: %s", tri_status_name(check_status_), tri_error_text());      \
    } while (0)

#define CHECK_OK(call) CHECK_STATUS(call, TRI_OK)

/* A test that checked nothing has failed. */
static inline int check_result(const char *what) {
    fprintf(check_failures ? stderr : stdout, "%s: %ld checks, %ld failed\n", what, check_count,
            check_failures);
    return check_failures || !check_count;
}

#endif
