/* Neal's large superaccumulator: an entry per sign and exponent. Internal.
 *
 * Adding is one addition in memory whatever the exponent, so it is quick where exponents vary and slow where
 * the same few entries wait for their own last store: the other way round than the kernels in sum_kernels.h. */
#ifndef TRIREME_BASE_SUM_TABLE_H
#define TRIREME_BASE_SUM_TABLE_H

#include "base/sum_words.h"
#include "trireme/simd.h"

enum {
    TRI_FIELDS = 2048,        /* values of the exponent field of a double */
    TRI_FIELD_SPECIAL = 2047, /* that of NaN and Inf */
    TRI_TABLE_LIMIT = 1 << 20 /* elements until the table must be closed; its words are sized for it */
};

/* What one sign and exponent have collected, for the instructions that multiply 52 bits (AVX-512 IFMA): how
 * many elements, the sum of their fractions, and of the lower and upper 52 bits of the squares of these. A lane
 * grows by less than 2^52, so TRI_CELL_LIMIT elements fit. */
typedef struct tri_cell {
    _Alignas(32) uint64_t count;
    uint64_t fractions, low, high;
} tri_cell;
enum { TRI_CELL_LIMIT = 1 << 12 };

typedef struct tri_table {
    tri_words sum, squares; /* squares.word is NULL where they are not wanted */
    int by_cells;
    union {
        struct {
            tri_u128 pattern[2 * TRI_FIELDS]; /* see sum_table.c */
            tri_u128 square[TRI_FIELDS];
        };
        tri_cell cell[2 * TRI_FIELDS];
    };
} tri_table;

/* An empty table, whose elements go to `sum` and, unless squares.word is NULL, their squares to `squares`, by
 * tri_table_close() at the latest. Opening and closing cost about as much as adding 18000 elements. */
void tri_table_open(tri_table *table, tri_simd level, tri_words sum, tri_words squares);
void tri_table_add(tri_table *table, const double *x, size_t count);
void tri_table_close(tri_table *table);

/* tri_table_add() by the cells, and the emptying of the one with this key: it has TRI_CELL_LIMIT elements. */
void tri_table_add_cells(tri_table *table, const double *x, size_t count);
void tri_table_empty_cell(tri_table *table, unsigned key);

#endif
