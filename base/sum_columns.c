/* Few terms need no accumulator of 74 words. The terms of a column are added with their rounding errors
 * (Knuth's TwoSum), the errors again with theirs, and of those only the magnitudes are added (Ogita, Rump,
 * Oishi 2005, "Accurate sum and dot product", section 4): the exact sum is s + c to within `lost`. If nothing
 * is lost, one addition rounds it, s + c. Otherwise r = s + c is the result if what is left, s + c - r, and
 * the loss stay below half a unit in the last place of r. In all other cases, as for infinities and results
 * next to a power of two, the exact accumulator decides. So the bits are those of tri_sum. */
#include "base/sum_columns.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "trireme/sum.h"

/* Columns at a time: the compiler makes vectors of them. */
enum { STRIP = 64 };

typedef struct strip {
    double sum[STRIP], errors[STRIP], lost[STRIP];
} strip;

static void strip_start(strip *s, const double *row, size_t columns) {
    for (size_t i = 0; i < columns; i++) {
        s->sum[i] = row[i];
        s->errors[i] = s->lost[i] = 0;
    }
}

static inline double error_of(double a, double b, double sum) {
    double rest = sum - a;
    return (a - (sum - rest)) + (b - rest);
}

static void strip_add(strip *s, const double *row, size_t columns) {
    for (size_t i = 0; i < columns; i++) {
        double sum = s->sum[i] + row[i], error = error_of(s->sum[i], row[i], sum);
        double errors = s->errors[i] + error;
        s->lost[i] += fabs(error_of(s->errors[i], error, errors));
        s->errors[i] = errors;
        s->sum[i] = sum;
    }
}

/* Half a unit in the last place of x; 0 where the test does not apply: zero, subnormal and very small
 * numbers, powers of two, infinities, NaN. */
static double half_unit(double x) {
    uint64_t bits, exponent;
    memcpy(&bits, &x, sizeof bits);
    exponent = bits >> 52 & 0x7ff;
    if (exponent < 64 || exponent == 0x7ff || !(bits & ((UINT64_C(1) << 52) - 1))) return 0;
    double half;
    bits = (exponent - 53) << 52;
    memcpy(&half, &bits, sizeof half);
    return half;
}

static double sum_exactly(const double *first, size_t stride, int rows) {
    tri_sum sum;
    tri_sum_clear(&sum);
    for (int row = 0; row < rows; row++)
        tri_sum_add(&sum, first[(size_t)row * stride]);
    return tri_sum_round(&sum);
}

/* The sums of `rows` rows so far; first: the strip's part of row 0. NaN fails every comparison. */
static void strip_round(const strip *s, const double *first, size_t stride, int rows, size_t columns,
                        double *out) {
    for (size_t i = 0; i < columns; i++) {
        double a = s->sum[i], b = s->errors[i], sum = a + b;
        int finite = fabs(sum) <= DBL_MAX, all = s->lost[i] == 0;
        if (finite && b == 0 && all)
            out[i] = a; /* zeros and their signs included */
        else if (finite && (all || fabs(error_of(a, b, sum)) + 2 * s->lost[i] < half_unit(sum)))
            out[i] = sum;
        else
            out[i] = sum_exactly(first + i, stride, rows);
    }
}

void tri_sum_columns(const double *first, size_t stride, int rows, size_t columns, double *out) {
    strip s;
    for (size_t at = 0; at < columns; at += STRIP) {
        size_t some = columns - at < STRIP ? columns - at : STRIP;
        strip_start(&s, first + at, some);
        for (int row = 1; row < rows; row++)
            strip_add(&s, first + (size_t)row * stride + at, some);
        strip_round(&s, first + at, stride, rows, some, out + at);
    }
}

/* From the last row up, so that the terms of a row are still there when it is summed. */
void tri_sum_prefixes(double *first, size_t stride, int rows, size_t columns, int exclusive) {
    for (int row = rows - 1; row >= exclusive; row--)
        tri_sum_columns(first, stride, row + 1 - exclusive, columns, first + (size_t)row * stride);
}
