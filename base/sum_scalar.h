/* Adds single doubles to an accumulator and to the extremes: for short arrays, for chunks that the kernels
 * decline, and to test the kernels. Internal. */
#ifndef TRIREME_BASE_SUM_SCALAR_H
#define TRIREME_BASE_SUM_SCALAR_H

#include <math.h>
#include <string.h>

#include "base/accumulator.h"
#include "trireme/moments.h"

static inline tri_accumulator tri_accumulator_of_sum(const tri_sum *sum) {
    return (tri_accumulator){(int64_t *)sum->word, TRI_SUM_DIGITS, TRI_SUM_BASE};
}

static inline tri_accumulator tri_accumulator_of_squares(const tri_squares *squares) {
    return (tri_accumulator){(int64_t *)squares->word, TRI_SQUARES_DIGITS, TRI_SQUARES_BASE};
}

/* x = (negative ? -1 : 1) * magnitude * 2^exponent. Zero has magnitude 0, Inf and NaN have exponent
 * TRI_NOT_FINITE; the caller handles them. */
enum { TRI_NOT_FINITE = 0x7ff - 1075 };
typedef struct tri_double_fields {
    uint64_t magnitude;
    int exponent, negative;
} tri_double_fields;

static inline tri_double_fields tri_double_fields_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int field = (int)(bits >> 52 & 0x7ff), subnormal = field == 0;
    return (tri_double_fields){.magnitude = fraction | (uint64_t)!subnormal << 52,
                               .exponent = field + subnormal - 1075,
                               .negative = (int)(bits >> 63)};
}

static inline void tri_accumulator_count_special(tri_accumulator w, double x) {
    int64_t *tail = tri_accumulator_tail(w);
    tail[TRI_TAIL_OTHERS] = 1;
    tail[x != x ? TRI_TAIL_NAN : x > 0 ? TRI_TAIL_POSITIVE_INF : TRI_TAIL_NEGATIVE_INF]++;
}

static inline void tri_accumulator_add_double(tri_accumulator w, double x) {
    tri_double_fields p = tri_double_fields_of(x);
    if (p.exponent == TRI_NOT_FINITE) {
        tri_accumulator_count_special(w, x);
        return;
    }
    tri_accumulator_tail(w)[p.magnitude || !p.negative ? TRI_TAIL_OTHERS : TRI_TAIL_NEGATIVE_ZERO] = 1;
    tri_accumulator_reserve(w, 1);
    tri_accumulator_add(w, p.magnitude, p.exponent, p.negative);
}

static inline void tri_accumulator_add_square(tri_accumulator w, double x) {
    tri_double_fields p = tri_double_fields_of(x);
    if (p.exponent == TRI_NOT_FINITE) {
        tri_accumulator_count_special(w, x * x);
        return;
    }
    tri_accumulator_tail(w)[TRI_TAIL_OTHERS] = 1;
    tri_accumulator_reserve(w, 1);
    tri_accumulator_add(w, (tri_u128)p.magnitude * p.magnitude, 2 * p.exponent, 0);
}

static inline tri_extremes tri_extremes_none(void) {
    tri_extreme none = {NAN, 0, TRI_NO_INDEX};
    return (tri_extremes){none, none};
}

/* Whether `a` is more extreme than `b`, or equal and earlier; sign: -1 for minima, 1 for maxima. */
static inline int tri_extreme_precedes(const tri_extreme *a, const tri_extreme *b, int sign) {
    if (a->index == TRI_NO_INDEX || b->index == TRI_NO_INDEX) return a->index != TRI_NO_INDEX;
    if (a->high != b->high) return sign * a->high > sign * b->high;
    if (a->low != b->low) return sign * a->low > sign * b->low;
    return a->index < b->index;
}

static inline void tri_extreme_keep(tri_extreme *into, tri_extreme x, int sign) {
    if (tri_extreme_precedes(&x, into, sign)) *into = x;
}

#endif
