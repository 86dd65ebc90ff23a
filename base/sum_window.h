/* The state of the addition of an array, and its windows of exponents. Internal. */
#ifndef TRIREME_BASE_SUM_WINDOW_H
#define TRIREME_BASE_SUM_WINDOW_H

#include "base/sum_kernels.h"
#include "base/sum_scalar.h"

typedef struct tri_sum_engine {
    tri_simd level;
    const tri_sum_kernels *kernels; /* for `level`; set by tri_sum_engine_run() */
    tri_accumulator sum, squares;   /* squares.word is NULL for sums alone; then extremes is unused */
    tri_extremes *extremes;
    tri_sum_window window;
    int ready; /* the window is set up */
    int way, slices, square_slices;
    int chunks;  /* since the totals were last emptied */
    int trouble; /* how often the window did not fit recently */
    size_t run;  /* elements of the table's next run */
} tri_sum_engine;

/* Computes the lowest window top of each lane for which a chunk fits. Returns 0 if no window fits. */
int tri_sum_window_measure(const tri_sum_engine *engine, const double *x, size_t rows, int top[TRI_LANES]);

/* Sets the window to these tops, or keeps a slightly higher one, for the engine's number of slices. The
 * totals must be empty. */
void tri_sum_window_set(tri_sum_engine *engine, const int top[TRI_LANES]);

/* Adds the totals to the accumulators and clears them. */
void tri_sum_window_empty(tri_sum_engine *engine);

#endif
