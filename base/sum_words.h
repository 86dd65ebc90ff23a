/* Fixed-point integers of many digits: what the accumulators of sum.h are made of, and the exact division and
 * square root of what comes out of them. Internal.
 *
 * An accumulator is `digits` int64_t of radix 2^32, lowest first, worth 2^base each unit of the first, and a
 * tail of TRI_TAIL counters. Between normalisations digits may be negative or above the radix, bounded in
 * magnitude by tail[TRI_TAIL_BOUND] * 2^32. */
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

/* The tail. OTHERS: there were terms besides -0. */
enum {
    TRI_TAIL_NAN,
    TRI_TAIL_POSITIVE_INF,
    TRI_TAIL_NEGATIVE_INF,
    TRI_TAIL_NEGATIVE_ZERO,
    TRI_TAIL_OTHERS,
    TRI_TAIL_BOUND,
    TRI_TAIL
};

/* An accumulator, whichever it is. */
typedef struct tri_words {
    int64_t *word;
    int digits, base;
} tri_words;

static inline int64_t *tri_words_tail(tri_words w) {
    return w.word + w.digits;
}

/* Makes room for `terms` more additions of one unit of the bound. */
#define TRI_BOUND_LIMIT (INT64_C(1) << 30)
void tri_words_normalise(tri_words w);
static inline void tri_words_reserve(tri_words w, int64_t terms) {
    int64_t *bound = tri_words_tail(w) + TRI_TAIL_BOUND;
    if (*bound > TRI_BOUND_LIMIT - terms) tri_words_normalise(w);
    *bound += terms;
}

/* Adds magnitude * 2^exponent, or its opposite. The caller has reserved one term. All bits must lie within
 * the digits. */
static inline void tri_words_add(tri_words w, tri_u128 magnitude, int exponent, int negative) {
    unsigned at = (unsigned)(exponent - w.base), shift = at % 32;
    int64_t *digit = w.word + at / 32;
    /* The first piece has 32 - shift bits; what is left starts on a digit. */
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

void tri_words_merge(tri_words into, const int64_t *from);

/* A non-negative number: sum of digit[i] * 2^(32 i + base). `sticky` says that a positive part below the
 * lowest digit was dropped. */
enum { TRI_BIG_DIGITS = 148 };
typedef struct tri_big {
    int count, base, sticky;
    uint32_t digit[TRI_BIG_DIGITS];
} tri_big;

/* |w| as a tri_big; returns whether w is negative. */
int tri_big_take(const int64_t *word, int digits, int base, tri_big *out);
void tri_big_divide(tri_big *a, uint64_t divisor); /* rounds down, keeps sticky */
void tri_big_multiply(tri_big *a, uint64_t factor);
void tri_big_square(const tri_big *a, tri_big *out);
void tri_big_subtract(tri_big *a, const tri_big *b); /* a >= b, the same base, neither sticky */
int tri_big_is_zero(const tri_big *a);

/* To the nearest double, ties to even, and the square root rounded so. The lowest digit of the number, and
 * half the exponent of that of the root, must be below 2^-1075, and `a` must have four digits or more. */
double tri_big_round(const tri_big *a, int negative);
double tri_big_root(const tri_big *a);

#endif
