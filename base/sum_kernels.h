/* The vector kernels of sum.h and moments.h. Internal.
 *
 * All kernels work on chunks of rows of 16 elements. The position of an element in its row is its lane. Each
 * lane has its own window of exponents, so that interleaved quantities of different magnitude do not
 * interfere.
 *
 * Extraction (Demmel, Nguyen 2015, section 3; Rump, Ogita, Oishi 2008, "Accurate floating-point summation",
 * part I, section 3): with s = 1.5 * 2^k and |x| <= 2^(k - 7), t = s + x rounds x to a multiple of ulp = 2^(k
 * - 52); q = t - s and r = x - q are exact, and |r| <= ulp / 2. Sums of up to 64 such q stay in the binade of
 * s, so t is the next s, and at the end the bits of s minus those of the first s, as integers, are the exact
 * sum of all q in units of ulp. The remainder r goes to the next slice, 45 bits lower. A kernel declines if a
 * residue is left after the last slice, or if an x is above the window; it then has changed nothing. */
#ifndef TRIREME_BASE_SUM_KERNELS_H
#define TRIREME_BASE_SUM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trireme/simd.h"
#include "trireme/status.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define TRI_HAVE_X86_KERNELS 1
#else
#define TRI_HAVE_X86_KERNELS 0
#endif

enum {
    TRI_LANES = 16,
    TRI_CHUNK_ROWS = 64, /* 8 KiB: stays in the L1 cache for a second read, and amortizes the start and end */
    TRI_CHUNK = TRI_LANES * TRI_CHUNK_ROWS,
    TRI_SLICE_BITS = 45,
    TRI_SUM_SLICES = 4,    /* at most */
    TRI_SQUARE_SLICES = 5, /* at most */
    TRI_SPAN_LIMIT =
        1024 /* chunks after which the totals are emptied; each grows by less than 2^51 per chunk */
};

/* Slice s of a lane counts multiples of 2^(top - 45 (s + 1)) in `total`. `bias` is the initial value of the
 * slice's register. */
typedef struct tri_slice {
    double bias[TRI_LANES];
    int64_t total[TRI_LANES];
} tri_slice;

/* |x| < limit = 2^top in each lane; squares have twice that exponent. */
typedef struct tri_sum_window {
    double limit[TRI_LANES];
    int top[TRI_LANES];
    tri_slice sum[TRI_SUM_SLICES], square[TRI_SQUARE_SLICES];
} tri_sum_window;

/* Bins of a histogram: 0 to count - 1; below: -1; then those of values above and of NaN. Edge k is start + k
 * step, each operation rounded, or twice that. The element x of bin k has x slope - offset in [k - 1/4, k +
 * 5/4], so that one comparison with the edge at the nearest integer decides. */
typedef struct tri_bins {
    double low, high, start, step, slope, offset;
    bool halves; /* start and step are halves, because high - low overflows */
    bool search; /* halves, or edges that are too close for `slope`: compare with edges by bisection */
    int32_t count;
} tri_bins;

/* TRI_ERR_ARGUMENT as tri_histogram_add(). */
TRI_MUST_CHECK tri_status tri_bins_make(double low, double high, size_t bins, tri_bins *out);
enum { TRI_ABOVE, TRI_NOT_A_NUMBER, TRI_OUTSIDE };

/* Kernels decline by returning 0. `rows` is 1 to TRI_CHUNK_ROWS. */
typedef struct tri_sum_kernels {
    /* The sum, by 2, 3 or 4 slices. */
    int (*sum)(const double *x, size_t rows, int slices, tri_sum_window *window);
    /* Sum and squares and the smallest and largest element; (slices, square slices) = (2, 3), (2, 4), (3, 5).
     * Needs 45 * slices - 537 <= top <= 508. */
    int (*moments)(const double *x, size_t rows, int slices, int square_slices, tri_sum_window *window,
                   double *min, double *max);
    /* The largest magnitude in each lane, ignoring NaN. */
    void (*lane_limits)(const double *x, size_t rows, double limits[TRI_LANES]);
    /* Smallest and largest element, ignoring NaN; min > max if all are NaN. */
    void (*extremes)(const double *x, size_t count, double *min, double *max);
    /* The first i with x[i] == value, or count. */
    size_t (*find)(const double *x, size_t count, double value);
    /* The bin of each element. */
    void (*bins)(const tri_bins *bins, const double *x, size_t count, int32_t *bin);
    /* Any count. */
    double (*plain)(const double *x, size_t count);
    double (*ordered_block)(const double *x, size_t count);
} tri_sum_kernels;

extern const tri_sum_kernels tri_sum_kernels_plain;
#if TRI_HAVE_X86_KERNELS
extern const tri_sum_kernels tri_sum_kernels_avx2, tri_sum_kernels_avx512;
#endif

static inline const tri_sum_kernels *tri_sum_kernels_at(tri_simd level) {
#if TRI_HAVE_X86_KERNELS
    if (level == TRI_SIMD_avx512) return &tri_sum_kernels_avx512;
    if (level == TRI_SIMD_avx2) return &tri_sum_kernels_avx2;
#endif
    (void)level;
    return &tri_sum_kernels_plain;
}

#endif
