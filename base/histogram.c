#include <math.h>

#include "base/sum_kernels.h"
#include "trireme/moments.h"

enum {
    PIECE = 512,
    FEW =
        2048, /* up to here, counts in COPIES tables, so that equal neighbours need not wait for each other */
    COPIES = 4,
    MOST = 1 << 30
};

static void count_few(const tri_sum_kernels *kernels, const tri_bins *bins, const double *x, size_t count,
                      int64_t *counts, int64_t outside[TRI_OUTSIDE]) {
    int64_t copy[COPIES][FEW + TRI_OUTSIDE];
    int32_t bin[PIECE];
    size_t all = (size_t)bins->count + TRI_OUTSIDE;
    for (size_t c = 0; c < COPIES; c++)
        for (size_t k = 0; k < all; k++)
            copy[c][k] = 0;
    for (size_t done = 0; done < count; done += PIECE) {
        size_t piece = count - done < PIECE ? count - done : PIECE, i = 0;
        kernels->bins(bins, x + done, piece, bin);
        for (; i + COPIES <= piece; i += COPIES)
#pragma GCC unroll 4
            for (size_t c = 0; c < COPIES; c++)
                copy[c][bin[i + c]]++;
        for (; i < piece; i++)
            copy[0][bin[i]]++;
    }
    for (size_t c = 0; c < COPIES; c++)
        for (size_t k = 0; k < all; k++)
            *(k < all - TRI_OUTSIDE ? counts + k : outside + (k - (all - TRI_OUTSIDE))) += copy[c][k];
}

static void count_many(const tri_sum_kernels *kernels, const tri_bins *bins, const double *x, size_t count,
                       int64_t *counts, int64_t outside[TRI_OUTSIDE]) {
    int32_t bin[PIECE];
    for (size_t done = 0; done < count; done += PIECE) {
        size_t piece = count - done < PIECE ? count - done : PIECE;
        kernels->bins(bins, x + done, piece, bin);
        for (size_t i = 0; i < piece; i++)
            ++*(bin[i] < bins->count ? counts + bin[i] : outside + (bin[i] - bins->count));
    }
}

tri_status tri_histogram_add(const double *x, size_t count, double low, double high, size_t bins,
                             int64_t *counts, int64_t *below, int64_t *above, int64_t *nan) {
    if (!bins || bins > MOST) return tri_fail(TRI_ERR_ARGUMENT, "%zu bins: give 1 to %d", bins, MOST);
    tri_bins b = {.low = low, .high = high, .scale = (double)bins / (high - low), .count = (int32_t)bins};
    if (!(low < high) || !isfinite(low) || !isfinite(high) || !isfinite(high - low) || !isfinite(b.scale))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "no histogram over [%g, %g]: give finite limits, the lower one first", low, high);
    const tri_sum_kernels *kernels = tri_sum_kernels_at(tri_simd_level());
    int64_t outside[TRI_OUTSIDE] = {0};
    if (bins <= FEW)
        count_few(kernels, &b, x, count, counts, outside);
    else
        count_many(kernels, &b, x, count, counts, outside);
    *below += outside[TRI_BELOW];
    *above += outside[TRI_ABOVE];
    *nan += outside[TRI_NOT_A_NUMBER];
    return TRI_OK;
}
