/* The cells of the table for AVX-512 IFMA: one per sign and exponent. Internal. */
#ifndef TRIREME_BASE_SUM_CELLS_H
#define TRIREME_BASE_SUM_CELLS_H

#include "base/sum_table.h"

/* The exponent of the lowest significand bit of doubles with this exponent field. */
static inline int tri_field_exponent(unsigned field) {
    return (int)(field ? field : 1) - 1075;
}

/* The sum of the significands in a cell: less than 2^73. */
static inline tri_u128 tri_cell_significands(const tri_table_cell *cell, unsigned field) {
    return ((tri_u128)(field ? cell->count : 0) << 52) + cell->fractions;
}

/* The sum of their squares. A significand is f, or 2^52 + f, and its square f^2, or 2^104 + 2^53 f + f^2. */
static inline tri_u128 tri_cell_squares(const tri_table_cell *cell, unsigned field) {
    tri_u128 squares = ((tri_u128)cell->high << 52) + cell->low;
    if (field) squares += ((tri_u128)cell->count << 104) + ((tri_u128)cell->fractions << 53);
    return squares;
}

/* tri_table_add() by cells; needs AVX-512 IFMA. */
void tri_table_add_cells(tri_table *table, const double *x, size_t count);

/* Moves the contents of the cell with this key, which holds TRI_CELL_LIMIT elements, to the accumulators. */
void tri_table_empty_cell(tri_table *table, unsigned key);

#endif
