/* Arrays of doubles into accumulators. Below sum.h and moments.h. Internal. */
#ifndef TRIREME_BASE_SUM_ARRAY_H
#define TRIREME_BASE_SUM_ARRAY_H

#include "base/sum_scalar.h"
#include "trireme/simd.h"

/* Adds x[0] ... x[count - 1] to `sum`. */
void tri_accumulator_add_array(tri_simd level, tri_accumulator sum, const double *x, size_t count);

/* The same, adds the squares to `squares`, and updates `extremes`. x[0] has index `first`. */
void tri_accumulator_add_moments(tri_simd level, tri_accumulator sum, tri_accumulator squares,
                                 tri_extremes *extremes, uint64_t first, const double *x, size_t count);

#endif
