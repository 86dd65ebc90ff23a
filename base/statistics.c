#include "trireme/statistics.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double tri_quantile(const double *sorted, size_t count, double q) {
    double at = q * (double)(count - 1);
    size_t below = (size_t)at;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* The median of |sorted[i] - centre|: the largest deviations are at the two ends of the sorted sample.
 * Dropping the larger end count / 2 times leaves the middle ones, without a second array. */
static double median_deviation(const double *sorted, size_t count, double centre) {
    size_t low = 0, high = count - 1;
    double last = 0, before = 0;
    for (size_t dropped = 0; dropped < count / 2 + 1; dropped++) {
        before = last;
        double left = centre - sorted[low], right = sorted[high] - centre;
        if (left > right)
            last = left, low++;
        else
            last = right, high -= high > 0;
    }
    return count % 2 ? last : (last + before) / 2;
}

tri_summary tri_summarise(double *sample, size_t count) {
    tri_summary s = {.count = count};
    if (!count) return s;
    qsort(sample, count, sizeof *sample, ascending);
    s.min = sample[0];
    s.max = sample[count - 1];
    s.median = tri_quantile(sample, count, 0.5);
    s.mad = median_deviation(sample, count, s.median);
    s.low = s.min;
    s.high = s.max;
    if (count >= 6) {
        double n = (double)count, half = 0.98 * sqrt(n); /* 1.96 sqrt(n p (1 - p)) with p = 1/2 */
        size_t j = (size_t)floor(n / 2 - half), k = (size_t)ceil(n / 2 + half) + 1;
        s.low = sample[j > 0 ? j - 1 : 0];
        s.high = sample[k <= count ? k - 1 : count - 1];
    }
    return s;
}
