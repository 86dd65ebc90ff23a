#include "trireme/moments.h"

#include <math.h>

#include "base/sum_array.h"
#include "base/sum_integers.h"

void tri_extremes_clear(tri_extremes *extremes) {
    *extremes = tri_extremes_none();
}

void tri_moments_clear(tri_moments *moments) {
    memset(&moments->totals, 0, sizeof moments->totals);
    tri_extremes_clear(&moments->extremes);
}

void tri_extremes_merge(tri_extremes *into, const tri_extremes *from) {
    tri_extreme_keep(&into->min, from->min, -1);
    tri_extreme_keep(&into->max, from->max, 1);
}

void tri_moments_merge(tri_moments *into, const tri_moments *from) {
    into->totals.count += from->totals.count;
    tri_sum_merge(&into->totals.sum, &from->totals.sum);
    tri_squares_merge(&into->totals.squares, &from->totals.squares);
    tri_extremes_merge(&into->extremes, &from->extremes);
}

void tri_moments_normalise(tri_moments *moments) {
    tri_sum_normalise(&moments->totals.sum);
    tri_squares_normalise(&moments->totals.squares);
}

void tri_moments_add_at(tri_simd level, tri_moments *moments, uint64_t first, const double *x, size_t count) {
    tri_totals *t = &moments->totals;
    t->count += (int64_t)count;
    tri_accumulator_add_moments(level, tri_accumulator_of_sum(&t->sum),
                                tri_accumulator_of_squares(&t->squares), &moments->extremes, first, x, count);
}

void tri_moments_add(tri_moments *moments, uint64_t first, const double *x, size_t count) {
    tri_moments_add_at(tri_simd_level(), moments, first, x, count);
}

/* Splits an integer into the nearest double and the remainder, an integer below 2^11. */
static void split_u64(uint64_t x, double *high, double *low) {
    *high = (double)x;
    /* 2^64 does not fit back into a uint64_t. */
    *low = *high == 0x1p64 ? -(double)(0 - x) : (double)(int64_t)(x - (uint64_t)*high);
}

void tri_moments_add_u64(tri_moments *moments, uint64_t first, const uint64_t *x, size_t count) {
    if (!count) return;
    tri_integer_totals totals = tri_integers_add_u64(x, count);
    moments->totals.count += (int64_t)count;
    tri_integers_deposit_sum(totals, count, &moments->totals.sum);
    tri_integers_deposit_squares(totals, count, &moments->totals.squares);
    size_t min = 0, max = 0;
    for (size_t i = 1; i < count; i++) {
        if (x[i] < x[min]) min = i;
        if (x[i] > x[max]) max = i;
    }
    tri_extremes e = {.min.index = first + min, .max.index = first + max};
    split_u64(x[min], &e.min.high, &e.min.low);
    split_u64(x[max], &e.max.high, &e.max.low);
    tri_extremes_merge(&moments->extremes, &e);
}

static void split_i64(int64_t x, double *high, double *low) {
    split_u64(x < 0 ? -(uint64_t)x : (uint64_t)x, high, low);
    if (x < 0) *high = -*high, *low = 0 - *low;
}

void tri_moments_add_i64(tri_moments *moments, uint64_t first, const int64_t *x, size_t count) {
    if (!count) return;
    tri_integer_totals totals = tri_integers_add_i64(x, count);
    moments->totals.count += (int64_t)count;
    tri_integers_deposit_sum(totals, count, &moments->totals.sum);
    tri_integers_deposit_squares(totals, count, &moments->totals.squares);
    size_t min = 0, max = 0;
    for (size_t i = 1; i < count; i++) {
        if (x[i] < x[min]) min = i;
        if (x[i] > x[max]) max = i;
    }
    tri_extremes e = {.min.index = first + min, .max.index = first + max};
    split_i64(x[min], &e.min.high, &e.min.low);
    split_i64(x[max], &e.max.high, &e.max.low);
    tri_extremes_merge(&moments->extremes, &e);
}

/* sum of (x - mean)^2 = (n * S2 - S1^2) / n, an exact rational number. The variance is its quotient by n -
 * ddof. */
static void variance(const tri_totals *t, uint64_t n, uint64_t ddof, tri_statistics *out) {
    tri_bignum sum, square, all;
    tri_bignum_take(t->sum.word, TRI_SUM_DIGITS, TRI_SUM_BASE, &sum);
    tri_bignum_square(&sum, &square);
    tri_bignum_take(t->squares.word, TRI_SQUARES_DIGITS, TRI_SQUARES_BASE, &all);
    tri_bignum_multiply(&all, n);
    tri_bignum_subtract(&all, &square);
    tri_bignum_divide(&all, n);
    tri_bignum_divide(&all, n - ddof);
    out->variance = tri_bignum_round(&all, 0);
    out->deviation = tri_bignum_root(&all);
}

void tri_moments_statistics(const tri_moments *moments, uint64_t ddof, tri_statistics *out) {
    const tri_totals *t = &moments->totals;
    const int64_t *tail = t->sum.word + TRI_SUM_DIGITS;
    uint64_t n = (uint64_t)t->count;
    *out = (tri_statistics){.count = n,
                            .nan = (uint64_t)tail[TRI_TAIL_NAN],
                            .positive_inf = (uint64_t)tail[TRI_TAIL_POSITIVE_INF],
                            .negative_inf = (uint64_t)tail[TRI_TAIL_NEGATIVE_INF],
                            .sum = tri_sum_round(&t->sum),
                            .mean = tri_sum_divide(&t->sum, n),
                            .variance = NAN,
                            .deviation = NAN,
                            .sum_of_squares = tri_squares_round(&t->squares),
                            .norm = tri_squares_root(&t->squares),
                            .min = moments->extremes.min,
                            .max = moments->extremes.max};
    if (n > ddof && !out->nan && !out->positive_inf && !out->negative_inf) variance(t, n, ddof, out);
}
