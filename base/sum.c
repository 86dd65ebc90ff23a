/* Exact sums: operations on accumulators and their results. */
#include "trireme/sum.h"

#include <math.h>

#include "base/sum_array.h"

_Static_assert(TRI_SUM_WORDS == TRI_SUM_DIGITS + TRI_TAIL, "the width in the public header");
_Static_assert(TRI_SQUARES_WORDS == TRI_SQUARES_DIGITS + TRI_TAIL, "the width in the public header");

void tri_sum_clear(tri_sum *sum) {
    memset(sum, 0, sizeof *sum);
}

void tri_squares_clear(tri_squares *squares) {
    memset(squares, 0, sizeof *squares);
}

void tri_sum_add(tri_sum *sum, double x) {
    tri_accumulator_add_double(tri_accumulator_of_sum(sum), x);
}

void tri_squares_add(tri_squares *squares, double x) {
    tri_accumulator_add_square(tri_accumulator_of_squares(squares), x);
}

void tri_sum_add_array_at(tri_simd level, tri_sum *sum, const double *x, size_t count) {
    tri_accumulator_add_array(level, tri_accumulator_of_sum(sum), x, count);
}

void tri_squares_add_array_at(tri_simd level, tri_squares *squares, const double *x, size_t count) {
    /* The kernels compute the sum and the extremes together with the squares; both are discarded here. */
    tri_sum sum = {{0}};
    tri_extremes extremes = tri_extremes_none();
    tri_accumulator_add_moments(level, tri_accumulator_of_sum(&sum), tri_accumulator_of_squares(squares),
                                &extremes, 0, x, count);
}

void tri_sum_add_array(tri_sum *sum, const double *x, size_t count) {
    tri_sum_add_array_at(tri_simd_level(), sum, x, count);
}

void tri_squares_add_array(tri_squares *squares, const double *x, size_t count) {
    tri_squares_add_array_at(tri_simd_level(), squares, x, count);
}

void tri_sum_merge(tri_sum *into, const tri_sum *from) {
    tri_accumulator_merge(tri_accumulator_of_sum(into), from->word);
}

void tri_squares_merge(tri_squares *into, const tri_squares *from) {
    tri_accumulator_merge(tri_accumulator_of_squares(into), from->word);
}

void tri_sum_normalise(tri_sum *sum) {
    tri_accumulator_normalise(tri_accumulator_of_sum(sum));
}

void tri_squares_normalise(tri_squares *squares) {
    tri_accumulator_normalise(tri_accumulator_of_squares(squares));
}

/* Whether NaN or Inf determine the sum; *out is then the sum. */
static int special(const int64_t *tail, double *out) {
    int up = tail[TRI_TAIL_POSITIVE_INF] != 0, down = tail[TRI_TAIL_NEGATIVE_INF] != 0;
    *out = tail[TRI_TAIL_NAN] || (up && down) ? NAN : up ? INFINITY : -INFINITY;
    return tail[TRI_TAIL_NAN] || up || down;
}

double tri_sum_divide(const tri_sum *sum, uint64_t divisor) {
    const int64_t *tail = sum->word + TRI_SUM_DIGITS;
    double result;
    if (!divisor) return NAN;
    if (special(tail, &result)) return result;
    tri_bignum big;
    int negative = tri_bignum_take(sum->word, TRI_SUM_DIGITS, TRI_SUM_BASE, &big);
    if (tri_bignum_is_zero(&big)) return tail[TRI_TAIL_NEGATIVE_ZERO] && !tail[TRI_TAIL_OTHERS] ? -0.0 : 0.0;
    if (divisor > 1) tri_bignum_divide(&big, divisor);
    return tri_bignum_round(&big, negative);
}

double tri_sum_round(const tri_sum *sum) {
    return tri_sum_divide(sum, 1);
}

double tri_squares_round(const tri_squares *squares) {
    double result;
    if (special(squares->word + TRI_SQUARES_DIGITS, &result)) return result;
    tri_bignum big;
    tri_bignum_take(squares->word, TRI_SQUARES_DIGITS, TRI_SQUARES_BASE, &big);
    return tri_bignum_round(&big, 0);
}

double tri_squares_root(const tri_squares *squares) {
    double result;
    if (special(squares->word + TRI_SQUARES_DIGITS, &result)) return result;
    tri_bignum big;
    tri_bignum_take(squares->word, TRI_SQUARES_DIGITS, TRI_SQUARES_BASE, &big);
    return tri_bignum_root(&big);
}
