/* Adds arrays to accumulators: selects a kernel for each piece of the data. Internal. */
#ifndef TRIREME_BASE_SUM_ENGINE_H
#define TRIREME_BASE_SUM_ENGINE_H

#include "base/sum_kernels.h"
#include "base/sum_scalar.h"

typedef struct tri_sum_engine {
    tri_simd level;
    const tri_kernels *kernels;   /* for `level`; set by tri_sum_engine_run() */
    tri_accumulator sum, squares; /* squares.word is NULL for sums alone; then extremes is unused */
    tri_extremes *extremes;
    tri_sum_window window;
    int ready; /* the window is set up */
    int way, slices, square_slices;
    int chunks;  /* since the totals were last emptied */
    int trouble; /* how often the window did not fit recently */
    size_t run;  /* elements of the table's next run */
} tri_sum_engine;

/* Adds x[0] ... x[count - 1] to the accumulators; x[0] has index `first`. The caller sets the marks for -0
 * and other terms, and the count. */
void tri_sum_engine_run(tri_sum_engine *engine, uint64_t first, const double *x, size_t count);

#endif
