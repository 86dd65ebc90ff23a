#include "base/sum_table.h"

#include <string.h>

#include "base/sum_cells.h"
#include "base/sum_kernels.h"

enum { COUNT_SHIFT = 96, AHEAD_BYTES = 4096, LINE = 8 };

/* An entry of `pattern` is the sum of the bit patterns with this sign and exponent field, with their number
 * above bit 96. The upper bits of all these patterns are equal, and are subtracted at the end (Neal 2015,
 * section 3). An entry of `square` is the sum of squared significands, each below 2^106, so that 2^22 of them
 * fit. */
static const uint64_t implicit = UINT64_C(1) << 52;
static const tri_u128 one = (tri_u128)1 << COUNT_SHIFT;

static uint64_t bits_of(const double *x) {
    uint64_t bits;
    memcpy(&bits, x, sizeof bits);
    return bits;
}

/* An address past the end is harmless, but is outside the object and must be computed as an integer. */
static void fetch_ahead(const double *x) {
    __builtin_prefetch((const void *)((uintptr_t)x + AHEAD_BYTES), 0, 3);
}

static int is_used(const tri_table *table, unsigned key) {
    return table->by_cells ? table->cell[key].count != 0 : table->pattern[key] != 0;
}

/* The sum of the significands with this key: less than 2^73. */
static tri_u128 significands(const tri_table *table, unsigned key) {
    unsigned field = key % TRI_FIELDS;
    if (table->by_cells) return tri_cell_significands(&table->cell[key], field);
    tri_u128 entry = table->pattern[key];
    uint64_t terms = (uint64_t)(entry >> COUNT_SHIFT), upper = field ? key - 1 : key;
    return (entry & (one - 1)) - ((tri_u128)(terms * upper) << 52);
}

/* The sum of the squared significands with this exponent field: less than 2^127. */
static tri_u128 squares(const tri_table *table, unsigned field) {
    if (!table->by_cells) return table->square[field];
    return tri_cell_squares(&table->cell[field], field) +
           tri_cell_squares(&table->cell[field + TRI_FIELDS], field);
}

/* Exponents that begin in the same digit of the accumulator, up to 33, are added together. */
static void empty_sums(const tri_table *table) {
    tri_accumulator_reserve(table->sum, 2 * TRI_FIELDS);
    for (unsigned negative = 0; negative < 2; negative++) {
        tri_u128 group = 0; /* 33 terms below 2^73 * 2^31: less than 2^110 */
        for (unsigned field = 0; field < TRI_FIELD_SPECIAL; field++) {
            int exponent = tri_field_exponent(field), shift = (exponent - table->sum.base) % 32;
            unsigned key = negative * TRI_FIELDS + field;
            if (is_used(table, key)) group += significands(table, key) << shift;
            if (shift < 31 && field < TRI_FIELD_SPECIAL - 1) continue;
            tri_accumulator_add(table->sum, group, exponent - shift, (int)negative);
            group = 0;
        }
    }
}

static void empty_squares(const tri_table *table) {
    tri_accumulator_reserve(table->squares, 2 * TRI_FIELDS);
    tri_u128 low = 0, high = 0; /* 17 terms below 2^64 * 2^31 */
    for (unsigned field = 0; field < TRI_FIELD_SPECIAL; field++) {
        int exponent = 2 * tri_field_exponent(field), shift = (exponent - table->squares.base) % 32;
        if (is_used(table, field) || is_used(table, field + TRI_FIELDS)) {
            tri_u128 all = squares(table, field);
            low += (tri_u128)(uint64_t)all << shift;
            high += all >> 64 << shift;
        }
        if (shift < 30 && field < TRI_FIELD_SPECIAL - 1) continue;
        tri_accumulator_add(table->squares, low, exponent - shift, 0);
        tri_accumulator_add(table->squares, high, exponent - shift + 64, 0);
        low = high = 0;
    }
}

static inline void add_pattern(tri_table *table, const double *x) {
    uint64_t bits = bits_of(x);
    table->pattern[bits >> 52] += one | bits;
}

static inline void add_square(tri_table *table, const double *x) {
    uint64_t bits = bits_of(x), significand = (bits & (implicit - 1)) | implicit;
    unsigned field = (unsigned)(bits >> 52) % TRI_FIELDS;
    if (!field) significand ^= implicit;
    table->square[field] += (tri_u128)significand * significand;
}

static inline void add_all(tri_table *table, const double *x, size_t count, int squares) {
    size_t i = 0;
    for (; count - i >= LINE; i += LINE) {
        fetch_ahead(x + i);
#pragma GCC unroll 8
        for (size_t j = i; j < i + LINE; j++) {
            add_pattern(table, x + j);
            if (squares) add_square(table, x + j);
        }
    }
    for (; i < count; i++) {
        add_pattern(table, x + i);
        if (squares) add_square(table, x + i);
    }
}

/* Removes NaN and Inf from the table; returns whether there were any. */
static int take_specials(tri_table *table) {
    int any = 0;
    for (unsigned key = TRI_FIELD_SPECIAL; key < 2 * TRI_FIELDS; key += TRI_FIELDS) {
        any |= is_used(table, key);
        if (table->by_cells)
            table->cell[key] = (tri_table_cell){0};
        else
            table->pattern[key] = 0;
    }
    return any;
}

static void count_specials(const tri_table *table, const double *x, size_t count) {
    int64_t nan = 0, up = 0, down = 0, *tail = tri_accumulator_tail(table->sum);
    for (size_t i = 0; i < count; i++) {
        nan += x[i] != x[i];
        up += x[i] > 0x1.fffffffffffffp1023;
        down += x[i] < -0x1.fffffffffffffp1023;
    }
    tail[TRI_TAIL_NAN] += nan;
    tail[TRI_TAIL_POSITIVE_INF] += up;
    tail[TRI_TAIL_NEGATIVE_INF] += down;
    if (!table->squares.word) return;
    tail = tri_accumulator_tail(table->squares);
    tail[TRI_TAIL_NAN] += nan;
    tail[TRI_TAIL_POSITIVE_INF] += up + down;
}

void tri_table_open(tri_table *table, tri_simd level, tri_accumulator sum, tri_accumulator squares) {
    table->sum = sum;
    table->squares = squares;
    table->by_cells = 0;
#if TRI_HAVE_X86_KERNELS
    table->by_cells = squares.word && level >= TRI_SIMD_avx512 && __builtin_cpu_supports("avx512ifma");
#endif
    (void)level;
    memset(table->cell, 0, squares.word ? sizeof table->cell : sizeof table->pattern);
}

void tri_table_add(tri_table *table, const double *x, size_t count) {
    if (!table->squares.word)
        add_all(table, x, count, 0);
    else if (!table->by_cells)
        add_all(table, x, count, 1);
#if TRI_HAVE_X86_KERNELS
    else
        tri_table_add_cells(table, x, count);
#endif
    if (take_specials(table)) count_specials(table, x, count);
}

void tri_table_close(tri_table *table) {
    empty_sums(table);
    if (table->squares.word) empty_squares(table);
}
