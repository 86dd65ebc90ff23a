/* The result of the kernel `moments` for one group. Internal. */
#ifndef TRIREME_GPU_MOMENTS_H
#define TRIREME_GPU_MOMENTS_H

#include "trireme/moments.h"

typedef struct tri_moments_state {
    tri_sum sum;
    tri_squares squares;
    double min;
    uint64_t min_index;
    double max;
    uint64_t max_index;
} tri_moments_state;

enum { TRI_MOMENTS_STATE = sizeof(tri_moments_state) / sizeof(int64_t) };

#endif
