#include "base/accumulator.h"

#include <math.h>
#include <string.h>

void tri_accumulator_normalise(tri_accumulator w) {
    int64_t carry = 0;
    for (int i = 0; i < w.digits - 1; i++) {
        int64_t digit = w.word[i] + carry;
        w.word[i] = digit & UINT32_MAX;
        carry = digit >> 32;
    }
    /* The highest digit keeps the sign. */
    w.word[w.digits - 1] += carry;
    int64_t *tail = tri_accumulator_tail(w);
    tail[TRI_TAIL_OTHERS] = tail[TRI_TAIL_OTHERS] != 0;
    /* With other terms a -0 has no effect, and the vector kernels do not detect it. */
    tail[TRI_TAIL_NEGATIVE_ZERO] = tail[TRI_TAIL_NEGATIVE_ZERO] && !tail[TRI_TAIL_OTHERS];
    tail[TRI_TAIL_BOUND] = 1;
}

void tri_accumulator_merge(tri_accumulator into, const int64_t *from) {
    int64_t from_bound = from[into.digits + TRI_TAIL_BOUND];
    if (tri_accumulator_tail(into)[TRI_TAIL_BOUND] + from_bound > TRI_BOUND_LIMIT)
        tri_accumulator_normalise(into);
    for (int i = 0; i < into.digits + TRI_TAIL; i++)
        into.word[i] += from[i];
}

int tri_bignum_take(const int64_t *word, int digits, int base, tri_bignum *out) {
    /* Two passes: the sign is known after the first pass of carries. */
    int negative = 0;
    for (int pass = 0; pass < 2; pass++) {
        int64_t carry = 0;
        for (int i = 0; i < digits; i++) {
            int64_t digit = (negative ? -word[i] : word[i]) + carry;
            out->digit[i] = (uint32_t)digit;
            carry = digit >> 32;
        }
        out->digit[digits] = (uint32_t)carry;
        if (carry >= 0) break;
        negative = 1;
    }
    out->count = digits + 1;
    out->base = base;
    out->sticky = 0;
    return negative;
}

void tri_bignum_divide(tri_bignum *a, uint64_t divisor) {
    uint64_t rest = 0;
    for (int i = a->count - 1; i >= 0; i--) {
        tri_u128 part = (tri_u128)rest << 32 | a->digit[i];
        a->digit[i] = (uint32_t)(part / divisor); /* rest < divisor, so it fits */
        rest = (uint64_t)(part % divisor);
    }
    a->sticky |= rest != 0;
}

void tri_bignum_multiply(tri_bignum *a, uint64_t factor) {
    tri_u128 carry = 0;
    for (int i = 0; i < a->count; i++) {
        carry += (tri_u128)a->digit[i] * factor;
        a->digit[i] = (uint32_t)carry;
        carry >>= 32;
    }
    for (; carry; carry >>= 32)
        a->digit[a->count++] = (uint32_t)carry;
}

void tri_bignum_square(const tri_bignum *a, tri_bignum *out) {
    memset(out, 0, sizeof *out);
    out->count = 2 * a->count;
    out->base = 2 * a->base;
    for (int i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < a->count; j++) {
            carry += (uint64_t)a->digit[i] * a->digit[j] + out->digit[i + j];
            out->digit[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        out->digit[i + a->count] = (uint32_t)carry;
    }
}

void tri_bignum_subtract(tri_bignum *a, const tri_bignum *b) {
    int64_t carry = 0;
    for (int i = 0; i < a->count || i < b->count; i++) {
        int64_t digit = carry;
        if (i < a->count) digit += a->digit[i];
        if (i < b->count) digit -= b->digit[i];
        if (i < a->count) a->digit[i] = (uint32_t)digit;
        carry = digit >> 32;
    }
}

int tri_bignum_is_zero(const tri_bignum *a) {
    for (int i = 0; i < a->count; i++)
        if (a->digit[i]) return 0;
    return 1;
}

static int bit_length(tri_u128 x) {
    int length = 0;
    for (; x; x >>= 1)
        length++;
    return length;
}

/* The leading bits of `a`: a = (result + f) * 2^*exponent with 0 <= f < 1, and f > 0 if and only if *sticky.
 * The result has at least 127 significant bits, or all bits. *exponent is even. */
static tri_u128 leading(const tri_bignum *a, int *exponent, int *sticky) {
    int top = a->count - 1;
    while (top > 3 && !a->digit[top])
        top--;
    tri_u128 value = 0;
    for (int i = top; i > top - 4; i--)
        value = value << 32 | a->digit[i];
    *sticky = a->sticky;
    *exponent = a->base + 32 * (top - 3);
    if (top == 3) return value;
    /* The bits of the next digit that fit, an even number of them. */
    int shift = (128 - bit_length(value)) & ~1;
    uint64_t next = (uint64_t)a->digit[top - 4] << shift;
    value = value << shift | next >> 32;
    *exponent -= shift;
    *sticky |= (uint32_t)next != 0;
    for (int i = top - 5; i >= 0; i--)
        *sticky |= a->digit[i] != 0;
    return value;
}

/* Rounds (value + f) * 2^exponent to the nearest double; 0 < f < 1 if sticky, else f = 0. */
static double round_bits(tri_u128 value, int exponent, int sticky, int negative) {
    int high = exponent + bit_length(value) - 1; /* 2^high <= value < 2^(high + 1) */
    int low = high - 52 > -1074 ? high - 52 : -1074;
    int drop = low - exponent;
    if (drop > 128) value = 0;
    if (drop > 0 && value) {
        tri_u128 half = (tri_u128)1 << (drop - 1), rest = value & (half | (half - 1));
        value = drop < 128 ? value >> drop : 0;
        value += rest > half || (rest == half && (sticky || (value & 1)));
        exponent = low;
    }
    double magnitude = ldexp((double)(uint64_t)value, exponent); /* value <= 2^53: exact, or overflow */
    return negative ? -magnitude : magnitude;
}

double tri_bignum_round(const tri_bignum *a, int negative) {
    int exponent, sticky;
    tri_u128 value = leading(a, &exponent, &sticky);
    return round_bits(value, exponent, sticky, negative);
}

double tri_bignum_root(const tri_bignum *a) {
    int exponent, sticky;
    tri_u128 value = leading(a, &exponent, &sticky);
    /* Bit by bit, the largest root with root^2 <= value. Bits below those of `value` do not change it, since
     * no square of an integer lies between value and value + 1. */
    tri_u128 root = 0, rest = value;
    for (tri_u128 bit = (tri_u128)1 << 126; bit; bit >>= 2) {
        int fits = rest >= root + bit;
        if (fits) rest -= root + bit;
        root = (root >> 1) + (fits ? bit : 0);
    }
    return round_bits(root, exponent / 2, sticky || rest, 0);
}
