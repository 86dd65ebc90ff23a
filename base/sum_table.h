/* Neal's large superaccumulator: one entry per sign and exponent. Internal.
 *
 * Adding is one addition in memory, for every exponent. It is fast where exponents vary, and slow where
 * additions to the same entry wait for each other's stores: the opposite of the kernels in sum_kernels.h. */
#ifndef TRIREME_BASE_SUM_TABLE_H
#define TRIREME_BASE_SUM_TABLE_H

#include "base/accumulator.h"
#include "trireme/simd.h"

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

/* Opens an empty table. Its elements are added to `sum` and, unless squares.word is NULL, their squares to
 * `squares`, by tri_table_close() at the latest. Opening and closing costs about as much as adding 18000
 * elements. */
void tri_table_open(tri_table *table, tri_simd level, tri_accumulator sum, tri_accumulator squares);
void tri_table_add(tri_table *table, const double *x, size_t count);
void tri_table_close(tri_table *table);

#endif
