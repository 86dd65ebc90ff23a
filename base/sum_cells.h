/* The data of the table of sum_table.h, and its cells for AVX-512 IFMA. Internal. */
#ifndef TRIREME_BASE_SUM_CELLS_H
#define TRIREME_BASE_SUM_CELLS_H

#include "base/accumulator.h"

enum {
    TRI_FIELDS = 2048,        /* values of the exponent field of a double */
    TRI_FIELD_SPECIAL = 2047, /* the value for NaN and Inf */
    TRI_TABLE_LIMIT = 1 << 20 /* elements after which the table must be closed */
};

/* The entry of one sign and exponent for AVX-512 IFMA, which multiplies 52-bit integers: the number of
 * elements, the sum of their fractions, and the sums of the lower and upper 52 bits of the squared fractions.
 * Each element adds less than 2^52 to a sum, so TRI_CELL_LIMIT elements fit. */
typedef struct tri_table_cell {
    _Alignas(32) uint64_t count;
    uint64_t fractions, low, high;
} tri_table_cell;
enum { TRI_CELL_LIMIT = 1 << 12 };

typedef struct tri_table {
    tri_accumulator sum, squares; /* squares.word is NULL for sums alone */
    int by_cells;
    union {
        struct {
            tri_u128 pattern[2 * TRI_FIELDS]; /* see sum_table.c */
            tri_u128 square[TRI_FIELDS];
        };
        tri_table_cell cell[2 * TRI_FIELDS];
    };
} tri_table;

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
