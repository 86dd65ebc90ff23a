/* One double into an accumulator, one element into the extremes: the form that needs no preparation, for
 * short arrays, for chunks that the kernels decline, and for checking the kernels. Internal. */
#ifndef TRIREME_BASE_SUM_SCALAR_H
#define TRIREME_BASE_SUM_SCALAR_H

#include <string.h>

#include "base/sum_words.h"
#include "trireme/moments.h"

static inline tri_words tri_words_of_sum(const tri_sum *sum) {
    return (tri_words){(int64_t *)sum->word, TRI_SUM_DIGITS, TRI_SUM_BASE};
}

static inline tri_words tri_words_of_squares(const tri_squares *squares) {
    return (tri_words){(int64_t *)squares->word, TRI_SQUARES_DIGITS, TRI_SQUARES_BASE};
}

/* x = (negative ? -1 : 1) * magnitude * 2^exponent. Zero, Inf and NaN are for the caller: they are told by
 * magnitude 0 and by exponent TRI_NOT_FINITE. */
enum { TRI_NOT_FINITE = 0x7ff - 1075 };
typedef struct tri_parts {
    uint64_t magnitude;
    int exponent, negative;
} tri_parts;

static inline tri_parts tri_parts_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int field = (int)(bits >> 52 & 0x7ff), subnormal = field == 0;
    return (tri_parts){.magnitude = fraction | (uint64_t)!subnormal << 52,
                       .exponent = field + subnormal - 1075,
                       .negative = (int)(bits >> 63)};
}

static inline void tri_words_count_special(tri_words w, double x) {
    int64_t *tail = tri_words_tail(w);
    tail[TRI_TAIL_OTHERS] = 1;
    tail[x != x ? TRI_TAIL_NAN : x > 0 ? TRI_TAIL_POSITIVE_INF : TRI_TAIL_NEGATIVE_INF]++;
}

static inline void tri_words_add_double(tri_words w, double x) {
    tri_parts p = tri_parts_of(x);
    if (p.exponent == TRI_NOT_FINITE) {
        tri_words_count_special(w, x);
        return;
    }
    tri_words_tail(w)[p.magnitude || !p.negative ? TRI_TAIL_OTHERS : TRI_TAIL_NEGATIVE_ZERO] = 1;
    tri_words_reserve(w, 1);
    tri_words_add(w, p.magnitude, p.exponent, p.negative);
}

static inline void tri_words_add_square(tri_words w, double x) {
    tri_parts p = tri_parts_of(x);
    if (p.exponent == TRI_NOT_FINITE) {
        tri_words_count_special(w, x * x);
        return;
    }
    tri_words_tail(w)[TRI_TAIL_OTHERS] = 1;
    tri_words_reserve(w, 1);
    tri_words_add(w, (tri_u128)p.magnitude * p.magnitude, 2 * p.exponent, 0);
}

/* Whether `a` is more extreme than `b`, or equally so and earlier; sign -1 for minima, 1 for maxima. */
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
