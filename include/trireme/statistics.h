/** @file
 * Robust statistics of timing samples. Units are the caller's. All functions are local and thread-safe. */
#ifndef TRIREME_STATISTICS_H
#define TRIREME_STATISTICS_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Summary of a sample. [low, high] is the 95 % confidence interval of the median, from order statistics; it
 * is [min, max] where count < 6 (Le Boudec 2010, Performance Evaluation, section 2.2.2). */
typedef struct tri_summary {
    size_t count;  /**< number of values */
    double min;    /**< smallest value */
    double median; /**< median */
    double max;    /**< largest value */
    double mad;    /**< median absolute deviation from the median, not scaled */
    double low;    /**< lower end of the confidence interval of the median */
    double high;   /**< upper end of it */
} tri_summary;

/** Summarises `sample` and sorts it in place. count = 0 gives zeros. */
TRI_API tri_summary tri_summarise(double *sample, size_t count);

/** The q-quantile (0 <= q <= 1) of a sorted sample of count >= 1, interpolated linearly. */
TRI_API double tri_quantile(const double *sorted, size_t count, double q);

#ifdef __cplusplus
}
#endif
#endif
