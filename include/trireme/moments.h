/** @file
 * One-pass statistics of a vector: count, exact sum and sum of squares, extremes with their index, NaN and
 * Inf. One read of memory gives them all, with the same bits for every order of merging.
 *
 * The totals are integers only and merge as tri_sum does: by MPI_Allreduce of TRI_MOMENTS_WORDS MPI_INT64_T
 * with MPI_SUM after tri_moments_normalise(), for up to 2^30 of them. The extremes merge by
 * tri_extremes_merge(), which is associative and commutative, so it can be the body of an MPI_Op over 48
 * bytes.
 *
 * All functions are local and thread-safe; one thread at a time uses an object.
 */
#ifndef TRIREME_MOMENTS_H
#define TRIREME_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/sum.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is added: integers only. */
typedef struct tri_totals {
    int64_t count;       /**< number of elements, including NaN and Inf */
    tri_sum sum;         /**< their exact sum */
    tri_squares squares; /**< the exact sum of their squares */
} tri_totals;

/** The size of tri_totals. */
enum {
    TRI_MOMENTS_WORDS = sizeof(tri_totals) / sizeof(int64_t) /**< in 64-bit integers */
};

/** The index of an extreme that has no element; not the index of any element. */
#define TRI_NO_INDEX UINT64_MAX

/** The smallest or largest element that is not NaN. +0 and -0 are equal; of equal elements the one with the
 * lowest index is kept, with its sign. The value is high + low. */
typedef struct tri_extreme {
    double high;    /**< the nearest double */
    double low;     /**< the rest: 0 except for 64-bit integers that are not doubles */
    uint64_t index; /**< the lowest global index that has the value; TRI_NO_INDEX: no element */
} tri_extreme;

/** The smallest and the largest element. */
typedef struct tri_extremes {
    tri_extreme min; /**< the smallest */
    tri_extreme max; /**< the largest */
} tri_extremes;

/** The accumulator. Its owner clears it with tri_moments_clear(); nothing is allocated. */
typedef struct tri_moments {
    tri_totals totals;     /**< what is added */
    tri_extremes extremes; /**< what is compared */
} tri_moments;

/** Empties the accumulator. */
TRI_API void tri_moments_clear(tri_moments *moments);

/** Adds x[0] to x[count - 1]; x[0] has global index `first`. Any order of calls gives the same moments. */
TRI_API void tri_moments_add(tri_moments *moments, uint64_t first, const double *x, size_t count);

/** tri_moments_add() with the kernel of a SIMD level; see tri_sum_add_array_at(). */
TRI_API void tri_moments_add_at(tri_simd level, tri_moments *moments, uint64_t first, const double *x,
                                size_t count);

/** Adds signed 64-bit integers, exactly; otherwise as tri_moments_add(). */
TRI_API void tri_moments_add_i64(tri_moments *moments, uint64_t first, const int64_t *x, size_t count);

/** Adds unsigned 64-bit integers, exactly; otherwise as tri_moments_add(). */
TRI_API void tri_moments_add_u64(tri_moments *moments, uint64_t first, const uint64_t *x, size_t count);

/** Adds the elements of another accumulator. */
TRI_API void tri_moments_merge(tri_moments *into, const tri_moments *from);

/** Brings the totals into their unique form; see tri_sum_normalise(). */
TRI_API void tri_moments_normalise(tri_moments *moments);

/** Sets both extremes to no element. */
TRI_API void tri_extremes_clear(tri_extremes *extremes);

/** Keeps the extremes of both. Associative and commutative. */
TRI_API void tri_extremes_merge(tri_extremes *into, const tri_extremes *from);

/** Statistics. Each double is the exact value (an exact sum; a quotient or root of exact sums) rounded once,
 * to nearest, ties to even. With a NaN among the elements all are NaN except min and max, which skip NaN.
 * With Inf, sum and mean are Inf (NaN with both signs), sum_of_squares and norm +Inf, variance and deviation
 * NaN. Without elements, sum and norm are 0 and the others NaN. */
typedef struct tri_statistics {
    uint64_t count;        /**< number of elements */
    uint64_t nan;          /**< number of NaN */
    uint64_t positive_inf; /**< number of +Inf */
    uint64_t negative_inf; /**< number of -Inf */
    double sum;            /**< sum of the elements */
    double mean;           /**< sum / count */
    double variance;       /**< sum of (x - mean)^2 / (count - ddof); NaN if count <= ddof */
    double deviation;      /**< root of the variance */
    double sum_of_squares; /**< sum of x^2 */
    double norm;           /**< root of sum_of_squares */
    tri_extreme min;       /**< smallest element; NaN and TRI_NO_INDEX if all are NaN */
    tri_extreme max;       /**< largest element; NaN and TRI_NO_INDEX if all are NaN */
} tri_statistics;

/** Computes the statistics. ddof: 0 for the variance of the elements themselves, 1 for the unbiased estimate
 * from a sample. */
TRI_API void tri_moments_statistics(const tri_moments *moments, uint64_t ddof, tri_statistics *out);

/** Counts in equal bins over [low, high]. An element is in the bin with edge k <= x < edge k + 1, by
 * comparison with the values of tri_histogram_edge(); the last bin also has x = high. If edges are equal,
 * because there are more bins than doubles, it is in the last bin that begins with them. So counts are the
 * same for every split, SIMD level and device. Adds to counts[0] to counts[bins - 1], and to *nan, *below and
 * *above, where NaN, -Inf and +Inf are counted, too. TRI_ERR_ARGUMENT: low or high not finite, or not low <
 * high; bins 0 or above 2^30. */
TRI_API TRI_MUST_CHECK tri_status tri_histogram_add(const double *x, size_t count, double low, double high,
                                                    size_t bins, int64_t *counts, int64_t *below,
                                                    int64_t *above, int64_t *nan);

/** Edge k of a histogram, 0 <= k <= bins: low + k ((high - low) / bins), each operation rounded, in halves of
 * low and high where their difference overflows; `high` for k = bins. Edges do not decrease. The arguments
 * are those of tri_histogram_add(); wrong ones give `high`. */
TRI_API double tri_histogram_edge(double low, double high, size_t bins, size_t k);

#ifdef __cplusplus
}
#endif
#endif
