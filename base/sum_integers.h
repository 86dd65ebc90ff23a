/* Sums of 64-bit integers in machine words, for any count. Internal. */
#ifndef TRIREME_BASE_SUM_INTEGERS_H
#define TRIREME_BASE_SUM_INTEGERS_H

#include "base/sum_scalar.h"

typedef struct tri_integer_totals {
    tri_u128 positive, negative;        /* sums of magnitudes */
    tri_u128 squares_low, squares_high; /* of the low and the high 64 bits of each square */
} tri_integer_totals;

tri_integer_totals tri_integers_add_i64(const int64_t *x, size_t count);
tri_integer_totals tri_integers_add_u64(const uint64_t *x, size_t count);
void tri_integers_deposit_sum(tri_integer_totals totals, size_t count, tri_sum *sum);
void tri_integers_deposit_squares(tri_integer_totals totals, size_t count, tri_squares *squares);

#endif
