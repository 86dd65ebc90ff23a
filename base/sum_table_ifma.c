/* base/folder.cmake sets the compiler options of this file; x86-64 only. */
#include "base/sum_cells.h"
#include "base/sum_kernels.h"
#if TRI_HAVE_X86_KERNELS
#include <immintrin.h>
#include <string.h>

enum { AHEAD_BYTES = 4096, LINE = 8, LOW_LANE = 1 << 2, HIGH_LANE = 1 << 3, A_AND_B_OR_C = 0xEA };

static inline void add(tri_table *table, tri_table_cell *cells, const double *x) {
    const __m256i fraction = _mm256_set_epi64x(0, 0, (INT64_C(1) << 52) - 1, 0);
    const __m256i one = _mm256_set_epi64x(0, 0, 0, 1);
    uint64_t bits;
    memcpy(&bits, x, sizeof bits);
    tri_table_cell *cell = cells + (bits >> 52);
    /* {1, fraction, 0, 0}. The multipliers ignore the upper 12 bits of their operands. */
    __m256i all = _mm256_castpd_si256(_mm256_broadcast_sd(x));
    __m256i term = _mm256_ternarylogic_epi64(all, fraction, one, A_AND_B_OR_C);
    term = _mm256_mask_madd52lo_epu64(term, LOW_LANE, all, all);
    term = _mm256_mask_madd52hi_epu64(term, HIGH_LANE, all, all);
    /* Only this addition depends on the previous one to the same cell. */
    term = _mm256_add_epi64(term, _mm256_load_si256((__m256i *)cell));
    _mm256_store_si256((__m256i *)cell, term);
    uint64_t count = (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(term));
    if (__builtin_expect(count % TRI_CELL_LIMIT == 0, 0))
        tri_table_empty_cell(table, (unsigned)(cell - cells));
}

void tri_table_add_cells(tri_table *table, const double *x, size_t count) {
    size_t i = 0;
    for (; count - i >= LINE; i += LINE) {
        /* An address past the end is harmless, but is outside the object and must be computed as an
         * integer. */
        __builtin_prefetch((const void *)((uintptr_t)(x + i) + AHEAD_BYTES), 0, 3);
#pragma GCC unroll 8
        for (size_t j = i; j < i + LINE; j++)
            add(table, table->cell, x + j);
    }
    for (; i < count; i++)
        add(table, table->cell, x + i);
}
#endif
