/* Exact sums of a few rows, element by element. For base/ and collectives/. */
#ifndef TRI_BASE_SUM_COLUMNS_H
#define TRI_BASE_SUM_COLUMNS_H

#include <stddef.h>

/* out[i] = the exact sum of row[0][i] to row[rows - 1][i], rounded once by the rules of tri_sum_round(); row
 * r starts at first + r * stride. rows >= 1. `out` may be row 0. */
void tri_sum_columns(const double *first, size_t stride, int rows, size_t columns, double *out);

/* Row r becomes the exact sums of rows 0 to r; with `exclusive`, of rows 0 to r - 1, and row 0 stays. */
void tri_sum_prefixes(double *first, size_t stride, int rows, size_t columns, int exclusive);

#endif
