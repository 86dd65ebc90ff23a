/* Sums of common types as plain loops that the compiler vectorises for the processor in use. They are as
 * fast as Open MPI's MPI_Reduce_local() for long vectors, a few times as fast for short ones, and always
 * twice as fast as MPICH's. */
#include "mpi/sums.h"

#include <stdint.h>

#if defined(__x86_64__)
#define FOR(processor) __attribute__((target(#processor)))
#define HAS(processor) __builtin_cpu_supports(#processor)
#else
#define FOR(processor)
#define HAS(processor) 0
#endif

/* Integers wrap around. */
/* clang-format off */
#define SUM(name, type)                                             \
    static void name(const type *left, type *right, size_t count) { \
        for (size_t i = 0; i < count; i++)                          \
            right[i] += left[i];                                    \
    }
#define SUMS(name, type)                                                                             \
    FOR(avx512f) SUM(name##_avx512, type)                                                            \
    FOR(avx2) SUM(name##_avx2, type)                                                                 \
    SUM(name##_plain, type)                                                                          \
    static void name(const void *left, void *right, size_t count) {                                  \
        (HAS(avx512f) ? name##_avx512 : HAS(avx2) ? name##_avx2 : name##_plain)(left, right, count); \
    }
/* clang-format on */
SUMS(sum_double, double)
SUMS(sum_float, float)
SUMS(sum_32, uint32_t)
SUMS(sum_64, uint64_t)

int tri_combine_common(const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op) {
    if (op != MPI_SUM) return 0;
    if (type == MPI_DOUBLE)
        sum_double(left, right, count);
    else if (type == MPI_FLOAT)
        sum_float(left, right, count);
    else if (type == MPI_INT || type == MPI_UNSIGNED)
        sum_32(left, right, count);
    else if (type == MPI_INT64_T || type == MPI_UINT64_T)
        sum_64(left, right, count);
    else
        return 0;
    return 1;
}
