/* Neal's large superaccumulator: one entry per sign and exponent. Internal.
 *
 * Adding is one addition in memory, for every exponent. It is fast where exponents vary, and slow where
 * additions to the same entry wait for each other's stores: the opposite of the kernels in sum_kernels.h. */
#ifndef TRIREME_BASE_SUM_TABLE_H
#define TRIREME_BASE_SUM_TABLE_H

#include "base/sum_cells.h"
#include "trireme/simd.h"

/* Opens an empty table. Its elements are added to `sum` and, unless squares.word is NULL, their squares to
 * `squares`, by tri_table_close() at the latest. Opening and closing costs about as much as adding 18000
 * elements. */
void tri_table_open(tri_table *table, tri_simd level, tri_accumulator sum, tri_accumulator squares);
void tri_table_add(tri_table *table, const double *x, size_t count);
void tri_table_close(tri_table *table);

#endif
