/* One-pass statistics of a vector: count, exact sum and sum of squares, extremes with their index, NaN and
 * Inf. One read of memory gives them all, with the same bits for every order of merging.
 *
 * What is added (`totals`) is integers only and merges as tri_sum does, by MPI_Allreduce of TRI_MOMENTS_WORDS
 * MPI_INT64_T with MPI_SUM after tri_moments_normalise(), for up to 2^30 of them. What is compared
 * (`extremes`) merges by tri_extremes_merge(), which is associative and commutative: the body of an MPI_Op
 * over 48 bytes. */
#ifndef TRIREME_MOMENTS_H
#define TRIREME_MOMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/sum.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_totals {
    int64_t count; /* all elements, NaN and Inf among them */
    tri_sum sum;
    tri_squares squares;
} tri_totals;

enum { TRI_MOMENTS_WORDS = sizeof(tri_totals) / sizeof(int64_t) };

#define TRI_NO_INDEX UINT64_MAX

/* The smallest and the largest element that is not NaN, and the lowest global index that has it (+0 and -0
 * are equal; of equal ones the first is kept, with its sign). A value is high + low, high being the nearest
 * double: low is 0 except for 64-bit integers that are not doubles. Nothing yet: both indices are
 * TRI_NO_INDEX, which is therefore not the index of an element. */
typedef struct tri_extreme {
    double high, low;
    uint64_t index;
} tri_extreme;

typedef struct tri_extremes {
    tri_extreme min, max;
} tri_extremes;

typedef struct tri_moments {
    tri_totals totals;
    tri_extremes extremes;
} tri_moments;

TRI_API void tri_moments_clear(tri_moments *moments);

/* Adds `count` elements, the first of which has global index `first`. Any order of calls gives the same
 * moments. `level` as in tri_sum_add_array_at(). */
TRI_API void tri_moments_add(tri_moments *moments, uint64_t first, const double *x, size_t count);
TRI_API void tri_moments_add_at(tri_simd level, tri_moments *moments, uint64_t first, const double *x,
                                size_t count);

/* 64-bit integers, exactly. */
TRI_API void tri_moments_add_i64(tri_moments *moments, uint64_t first, const int64_t *x, size_t count);
TRI_API void tri_moments_add_u64(tri_moments *moments, uint64_t first, const uint64_t *x, size_t count);

TRI_API void tri_moments_merge(tri_moments *into, const tri_moments *from);
TRI_API void tri_moments_normalise(tri_moments *moments);
TRI_API void tri_extremes_clear(tri_extremes *extremes);
TRI_API void tri_extremes_merge(tri_extremes *into, const tri_extremes *from);

/* What a person asks for. Each double is the exact value (an exact sum; a quotient or root of exact sums)
 * rounded once, to nearest, ties to even. NaN among the elements makes all of them NaN except min and max,
 * which skip NaN; Inf makes sum, mean Inf (or NaN, with both signs), sum_of_squares and norm +Inf, variance
 * and deviation NaN. Nothing: sum 0, norm 0, the others NaN. */
typedef struct tri_statistics {
    uint64_t count, nan, positive_inf, negative_inf;
    double sum, mean;
    double variance, deviation; /* sum of (x - mean)^2 / (count - ddof), and its root; NaN if count <= ddof */
    double sum_of_squares, norm;
    tri_extreme min, max; /* NaN and TRI_NO_INDEX if all elements are NaN */
} tri_statistics;

/* ddof: 0 for the variance of the elements themselves, 1 for the unbiased estimate from a sample. */
TRI_API void tri_moments_statistics(const tri_moments *moments, uint64_t ddof, tri_statistics *out);

/* Counts in equal bins over [low, high]: bin k holds low + k w <= x < low + (k + 1) w with w = (high - low) /
 * bins, the last bin also x = high. An element belongs to bin floor((x - low) * (bins / (high - low))), each
 * operation rounded, cut to the last bin: the same for every split and level. NaN, -Inf and +Inf count as
 * nan, below and above. Adds to counts[0 .. bins - 1] and to *below, *above, *nan; all are additive.
 * TRI_ERR_ARGUMENT: low, high not finite or not low < high, their difference or bins / (high - low) not
 * finite, bins 0 or above 2^30. */
TRI_API TRI_MUST_CHECK tri_status tri_histogram_add(const double *x, size_t count, double low, double high,
                                                    size_t bins, int64_t *counts, int64_t *below,
                                                    int64_t *above, int64_t *nan);

#ifdef __cplusplus
}
#endif
#endif
