/* Arrays into accumulators: which kernel for which piece of the data. Internal. */
#ifndef TRIREME_BASE_SUM_ENGINE_H
#define TRIREME_BASE_SUM_ENGINE_H

#include "base/sum_kernels.h"
#include "base/sum_scalar.h"

typedef struct tri_sum_engine {
    tri_simd level;
    const tri_kernels *kernels; /* of that level; tri_sum_engine_run() looks them up */
    tri_words sum, squares;     /* squares.word is NULL where they are not wanted, as are the extremes then */
    tri_extremes *extremes;
    tri_sum_window window;
    int ready; /* the window is set up */
    int way, slices, square_slices;
    int chunks;  /* since the totals were emptied */
    int trouble; /* how often the window did not fit, of late */
    size_t run;  /* elements to give to the table next time */
} tri_sum_engine;

/* Adds x[0] ... x[count - 1], the first of which has index `first`, to the accumulators; the marks for -0 and
 * other terms and the count are the caller's. */
void tri_sum_engine_run(tri_sum_engine *engine, uint64_t first, const double *x, size_t count);

#endif
