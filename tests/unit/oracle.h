/* A sum of doubles that shares nothing with the library: one counter per binary digit, carried at the end. */
#ifndef TRIREME_TESTS_UNIT_ORACLE_H
#define TRIREME_TESTS_UNIT_ORACLE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 oracle_wide;

enum { ORACLE_BASE = -2300, ORACLE_BITS = 4500 }; /* digit i is worth 2^(i - 2300) */
typedef struct oracle {
    int64_t bit[ORACLE_BITS];
    long nan, up, down, minus_zero, others;
} oracle;

static inline void oracle_clear(oracle *o) {
    memset(o, 0, sizeof *o);
}

/* Adds sign * magnitude * 2^exponent. */
static inline void oracle_add_integer(oracle *o, oracle_wide magnitude, int exponent, int sign) {
    for (int i = exponent - ORACLE_BASE; magnitude; i++, magnitude >>= 1)
        o->bit[i] += magnitude & 1 ? sign : 0;
}

static inline uint64_t oracle_split(double x, int *exponent) {
    double fraction = frexp(fabs(x), exponent);
    *exponent -= 53;
    return (uint64_t)(fraction * 0x1p53);
}

static inline int oracle_special(oracle *o, double x) {
    if (isnan(x)) return o->nan++, 1;
    if (isinf(x)) return x > 0 ? o->up++ : o->down++, 1;
    if (x == 0 && signbit(x)) return o->minus_zero++, 1;
    o->others++;
    return x == 0;
}

static inline void oracle_add(oracle *o, double x) {
    int exponent;
    if (oracle_special(o, x)) return;
    uint64_t magnitude = oracle_split(x, &exponent);
    oracle_add_integer(o, magnitude, exponent, x < 0 ? -1 : 1);
}

static inline void oracle_add_square(oracle *o, double x) {
    int exponent;
    if (oracle_special(o, fabs(x))) return;
    oracle_wide magnitude = oracle_split(x, &exponent);
    oracle_add_integer(o, magnitude * magnitude, 2 * exponent, 1);
}

/* Carries, so that every digit is 0 or 1; returns the sign: -1, 0, 1. */
static inline int oracle_carry(oracle *o) {
    for (int sign = 1; sign >= -1; sign -= 2) {
        int64_t carry = 0, any = 0;
        for (int i = 0; i < ORACLE_BITS; i++) {
            int64_t digit = o->bit[i] + carry;
            o->bit[i] = digit & 1;
            any |= digit & 1;
            carry = digit >> 1;
        }
        if (carry == 0) return any ? sign : 0;
        /* carry is -1: two's complement; turn it over */
        for (int i = 0; i < ORACLE_BITS; i++)
            o->bit[i] = -o->bit[i];
        o->bit[ORACLE_BITS - 1] -= 2 * carry;
    }
    return 0;
}

/* Rounded digit by digit. */
static inline double oracle_round(oracle *o) {
    if (o->nan || (o->up && o->down)) return NAN;
    if (o->up || o->down) return o->up ? INFINITY : -INFINITY;
    int sign = oracle_carry(o);
    if (!sign) return o->minus_zero && !o->others ? -0.0 : 0.0;
    int top = ORACLE_BITS - 1;
    while (!o->bit[top])
        top--;
    int low = top - 52 > -1074 - ORACLE_BASE ? top - 52 : -1074 - ORACLE_BASE;
    double value = 0;
    for (int i = top; i >= low; i--)
        value = 2 * value + (double)o->bit[i];
    int half = (int)o->bit[low - 1], more = 0;
    for (int i = low - 2; i >= 0; i--)
        more |= o->bit[i] != 0;
    if (half && (more || fmod(value, 2) == 1)) value++;
    return sign * ldexp(value, low + ORACLE_BASE);
}

static inline int same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

#endif
