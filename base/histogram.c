#include <float.h>
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

typedef void find_bins(const tri_bins *bins, const double *x, size_t count, int32_t *bin);

/* `slope` and `offset` are wrong by less than 1/8 bin if edges are at least this many spacings of doubles
 * apart. */
static const double apart = 64 * DBL_EPSILON;

tri_status tri_bins_make(double low, double high, size_t bins, tri_bins *out) {
    if (!bins || bins > MOST) return tri_fail(TRI_ERR_ARGUMENT, "%zu bins: give 1 to %d", bins, MOST);
    if (!(low < high) || !isfinite(low) || !isfinite(high))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "no histogram over [%g, %g]: give finite limits, the lower one first", low, high);
    bool halves = !isfinite(high - low);
    double start = halves ? low / 2 : low, end = halves ? high / 2 : high,
           step = (end - start) / (double)bins;
    *out = (tri_bins){
        .low = low, .high = high, .start = start, .step = step, .halves = halves, .count = (int32_t)bins};
    out->search = halves || step < apart * fmax(fabs(start), fabs(end)) || step < DBL_MIN / DBL_EPSILON;
    if (out->search) return TRI_OK;
    out->slope = 1 / step;
    out->offset = start / step;
    return TRI_OK;
}

static double edge(const tri_bins *bins, double k) {
    return (bins->start + k * bins->step) * (bins->halves ? 2 : 1);
}

static void search(const tri_bins *bins, const double *x, size_t count, int32_t *bin) {
    for (size_t i = 0; i < count; i++) {
        int32_t from = 0, to = bins->count;
        while (to - from > 1) {
            int32_t middle = from + (to - from) / 2;
            *(x[i] < edge(bins, middle) ? &to : &from) = middle;
        }
        bin[i] = x[i] < bins->low    ? -1
                 : x[i] > bins->high ? bins->count + TRI_ABOVE
                 : isnan(x[i])       ? bins->count + TRI_NOT_A_NUMBER
                                     : from;
    }
}

/* Counts of the bins, and those below, above and of NaN. */
typedef struct counters {
    int64_t *counts, outside[1 + TRI_OUTSIDE];
} counters;

static inline int64_t *counter(counters *to, int32_t bins, int32_t bin) {
    return (uint32_t)bin < (uint32_t)bins ? to->counts + bin : to->outside + (bin < 0 ? 0 : 1 + bin - bins);
}

static void count_few(find_bins *find, const tri_bins *bins, const double *x, size_t count, counters *to) {
    int64_t copy[COPIES][1 + FEW + TRI_OUTSIDE]; /* bin -1 first */
    int32_t bin[PIECE];
    size_t all = 1 + (size_t)bins->count + TRI_OUTSIDE;
    for (size_t c = 0; c < COPIES; c++)
        for (size_t k = 0; k < all; k++)
            copy[c][k] = 0;
    for (size_t done = 0; done < count; done += PIECE) {
        size_t piece = count - done < PIECE ? count - done : PIECE, i = 0;
        find(bins, x + done, piece, bin);
        for (; i + COPIES <= piece; i += COPIES)
#pragma GCC unroll 4
            for (size_t c = 0; c < COPIES; c++)
                copy[c][1 + bin[i + c]]++;
        for (; i < piece; i++)
            copy[0][1 + bin[i]]++;
    }
    for (size_t c = 0; c < COPIES; c++)
        for (size_t k = 0; k < all; k++)
            *counter(to, bins->count, (int32_t)k - 1) += copy[c][k];
}

static void count_many(find_bins *find, const tri_bins *bins, const double *x, size_t count, counters *to) {
    int32_t bin[PIECE], all = bins->count;
    for (size_t done = 0; done < count; done += PIECE) {
        size_t piece = count - done < PIECE ? count - done : PIECE;
        find(bins, x + done, piece, bin);
        for (size_t i = 0; i < piece; i++)
            ++*counter(to, all, bin[i]);
    }
}

double tri_histogram_edge(double low, double high, size_t bins, size_t k) {
    tri_bins b;
    if (k >= bins || tri_bins_make(low, high, bins, &b) != TRI_OK) return high;
    return edge(&b, (double)k);
}

tri_status tri_histogram_add(const double *x, size_t count, double low, double high, size_t bins,
                             int64_t *counts, int64_t *below, int64_t *above, int64_t *nan) {
    tri_bins b;
    TRI_TRY(tri_bins_make(low, high, bins, &b));
    find_bins *find = b.search ? search : tri_sum_kernels_at(tri_simd_level())->bins;
    counters to = {.counts = counts};
    if (bins <= FEW)
        count_few(find, &b, x, count, &to);
    else
        count_many(find, &b, x, count, &to);
    *below += to.outside[0];
    *above += to.outside[1 + TRI_ABOVE];
    *nan += to.outside[1 + TRI_NOT_A_NUMBER];
    return TRI_OK;
}
