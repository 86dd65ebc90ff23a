#include <math.h>

#include "trireme/moments.h"

tri_status tri_histogram_add(const double *x, size_t count, double low, double high, size_t bins,
                             int64_t *counts, int64_t *below, int64_t *above, int64_t *nan) {
    if (!bins || bins > INT32_MAX)
        return tri_fail(TRI_ERR_ARGUMENT, "%zu bins: give 1 to %d", bins, INT32_MAX);
    double scale = (double)bins / (high - low);
    if (!(low < high) || !isfinite(low) || !isfinite(high) || !isfinite(high - low) || !isfinite(scale))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "no histogram over [%g, %g]: give finite limits, the lower one first", low, high);
    size_t last = bins - 1;
    for (size_t i = 0; i < count; i++) {
        if (x[i] >= low && x[i] <= high) {
            size_t bin = (size_t)((x[i] - low) * scale);
            counts[bin < last ? bin : last]++;
        } else if (x[i] < low) {
            ++*below;
        } else if (x[i] > high) {
            ++*above;
        } else {
            ++*nan;
        }
    }
    return TRI_OK;
}
