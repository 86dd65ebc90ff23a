/* The windows of exponents of a tri_sum_engine. Internal. */
#ifndef TRIREME_BASE_SUM_WINDOW_H
#define TRIREME_BASE_SUM_WINDOW_H

#include "base/sum_engine.h"

/* Computes the lowest window top of each lane for which a chunk fits. Returns 0 if no window fits. */
int tri_sum_window_measure(const tri_sum_engine *engine, const double *x, size_t rows, int top[TRI_LANES]);

/* Sets the window to these tops, or keeps a slightly higher one, for the engine's number of slices. The
 * totals must be empty. */
void tri_sum_window_set(tri_sum_engine *engine, const int top[TRI_LANES]);

/* Adds the totals to the accumulators and clears them. */
void tri_sum_window_empty(tri_sum_engine *engine);

#endif
