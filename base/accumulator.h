/* Fixed-point integers of many digits: the accumulators of sum.h, and the exact division and square root of
 * their values. Internal.
 *
 * An accumulator is `digits` int64_t of radix 2^32, lowest first, in units of 2^base, and a tail of TRI_TAIL
 * counters. Between normalisations digits may be negative or above the radix, bounded in magnitude by
 * tail[TRI_TAIL_BOUND] * 2^32. */
#ifndef TRIREME_BASE_SUM_WORDS_H
#define TRIREME_BASE_SUM_WORDS_H

#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 tri_u128;
__extension__ typedef __int128 tri_i128;

enum {
    TRI_SUM_DIGITS = 68,
    TRI_SUM_BASE = -34 * 32, /* below the lowest bit of a double, 2^-1074 */
    TRI_SQUARES_DIGITS = 134,
    TRI_SQUARES_BASE = -68 * 32 /* below 2^-2148 */
};

/* Indices in the tail. OTHERS: there were terms other than -0. BOUND: see above. */
enum {
    TRI_TAIL_NAN,
    TRI_TAIL_POSITIVE_INF,
    TRI_TAIL_NEGATIVE_INF,
    TRI_TAIL_NEGATIVE_ZERO,
    TRI_TAIL_OTHERS,
    TRI_TAIL_BOUND,
    TRI_TAIL
};

/* A reference to the accumulator of a tri_sum or a tri_squares. */
typedef struct tri_accumulator {
    int64_t *word;
    int digits, base;
} tri_accumulator;

static inline int64_t *tri_accumulator_tail(tri_accumulator w) {
    return w.word + w.digits;
}

/* Reserves `terms` additions, each of one unit of the bound. */
#define TRI_BOUND_LIMIT (INT64_C(1) << 30)
void tri_accumulator_normalise(tri_accumulator w);
static inline void tri_accumulator_reserve(tri_accumulator w, int64_t terms) {
    int64_t *bound = tri_accumulator_tail(w) + TRI_TAIL_BOUND;
    if (*bound > TRI_BOUND_LIMIT - terms) tri_accumulator_normalise(w);
    *bound += terms;
}

/* Adds magnitude * 2^exponent, or subtracts it if negative. The caller has reserved one term. All bits must
 * lie within the digits. */
static inline void tri_accumulator_add(tri_accumulator w, tri_u128 magnitude, int exponent, int negative) {
    unsigned at = (unsigned)(exponent - w.base), shift = at % 32;
    int64_t *digit = w.word + at / 32;
    /* The first piece has 32 - shift bits; the rest is aligned to digits. */
    uint64_t piece = (uint64_t)(uint32_t)magnitude << shift & UINT32_MAX;
    tri_u128 rest = magnitude >> (32 - shift);
    for (;;) {
        *digit += negative ? -(int64_t)piece : (int64_t)piece;
        if (!rest) break;
        digit++;
        piece = (uint32_t)rest;
        rest >>= 32;
    }
}

void tri_accumulator_merge(tri_accumulator into, const int64_t *from);

/* A non-negative number: sum of digit[i] * 2^(32 i + base). `sticky`: a positive remainder below the lowest
 * digit was dropped. */
enum { TRI_BIG_DIGITS = 148 };
typedef struct tri_bignum {
    int count, base, sticky;
    uint32_t digit[TRI_BIG_DIGITS];
} tri_bignum;

/* Sets *out to the absolute value; returns whether the number is negative. */
int tri_bignum_take(const int64_t *word, int digits, int base, tri_bignum *out);
void tri_bignum_divide(tri_bignum *a, uint64_t divisor); /* rounds down, keeps sticky */
void tri_bignum_multiply(tri_bignum *a, uint64_t factor);
void tri_bignum_square(const tri_bignum *a, tri_bignum *out);
void tri_bignum_subtract(tri_bignum *a, const tri_bignum *b); /* a >= b, the same base, neither sticky */
int tri_bignum_is_zero(const tri_bignum *a);

/* The number, or its square root, rounded to the nearest double, ties to even. The lowest digit (for the
 * root: half its exponent) must be below 2^-1075, and `a` must have at least four digits. */
double tri_bignum_round(const tri_bignum *a, int negative);
double tri_bignum_root(const tri_bignum *a);

#endif
