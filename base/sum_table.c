#include "base/sum_table.h"

#include <string.h>

enum { FIELDS = 2048, SPECIAL = 2047, COUNT_SHIFT = 96, AHEAD_BYTES = 4096, LINE = 8 };

/* The sum of the bit patterns with this sign and exponent field (Neal 2015, section 3: the pattern's upper
 * part is the same in all of them, so it can be taken off at the end), and above bit 96 how many there were.
 */
typedef struct tri_table {
    tri_u128 pattern[2 * FIELDS];
} tri_table;

/* Sums of squared significands: below 2^106 each, so 2^22 of them fit. */
typedef struct tri_square_table {
    tri_u128 square[FIELDS];
} tri_square_table;

static const uint64_t implicit = UINT64_C(1) << 52;
static const tri_u128 one = (tri_u128)1 << COUNT_SHIFT;

static uint64_t bits_of(const double *x) {
    uint64_t bits;
    memcpy(&bits, x, sizeof bits);
    return bits;
}

/* An address past the end does no harm, but is not that of an object and must be made as an integer. */
static void fetch_ahead(const double *x) {
    __builtin_prefetch((const void *)((uintptr_t)x + AHEAD_BYTES), 0, 3);
}

static void count_specials(const double *x, size_t count, int64_t *tail) {
    for (size_t i = 0; i < count; i++) {
        tail[TRI_TAIL_NAN] += x[i] != x[i];
        tail[TRI_TAIL_POSITIVE_INF] += x[i] > 0x1.fffffffffffffp1023;
        tail[TRI_TAIL_NEGATIVE_INF] += x[i] < -0x1.fffffffffffffp1023;
    }
}

static int field_exponent(unsigned field) {
    return (int)(field ? field : 1) - 1075;
}

/* The sum of the significands behind an entry. */
static tri_u128 significands(tri_u128 entry, unsigned key) {
    uint64_t terms = (uint64_t)(entry >> COUNT_SHIFT), upper = key % FIELDS ? key - 1 : key;
    return (entry & (one - 1)) - ((tri_u128)(terms * upper) << 52);
}

/* Returns whether there were NaN or Inf, which are not added. */
static int empty_table(const tri_table *table, tri_words sum) {
    tri_words_reserve(sum, 2 * FIELDS);
    for (unsigned negative = 0; negative < 2; negative++) {
        /* Up to 33 entries begin in the same digit: 2^20 significands, 2^31, 33 of them are less than 2^110. */
        tri_u128 group = 0;
        for (unsigned field = 0; field < SPECIAL; field++) {
            unsigned key = negative * FIELDS + field;
            int exponent = field_exponent(field), shift = (exponent - sum.base) % 32;
            if (table->pattern[key]) group += significands(table->pattern[key], key) << shift;
            if (shift == 31 || field == SPECIAL - 1) {
                tri_words_add(sum, group, exponent - shift, (int)negative);
                group = 0;
            }
        }
    }
    return table->pattern[SPECIAL] || table->pattern[FIELDS + SPECIAL];
}

static void empty_squares(const tri_square_table *table, tri_words squares) {
    tri_words_reserve(squares, FIELDS);
    for (unsigned field = 0; field < SPECIAL; field++)
        if (table->square[field]) tri_words_add(squares, table->square[field], 2 * field_exponent(field), 0);
}

static inline void add_pattern(tri_table *table, const double *x) {
    uint64_t bits = bits_of(x);
    table->pattern[bits >> 52] += one | bits;
}

static inline void add_square(tri_square_table *table, const double *x) {
    uint64_t bits = bits_of(x), significand = (bits & (implicit - 1)) | implicit;
    unsigned field = (unsigned)(bits >> 52) % FIELDS;
    if (!field) significand ^= implicit;
    table->square[field] += (tri_u128)significand * significand;
}

static void add_both(const double *x, size_t count, tri_words sum, tri_words squares) {
    tri_table table;
    tri_square_table square_table;
    memset(&table, 0, sizeof table);
    memset(&square_table, 0, sizeof square_table);
    size_t i = 0;
    for (; count - i >= LINE; i += LINE) {
        fetch_ahead(x + i);
#pragma GCC unroll 8
        for (size_t j = i; j < i + LINE; j++) {
            add_pattern(&table, x + j);
            add_square(&square_table, x + j);
        }
    }
    for (; i < count; i++) {
        add_pattern(&table, x + i);
        add_square(&square_table, x + i);
    }
    if (empty_table(&table, sum)) {
        int64_t *tail = tri_words_tail(squares), before = tail[TRI_TAIL_NEGATIVE_INF];
        count_specials(x, count, tri_words_tail(sum));
        count_specials(x, count, tail);
        tail[TRI_TAIL_POSITIVE_INF] += tail[TRI_TAIL_NEGATIVE_INF] - before;
        tail[TRI_TAIL_NEGATIVE_INF] = before;
    }
    empty_squares(&square_table, squares);
}

static void add_sum(const double *x, size_t count, tri_words sum) {
    tri_table table;
    memset(&table, 0, sizeof table);
    size_t i = 0;
    for (; count - i >= LINE; i += LINE) {
        fetch_ahead(x + i);
#pragma GCC unroll 8
        for (size_t j = i; j < i + LINE; j++)
            add_pattern(&table, x + j);
    }
    for (; i < count; i++)
        add_pattern(&table, x + i);
    if (empty_table(&table, sum)) count_specials(x, count, tri_words_tail(sum));
}

void tri_table_add(const double *x, size_t count, tri_words sum, const tri_words *squares) {
    if (squares)
        add_both(x, count, sum, *squares);
    else
        add_sum(x, count, sum);
}
