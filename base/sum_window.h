/* The windows of exponents of an engine. Internal. */
#ifndef TRIREME_BASE_SUM_WINDOW_H
#define TRIREME_BASE_SUM_WINDOW_H

#include "base/sum_engine.h"

/* The lowest window top for each lane under which a chunk fits; 0 where no window does. */
int tri_sum_window_measure(const tri_sum_engine *engine, const double *x, size_t rows, int top[TRI_LANES]);

/* Sets the window to these tops, or a little higher where it was, for the engine's number of slices. The
 * totals must be empty. */
void tri_sum_window_set(tri_sum_engine *engine, const int top[TRI_LANES]);

/* Moves the totals into the accumulators. */
void tri_sum_window_empty(tri_sum_engine *engine);

#endif
