/* Adds arrays to accumulators: selects a kernel for each piece of the data. Internal. */
#ifndef TRIREME_BASE_SUM_ENGINE_H
#define TRIREME_BASE_SUM_ENGINE_H

#include "base/sum_window.h"

/* Adds x[0] ... x[count - 1] to the accumulators; x[0] has index `first`. The caller sets the marks for -0
 * and other terms, and the count. */
void tri_sum_engine_run(tri_sum_engine *engine, uint64_t first, const double *x, size_t count);

#endif
