/* Robust statistics of timing samples. Units are the caller's. */
#ifndef TRIREME_STATISTICS_H
#define TRIREME_STATISTICS_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_summary {
    size_t count;
    double min, median, max;
    double mad;       /* median absolute deviation from the median, not scaled */
    double low, high; /* 95 % confidence interval of the median, from order statistics; [min, max] where count
                         < 6 cannot give one (Le Boudec 2010, Performance Evaluation, section 2.2.2) */
} tri_summary;

/* Sorts `sample` in place. count = 0 gives zeros. */
TRI_API tri_summary tri_summarise(double *sample, size_t count);

/* The q-quantile (0 <= q <= 1) of a sorted sample, linear between neighbours; count >= 1. */
TRI_API double tri_quantile(const double *sorted, size_t count, double q);

#ifdef __cplusplus
}
#endif
#endif
